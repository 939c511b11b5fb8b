//! An open store: the engine, and the protection against other processes.

use std::cell::Cell;
use std::collections::HashSet;
use std::fs::{self, File};
use std::sync::Mutex;

use crate::files::{self, Dir, FileId};
use crate::rows::{Id, Table};
use crate::store::events::{self, CommitSignal};
use crate::store::{Batch, BusyReason, Folder, StoreError};

use super::check::{Checked, Damage, Depth, Unsound, check, check_heads, check_to};
use super::engine::{CommitError, Engine};
use super::enter::Present;
use super::lock::OpenLock;
use super::lock::WriteLock;
use super::reader_table::allocate_reader_table;
use super::snapshot::Snapshot;
use super::waiting::Waiting;
use super::{DATA_FILE, READERS_FILE};

/// The files of the stores that this process has open. If it opened one file twice, closing the second one would
/// release the first one's locks. A path is not enough, because a folder can be mounted at two places.
static OPEN: Mutex<Option<HashSet<FileId>>> = Mutex::new(None);

/// Up to this size in bytes, every row of a store is checked whenever it is opened.
pub(in crate::store) const ALWAYS_CHECKED: u64 = 64 << 20;

/// How the previous processes that had the store open ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Ended {
    /// Each closed the store.
    Cleanly,
    /// One may have been killed, or the machine may have lost power.
    Unknown,
}

/// A store that is open in this process.
pub(in crate::store) struct LmdbStore {
    engine: Engine,
    folder: Folder,
    id: Id,
    limit: u64,
    write_lock: File,
    writer: File,
    waiting: Waiting,
    bell: CommitSignal,
    data_file: Registered,
    // Last: fields are dropped in order, so the lock is released after everything else is closed.
    _open: OpenLock,
}

struct Registered(FileId);

impl Registered {
    fn new(id: FileId) -> Result<Self, StoreError> {
        let mut open = OPEN.lock().expect("nothing panics under this lock");
        if open.get_or_insert_default().insert(id) {
            Ok(Self(id))
        } else {
            Err(StoreError::Busy(BusyReason::Closing))
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut open = OPEN.lock().expect("nothing panics under this lock");
        open.get_or_insert_default().remove(&self.0);
    }
}

/// Opens tables in a temporary folder, after the check has found them sound.
pub(in crate::store) fn open_sound(folder: &Dir, page_size: usize) -> Result<Engine, StoreError> {
    let data = to_be_opened(folder)?;
    check_heads(&data, page_size).map_err(refused)?;
    Engine::open(folder.path(), |txn| check(&data, page_size, Some(txn)).map(drop)).map_err(refused)
}

/// Checks the two files that LMDB opens by path, just before it opens them. Opens the data file for the check.
fn to_be_opened(folder: &Dir) -> Result<File, StoreError> {
    folder.check(READERS_FILE, false)?;
    Ok(folder.write_linked(DATA_FILE)?)
}

impl LmdbStore {
    /// Opens a store after the check has found it sound. `limit` is its largest size in bytes.
    pub(in crate::store) fn open(present: Present, limit: u64, ended: Ended) -> Result<Self, StoreError> {
        let Present { folder, lock, header } = present;
        let metadata = fs::symlink_metadata(folder.data_file())?;
        // LMDB would take an empty file for a new environment.
        if metadata.len() < 2 * header.page_size as u64 {
            return Err(StoreError::Damaged);
        }
        let data_file = Registered::new(files::id_at(&folder.data_file())?)?;
        let dir = folder.dir()?;
        allocate_reader_table(&dir)?;
        let page_size = header.page_size;
        // LMDB has no locks on this file that closing it would release.
        let data = to_be_opened(&dir)?;
        let newest = check_heads(&data, page_size).map_err(refused)?;
        let depth = if ended == Ended::Unknown || metadata.len() <= ALWAYS_CHECKED {
            Some(Depth::Rows)
        } else if folder.was_closed_in_order(&data, newest) {
            None
        } else {
            Some(Depth::Structure)
        };
        tracing::debug!(bytes = metadata.len(), ?depth, "the store is checked before it is used");
        let checked = Cell::new(None);
        let engine = Engine::open(folder.path(), |txn| {
            if let Some(depth) = depth {
                checked.set(Some(check_to(depth, &data, page_size, Some(txn))?));
            }
            Ok(())
        })
        .map_err(refused)?;
        if let Some(Checked { damaged_rows: rows @ 1.., .. }) = checked.get() {
            tracing::error!(rows, "rows of the store are damaged; they are kept as they are");
        }
        let write_lock = files::open_or_create(&folder.write_lock())?;
        let writer = files::open_or_create(&folder.writer_file())?;
        let waiting = Waiting::new(files::open_or_create(&folder.waiting_lock())?);
        let bell = CommitSignal::new(&folder.bell())?;
        events::prepare(&folder.news())?;
        let id = header.store;
        let store =
            Self { engine, folder, id, limit, write_lock, writer, waiting, bell, data_file, _open: lock };
        let snapshot = store.snapshot()?;
        snapshot.check_own_rows()?;
        let is_this_one = snapshot.store_id()? == store.id;
        drop(snapshot);
        if is_this_one { Ok(store) } else { Err(StoreError::Damaged) }
    }

    /// Closes the store cleanly. The last process to do so leaves a record of it, from which the next one knows that
    /// the file has not changed.
    pub(in crate::store) fn close(self) {
        let Self { engine, folder, data_file, _open: lock, .. } = self;
        let (is_usable, page_size) = (engine.is_usable(), engine.page_size());
        engine.close();
        let closed = data_file.0;
        drop(data_file);
        // An unusable store gets no record, so it is checked the next time.
        if !is_usable {
            return;
        }
        let recorded = match lock.into_exclusive() {
            Ok(Some(alone)) => folder.record_close(&alone, closed, page_size),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = recorded {
            tracing::debug!(%error, "it could not be recorded that the store was closed");
        }
    }

    /// The store's identity.
    pub(in crate::store) fn id(&self) -> Id {
        self.id
    }

    /// The data folder.
    pub(in crate::store) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(in crate::store) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The identity of the open data file.
    pub(in crate::store) fn data_file(&self) -> FileId {
        self.data_file.0
    }

    /// Bytes that the store takes on the disk, without slot files.
    pub(in crate::store) fn disk_size(&self) -> Result<u64, StoreError> {
        self.engine.disk_size()
    }

    /// The contents of the store at this moment.
    pub(in crate::store) fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        self.engine.snapshot()
    }

    /// Waits for the write lock without a time limit, behind the processes that already wait. [`BusyReason::Replaced`]
    /// if another store has taken this one's place: then nothing may be written to this one any more.
    pub(in crate::store) fn lock(&self) -> Result<WriteLock<'_>, StoreError> {
        self.waiting.let_others_first()?;
        let lock = self.waiting.during(|| WriteLock::take(&self.write_lock, &self.writer))?;
        if self.is_in_place() { Ok(lock) } else { Err(StoreError::Busy(BusyReason::Replaced)) }
    }

    /// Whether the folder still holds this store. If it does not, this store is unusable from now on.
    pub(in crate::store) fn is_in_place(&self) -> bool {
        let found = files::id_at(&self.folder.data_file());
        if !found.is_ok_and(|found| found == self.data_file.0) {
            self.engine.mark_unusable();
        }
        self.engine.is_usable()
    }

    /// Whether the store can still be used. If not, it has to be opened again.
    pub(in crate::store) fn is_usable(&self) -> bool {
        self.engine.is_usable()
    }

    /// Commits a batch, wholly or not at all. When this returns `Ok`, the batch is on the disk, and the processes that
    /// follow commits have been woken.
    pub(in crate::store) fn commit(&self, _lock: &WriteLock<'_>, batch: &Batch) -> Result<(), CommitError> {
        let has_keys = batch.rows.iter().any(|row| row.table == Table::Keys && row.value.is_some());
        self.engine.commit(batch, self.limit)?;
        self.bell.ring();
        if has_keys && self.settle_slots().is_err() {
            tracing::error!("left-over slots could not be overwritten; it is tried again when a key changes");
        }
        Ok(())
    }

    /// Overwrites slot files whose commits did not happen: they may wrap the data key of a destroyed namespace. This
    /// affects only slots that were written for a pending commit. A slot that once had a row is never overwritten: if
    /// the row was lost, or a person removed it, the data that its slot opens must survive.
    fn settle_slots(&self) -> Result<(), StoreError> {
        let pending = self.folder.pending_slots()?;
        let snapshot = self.snapshot()?;
        for slot in pending {
            // A damaged row still counts as a row.
            if matches!(snapshot.get(Table::Keys, &slot), Ok(None)) {
                self.folder.destroy_slot(&slot)?;
            }
        }
        self.folder.forget_pending_slots()
    }
}

/// Logs the damage in numbers.
fn refused(unsound: Unsound) -> StoreError {
    if let Unsound::Damaged(Damage { page, what }) = unsound {
        tracing::error!(page, ?what, "a data file is damaged");
    }
    unsound.into()
}
