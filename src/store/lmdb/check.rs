//! Whether a data file is sound: every page, key and count of one snapshot, before LMDB reads any of it.
//!
//! LMDB trusts its file: a damaged one ends the process with a signal. So this module walks the tree first, with plain
//! reads and never through the memory map. Other processes may write meanwhile: LMDB does not reuse the pages of a
//! snapshot that a read transaction holds.
//!
//! A damaged *value* is not a damaged tree. Its row is counted, kept, and answered as damaged when it is read. A row
//! whose key differs from the written one is damage of the tree, where that shows: a search for the written key would
//! miss the row silently. The work is bounded by the file's length, whatever the file says: no page is visited twice.

mod damage;
mod free;
mod meta_number;
mod rows;
#[cfg(test)]
mod tests;
mod walk;

use std::fs::File;

pub(in crate::store) use damage::{Damage, Unsound, What};

use crate::faults::Fault;

use super::layout::Meta;
use super::pages::Pages;
#[cfg(test)]
pub(in crate::store) use tests::mutated;
use walk::Walk;

/// The contents of a sound file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checked {
    /// The transaction whose snapshot was checked.
    pub txn: u64,
    /// Number of rows in all tables.
    pub rows: u64,
    /// Number of pages in use. Free pages are not read.
    pub pages: u64,
    /// Number of rows whose checksum does not match, among those whose checksum was compared.
    pub damaged_rows: u64,
    /// Number of pages that are neither in use nor free. They only use up room.
    pub unlisted_pages: u64,
}

/// How much of a snapshot is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Depth {
    /// Everything that LMDB relies on: pages, nodes, keys, counts, and the first page of each large value. Also the
    /// store's own rows, with their checksums.
    Structure,
    /// `Structure`, and the checksum of each row.
    Rows,
}

/// Checks a snapshot: the one of transaction `snapshot`, which the caller holds, or the newest one of a file that no
/// process writes to.
///
/// # Errors
/// The damage and its place, or the reason why the check was not possible.
pub fn check(file: &File, page_size: usize, snapshot: Option<u64>) -> Result<Checked, Unsound> {
    check_to(Depth::Rows, file, page_size, snapshot)
}

/// Like [`check`], down to a given depth.
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

/// Checks only what LMDB reads when it opens a file: enough to open it and hold a snapshot. Returns the number of the
/// newest transaction.
///
/// # Errors
/// The damage of the meta pages, or the reason why the check was not possible.
pub(in crate::store) fn check_heads(file: &File, page_size: usize) -> Result<u64, Unsound> {
    if Fault::NoCheck.is_injected() {
        return Ok(0);
    }
    heads(file, page_size).map(|(_, [even, odd])| even.txn.max(odd.txn))
}

/// Reads both meta pages. At any moment they belong to the last two transactions.
fn heads(file: &File, page_size: usize) -> Result<(Pages<'_>, [Meta; 2]), Unsound> {
    let failed = |error| Unsound::reading(0, error);
    let pages = Pages::new(file, page_size).map_err(failed)?.ok_or(Damage::at(0, What::Meta))?;
    // A writer may commit between two reads. Then this reads them again.
    for _ in 0..3 {
        let [Some(even), Some(odd)] = pages.metas().map_err(failed)? else { continue };
        if even.txn.abs_diff(odd.txn) == 1 {
            return Ok((pages, [even, odd]));
        }
    }
    Err(Damage::at(0, What::Meta))
}
