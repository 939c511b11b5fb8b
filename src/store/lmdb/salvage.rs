//! Salvage: finds the whole rows of a damaged data file, wherever they are in it. A row is whole if its checksum
//! matches.
//!
//! LMDB never overwrites a page that the last snapshot has, so a file is full of pages that were in use before. They
//! hold rows that were since changed or removed, and rows of a commit that did not happen. A row alone does not show
//! which of these it is. The trees do, as far as they can still be walked. So salvage returns each row with its
//! [`Standing`].
//!
//! What can be relied on, unless the disk has kept an older page, whole, where it should have written a newer one:
//!
//! - A returned row was written through plugin-vault, under this key, in this table; it is never part of one.
//! - A [`Standing::Live`] row was in the snapshot that [`Salvaged::txn`] names, which is the last one whose meta page
//!   is whole. Rows of that snapshot that are not returned are counted in [`Lost`].
//! - A [`Standing::Stale`] row was written at some time. It is returned only where a tree is broken, so that the
//!   content of the snapshot there is unknown: perhaps this row, perhaps a newer value, perhaps nothing, since it was
//!   removed. Of several the one with the highest revision is returned; of several without a revision none is.
//! - A [`Standing::Later`] row is newer than the snapshot, and returned only where one of the two meta pages is
//!   damaged: then it may belong to the last commit, which is lost. What that commit removed is not known.
//!
//! A caller that writes rows over a backup of revision N asks for the rows newer than N. A live row then replaces the
//! backup's, and so does a later one. A stale row with a revision is newer than the backup's, and may have been removed
//! after. A stale row without a revision (`keys`, `meta`) may also be *older* than the backup's, and is good only for a
//! key that the backup does not have.
//! A row that the backup has and that is not returned may have been removed after the backup, where nothing is lost.

mod keep;
mod row;
mod survey;
#[cfg(test)]
mod tests;

use std::fs::File;

use crate::rows::{Table, checksum};
use crate::store::StoreError;

use super::layout::META_PAGES;
use super::pages::{BadRun, Pages};
use keep::Kept;
use row::{Place, Reader};
use survey::{State, Survey};

/// How much is known of a row. A higher standing takes precedence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// It was written at some time. Its key is in a broken part of a tree, so it is unknown what came after.
    Stale,
    /// It was in the last snapshot whose meta page is whole.
    Live,
    /// It was written after that snapshot, by a commit that lost its meta page, or by one that did not happen.
    Later,
}

/// A whole row. [`Salvaged::value`] reads its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WholeRow {
    /// The row's table.
    pub table: Table,
    /// Its key.
    pub key: Vec<u8>,
    /// The revision of the write that made it; `None` in tables whose rows have no revision.
    pub revision: Option<u64>,
    /// How much is known of the row.
    pub standing: Standing,
    place: Place,
}

/// A row whose checksum does not match. The damage may be in its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DamagedRow {
    /// The row's table.
    pub table: Table,
    /// The bytes in the place of its key.
    pub key: Vec<u8>,
    place: Place,
}

/// The losses, as far as they can be determined.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Lost {
    /// Damaged pages of the snapshot.
    pub pages: u64,
    /// Damaged rows of the snapshot.
    pub rows: u64,
    /// Rows that the snapshot had and that are not among the live ones; `None` if that is unknown.
    pub missing: Option<u64>,
    /// Rows with several versions of which it is unknown which is the newest.
    pub unclear: u64,
}

/// The result of a salvage.
pub struct Salvaged<'f> {
    /// The transaction of the snapshot that was found; `None` if there is none.
    pub txn: Option<u64>,
    /// The whole rows, by table and key, one for each key.
    pub rows: Vec<WholeRow>,
    /// Rows of the snapshot that are not what was written, under the keys in the file.
    pub damaged: Vec<DamagedRow>,
    /// The losses.
    pub lost: Lost,
    survey: Option<Survey<'f>>,
    live: [u64; Table::ALL.len()],
}

impl Salvaged<'_> {
    /// The number of rows that the snapshot had in a table; `None` if that is unknown.
    pub fn expected(&self, table: Table) -> Option<u64> {
        self.survey.as_ref()?.expected(table)
    }

    /// Whether salvage found each row that the snapshot had in a table.
    pub fn is_complete(&self, table: Table) -> bool {
        self.expected(table) == Some(self.live[table as usize - 1])
    }

    /// Whether the snapshot is known to have had no row under a key that salvage does not return.
    pub fn knows(&self, table: Table, key: &[u8]) -> bool {
        let in_gap = self.survey.as_ref().is_none_or(|survey| survey.is_in_gap(table, key));
        !in_gap || self.is_complete(table)
    }

    /// The bytes in the place of a damaged row's value; empty if they can't be read.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn remains(&mut self, row: &DamagedRow) -> Result<Vec<u8>, StoreError> {
        let Some(Survey { reader, .. }) = &mut self.survey else { return Ok(Vec::new()) };
        match reader.stored(&row.place) {
            Ok(mut stored) => {
                stored.truncate(stored.len().saturating_sub(checksum::LENGTH));
                Ok(stored)
            }
            Err(BadRun::Damaged) => Ok(Vec::new()),
            Err(BadRun::Failed(error)) => Err(error.into()),
        }
    }

    /// The value of a row, without its checksum; `None` if a second read differs from the first.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn value(&mut self, row: &WholeRow) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(Survey { reader, .. }) = &mut self.survey else { return Ok(None) };
        match reader.value(row.table, &row.key, &row.place) {
            Ok(value) => Ok(Some(value)),
            Err(BadRun::Damaged) => Ok(None),
            Err(BadRun::Failed(error)) => Err(error.into()),
        }
    }
}

/// Finds every whole row of a file. Rows with a revision must be newer than `newer_than`. No process may be writing to
/// the file. It reads every page once, and some pages again where values are large.
///
/// # Errors
/// If the file can't be read.
pub fn salvage(file: &File, page_size: usize, newer_than: u64) -> Result<Salvaged<'_>, StoreError> {
    let Some(pages) = Pages::new(file, page_size)? else {
        let (rows, damaged) = (Vec::new(), Vec::new());
        let (lost, live) = (Lost::default(), [0; Table::ALL.len()]);
        return Ok(Salvaged { txn: None, rows, damaged, lost, survey: None, live });
    };
    let metas = pages.metas()?;
    let newest = metas.iter().flatten().max_by_key(|meta| meta.txn).copied();
    let heads_are_whole = matches!(metas, [Some(even), Some(odd)] if even.txn.abs_diff(odd.txn) == 1);
    let mut survey = Survey::new(Reader::new(pages), heads_are_whole);
    let mut kept = Kept::default();
    if let Some(meta) = newest {
        survey.trees(&meta, &mut kept);
    } else {
        survey.nothing_is_known();
    }
    scan(&mut survey, &mut kept);
    let live = Table::ALL.map(|table| kept.live(table));
    let expected = Table::ALL.map(|table| survey.expected(table)).into_iter().sum::<Option<u64>>();
    let missing = expected.map(|expected| expected.saturating_sub(live.iter().sum()));
    let (rows, unclear) = kept.finish(newer_than);
    let lost = Lost { pages: survey.lost_pages, rows: survey.lost_rows, missing, unclear };
    let damaged = std::mem::take(&mut survey.damaged).into_iter();
    let damaged = damaged.map(|(table, key, place)| DamagedRow { table, key, place }).collect();
    Ok(Salvaged { txn: newest.map(|meta| meta.txn), rows, damaged, lost, survey: Some(survey), live })
}

/// Searches every page that the walk did not read. A disk that can't read one page may well read the next.
fn scan(survey: &mut Survey<'_>, kept: &mut Kept) {
    let mut bytes = vec![0; survey.reader.pages.size()];
    for number in META_PAGES..survey.reader.pages.count() {
        if survey.state(number) != State::Read && survey.reader.pages.read(number, &mut bytes).is_ok() {
            survey.page(number, &bytes, kept);
        }
    }
}
