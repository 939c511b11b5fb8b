//! The two meta pages. Each is the start of a snapshot, and transactions write them alternately.

use super::{DEEPEST, HEADER, META, META_PAGES, Page, WORD, u16_at, u32_at, word_at};

const MAGIC: u32 = 0xBEEF_C0DE;
const VERSION: u32 = 1;
/// LMDB's page number for "no root".
const NONE: u64 = usize::MAX as u64;
/// Flag: the keys of the table of free pages are whole numbers. Our tables have no flags.
const WHOLE_NUMBERS: u16 = 0x08;
/// Bytes of a tree's head.
const TREE: usize = 8 + 5 * WORD;

/// The head of a tree: of the free pages, of the named tables, or of one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) struct Tree {
    pad: u32,
    flags: u16,
    pub(in crate::store) depth: u16,
    pub(in crate::store) branch_pages: u64,
    pub(in crate::store) leaf_pages: u64,
    pub(in crate::store) overflow_pages: u64,
    pub(in crate::store) entries: u64,
    /// `None` if the tree is empty.
    pub(in crate::store) root: Option<u64>,
}

impl Tree {
    fn read(bytes: &[u8]) -> Option<Self> {
        let number = |index| word_at(bytes, 8 + index * WORD);
        Some(Self {
            pad: u32_at(bytes, 0)?,
            flags: u16_at(bytes, 4)?,
            depth: u16_at(bytes, 6)?,
            branch_pages: number(0)?,
            leaf_pages: number(1)?,
            overflow_pages: number(2)?,
            entries: number(3)?,
            root: number(4).map(|root| (root != NONE).then_some(root))?,
        })
    }

    /// Reads the head of a named table; `None` unless it has no duplicates and its keys are in byte order.
    pub(in crate::store) fn named(bytes: &[u8]) -> Option<Self> {
        let tree = Self::read(bytes)?;
        (bytes.len() == TREE && tree.pad == 0 && tree.flags == 0 && tree.is_sensible()).then_some(tree)
    }

    fn is_sensible(&self) -> bool {
        self.depth <= DEEPEST && (self.depth == 0) == self.root.is_none()
    }
}

/// A meta page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) struct Meta {
    /// The transaction that wrote it.
    pub(in crate::store) txn: u64,
    /// The last page that is in use or free. The file may be shorter, if the pages behind its end are free.
    pub(in crate::store) last: u64,
    pub(in crate::store) free: Tree,
    pub(in crate::store) tables: Tree,
}

impl Meta {
    /// Bytes of a meta page that have content.
    pub(in crate::store) const LENGTH: usize = HEADER + 8 + 4 * WORD + 2 * TREE;

    /// Reads meta page `number`. `None` if it can't belong to a file that plugin-vault wrote, with pages of `page_size`
    /// bytes and a map of at most `largest` bytes.
    pub(in crate::store) fn read(bytes: &[u8], number: u64, page_size: usize, largest: u64) -> Option<Self> {
        let page = Page::new(bytes);
        if page.number()? != number || page.flags()? != META {
            return None;
        }
        let body = bytes.get(HEADER..Self::LENGTH)?;
        let (address, map_size) = (word_at(body, 8)?, word_at(body, 8 + WORD)?);
        let mut trees = body[8 + 2 * WORD..].chunks_exact(TREE).map(Tree::read);
        let (free, tables) = (trees.next()??, trees.next()??);
        let numbers = 8 + 2 * WORD + 2 * TREE;
        let meta = Self { txn: word_at(body, numbers + WORD)?, last: word_at(body, numbers)?, free, tables };
        let used = meta.last.checked_add(1)?.checked_mul(page_size as u64)?;
        let sound = u32_at(body, 0)? == MAGIC
            && u32_at(body, 4)? == VERSION
            && address == 0
            && used <= map_size
            && used <= largest
            && meta.last + 1 >= META_PAGES
            && free.pad as usize == page_size
            && free.flags == WHOLE_NUMBERS
            && tables.pad == 0
            && tables.flags == 0
            && free.is_sensible()
            && tables.is_sensible();
        // Transaction n writes page n % 2.
        (sound && meta.txn % META_PAGES == number).then_some(meta)
    }
}
