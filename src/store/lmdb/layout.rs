//! How LMDB lays its pages out, read from bytes that may hold anything: no function here panics or allocates.
//!
//! A page is a header and then an array of offsets; the nodes that these name lie packed at the page's other end.
//! Numbers are the machine's own: a file can't go to a machine of another word size or byte order, where the check
//! refuses it. A value that is too long for a node lies in a run of overflow pages, of which only the first has a header.
//!
//! Written for the LMDB that `heed` is pinned to; its lock and page formats are part of ours.

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
/// The first pages, which tell where everything else begins.
pub(in crate::store) const META_PAGES: u64 = 2;
/// The deepest tree that LMDB can walk.
pub(in crate::store) const DEEPEST: u16 = 32;

/// What a page is for. LMDB knows more kinds, which only duplicates and open transactions have.
pub(in crate::store) const BRANCH: u16 = 0x01;
/// Rows.
pub(in crate::store) const LEAF: u16 = 0x02;
/// The first of a run that holds one value.
pub(in crate::store) const OVERFLOW: u16 = 0x04;
const META: u16 = 0x08;

/// A node's value lies in overflow pages.
const BIG: u16 = 0x01;
/// A node's value is the head of a named table.
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

/// Whether LMDB would make a file with such pages.
pub(in crate::store) fn is_page_size(size: usize) -> bool {
    size.is_power_of_two() && (512..=0x8000).contains(&size)
}

/// How many pages a value of this length takes.
pub(in crate::store) fn overflow_pages(length: u64, page_size: usize) -> u64 {
    (HEADER as u64 - 1 + length) / page_size as u64 + 1
}

/// One page, or the beginning of a run.
#[derive(Clone, Copy)]
pub(in crate::store) struct Page<'p>(&'p [u8]);

/// A node of a branch page: where the keys from `key` on lie.
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

/// Where a node's value lies.
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

    /// The number that the page gives itself.
    pub(in crate::store) fn number(self) -> Option<u64> {
        word_at(self.0, 0)
    }

    pub(in crate::store) fn flags(self) -> Option<u16> {
        u16_at(self.0, WORD + 2)
    }

    /// The length of a run, in its first page.
    pub(in crate::store) fn run(self) -> Option<u64> {
        u32_at(self.0, WORD + 4).map(u64::from)
    }

    /// How many nodes there are, if the bounds make sense.
    pub(in crate::store) fn count(self) -> Option<usize> {
        let lower = usize::from(u16_at(self.0, WORD + 4)?);
        let upper = usize::from(u16_at(self.0, WORD + 6)?);
        let sensible = lower.is_multiple_of(2) && lower >= HEADER && upper >= lower && upper <= self.0.len();
        sensible.then(|| (lower - HEADER) / 2)
    }

    /// A node, from its header on; it begins on an even place behind the offsets.
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

    /// Whether nodes of these bytes in all fill the page from its upper bound to its end. Nodes are packed: a
    /// length that is wrong shows here.
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
