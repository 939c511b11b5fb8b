//! The trees of a snapshot. Two walks share this code: the check, which ends at the first damage, and salvage, which
//! continues.

use crate::rows::Table;

use super::{BRANCH, Entry, LEAF, Tree, Value, WORD, word_at};

/// The contents of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Part {
    /// The free pages, by the transaction that freed them.
    Free,
    /// The heads of the named tables.
    Tables,
    /// The rows of one table.
    Rows(Table),
}

/// The kind of the top page of a tree with `levels` levels.
pub(in crate::store) fn kind(levels: u16) -> u16 {
    if levels == 1 { LEAF } else { BRANCH }
}

/// The heads of the named tables found so far.
#[derive(Default)]
pub(in crate::store) struct Heads([Option<Tree>; Table::ALL.len()]);

impl Heads {
    /// Records an entry of the tree of tables; `None` if it is no head of a known table.
    pub(in crate::store) fn take(&mut self, entry: Entry<'_>) -> Option<()> {
        let table = Table::ALL.into_iter().find(|table| table.name().as_bytes() == entry.key)?;
        let Value::Named(head) = entry.value else { return None };
        self.0[table as usize - 1] = Some(Tree::named(head)?);
        Some(())
    }

    pub(in crate::store) fn of(&self, table: Table) -> Option<Tree> {
        self.0[table as usize - 1]
    }
}

/// The page numbers in a record of free pages: their count, then the numbers. Unused space may follow them. `None` if
/// the record is too short for the count.
pub(in crate::store) fn free_pages(record: &[u8]) -> Option<impl Iterator<Item = u64>> {
    let count = usize::try_from(word_at(record, 0)?).ok()?;
    let pages = record.get(WORD..)?.get(..count.checked_mul(WORD)?)?;
    Some(pages.chunks_exact(WORD).filter_map(|page| word_at(page, 0)))
}
