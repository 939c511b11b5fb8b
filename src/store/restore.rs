//! Restore from a backup that the user keeps: the archive is read and checked first, then it replaces the store.

use std::path::PathBuf;

use crate::rows::{Table, meta};

use super::archive::{BadArchive, CopySource, Member, NotUnpacked, Progress, Unpacked, unpack};
use super::folder::Folder;
use super::lmdb::replace::Replacement;
use super::{ProtectorRow, Row, StoreError};

/// The result of a restore.
pub struct Restored {
    /// The number of records in the store.
    pub records: u64,
    /// The folder with the replaced tables, if there were any.
    pub quarantine: Option<PathBuf>,
}

/// See [`super::Location::read_backup`].
pub(super) fn read(
    folder: &Folder,
    source: CopySource<'_>,
    progress: Progress<'_>,
) -> Result<Unpacked, NotUnpacked> {
    let unpacked = unpack(folder, source, progress)?;
    // Checked before the user is asked about the backup's protectors.
    if folder.said_id().is_some_and(|id| id != unpacked.id()) {
        return Err(NotUnpacked::OtherStore);
    }
    Ok(unpacked)
}

/// See [`super::Location::restore`].
pub(super) fn restore<E: From<NotUnpacked>>(
    folder: &Folder,
    unpacked: &Unpacked,
    protectors: impl FnOnce() -> Result<Vec<ProtectorRow>, E>,
) -> Result<Restored, E> {
    let alone = folder.alone().map_err(NotUnpacked::from)?;
    let highest = match folder.summary(&alone).map_err(NotUnpacked::from)? {
        Some(there) if there.store.is_some_and(|store| store != unpacked.id()) => {
            return Err(NotUnpacked::OtherStore.into());
        }
        Some(there) => there.revision,
        None => 0,
    };
    let protectors = protectors()?;
    let (replacement, records) = replacement(folder, unpacked, highest)?;
    unpacked.put_in_place(folder, &protectors).map_err(NotUnpacked::from)?;
    let quarantine = replacement.put_in_place(&alone).map_err(NotUnpacked::from)?;
    Ok(Restored { records, quarantine })
}

/// The tables of the backup, ready to be put in place. Their next numbers are higher than every earlier one. Also the
/// number of records in them.
fn replacement(
    folder: &Folder,
    unpacked: &Unpacked,
    highest: u64,
) -> Result<(Replacement, u64), NotUnpacked> {
    let replacement = match Replacement::new(folder, unpacked.tables()?, unpacked.page_size()) {
        Err(StoreError::Damaged) => return Err(BadArchive::Damaged(Member::Data).into()),
        replacement => replacement?,
    };
    if replacement.id()? != unpacked.id() {
        return Err(BadArchive::OtherTables.into());
    }
    let records = replacement.records()?;
    let restored = replacement.revision()?.to_be_bytes().to_vec();
    let row = |name: &[u8], value| Row { table: Table::Meta, key: name.to_vec(), value };
    // What a backup holds is of an earlier time than what the server has, so it is a store of this machine alone.
    let rows = vec![row(meta::RESTORED, Some(restored)), row(meta::REPAIRED, None), row(meta::REMOTE, None)];
    replacement.renumber(highest, rows)?;
    Ok((replacement, records))
}
