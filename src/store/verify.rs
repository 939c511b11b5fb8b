//! Verification of a backup that the user keeps: it is unpacked in a temporary folder, and its tables are checked.

use crate::rows::Id;

use super::archive::{BadArchive, CopySource, Member, NotUnpacked, Progress, unpack};
use super::folder::Folder;
use super::inspect::SoundTables;
use super::lmdb::check::check;
use super::{ProtectorRow, StoreError};

/// What is in a whole backup.
pub struct VerifiedBackup {
    /// The id of its store.
    pub store: Id,
    /// What its tables contain.
    pub tables: SoundTables,
    /// Its protectors.
    pub protectors: Vec<ProtectorRow>,
}

/// Reads a backup wholly, and checks every row of its tables. It needs no store, and changes none.
///
/// # Errors
/// If it is no whole backup, its tables are not sound, or there is no room to unpack it.
pub fn verify_backup(source: CopySource<'_>, progress: Progress<'_>) -> Result<VerifiedBackup, NotUnpacked> {
    let aside = tempfile::Builder::new().prefix("plugin-vault-").tempdir().map_err(StoreError::from)?;
    // A backup is only read there, so any file system will do.
    let folder = Folder::new(aside.path().join("data")).allow_network(true);
    let unpacked = unpack(&folder, source, progress)?;
    let checked = check(&unpacked.tables()?, unpacked.page_size(), None).map_err(StoreError::from);
    let checked = checked.map_err(|error| match error {
        StoreError::Damaged => BadArchive::Damaged(Member::Data).into(),
        error => NotUnpacked::Store(error),
    })?;
    let tables = SoundTables { rows: checked.rows, damaged_rows: checked.damaged_rows };
    Ok(VerifiedBackup { store: unpacked.id(), tables, protectors: unpacked.protectors().to_vec() })
}
