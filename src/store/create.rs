//! Making a store: aside, whole and synced, then moved into place. A store that is there is a whole one.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::files;

use super::engine::{CommitError, Engine};
use super::header::StoreHeader;
use super::{Alone, Batch, Folder, Id, ProtectorRow, Row, StoreError, Table, meta};

/// What the name of anything begins with that is made aside.
pub(super) const ASIDE: &str = "new-";

/// The right to make a store: nobody else has anything open in the folder.
pub struct Creation {
    pub(super) folder: Folder,
    pub(super) _alone: Alone,
}

impl Creation {
    /// Makes the store, with this protector and these rows. The process that made it opens it like any other: by
    /// entering again.
    ///
    /// # Errors
    /// No store is there then.
    pub fn finish(self, id: Id, protector: &ProtectorRow, rows: Vec<Row>) -> Result<(), StoreError> {
        self.folder.sweep(Duration::ZERO)?;
        // A process that was killed while it made a store may have left one behind.
        self.folder.forget_protectors()?;
        for folder in ["slots", "live", "backups", "quarantine"] {
            files::create_folder(&self.folder.path().join(folder))?;
        }
        // Before the tables: what they hold must never be without a way to its key.
        let (protector, row) = protector;
        self.folder.put_protector(protector, row)?;
        let aside = tempfile::Builder::new().prefix(ASIDE).tempdir_in(self.folder.path())?;
        let engine = with_rows(aside.path(), id, rows)?;
        let page_size = engine.page_size();
        engine.close();
        files::sync_folder(aside.path())?;
        StoreHeader::new(id, page_size).write(&self.folder.header())?;
        fs::rename(aside.path().join("data.mdb"), self.folder.data_file())?;
        files::sync_folder(self.folder.path())?;
        Ok(())
    }
}

impl Folder {
    /// Takes away what was left behind by a process that was killed while it made something aside.
    pub(super) fn sweep(&self, older_than: Duration) -> io::Result<()> {
        for entry in fs::read_dir(self.path())? {
            let entry = entry?;
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
            if entry.file_name().to_string_lossy().starts_with(ASIDE) && age >= older_than {
                let path = entry.path();
                if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
            }
        }
        Ok(())
    }
}

/// Makes an environment with these rows in it.
pub(super) fn with_rows(aside: &Path, id: Id, mut rows: Vec<Row>) -> Result<Engine, StoreError> {
    let engine = Engine::create(aside)?;
    rows.push(Row { table: Table::Meta, key: meta::STORE_ID.to_vec(), value: Some(id.to_vec()) });
    rows.push(Row {
        table: Table::Meta,
        key: meta::KEYS_REVISION.to_vec(),
        value: Some(0_u64.to_be_bytes().to_vec()),
    });
    let first = Batch { expected: 0, revision: 0, rows };
    engine.commit(&first, u64::MAX).map_err(|error| match error {
        CommitError::NotDone(error) => error,
        CommitError::Unknown => StoreError::Failed,
    })?;
    Ok(engine)
}
