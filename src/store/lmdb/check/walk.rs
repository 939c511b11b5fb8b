//! The walk through a snapshot's trees. It visits each page once.

use crate::rows::Table;

use super::super::layout::{self, Entry, HEADER, Heads, LONGEST_KEY, META_PAGES, Meta, Page, Part, Tree};
use super::super::pages::Pages;
use super::{Checked, Damage, Depth, Unsound, What};

/// The counts of a tree, to be compared with its head.
#[derive(Default, PartialEq, Eq)]
struct Counted {
    branch_pages: u64,
    leaf_pages: u64,
    overflow_pages: u64,
    entries: u64,
}

/// The keys that a page may hold: from `from` on, and below `below`.
#[derive(Clone, Copy)]
struct Bounds<'k> {
    from: &'k [u8],
    below: Option<&'k [u8]>,
}

/// The counts of the rows.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) count: u64,
    pub(super) damaged: u64,
    /// The number of the store's own rows found that every store must have.
    pub(super) own: usize,
}

pub(super) struct Walk<'f> {
    pub(super) pages: Pages<'f>,
    pub(super) meta: Meta,
    pub(super) depth: Depth,
    /// A bit for each page of the file that the snapshot uses or lists as free.
    seen: Vec<u64>,
    /// Free pages behind the end of the file.
    behind: u64,
    pub(super) free_pages: u64,
    /// The last transaction that freed a page.
    pub(super) last_freed: Option<u64>,
    used_pages: u64,
    heads: Heads,
    pub(super) rows: Rows,
    /// Page buffers, one for each level below the current one.
    spare: Vec<Vec<u8>>,
}

impl<'f> Walk<'f> {
    pub(super) fn new(pages: Pages<'f>, meta: Meta, depth: Depth) -> Self {
        let known = pages.count().min(meta.last + 1);
        let words = usize::try_from(known.div_ceil(64)).unwrap_or(0);
        Self {
            pages,
            meta,
            depth,
            seen: vec![0; words],
            behind: 0,
            free_pages: 0,
            last_freed: None,
            used_pages: 0,
            heads: Heads::default(),
            rows: Rows::default(),
            spare: Vec::new(),
        }
    }

    pub(super) fn all(mut self) -> Result<Checked, Unsound> {
        let Meta { txn, last, free, tables } = self.meta;
        self.tree(&free, Part::Free)?;
        if !super::meta_number::is_own(&self.meta, self.last_freed) {
            return Err(Damage::at(txn % META_PAGES, What::Meta));
        }
        self.tree(&tables, Part::Tables)?;
        for table in Table::ALL {
            let head = self.heads.of(table).ok_or(Damage::at(0, What::Tables))?;
            self.tree(&head, Part::Rows(table))?;
        }
        // Pages that one transaction allocated and freed were never written. Every other page of the snapshot is in the
        // file.
        if self.behind != (last + 1).saturating_sub(self.pages.count()) {
            return Err(Damage::at(last, What::Absent));
        }
        self.rows.own_are_there()?;
        Ok(Checked {
            txn,
            rows: self.rows.count,
            pages: META_PAGES + self.used_pages,
            damaged_rows: self.rows.damaged,
            unlisted_pages: last + 1 - META_PAGES - self.used_pages - self.free_pages,
        })
    }

    /// Marks a page as visited. No other part of the snapshot may contain it.
    pub(super) fn see(&mut self, page: u64, free: bool) -> Result<(), Unsound> {
        if page < META_PAGES || page > self.meta.last {
            return Err(Damage::at(page, What::Absent));
        }
        if page < self.pages.count() {
            let (word, bit) = (usize::try_from(page / 64).unwrap_or(usize::MAX), 1 << (page % 64));
            let word = self.seen.get_mut(word).ok_or(Damage::at(page, What::Absent))?;
            if *word & bit != 0 {
                return Err(Damage::at(page, What::Twice));
            }
            *word |= bit;
        } else if free {
            self.behind += 1;
        } else {
            return Err(Damage::at(page, What::Absent));
        }
        *if free { &mut self.free_pages } else { &mut self.used_pages } += 1;
        Ok(())
    }

    fn tree(&mut self, head: &Tree, part: Part) -> Result<(), Unsound> {
        let mut counted = Counted::default();
        if let Some(root) = head.root {
            self.below(root, head.depth, Bounds { from: &[], below: None }, part, &mut counted)?;
        }
        let said = Counted {
            branch_pages: head.branch_pages,
            leaf_pages: head.leaf_pages,
            overflow_pages: head.overflow_pages,
            entries: head.entries,
        };
        if counted == said { Ok(()) } else { Err(Damage::at(head.root.unwrap_or(0), What::Count)) }
    }

    /// Checks a page and everything below it. `levels` is the number of levels left; a head says at most
    /// [`layout::DEEPEST`].
    fn below(
        &mut self,
        number: u64,
        levels: u16,
        bounds: Bounds<'_>,
        part: Part,
        counted: &mut Counted,
    ) -> Result<(), Unsound> {
        self.see(number, false)?;
        let size = self.pages.size();
        let mut bytes = self.spare.pop().unwrap_or_else(|| vec![0; size]);
        self.pages.read(number, &mut bytes).map_err(|error| Unsound::reading(number, error))?;
        let page = Page::new(&bytes);
        if page.number() != Some(number) {
            return Err(Damage::at(number, What::Number));
        }
        if page.flags() != Some(layout::kind(levels)) {
            return Err(Damage::at(number, What::Kind));
        }
        if levels == 1 {
            counted.leaf_pages += 1;
            self.leaf(number, page, bounds, part, counted)?;
        } else {
            counted.branch_pages += 1;
            self.branch(number, page, levels, bounds, part, counted)?;
        }
        self.spare.push(bytes);
        Ok(())
    }

    fn branch(
        &mut self,
        number: u64,
        page: Page<'_>,
        levels: u16,
        bounds: Bounds<'_>,
        part: Part,
        counted: &mut Counted,
    ) -> Result<(), Unsound> {
        let layout = || Damage::at(number, What::Layout);
        let count = page.count().ok_or_else(layout)?;
        // LMDB ends the process at a branch with a single child, except among the free pages.
        if count < if part == Part::Free { 1 } else { 2 } {
            return Err(layout());
        }
        let mut filled = 0;
        for index in 0..count {
            filled += page.child(index).ok_or_else(layout)?.size();
        }
        if !page.is_filled_by(filled) {
            return Err(layout());
        }
        let mut from = bounds.from;
        for index in 0..count {
            let child = page.child(index).ok_or_else(layout)?;
            let next =
                if index + 1 < count { Some(page.child(index + 1).ok_or_else(layout)?.key) } else { None };
            // The first key is ignored: its child holds every key smaller than the second.
            if let Some(key) = next {
                let fits = part.has_separator_length(key.len())
                    && part.ascend(from, key) != Some(false)
                    && bounds.below.is_none_or(|below| part.ascend(key, below) == Some(true));
                if !fits {
                    return Err(Damage::at(number, What::Order));
                }
            }
            let below = next.or(bounds.below);
            self.below(child.page, levels - 1, Bounds { from, below }, part, counted)?;
            from = next.unwrap_or(from);
        }
        Ok(())
    }

    fn leaf(
        &mut self,
        number: u64,
        page: Page<'_>,
        bounds: Bounds<'_>,
        part: Part,
        counted: &mut Counted,
    ) -> Result<(), Unsound> {
        let layout = || Damage::at(number, What::Layout);
        let count = page.count().filter(|count| *count > 0).ok_or_else(layout)?;
        let (mut filled, mut before) = (0, None);
        for index in 0..count {
            let entry = page.entry(index).ok_or_else(layout)?;
            filled += entry.size();
            if !part.has_key_length(entry.key.len()) {
                return Err(Damage::at(number, What::Key));
            }
            // The first key may equal the key in the page above.
            let after = match before {
                None => bounds.from.is_empty() || part.ascend(entry.key, bounds.from) != Some(true),
                Some(before) => part.ascend(before, entry.key) == Some(true),
            };
            let is_behind = |below| part.ascend(entry.key, below) != Some(true);
            if !after || bounds.below.is_some_and(is_behind) {
                return Err(Damage::at(number, What::Order));
            }
            before = Some(entry.key);
        }
        if !page.is_filled_by(filled) {
            return Err(layout());
        }
        for index in 0..count {
            let entry = page.entry(index).ok_or_else(layout)?;
            counted.entries += 1;
            counted.overflow_pages += match part {
                Part::Free => self.free_record(number, entry)?,
                Part::Tables => self.head(number, entry)?,
                Part::Rows(table) => self.row(number, table, entry)?,
            };
        }
        Ok(())
    }

    /// Reads the head of a named table.
    fn head(&mut self, number: u64, entry: Entry<'_>) -> Result<u64, Unsound> {
        self.heads.take(entry).ok_or(Damage::at(number, What::Tables))?;
        Ok(0)
    }

    /// Marks the pages of a large value whose content is not read. Returns their number.
    pub(super) fn unread_value(&mut self, page: u64, length: u64) -> Result<u64, Unsound> {
        let run = self.pages.run_of(page, length).map_err(|error| Unsound::running(page, error))?;
        self.see_run(page, run)
    }

    /// Passes a large value to `take` in pieces, and marks its pages. Returns their number.
    pub(super) fn value(&mut self, page: u64, length: u64, take: impl FnMut(&[u8])) -> Result<u64, Unsound> {
        let run = self.pages.value(page, length, take).map_err(|error| Unsound::running(page, error))?;
        self.see_run(page, run)
    }

    fn see_run(&mut self, page: u64, run: u64) -> Result<u64, Unsound> {
        for used in page..page + run {
            self.see(used, false)?;
        }
        Ok(run)
    }
}

impl Part {
    /// Whether `key` is smaller than `other`; `None` if they are equal.
    fn ascend(self, key: &[u8], other: &[u8]) -> Option<bool> {
        let order = match self {
            Self::Free => layout::word_at(key, 0).cmp(&layout::word_at(other, 0)),
            Self::Tables | Self::Rows(_) => key.cmp(other),
        };
        (order != std::cmp::Ordering::Equal).then_some(order.is_lt())
    }

    /// A key in a branch may be shorter than the keys of the rows, except where LMDB compares whole numbers.
    fn has_separator_length(self, length: usize) -> bool {
        if self == Self::Free { length == layout::WORD } else { (1..=LONGEST_KEY).contains(&length) }
    }

    /// Whether LMDB could have written a key of this length. The keys of most tables have one fixed length.
    fn has_key_length(self, length: usize) -> bool {
        let one_length = match self {
            Self::Free => Some(layout::WORD),
            Self::Tables => None,
            Self::Rows(table) => table.key_length(),
        };
        one_length.map_or((1..=LONGEST_KEY).contains(&length), |one| length == one)
    }
}

const _: () = assert!(HEADER.is_multiple_of(layout::WORD), "a large value's pieces are of whole words");
