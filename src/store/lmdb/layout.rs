//! The layout of LMDB's pages, read from bytes that may hold anything: no function here panics or allocates.
//!
//! A page is a header and then an array of offsets. The nodes at these offsets are packed at the other end of the page.
//! Numbers have the machine's word size and byte order: on another kind of machine the check refuses the file. A value
//! that is too long for a node is stored in a run of overflow pages, of which only the first has a header.
//!
//! Written for the LMDB version that `heed` is pinned to; its lock and page formats are part of ours.

mod meta;
mod trees;

pub(in crate::store) use meta::{Meta, Tree};
pub(in crate::store) use trees::{Heads, Part, free_pages, kind};

/// Bytes of a page number.
pub(in crate::store) const WORD: usize = size_of::<usize>();
/// Bytes before a page's offsets, or before the value in a run of overflow pages.
pub(in crate::store) const HEADER: usize = WORD + 8;
/// Bytes before a node's key.
const NODE: usize = 8;
/// The longest key that LMDB writes.
pub(in crate::store) const LONGEST_KEY: usize = 511;
/// Number of meta pages. They are the first pages, and give the start of everything else.
pub(in crate::store) const META_PAGES: u64 = 2;
/// The number of levels in the deepest tree that LMDB can walk.
pub(in crate::store) const DEEPEST: u16 = 32;

/// Kinds of pages. LMDB has more kinds, which occur only with duplicates and in open transactions.
pub(in crate::store) const BRANCH: u16 = 0x01;
/// A page of rows.
pub(in crate::store) const LEAF: u16 = 0x02;
/// The first page of a run that holds one value.
pub(in crate::store) const OVERFLOW: u16 = 0x04;
const META: u16 = 0x08;

/// The node's value is stored in overflow pages.
const BIG: u16 = 0x01;
/// The node's value is the head of a named table.
const NAMED: u16 = 0x02;

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

/// A number as wide as a page number.
pub(in crate::store) fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(|word| usize::from_ne_bytes(word) as u64)
}

/// Whether LMDB would create a file with pages of this size.
pub(in crate::store) fn is_page_size(size: usize) -> bool {
    size.is_power_of_two() && (512..=0x8000).contains(&size)
}

/// The number of overflow pages for a value of `length` bytes.
pub(in crate::store) fn overflow_pages(length: u64, page_size: usize) -> u64 {
    (HEADER as u64 - 1 + length) / page_size as u64 + 1
}

/// One page, or the beginning of a run.
#[derive(Clone, Copy)]
pub(in crate::store) struct Page<'p>(&'p [u8]);

/// A node of a branch page: the page with the keys from `key` on.
pub(in crate::store) struct Child<'p> {
    pub(in crate::store) key: &'p [u8],
    pub(in crate::store) page: u64,
}

/// A node of a leaf page.
#[derive(Clone, Copy)]
pub(in crate::store) struct Entry<'p> {
    pub(in crate::store) key: &'p [u8],
    pub(in crate::store) value: Value<'p>,
}

/// The place of a node's value.
#[derive(Clone, Copy)]
pub(in crate::store) enum Value<'p> {
    /// Beside its key.
    Inline(&'p [u8]),
    /// In the run of overflow pages that begins at `page`.
    Big { page: u64, length: u64 },
    /// Beside its key: the head of a named table.
    Named(&'p [u8]),
}

impl<'p> Page<'p> {
    pub(in crate::store) fn new(bytes: &'p [u8]) -> Self {
        Self(bytes)
    }

    /// The page number in the page's own header.
    pub(in crate::store) fn number(self) -> Option<u64> {
        word_at(self.0, 0)
    }

    pub(in crate::store) fn flags(self) -> Option<u16> {
        u16_at(self.0, WORD + 2)
    }

    /// The number of pages in a run, from its first page.
    pub(in crate::store) fn run(self) -> Option<u64> {
        u32_at(self.0, WORD + 4).map(u64::from)
    }

    /// The number of nodes; `None` if the page's bounds are invalid.
    pub(in crate::store) fn count(self) -> Option<usize> {
        let lower = usize::from(u16_at(self.0, WORD + 4)?);
        let upper = usize::from(u16_at(self.0, WORD + 6)?);
        let sensible = lower.is_multiple_of(2) && lower >= HEADER && upper >= lower && upper <= self.0.len();
        sensible.then(|| (lower - HEADER) / 2)
    }

    /// The bytes of a node, from its header on. It must begin at an even offset behind the array of offsets.
    fn node(self, index: usize) -> Option<&'p [u8]> {
        let offset = usize::from(u16_at(self.0, HEADER + 2 * index)?);
        (offset >= HEADER && offset.is_multiple_of(2)).then_some(())?;
        self.0.get(offset..)
    }

    pub(in crate::store) fn child(self, index: usize) -> Option<Child<'p>> {
        let node = self.node(index)?;
        let low = u64::from(u32_at(node, 0)?);
        let high = if WORD > 4 { u64::from(u16_at(node, 4)?) << 32 } else { 0 };
        let key = node.get(NODE..)?.get(..usize::from(u16_at(node, 6)?))?;
        Some(Child { key, page: high | low })
    }

    pub(in crate::store) fn entry(self, index: usize) -> Option<Entry<'p>> {
        let node = self.node(index)?;
        let length = u32_at(node, 0)?;
        let (key, rest) = node.get(NODE..)?.split_at_checked(usize::from(u16_at(node, 6)?))?;
        let value = match u16_at(node, 4)? {
            0 => Value::Inline(rest.get(..length as usize)?),
            BIG => Value::Big { page: word_at(rest, 0)?, length: u64::from(length) },
            NAMED => Value::Named(rest.get(..length as usize)?),
            _ => return None,
        };
        Some(Entry { key, value })
    }

    /// Whether nodes with `nodes` bytes in total fill the page from its upper bound to its end. Nodes are packed, so a
    /// wrong length shows here.
    pub(in crate::store) fn is_filled_by(self, nodes: usize) -> bool {
        u16_at(self.0, WORD + 6).is_some_and(|upper| usize::from(upper) + nodes == self.0.len())
    }
}

impl Child<'_> {
    /// The bytes that the node takes.
    pub(in crate::store) fn size(&self) -> usize {
        (NODE + self.key.len()).next_multiple_of(2)
    }
}

impl Entry<'_> {
    /// The bytes that the node takes.
    pub(in crate::store) fn size(&self) -> usize {
        let value = match self.value {
            Value::Inline(value) | Value::Named(value) => value.len(),
            Value::Big { .. } => WORD,
        };
        (NODE + self.key.len() + value).next_multiple_of(2)
    }
}
