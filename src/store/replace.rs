//! Putting other tables in the place of a store's own: made ready aside, whole and synced, then moved there in one step.
//! What lay there goes to quarantine. Nothing is ever deleted.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::files;

use super::create::ASIDE;
use super::engine::{CommitError, Engine};
use super::open::open_sound;
use super::stamp::Stamp;
use super::{Alone, Batch, Folder, Id, Row, StoreError, Table, meta};

/// What is added to the highest number that was given, so that none that anybody remembers ever fits again.
const LEAP: u64 = 1 << 32;

/// What is known of a store without opening it for use.
pub struct Glance {
    /// Its identity.
    pub store: Id,
    /// The last revision that was given in it.
    pub revision: u64,
}

impl Folder {
    /// Looks at the store that is there, if one is.
    pub fn glance(&self, _alone: &Alone) -> Result<Option<Glance>, StoreError> {
        if !self.has_store() {
            return Ok(None);
        }
        let stamp = Stamp::read(&self.stamp())?;
        let engine = open_sound(self.path(), stamp.page_size)?;
        let revision = engine.snapshot()?.revision()?;
        engine.close();
        Ok(Some(Glance { store: stamp.store, revision }))
    }
}

/// Tables that lie aside, ready to be put in a store's place.
pub struct Replacement {
    folder: Folder,
    aside: TempDir,
    engine: Engine,
}

impl Replacement {
    /// From a copy of a store's tables; one that is not sound is refused.
    pub fn new(folder: &Folder, copy: &Path, page_size: usize) -> Result<Self, StoreError> {
        let aside = tempfile::Builder::new().prefix(ASIDE).tempdir_in(folder.path())?;
        let mut data = files::create_new(&aside.path().join("data.mdb"))?;
        io::copy(&mut File::open(copy)?, &mut data)?;
        data.sync_all()?;
        let engine = open_sound(aside.path(), page_size)?;
        Ok(Self { folder: folder.clone(), aside, engine })
    }

    /// The identity of the store that the tables are of.
    pub fn id(&self) -> Result<Id, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let id = snapshot.get(Table::Meta, meta::STORE_ID)?.ok_or(StoreError::Damaged)?;
        id.try_into().map_err(|_| StoreError::Damaged)
    }

    /// The last revision in them.
    pub fn revision(&self) -> Result<u64, StoreError> {
        self.engine.snapshot()?.revision()
    }

    /// How many records they have.
    pub fn records(&self) -> Result<u64, StoreError> {
        self.engine.snapshot()?.count(Table::Records)
    }

    /// Puts rows over them. Every number that is given later is far above `highest`, the highest that anybody may
    /// remember, and no lease and no notice of before is left.
    pub fn renumber(&self, highest: u64, mut rows: Vec<Row>) -> Result<u64, StoreError> {
        let expected = self.revision()?;
        let revision = highest.max(expected).checked_add(LEAP).ok_or(StoreError::Full)?;
        let number = revision.to_be_bytes().to_vec();
        for name in [meta::KEYS_REVISION, meta::FORGOTTEN] {
            rows.push(Row { table: Table::Meta, key: name.to_vec(), value: Some(number.clone()) });
        }
        let snapshot = self.engine.snapshot()?;
        for table in [Table::Leases, Table::Changes] {
            snapshot.scan(table, &[], |key, _| rows.push(Row { table, key: key.to_vec(), value: None }))?;
        }
        drop(snapshot);
        let batch = Batch { expected, revision, rows };
        self.engine.commit(batch, u64::MAX).map_err(|error| match error {
            CommitError::NotDone(error) => error,
            CommitError::Unknown => StoreError::Failed,
        })?;
        Ok(revision)
    }

    /// Moves them into the store's place; what lay there is in quarantine then, in the folder that is returned.
    pub fn put_in_place(self, _alone: &Alone) -> Result<Option<PathBuf>, StoreError> {
        let Self { folder, aside, engine } = self;
        engine.close();
        files::sync_folder(aside.path())?;
        let there = folder.data_file();
        let quarantine = if there.exists() { Some(quarantine(&folder, &there)?) } else { None };
        fs::rename(aside.path().join("data.mdb"), &there)?;
        files::sync_folder(folder.path())?;
        Ok(quarantine)
    }
}

/// A second name for a file that is about to be replaced.
fn quarantine(folder: &Folder, file: &Path) -> io::Result<PathBuf> {
    let all = folder.path().join("quarantine");
    files::create_folder(&all)?;
    let mut names = (0..10_000).map(|number| all.join(format!("{number:04}")));
    let own = names.find(|path| !path.exists()).ok_or(io::ErrorKind::StorageFull)?;
    files::create_folder(&own)?;
    let name = own.join(file.file_name().unwrap_or_default());
    // Not every file system has second names.
    if fs::hard_link(file, &name).is_err() {
        let mut copy = files::create_new(&name)?;
        io::copy(&mut File::open(file)?, &mut copy)?;
        copy.sync_all()?;
    }
    files::sync_folder(&own)?;
    files::sync_folder(&all)?;
    Ok(own)
}
