//! Whether a data file is sound: every page, key and count of one snapshot, before LMDB sees any of it.
//!
//! LMDB trusts its file: a damaged one ends the process with a signal. So the tree is walked here first, with plain
//! reads and never through the memory map. Others may write meanwhile: the pages of a snapshot that a read
//! transaction holds are not used again.
//!
//! A damaged *value* is not a damaged tree. Its row is counted, kept, and answered as damaged when it is read; only a
//! row whose key can be seen to be another than the one that was written is damage of the tree, since it would be
//! missed without a word. Bounded by the file's length, whatever it says: no page is visited twice.

mod damage;
mod free;
mod meta_number;
mod rows;
#[cfg(test)]
mod tests;
mod walk;

use std::fs::File;

pub use damage::{Damage, Unsound, What};

use crate::faults::Fault;

use super::layout::Meta;
use super::pages::Pages;
#[cfg(test)]
pub(in crate::store) use tests::mutated;
use walk::Walk;

/// What a sound file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checked {
    /// The transaction whose snapshot was checked.
    pub txn: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Pages in use; those that are free are not read.
    pub pages: u64,
    /// Rows whose checksum does not hold, of those whose checksum was compared.
    pub damaged_rows: u64,
    /// Pages that are neither in use nor free. They cost room and nothing else.
    pub unlisted_pages: u64,
}

/// How much of a snapshot is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Depth {
    /// All that LMDB relies on: pages, nodes, keys, counts, the beginning of each large value. Also the store's own rows,
    /// with their checksums.
    Structure,
    /// The same, and each row's checksum.
    Rows,
}

/// Checks the snapshot of a transaction, which the caller holds, or the newest one of a file that nobody writes to.
///
/// # Errors
/// What is wrong, and where; or that it can't be known.
pub fn check(file: &File, page_size: usize, snapshot: Option<u64>) -> Result<Checked, Unsound> {
    check_to(Depth::Rows, file, page_size, snapshot)
}

/// The same, to a depth.
pub(in crate::store) fn check_to(
    depth: Depth,
    file: &File,
    page_size: usize,
    snapshot: Option<u64>,
) -> Result<Checked, Unsound> {
    if Fault::NoCheck.is_injected() {
        return Ok(Checked { txn: 0, rows: 0, pages: 0, damaged_rows: 0, unlisted_pages: 0 });
    }
    let (pages, metas) = heads(file, page_size)?;
    let meta = match snapshot {
        None => metas.into_iter().max_by_key(|meta| meta.txn),
        Some(txn) => metas.into_iter().find(|meta| meta.txn == txn),
    };
    let meta = meta.ok_or(Unsound::Gone)?;
    let checked = Walk::new(pages, meta, depth).all()?;
    meta_number::other(file, page_size, metas, meta)?;
    Ok(checked)
}

/// Checks only what LMDB reads when it opens a file: enough to open it and hold a snapshot. Returns the newest
/// transaction.
///
/// # Errors
/// What is wrong with them; or that it can't be known.
pub fn check_heads(file: &File, page_size: usize) -> Result<u64, Unsound> {
    if Fault::NoCheck.is_injected() {
        return Ok(0);
    }
    heads(file, page_size).map(|(_, [even, odd])| even.txn.max(odd.txn))
}

/// Both meta pages. At any moment they are those of the last two transactions.
fn heads(file: &File, page_size: usize) -> Result<(Pages<'_>, [Meta; 2]), Unsound> {
    let failed = |error| Unsound::reading(0, error);
    let pages = Pages::new(file, page_size).map_err(failed)?.ok_or(Damage::at(0, What::Meta))?;
    // Between two reads a writer may finish: then they are read again.
    for _ in 0..3 {
        let [Some(even), Some(odd)] = pages.metas().map_err(failed)? else { continue };
        if even.txn.abs_diff(odd.txn) == 1 {
            return Ok((pages, [even, odd]));
        }
    }
    Err(Damage::at(0, What::Meta))
}
