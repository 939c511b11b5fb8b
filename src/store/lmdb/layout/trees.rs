//! The trees of a snapshot, as both know them that walk through them: the check, which ends at the first thing that is
//! wrong, and salvage, which goes on.

use crate::rows::Table;

use super::{BRANCH, Entry, LEAF, Tree, Value, WORD, word_at};

/// What a tree holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Part {
    /// The free pages, by the transaction that freed them.
    Free,
    /// The heads of the named tables.
    Tables,
    /// The rows of one table.
    Rows(Table),
}

/// The kind of page that begins so many levels of a tree.
pub(in crate::store) fn kind(levels: u16) -> u16 {
    if levels == 1 { LEAF } else { BRANCH }
}

/// The heads of the named tables, as far as they were found.
#[derive(Default)]
pub(in crate::store) struct Heads([Option<Tree>; Table::ALL.len()]);

impl Heads {
    /// Takes the head that an entry of the tree of tables is; `None` if it is none.
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

/// The pages that a record of free pages names: how many, then their numbers. Behind them may be room for more. `None` if
/// it is too short for them.
pub(in crate::store) fn free_pages(record: &[u8]) -> Option<impl Iterator<Item = u64>> {
    let count = usize::try_from(word_at(record, 0)?).ok()?;
    let pages = record.get(WORD..)?.get(..count.checked_mul(WORD)?)?;
    Some(pages.chunks_exact(WORD).filter_map(|page| word_at(page, 0)))
}
