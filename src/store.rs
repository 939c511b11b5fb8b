//! Sealed bytes in tables and slot files, locks, transactions: one folder on the disk, shared by any number of
//! processes.
//!
//! Never sees a key or a plain value. This file is the room's whole face: [`Location`] is the place of a store, as this
//! process sees it, and [`Store`] is an open store. Below it are the engine (`store/lmdb/`, the only code that knows
//! LMDB) and the files beside its tables. Policy is here too: a damaged store is repaired when it is opened, a store
//! that failed unexpectedly is checked at the next opening, and a restored store gets new numbers.
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
mod marker;
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

/// The place of a store, as this process sees it. A store may or may not exist there.
pub struct Location {
    folder: Folder,
    this_process: ThisProcess,
    /// The last announcement that this process has seen.
    news: Arc<News>,
}

impl Location {
    /// The data folder at `path`. Other processes know this one as `process`. This touches nothing on the disk. LMDB is
    /// not safe on a network file system: there the store is opened only if `allow_network` is set.
    pub fn new(path: PathBuf, allow_network: bool, process: Id) -> Self {
        let folder = Folder::new(path).allow_network(allow_network);
        Self { folder, this_process: ThisProcess::new(process), news: Arc::default() }
    }

    /// The path of the data folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The id of this process, as [`Store::is_alive`] knows it. It stays the same however often the process opens the
    /// store.
    pub fn this_process(&self) -> Id {
        self.this_process.id()
    }

    /// Whether a store exists at this moment.
    pub fn has_store(&self) -> bool {
        self.folder.has_store()
    }

    /// Opens the store, after the check has found it sound. It may take at most `limit` bytes. A damaged store is
    /// repaired first, and the store records the time of that repair (`now`, milliseconds since 1970 UTC). If there is
    /// no store, `new` makes one; without `new` the result is `None`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if nothing can replace the damaged part; [`StoreError::Busy`] if a repair is necessary
    /// and another process keeps the store open; the error of `new` if it does not allow a new store.
    pub fn open<N: NewStore>(
        &self,
        limit: u64,
        now: fn() -> u64,
        new: Option<&N>,
    ) -> Result<Option<Store>, N::Error> {
        opening::open(&self.folder, &self.this_process, limit, now, new)
    }

    /// Closes a store cleanly, so that the next process to open it knows that the file has not changed. A doubted store
    /// gets no such record, so it is checked.
    pub fn close(&self, store: Store) {
        if !self.this_process.is_doubted() {
            store.inner.close();
        }
    }

    /// Marks the store as doubted because it failed unexpectedly. The next store that this process opens is checked,
    /// whatever its size.
    pub fn doubt(&self) {
        self.this_process.doubt();
    }

    /// Ends this process cleanly. From now on [`Store::is_alive`] returns false for it.
    pub fn end(&self) {
        self.this_process.end();
    }

    /// Reports what other processes do with the open store. `heard` receives the events. `leave` is called when another
    /// process wants the exclusive lock: then the store must be closed, and can be opened again later. Both are called
    /// on any thread and must not block.
    pub fn watch(
        &self,
        store: &Store,
        heard: impl Fn(StoreEvent) + Send + Sync + 'static,
        leave: impl Fn() + Send + Sync + 'static,
    ) -> StoreWatcher {
        events::watch(store.inner.folder(), store.inner.data_file(), &self.news, heard, leave)
    }

    /// Announces to every process that has the store open, this one included, that the state of the store has changed.
    /// `mark` must be a new id each time.
    ///
    /// # Errors
    /// If the announcement could not be written.
    pub fn announce(&self, mark: Id) -> io::Result<()> {
        self.folder.announce(mark)
    }

    /// The process id of the current writer, if known.
    pub fn writer(&self) -> Option<u32> {
        self.folder.writer()
    }

    /// The rows of all protectors in the folder.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn protectors(&self) -> Result<Vec<ProtectorRow>, StoreError> {
        self.folder.protectors()
    }

    /// The ids of the removed protectors.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn removed_protectors(&self) -> Result<Vec<Id>, StoreError> {
        self.folder.removed_protectors()
    }

    /// Reads an archive that [`Store::back_up_to`] wrote. It changes nothing in the store.
    ///
    /// # Errors
    /// If it is no whole backup, if it belongs to another store than the one in the folder, or if it can't be unpacked
    /// beside that store.
    pub fn read_backup(
        &self,
        source: CopySource<'_>,
        progress: Progress<'_>,
    ) -> Result<Unpacked, NotUnpacked> {
        restore::read(&self.folder, source, progress)
    }

    /// Replaces the store with a backup, while every other process has the store closed. The old store goes to
    /// quarantine. Every number that is assigned from then on is above every number that a process may remember.
    /// `protectors` selects the backup's protectors to restore. It runs once no other process can change the protectors
    /// in the folder.
    ///
    /// # Errors
    /// The tables in the folder are unchanged then. [`StoreError::Busy`] if a process keeps the store open.
    pub fn restore<E: From<NotUnpacked>>(
        &self,
        backup: &Unpacked,
        protectors: impl FnOnce() -> Result<Vec<ProtectorRow>, E>,
    ) -> Result<Restored, E> {
        restore::restore(&self.folder, backup, protectors)
    }

    /// Moves the whole store into a folder in quarantine and returns that folder; `None` if there is no store. Nothing
    /// is deleted.
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

/// The state of a store. It never contains a name or a value.
pub struct StoreStatus {
    /// The number of records.
    pub records: u64,
    /// Bytes that the store takes on the disk, without slot files.
    pub bytes: u64,
    /// The result of the last repair, if there was one.
    pub repaired: Option<Repair>,
    /// The folder with the file that was damaged before that repair, if there was one.
    pub quarantine: Option<PathBuf>,
}

impl Store {
    /// The store's identity.
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// Whether opening the store repaired it.
    pub fn was_repaired(&self) -> bool {
        self.was_repaired
    }

    /// Whether the folder still holds this store. If it does not, this store is unusable from now on.
    pub fn is_in_place(&self) -> bool {
        self.inner.is_in_place()
    }

    /// Whether the store can still be used. If not, it has to be opened again.
    pub fn is_usable(&self) -> bool {
        self.inner.is_usable()
    }

    /// Counts, size and last repair.
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

    /// Whether the store is marked as locked: then no protector may be asked.
    ///
    /// # Errors
    /// If that can't be determined.
    pub fn is_marked_locked(&self) -> Result<bool, StoreError> {
        self.inner.folder().is_marked_locked()
    }

    /// Marks the store as locked, for every process. It is marked durably when this returns.
    ///
    /// # Errors
    /// The store may not be marked then.
    pub fn mark_locked(&self) -> Result<(), StoreError> {
        self.inner.folder().mark_locked()
    }

    /// Removes the mark. Returns whether there was one.
    ///
    /// # Errors
    /// The store may still be marked then.
    pub fn unmark_locked(&self) -> Result<bool, StoreError> {
        self.inner.folder().unmark_locked()
    }

    /// The contents of the store at this moment.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if the store has to be opened again, or if too many processes read it.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        self.inner.snapshot()
    }

    /// Waits for the write lock without a time limit, behind the processes that already wait.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another store has taken this one's place: then nothing may be written to this one
    /// any more.
    pub fn lock(&self) -> Result<WriteLock<'_>, StoreError> {
        self.inner.lock()
    }

    /// Commits a batch, wholly or not at all. When this returns `Ok`, the batch is on the disk, and the processes that
    /// follow commits have been woken.
    ///
    /// # Errors
    /// [`CommitError::NotDone`] if nothing of it was committed, [`CommitError::Unknown`] if that can't be known.
    pub fn commit(&self, lock: &WriteLock<'_>, batch: &Batch) -> Result<(), CommitError> {
        self.inner.commit(lock, batch)
    }

    /// Whether the process with this id is alive, see [`Location::this_process`].
    pub fn is_alive(&self, process: &Id) -> bool {
        self.inner.folder().is_alive(process)
    }

    /// The contents of a slot file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the file is no slot file.
    pub fn slot(&self, slot: &Id) -> Result<Slot, StoreError> {
        self.inner.folder().slot(slot)
    }

    /// Writes and syncs a slot file. Only under the write lock, and only for a slot that no row of the table of keys
    /// names. A slot file left over from a commit that did not happen is replaced.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the slot had a row once: that row is lost, but the data that the slot opens must not
    /// be lost too.
    pub fn put_slot(&self, slot: &Id, wrapped: &[u8]) -> Result<(), StoreError> {
        self.inner.folder().put_slot(slot, wrapped)
    }

    /// Overwrites a slot file in place and syncs it. Its former content is gone for good.
    ///
    /// # Errors
    /// If the file is no slot file, or could not be overwritten.
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

    /// Adds a protector. It is in effect when this returns, and is part of no commit.
    ///
    /// # Errors
    /// The protector was not added, or the log says that it may have been.
    pub fn add_protector(&self, lock: &WriteLock<'_>, row: &ProtectorRow) -> Result<(), StoreError> {
        self.inner.folder().add_protector(lock, row)
    }

    /// Overwrites a protector. It is gone when this returns, and is part of no commit.
    ///
    /// # Errors
    /// The protector may or may not be gone; call this again.
    pub fn remove_protector(&self, lock: &WriteLock<'_>, id: &Id) -> Result<(), StoreError> {
        self.inner.folder().remove_protector(lock, id)
    }

    /// Overwrites the protectors whose removal a process had begun before it ended.
    ///
    /// # Errors
    /// Some removals may be unfinished; call this again.
    pub fn finish_removals(&self) -> Result<(), StoreError> {
        self.inner.folder().finish_removals()
    }

    /// Rewrites a damaged copy of a protector from its whole copy, and removes unfinished protectors.
    ///
    /// # Errors
    /// Some protectors may be unrepaired; call this again.
    pub fn repair_protectors(&self, lock: &WriteLock<'_>) -> Result<(), StoreError> {
        self.inner.folder().repair_protectors(lock)
    }

    /// Takes a backup beside the tables, unless there is a backup from the last 24 hours or of this revision. Returns
    /// whether it took one.
    ///
    /// # Errors
    /// There is no new backup then.
    pub fn back_up_daily(&self) -> Result<bool, StoreError> {
        self.inner.back_up_daily()
    }

    /// Takes a backup beside the tables, unless there is one of this revision. Returns whether it took one.
    ///
    /// # Errors
    /// There is no new backup then.
    pub fn back_up(&self) -> Result<bool, StoreError> {
        self.inner.back_up()
    }

    /// Writes the store into an archive for the user to keep: tables, slots and protectors, sealed as they are, and one
    /// additional protector.
    ///
    /// # Errors
    /// If the store can't be read or the target can't be written. A target that is not a stream is unchanged then.
    pub fn back_up_to(
        &self,
        to: CopyTarget<'_>,
        extra: Option<&ProtectorRow>,
        progress: Progress<'_>,
    ) -> Result<(), NotPacked> {
        archive::pack(&self.inner, to, extra, progress)
    }

    /// The lock that a process holds while it asks the user: one process at a time. `None` if another process still
    /// holds it when `waits` returns false. Also `None` if the disk has no room for the file: a full disk must not
    /// prevent reading.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if something else has the name of the lock file.
    pub fn lock_prompt(&self, waits: impl Fn() -> bool) -> Result<Option<std::fs::File>, StoreError> {
        self.inner.folder().lock_prompt(waits)
    }
}
