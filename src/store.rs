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
mod error;
mod events;
mod folder;
mod inspect;
mod lmdb;
mod marker;
mod opening;
mod protectors;
mod relays;
mod replacing;
mod reset;
mod restore;
mod slot;
#[cfg(test)]
mod tests;
mod verify;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::rows::{Id, Repair, Table};

pub use crate::files::{Problem, quoted};
pub use archive::{BadArchive, CopySource, CopyTarget, Member, NotPacked, NotUnpacked, Progress, Unpacked};
pub use batch::{Batch, Row};
pub use error::{BusyReason, FullReason, Refusal, StoreError};
pub use events::{StoreEvent, StoreWatcher};
pub use inspect::{FileSystem, OwnBackup, Quarantined, SoundTables, StoreProcess};
pub use lmdb::engine::CommitError;
pub use lmdb::header::FORMAT;
pub use lmdb::lock::WriteLock;
pub use lmdb::snapshot::Snapshot;
pub use opening::NewStore;
pub use protectors::{ProtectorChange, ProtectorRow};
pub use relays::{RelayEntry, RelayMark, StaleRelay};
pub use replacing::Replacing;
pub use restore::Restored;
pub use slot::{SLOT_HEADER, Slot};
pub use verify::{VerifiedBackup, verify_backup};

use events::News;
use folder::Folder;
use lmdb::open::LmdbStore;
use lmdb::this_process::ThisProcess;

/// The check and the salvage of a data file as such, for the tests that damage such files. The program uses both through
/// [`Location::open`].
#[doc(hidden)]
pub mod for_tests {
    pub use super::lmdb::check::check;
    pub use super::lmdb::salvage::{Standing, salvage};
}

/// The place of a store, as this process sees it. A store may or may not exist there.
pub struct Location {
    folder: Folder,
    this_process: Arc<ThisProcess>,
    /// The last announcement that this process has seen.
    news: Arc<News>,
}

impl Location {
    /// The data folder at `path`. Other processes know this one as `process`. This touches nothing on the disk. LMDB is
    /// not safe on a network file system: there the store is opened only if `allow_network` is set.
    pub fn new(path: PathBuf, allow_network: bool, process: Id) -> Self {
        let folder = Folder::new(path).allow_network(allow_network);
        Self { folder, this_process: Arc::new(ThisProcess::new(process)), news: Arc::default() }
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
    /// repaired first, the store records the time of that repair (`now`, milliseconds since 1970 UTC), and the other
    /// processes are notified. If there is no store, `new` makes one; without `new` the result is `None`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if nothing can replace the damaged part; [`StoreError::Busy`] if a repair is necessary
    /// and another process keeps the store open; the error of `new` if it does not allow a new store.
    pub fn open<N: NewStore + ?Sized>(
        &self,
        limit: u64,
        now: fn() -> u64,
        new: Option<&N>,
    ) -> Result<Option<Store>, N::Error> {
        let opened = opening::open(&self.folder, &self.this_process, limit, now, new)?;
        if matches!(opened, Some((_, true))) {
            self.announce();
        }
        Ok(opened.map(|(inner, was_repaired)| Store {
            inner,
            was_repaired,
            this_process: self.this_process.clone(),
            news: self.news.clone(),
            protectors_repaired: AtomicBool::new(false),
        }))
    }

    /// Ends this process cleanly. From now on [`Store::is_alive`] returns false for it.
    pub fn end(&self) {
        self.this_process.end();
    }

    /// Announces to every process that has the store open, this one included, that the state of the store has changed.
    pub fn announce(&self) {
        if let Err(error) = self.folder.announce(self.this_process.new_mark()) {
            tracing::warn!(%error, "other processes could not be notified that the state of the store has changed");
        }
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

    /// Replaces the tables and slots of the store, while every other process has the store closed. The protectors stay.
    /// The old tables go to quarantine, into the returned folder.
    ///
    /// # Errors
    /// The tables in the folder are unchanged then. [`StoreError::Busy`] if a process keeps the store open, or if the
    /// folder has another store.
    pub fn replace(&self, replacing: Replacing) -> Result<Option<PathBuf>, StoreError> {
        replacing::replace(&self.folder, replacing)
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
    /// Whether opening the store repaired it.
    was_repaired: bool,
    this_process: Arc<ThisProcess>,
    news: Arc<News>,
    /// Whether this opening has repaired the protector files.
    protectors_repaired: AtomicBool,
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
    /// Closes the store cleanly, so that the next process to open it knows that the file has not changed. A doubted
    /// store gets no such record, so it is checked.
    pub fn close(self) {
        if !self.this_process.is_doubted() {
            self.inner.close();
        }
    }

    /// Marks the store as doubted because it failed unexpectedly. The next store that this process opens is checked,
    /// whatever its size.
    pub fn doubt(&self) {
        self.this_process.doubt();
    }

    /// Reports what other processes do with the store, and a repair by this one. `heard` receives the events. `leave`
    /// is called when another process wants the exclusive lock: then the store must be closed, and can be opened again
    /// later. Both are called on any thread and must not block.
    pub fn watch(
        &self,
        heard: impl Fn(StoreEvent) + Send + Sync + 'static,
        leave: impl Fn() + Send + Sync + 'static,
    ) -> StoreWatcher {
        let heard = Arc::new(heard);
        let told = heard.clone();
        let tell = move |event| told(event);
        let watcher = events::watch(self.inner.folder(), self.inner.data_file(), &self.news, tell, leave);
        if self.was_repaired {
            // That was announced before there was a watcher.
            heard(StoreEvent::StateChanged);
        }
        watcher
    }

    /// The store's identity.
    pub fn id(&self) -> Id {
        self.inner.id()
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

    /// Waits for the write lock without a time limit, behind the processes that already wait. The first call repairs
    /// the protector files.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another store has taken this one's place: then nothing may be written to this one
    /// any more.
    pub fn lock(&self) -> Result<WriteLock<'_>, StoreError> {
        let lock = self.inner.lock()?;
        if !self.protectors_repaired.swap(true, Ordering::Relaxed) && self.repair_protectors(&lock).is_err() {
            tracing::warn!(
                "the protector files could not be repaired; it is tried again at the next opening"
            );
        }
        Ok(lock)
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
    /// [`StoreError::Damaged`] if the file is no slot file; [`StoreError::Busy`] if there is no file because another
    /// store has taken this one's place.
    pub fn slot(&self, slot: &Id) -> Result<Slot, StoreError> {
        match self.inner.folder().slot(slot)? {
            Slot::Absent if !self.is_in_place() => Err(StoreError::Busy(BusyReason::Replaced)),
            slot => Ok(slot),
        }
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

    /// Adds or removes a protector. The change is in effect when this returns, and is part of no commit.
    ///
    /// # Errors
    /// A protector was not added, or the log says that it may have been. A protector may or may not be removed.
    pub fn change_protector(&self, lock: &WriteLock<'_>, change: &ProtectorChange) -> Result<(), StoreError> {
        self.inner.folder().change_protector(lock, change)
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
}
