//! An open store: the engine, and what keeps it safe among other processes.

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

/// Which stores this process has open. Twice the same would free the first one's locks when the second is closed,
/// and a path does not tell (a folder can be mounted at two places).
static OPEN: Mutex<Option<HashSet<FileId>>> = Mutex::new(None);

/// Up to this size, every row of a store is checked whenever it is opened.
pub(in crate::store) const ALWAYS_CHECKED: u64 = 64 << 20;

/// How the processes ended that had the store open before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Ended {
    /// Each closed it.
    Cleanly,
    /// One may have been killed, or the machine have lost its power.
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
    // Last: it is given back when all the rest is closed.
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

/// Opens tables that lie somewhere aside, once they have been found sound.
pub(in crate::store) fn open_sound(folder: &Dir, page_size: usize) -> Result<Engine, StoreError> {
    let data = to_be_opened(folder)?;
    check_heads(&data, page_size).map_err(refused)?;
    Engine::open(folder.path(), |txn| check(&data, page_size, Some(txn)).map(drop)).map_err(refused)
}

/// Looks at the two files that LMDB opens by their path, just before it does, and opens the data file for the check.
fn to_be_opened(folder: &Dir) -> Result<File, StoreError> {
    folder.check(READERS_FILE, false)?;
    Ok(folder.write_linked(DATA_FILE)?)
}

impl LmdbStore {
    /// Opens a store that is there, once it has been found sound; `limit` is the most bytes it may use.
    pub(in crate::store) fn open(present: Present, limit: u64, ended: Ended) -> Result<Self, StoreError> {
        let Present { folder, lock, header } = present;
        let metadata = fs::symlink_metadata(folder.data_file())?;
        // LMDB would take an empty file for one that it is to fill.
        if metadata.len() < 2 * header.page_size as u64 {
            return Err(StoreError::Damaged);
        }
        let data_file = Registered::new(files::id(&metadata))?;
        let dir = folder.dir()?;
        allocate_reader_table(&dir)?;
        let page_size = header.page_size;
        // LMDB has no locks on this file, which closing it again would free.
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

    /// Closes the store in an orderly way. The last process that does leaves a record of it, by which the next one knows
    /// that the file is as it was left.
    pub(in crate::store) fn close(self) {
        let Self { engine, folder, data_file, _open: lock, .. } = self;
        let (is_usable, page_size) = (engine.is_usable(), engine.page_size());
        engine.close();
        let closed = data_file.0;
        drop(data_file);
        // What is not to be relied on is checked the next time.
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

    /// Where it lies.
    pub(in crate::store) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(in crate::store) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Which file is open.
    pub(in crate::store) fn data_file(&self) -> FileId {
        self.data_file.0
    }

    /// The bytes that the store takes on the disk, slot files aside.
    pub(in crate::store) fn disk_size(&self) -> Result<u64, StoreError> {
        self.engine.disk_size()
    }

    /// What the store holds now.
    pub(in crate::store) fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        self.engine.snapshot()
    }

    /// Waits for the right to write, for as long as it takes, behind those who wait already. [`BusyReason::Replaced`] if
    /// another store has been put in this one's place: then nothing may be written to this one any more.
    pub(in crate::store) fn lock(&self) -> Result<WriteLock<'_>, StoreError> {
        self.waiting.let_others_first()?;
        let lock = self.waiting.during(|| WriteLock::take(&self.write_lock, &self.writer))?;
        if self.is_in_place() { Ok(lock) } else { Err(StoreError::Busy(BusyReason::Replaced)) }
    }

    /// Checks whether this is the store that lies in the folder. If it is not, nothing more is done with it.
    pub(in crate::store) fn is_in_place(&self) -> bool {
        let found = files::id_at(&self.folder.data_file());
        if !found.is_ok_and(|found| found == self.data_file.0) {
            self.engine.mark_unusable();
        }
        self.engine.is_usable()
    }

    /// Whether anything can be done with it still; otherwise it has to be opened anew.
    pub(in crate::store) fn is_usable(&self) -> bool {
        self.engine.is_usable()
    }

    /// Carries a batch out, wholly or not at all. When this returns `Ok`, it is on the disk, and those who follow commits
    /// have been woken.
    pub(in crate::store) fn commit(&self, _lock: &WriteLock<'_>, batch: &Batch) -> Result<(), CommitError> {
        let has_keys = batch.rows.iter().any(|row| row.table == Table::Keys && row.value.is_some());
        self.engine.commit(batch, self.limit)?;
        self.bell.ring();
        if has_keys && self.settle_slots().is_err() {
            tracing::error!("left-over slots could not be overwritten; it is tried again when a key changes");
        }
        Ok(())
    }

    /// Overwrites slot files whose commits never came: they may wrap the data key of a namespace that is destroyed. Only
    /// those that were written for a commit, and never one that had a row and has none any more: a row that is lost, or
    /// that a person took away, is no reason to lose what its slot opens.
    fn settle_slots(&self) -> Result<(), StoreError> {
        let pending = self.folder.pending_slots()?;
        let snapshot = self.snapshot()?;
        for slot in pending {
            // A damaged row is a row.
            if matches!(snapshot.get(Table::Keys, &slot), Ok(None)) {
                self.folder.destroy_slot(&slot)?;
            }
        }
        self.folder.forget_pending_slots()
    }
}

/// Says on stderr what is wrong, in numbers.
fn refused(unsound: Unsound) -> StoreError {
    if let Unsound::Damaged(Damage { page, what }) = unsound {
        tracing::error!(page, ?what, "a data file is damaged");
    }
    unsound.into()
}
