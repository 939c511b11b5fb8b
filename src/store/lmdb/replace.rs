//! Replacing the tables of a store. The new tables are prepared in a temporary folder, whole and synced, then moved
//! into place in one step. The old tables go to quarantine. Nothing is ever deleted.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::faults::{self, Point};
use crate::files::{Dir, FolderAside};
use crate::limits;
use crate::rows::{Id, Table, id_text, meta};
use crate::store::{Batch, Folder, FullReason, Row, StoreError};

use super::DATA_FILE;
use super::create;
use super::engine::{CommitError, Engine};
use super::header::StoreHeader;
use super::lock::ExclusiveLock;
use super::open::open_sound;
use super::salvage::salvage;

/// Added to the highest assigned number, so that no number that a process remembers is ever valid again.
const LEAP: u64 = 1 << 32;
/// The highest number of folders in `quarantine/`.
const QUARANTINES: u32 = 10_000;

/// The facts about a store that are known without opening it for use.
pub(in crate::store) struct StoreSummary {
    /// The identity of the store; `None` if nothing that gives it is left.
    pub store: Option<Id>,
    /// The last revision that was assigned in the store.
    pub revision: u64,
}

impl Folder {
    /// Reads the summary of the store in the folder, or of its remains. `None` if there are none.
    pub(in crate::store) fn summary(
        &self,
        _alone: &ExclusiveLock,
    ) -> Result<Option<StoreSummary>, StoreError> {
        if !self.has_remains()? {
            return Ok(None);
        }
        self.check_files()?;
        let backed_up = self.backups()?.first().map_or(0, |backup| backup.revision);
        let header = match self.header_or_what_it_said() {
            Ok(header) => header,
            Err(StoreError::Damaged) => return Ok(Some(StoreSummary { store: None, revision: backed_up })),
            Err(error) => return Err(error),
        };
        if !self.has_store() {
            return Ok(Some(StoreSummary { store: Some(header.store), revision: backed_up }));
        }
        let revision = match open_sound(&self.dir()?, header.page_size) {
            Ok(engine) => {
                let revision = engine.snapshot()?.revision()?;
                engine.close();
                revision
            }
            Err(StoreError::Damaged) => {
                let data = self.dir()?.read(DATA_FILE)?;
                let found = salvage(&data, header.page_size, 0)?;
                found.rows.iter().filter_map(|row| row.revision).max().unwrap_or(0)
            }
            Err(error) => return Err(error),
        };
        Ok(Some(StoreSummary { store: Some(header.store), revision: revision.max(backed_up) }))
    }

    /// Gives the data file, which is about to be replaced, a second name in `quarantine/`. Returns the name of the
    /// folder that holds it; the same file always gets the same folder.
    pub(in crate::store) fn quarantine(&self) -> Result<Option<String>, StoreError> {
        let dir = self.dir()?;
        let Some(there) = dir.find(DATA_FILE)? else { return Ok(None) };
        let all = dir.make_folder("quarantine")?;
        for number in 0..QUARANTINES {
            let name = quarantine_name(number);
            if all.find(&name)?.is_some() {
                if all.folder(&name)?.find(DATA_FILE)?.is_some_and(|copy| copy.id == there.id) {
                    return Ok(Some(name));
                }
                continue;
            }
            let own = all.make_folder(&name)?;
            // Not every file system supports hard links.
            if dir.link(DATA_FILE, &own, DATA_FILE).is_err() {
                let mut copy = own.create_new(DATA_FILE)?;
                io::copy(&mut dir.read(DATA_FILE)?, &mut copy)?;
                copy.sync_all()?;
            }
            own.sync()?;
            return Ok(Some(name));
        }
        Err(StoreError::Full(FullReason::Quarantine))
    }

    /// Creates an empty folder in `quarantine/`.
    pub(in crate::store) fn new_quarantine(&self) -> Result<Dir, StoreError> {
        let all = self.dir()?.make_folder("quarantine")?;
        for number in 0..QUARANTINES {
            let name = quarantine_name(number);
            if all.find(&name)?.is_none() {
                return Ok(all.make_folder(&name)?);
            }
        }
        Err(StoreError::Full(FullReason::Quarantine))
    }
}

fn quarantine_name(number: u32) -> String {
    format!("{number:04}")
}

/// Tables in a temporary folder, ready to replace those of a store.
pub(in crate::store) struct Replacement {
    folder: Folder,
    // Before the folder: fields are dropped in order, and some systems do not remove a file that is open.
    engine: Engine,
    aside: FolderAside,
}

impl Replacement {
    /// Made from a copy of a store's tables. A copy that is not sound is refused.
    pub(in crate::store) fn new(
        folder: &Folder,
        mut copy: File,
        page_size: usize,
    ) -> Result<Self, StoreError> {
        let aside = folder.dir()?.create_folder_aside()?;
        let mut data = aside.create_new(DATA_FILE)?;
        io::copy(&mut copy, &mut data)?;
        data.sync_all()?;
        let engine = open_sound(&aside, page_size)?;
        Ok(Self { folder: folder.clone(), aside, engine })
    }

    /// Tables with only the store's own rows.
    pub(in crate::store) fn empty(folder: &Folder, id: Id) -> Result<Self, StoreError> {
        let aside = folder.dir()?.create_folder_aside()?;
        let engine = create::with_rows(&aside, id, Vec::new())?;
        Ok(Self { folder: folder.clone(), aside, engine })
    }

    /// The identity of the store that the tables belong to.
    pub(in crate::store) fn id(&self) -> Result<Id, StoreError> {
        self.engine.snapshot()?.store_id()
    }

    /// The last revision in the tables.
    pub(in crate::store) fn revision(&self) -> Result<u64, StoreError> {
        self.engine.snapshot()?.revision()
    }

    /// The number of records in the tables.
    pub(in crate::store) fn records(&self) -> Result<u64, StoreError> {
        self.engine.snapshot()?.count(Table::Records)
    }

    /// Whether the table has a row with this key.
    pub(in crate::store) fn has(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        match self.engine.snapshot()?.get(table, key) {
            Ok(found) => Ok(found.is_some()),
            // A damaged row still counts as a row.
            Err(StoreError::Damaged) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The keys of all rows of a table.
    pub(in crate::store) fn keys(&self, table: Table) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut keys = Vec::new();
        self.engine.snapshot()?.scan(table, &[], |key, _| keys.push(key.to_vec()))?;
        Ok(keys)
    }

    /// Writes rows over the tables.
    pub(in crate::store) fn put(&self, rows: Vec<Row>) -> Result<(), StoreError> {
        let revision = self.revision()?;
        self.commit(&Batch { expected: revision, revision, rows })
    }

    /// Writes rows over the tables, with the last revision that these rows have.
    pub(in crate::store) fn put_at(&self, revision: u64, rows: Vec<Row>) -> Result<(), StoreError> {
        self.commit(&Batch { expected: self.revision()?, revision, rows })
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.engine.commit(batch, u64::MAX).map_err(|error| match error {
            CommitError::NotDone(error) => error,
            CommitError::Unknown => StoreError::Failed,
        })
    }

    /// Writes rows over the tables, and makes every number that is assigned later far higher than `highest`, the
    /// highest that a process may remember. It removes all old leases and notices. It also removes the index of keys:
    /// the process with the store's key rebuilds it from the keys.
    pub(in crate::store) fn renumber(&self, highest: u64, mut rows: Vec<Row>) -> Result<u64, StoreError> {
        let expected = self.revision()?;
        // At the highest revision the store can still be read, but no longer written.
        let revision = highest.max(expected).saturating_add(LEAP).min(limits::REVISION);
        let number = revision.to_be_bytes().to_vec();
        for name in [meta::KEYS_REVISION, meta::FORGOTTEN] {
            rows.push(Row { table: Table::Meta, key: name.to_vec(), value: Some(number.clone()) });
        }
        let snapshot = self.engine.snapshot()?;
        rows.push(Row { table: Table::Meta, key: meta::KEY_INDEX.to_vec(), value: None });
        for table in [Table::Leases, Table::Changes, Table::KeyIndex] {
            snapshot.scan(table, &[], |key, _| rows.push(Row { table, key: key.to_vec(), value: None }))?;
        }
        drop(snapshot);
        self.commit(&Batch { expected, revision, rows })?;
        Ok(revision)
    }

    /// The slots that have no row in these tables.
    fn slots_without_row(&self) -> Result<Vec<Id>, StoreError> {
        let mut strangers = Vec::new();
        for slot in self.folder.slots_there()? {
            if !self.has(Table::Keys, &slot)? {
                strangers.push(slot);
            }
        }
        Ok(strangers)
    }

    /// Moves the tables into the store's place. The old tables are in quarantine then, in the returned folder.
    pub(in crate::store) fn put_in_place(
        self,
        _alone: &ExclusiveLock,
    ) -> Result<Option<PathBuf>, StoreError> {
        let strangers = self.slots_without_row()?;
        let Self { folder, aside, engine } = self;
        let page_size = engine.page_size();
        engine.close();
        // Tables that could not be opened must not take a store's place.
        open_sound(&aside, page_size)?.close();
        aside.sync()?;
        let quarantine = folder.quarantine()?;
        faults::reach(Point::BeforeReplacing)?;
        let header = StoreHeader::read(&folder.header())?;
        if header.page_size != page_size {
            StoreHeader::new(header.store, page_size).write(&folder.header())?;
        }
        let dir = folder.dir()?;
        aside.rename(DATA_FILE, &dir, DATA_FILE)?;
        dir.sync()?;
        if let Some(name) = &quarantine {
            set_aside(&dir, name, &strangers)?;
        }
        Ok(quarantine.map(|name| folder.path().join("quarantine").join(name)))
    }
}

/// Moves slots to the tables in quarantine that have a row for them. In the store their keys start again, and no slot
/// is overwritten.
fn set_aside(dir: &Dir, quarantine: &str, slots: &[Id]) -> Result<(), StoreError> {
    if slots.is_empty() {
        return Ok(());
    }
    let from = dir.folder("slots")?;
    let to = dir.folder("quarantine")?.folder(quarantine)?.make_folder("slots")?;
    for slot in slots {
        let name = id_text(slot);
        from.rename(&name, &to, &name)?;
    }
    to.sync()?;
    Ok(())
}
