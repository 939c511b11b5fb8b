//! Sealed bytes in tables and slot files, locks, transactions: one folder on the disk, shared by any number of
//! processes.
//!
//! Never sees a key or a plain value. This file is the room's whole face: [`Location`] is the place of a store, as this
//! process sees it, and [`Store`] is one that is open. What lies below is the engine (`store/lmdb/`, all that knows
//! LMDB) and the files that lie beside its tables. Policy is here too: a store that is damaged is repaired when it is
//! opened, one that did not do what it should is checked the next time, and a restored one gets new numbers.
//!
//! Reads go through [`Store::snapshot`], writes through [`Store::lock`] and [`Store::commit`].

#![warn(clippy::missing_errors_doc)]

mod archive;
mod backup;
mod batch;
mod boot;
mod error;
mod events;
mod file_system;
mod folder;
pub mod lmdb;
mod opening;
mod protectors;
mod reset;
mod restore;
mod slot;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::rows::{Id, Repair, Table};

pub use archive::{BadArchive, CopySource, CopyTarget, Member, NotPacked, NotUnpacked, Progress, Unpacked};
pub use batch::{Batch, Row};
pub use boot::boot_id;
pub use error::{BusyReason, FullReason, Refusal, StoreError};
pub use events::{StoreEvent, StoreWatcher};
pub use lmdb::engine::CommitError;
pub use lmdb::header::FORMAT;
pub use lmdb::lock::WriteLock;
pub use lmdb::snapshot::Snapshot;
pub use opening::NewStore;
pub use protectors::ProtectorRow;
pub use restore::Restored;
pub use slot::{SLOT_HEADER, Slot};

use events::News;
use folder::Folder;
use lmdb::open::LmdbStore;
use lmdb::this_process::ThisProcess;

/// The place of a store, whether or not one is there, as this process sees it.
pub struct Location {
    folder: Folder,
    this_process: ThisProcess,
    /// What was announced last.
    news: Arc<News>,
}

impl Location {
    /// The data folder at `path`, used by the process that others know as `process`. Nothing is touched yet. LMDB is not
    /// safe on a network file system: there it is opened only if that is allowed.
    pub fn new(path: PathBuf, allow_network: bool, process: Id) -> Self {
        let folder = Folder::new(path).allow_network(allow_network);
        Self { folder, this_process: ThisProcess::new(process), news: Arc::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// This process, as [`Store::is_alive`] knows it: one name for its whole life, however often the store is opened.
    pub fn this_process(&self) -> Id {
        self.this_process.id()
    }

    /// Whether a store is there just now.
    pub fn has_store(&self) -> bool {
        self.folder.has_store()
    }

    /// Opens the store, which may take at most `limit` bytes, once it has been found sound. One that is damaged is
    /// repaired first, and keeps when that was (`now`, milliseconds since 1970 UTC). Where there is none, a new one is made, or there is `None`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if nothing can replace what is damaged; [`StoreError::Busy`] if it would have to be
    /// repaired, and another process keeps it open; what `new` says where no store can be made.
    pub fn open<N: NewStore>(
        &self,
        limit: u64,
        now: fn() -> u64,
        new: Option<&N>,
    ) -> Result<Option<Store>, N::Error> {
        opening::open(&self.folder, &self.this_process, limit, now, new)
    }

    /// Closes a store in an orderly way, so that the next process that opens it knows that it is as it was left. Not one
    /// that is doubted: that one is checked.
    pub fn close(&self, store: Store) {
        if !self.this_process.is_doubted() {
            store.inner.close();
        }
    }

    /// A store did not do what it should: the next one that is opened is checked, whatever its size.
    pub fn doubt(&self) {
        self.this_process.doubt();
    }

    /// This process ends in an orderly way: [`Store::is_alive`] is false of it from now on.
    pub fn end(&self) {
        self.this_process.end();
    }

    /// Hears of what other processes do with the store that is open: `heard` is called on any thread and must not block,
    /// `leave` when another process wants the store alone. Then it is to be closed, and can be opened again later.
    pub fn watch(
        &self,
        store: &Store,
        heard: impl Fn(StoreEvent) + Send + Sync + 'static,
        leave: impl Fn() + Send + Sync + 'static,
    ) -> StoreWatcher {
        events::watch(store.inner.folder(), store.inner.data_file(), &self.news, heard, leave)
    }

    /// Tells every process that has the store open, this one too, that the state of the store has changed. `mark` is a
    /// new one each time.
    ///
    /// # Errors
    /// If it could not be written down.
    pub fn announce(&self, mark: Id) -> io::Result<()> {
        self.folder.announce(mark)
    }

    /// The process that writes, or wrote last.
    pub fn writer(&self) -> Option<u32> {
        self.folder.writer()
    }

    /// The rows of all protectors that are there.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn protectors(&self) -> Result<Vec<ProtectorRow>, StoreError> {
        self.folder.protectors()
    }

    /// The protectors that were removed.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn removed_protectors(&self) -> Result<Vec<Id>, StoreError> {
        self.folder.removed_protectors()
    }

    /// Reads what [`Store::back_up_to`] wrote, and changes nothing.
    ///
    /// # Errors
    /// If it is no whole backup, is another store's than the one that is there, or can't be taken apart beside it.
    pub fn read_backup(
        &self,
        source: CopySource<'_>,
        progress: Progress<'_>,
    ) -> Result<Unpacked, NotUnpacked> {
        restore::read(&self.folder, source, progress)
    }

    /// Puts a backup in the place of the store, with every other process out of the way. What was there goes to
    /// quarantine. Every number that is given from then on is above all that any process may remember. `protectors` says
    /// which of the backup's protectors come with it, once no other process can change those that are there.
    ///
    /// # Errors
    /// The tables that are there have not changed. [`StoreError::Busy`] if a process keeps the store open.
    pub fn restore<E: From<NotUnpacked>>(
        &self,
        backup: &Unpacked,
        protectors: impl FnOnce() -> Result<Vec<ProtectorRow>, E>,
    ) -> Result<Restored, E> {
        restore::restore(&self.folder, backup, protectors)
    }

    /// Puts the whole store aside, into the folder in quarantine that is returned; `None` if there is no store. Nothing is
    /// deleted.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if a process keeps the store open.
    pub fn reset(&self) -> Result<Option<PathBuf>, StoreError> {
        reset::reset(&self.folder)
    }
}

/// A store that is open in this process.
pub struct Store {
    inner: LmdbStore,
    was_repaired: bool,
}

/// The state of a store; never a name or a value.
pub struct StoreStatus {
    /// How many records there are.
    pub records: u64,
    /// The bytes that the store takes on the disk, slot files aside.
    pub bytes: u64,
    /// What the last repair did, if there was one.
    pub repaired: Option<Repair>,
    /// Where the file lies that was damaged then, if there was one.
    pub quarantine: Option<PathBuf>,
}

impl Store {
    /// The store's identity.
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// Whether it was damaged until it was opened.
    pub fn was_repaired(&self) -> bool {
        self.was_repaired
    }

    /// Whether this is the store that lies at its place still. If it is not, nothing more is done with it.
    pub fn is_in_place(&self) -> bool {
        self.inner.is_in_place()
    }

    /// Whether anything can be done with it still; otherwise it has to be opened anew.
    pub fn is_usable(&self) -> bool {
        self.inner.is_usable()
    }

    /// How it is.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn status(&self) -> Result<StoreStatus, StoreError> {
        let snapshot = self.snapshot()?;
        let (records, bytes) = (snapshot.count(Table::Records)?, self.inner.disk_size()?);
        let repaired = snapshot.repaired()?;
        let quarantine = repaired.as_ref().and_then(|repair| repair.quarantine.as_ref());
        let quarantine = quarantine.map(|name| self.inner.folder().path().join("quarantine").join(name));
        Ok(StoreStatus { records, bytes, repaired, quarantine })
    }

    /// What the store holds now.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] if it has to be opened anew; [`StoreError::Busy`] if too many read it.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        self.inner.snapshot()
    }

    /// Waits for the right to write, for as long as it takes, behind those who wait already.
    ///
    /// # Errors
    /// [`StoreError::Replaced`] if another store has been put in this one's place: then nothing may be written to this
    /// one any more.
    pub fn lock(&self) -> Result<WriteLock<'_>, StoreError> {
        self.inner.lock()
    }

    /// Carries a batch out, wholly or not at all. When this returns `Ok`, it is on the disk, and those who follow commits
    /// have been woken.
    ///
    /// # Errors
    /// [`CommitError::NotDone`] if nothing of it was carried out, [`CommitError::Unknown`] if that can't be known.
    pub fn commit(&self, lock: &WriteLock<'_>, batch: &Batch) -> Result<(), CommitError> {
        self.inner.commit(lock, batch)
    }

    /// Whether the process of this name lives, see [`Location::this_process`].
    pub fn is_alive(&self, process: &Id) -> bool {
        self.inner.folder().is_alive(process)
    }

    /// What lies in a slot file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is no slot file.
    pub fn slot(&self, slot: &Id) -> Result<Slot, StoreError> {
        self.inner.folder().slot(slot)
    }

    /// Writes a slot file, synced. Only under the write lock, and only for a slot that no row of the table of keys
    /// names. One that is left over from a commit that never came is replaced.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the slot had a row once: the row is lost, and what the slot opens must not be.
    pub fn put_slot(&self, slot: &Id, wrapped: &[u8]) -> Result<(), StoreError> {
        self.inner.folder().put_slot(slot, wrapped)
    }

    /// Overwrites a slot file where it lies, and syncs it: what it held is gone for good.
    ///
    /// # Errors
    /// If it is no slot file, or could not be overwritten.
    pub fn destroy_slot(&self, slot: &Id) -> Result<(), StoreError> {
        self.inner.folder().destroy_slot(slot)
    }

    /// The rows of all protectors.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn protectors(&self) -> Result<Vec<ProtectorRow>, StoreError> {
        self.inner.folder().protectors()
    }

    /// Adds a protector. It counts when this returns, and is part of no commit.
    ///
    /// # Errors
    /// It is not there then, or the log says that it may be.
    pub fn add_protector(&self, lock: &WriteLock<'_>, row: &ProtectorRow) -> Result<(), StoreError> {
        self.inner.folder().add_protector(lock, row)
    }

    /// Overwrites a protector. It is gone when this returns, and is part of no commit.
    ///
    /// # Errors
    /// It may be gone or not; to be tried again.
    pub fn remove_protector(&self, lock: &WriteLock<'_>, id: &Id) -> Result<(), StoreError> {
        self.inner.folder().remove_protector(lock, id)
    }

    /// Overwrites the protectors that a process had begun to remove before it ended.
    ///
    /// # Errors
    /// To be tried again.
    pub fn finish_removals(&self) -> Result<(), StoreError> {
        self.inner.folder().finish_removals()
    }

    /// Writes anew what is damaged of the protectors and whole elsewhere, and takes away what was never finished.
    ///
    /// # Errors
    /// To be tried again.
    pub fn repair_protectors(&self, lock: &WriteLock<'_>) -> Result<(), StoreError> {
        self.inner.folder().repair_protectors(lock)
    }

    /// Takes a backup beside the tables, unless there is one of the last 24 hours, or of this revision. Whether it did.
    ///
    /// # Errors
    /// There is no new one then.
    pub fn back_up_daily(&self) -> Result<bool, StoreError> {
        self.inner.back_up_daily()
    }

    /// Takes a backup beside the tables, unless there is one of this revision. Whether it did.
    ///
    /// # Errors
    /// There is no new one then.
    pub fn back_up(&self) -> Result<bool, StoreError> {
        self.inner.back_up()
    }

    /// Writes the store into an archive, for people to keep: tables, slots and protectors, sealed as they are, and one
    /// protector more.
    ///
    /// # Errors
    /// Nothing is left at the target then, unless it is a stream.
    pub fn back_up_to(
        &self,
        to: CopyTarget<'_>,
        extra: Option<&ProtectorRow>,
        progress: Progress<'_>,
    ) -> Result<(), NotPacked> {
        archive::pack(&self.inner, to, extra, progress)
    }

    /// The right to ask a person for something: one process at a time. `None` if another asks until nobody waits, and
    /// where the disk has no room for the file: a full disk keeps nobody from reading.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if something else has the name of the lock's file.
    pub fn lock_prompt(&self, waits: impl Fn() -> bool) -> Result<Option<std::fs::File>, StoreError> {
        self.inner.folder().lock_prompt(waits)
    }
}
