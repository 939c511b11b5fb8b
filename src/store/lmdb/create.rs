//! Creates a store: in a temporary folder, whole and synced, then moved into place. So a store that exists is a whole
//! one.

use std::time::{Duration, SystemTime};

use crate::files::Dir;
use crate::rows::{Id, Table, meta};
use crate::store::folder::FOLDERS;
use crate::store::{Batch, Folder, ProtectorRow, Row, StoreError};

use super::DATA_FILE;
use super::engine::{CommitError, Engine};
use super::header::StoreHeader;
use super::lock::ExclusiveLock;

pub(in crate::store) use crate::files::ASIDE;

/// The right to create a store: no other process has anything open in the folder.
pub(in crate::store) struct Creation {
    pub(in crate::store) folder: Folder,
    pub(in crate::store) _alone: ExclusiveLock,
}

impl Creation {
    /// Creates the store, with this protector and these rows. To open it, this process enters the folder again, like
    /// any other process.
    ///
    /// # Errors
    /// The folder holds no store then.
    pub(in crate::store) fn finish(
        self,
        id: Id,
        protector: &ProtectorRow,
        rows: Vec<Row>,
    ) -> Result<(), StoreError> {
        self.folder.sweep(Duration::ZERO)?;
        // A process that was killed while it created a store may have left a protector behind.
        self.folder.forget_protectors()?;
        let dir = self.folder.dir()?;
        for folder in FOLDERS {
            dir.make_folder(folder)?;
        }
        // Before the tables: a store must never exist without a protector that opens it.
        let (protector, row) = protector;
        self.folder.put_protector(protector, row)?;
        let aside = dir.create_folder_aside()?;
        let engine = with_rows(&aside, id, rows)?;
        let page_size = engine.page_size();
        engine.close();
        aside.sync()?;
        StoreHeader::new(id, page_size).write(&self.folder.header())?;
        aside.rename(DATA_FILE, &dir, DATA_FILE)?;
        dir.sync()?;
        Ok(())
    }
}

impl Folder {
    /// Removes temporary folders that are older than `older_than`. A process that was killed left them behind.
    pub(in crate::store) fn sweep(&self, older_than: Duration) -> Result<(), StoreError> {
        let dir = self.dir()?;
        for name in dir.names()?.iter().filter(|name| name.starts_with(ASIDE)) {
            let Some(found) = dir.find(name)? else { continue };
            if SystemTime::now().duration_since(found.modified).unwrap_or_default() >= older_than {
                dir.remove_all(name)?;
            }
        }
        Ok(())
    }
}

/// Creates an environment with these rows.
pub(in crate::store) fn with_rows(aside: &Dir, id: Id, mut rows: Vec<Row>) -> Result<Engine, StoreError> {
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
