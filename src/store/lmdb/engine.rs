//! LMDB: one environment, its tables, commits. The rules here were measured, not guessed; `docs/reliability.md`
//! says what happens without each.
//!
//! The default flags are the only ones: `NO_SYNC` and `NO_META_SYNC` lose answered writes, `WRITE_MAP` turns a full
//! disk into a signal.

use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{RwLock, RwLockReadGuard};

use heed::types::Bytes;
use heed::{CommitOrAbort, CompactionOption, Database, Env, EnvOpenOptions, RoTxn, RwTxn, WithoutTls};

use crate::faults::Fault;
use crate::faults::{self, Point};
use crate::files::Dir;
use crate::limits;
use crate::process;
use crate::rows::{Table, checksum, meta};
use crate::store::{Batch, BusyReason, FullReason, Row, StoreError};

use super::check::Unsound;
use super::free_space;
use super::meta_page::{Before, MetaPages};
use super::pages::LARGEST_MAP;
use super::reader_table::allocate_reader_table;

/// Sizes of the memory map in bytes, the largest first: a large map costs nothing where there are enough addresses. Wine
/// maps only whole files, so that the file is as large as the map there; `tests/platforms` sets `cfg(wine)`.
const MAP_SIZES: [usize; 5] =
    if cfg!(wine) { [32 << 20; 5] } else { [64 << 30, 16 << 30, 4 << 30, 1 << 30, 256 << 20] };
const _: () = assert!(MAP_SIZES[0] as u64 <= LARGEST_MAP, "no page lies behind the largest map");

/// Number of attempts to open an environment that another process is opening or closing at the same moment.
const TRIES: u32 = 5;

/// Bytes that snapshots may read before the map is mapped again.
const MAPPED: usize = 32 << 20;

/// Number of snapshots taken at most until one still exists when it is checked.
const SNAPSHOTS: u32 = 100;

/// The reason why a commit did not succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitError {
    /// Nothing of it was committed.
    NotDone(StoreError),
    /// It may or may not be in the store. The environment can't be used any more.
    Unknown,
}

/// A read transaction, and the gate that each transaction holds shared.
pub(in crate::store) type ReadTransaction<'e> = (RoTxn<'e, WithoutTls>, RwLockReadGuard<'e, ()>);

type LmdbTable = Database<'static, Bytes, Bytes>;

/// An open environment.
pub(in crate::store) struct Engine {
    env: Env<WithoutTls>,
    tables: [LmdbTable; Table::ALL.len()],
    meta_pages: MetaPages,
    /// The gate. Each transaction holds it shared; a resize of the map holds it exclusively.
    transactions: RwLock<()>,
    /// Bytes that snapshots have read since the map was last mapped.
    gone_through: AtomicUsize,
    /// The environment can't be used any more and has to be opened again. Set while the gate is held exclusively, or
    /// where one more transaction does no harm.
    unusable: AtomicBool,
}

impl Engine {
    /// Opens the environment in a folder, after `check` has found the snapshot of a transaction sound. Before that,
    /// LMDB reads only the meta pages.
    pub(in crate::store) fn open(
        folder: &Path,
        check: impl Fn(u64) -> Result<(), Unsound>,
    ) -> Result<Self, Unsound> {
        let env = open_env(folder)?;
        Self::checked(&env, check)?;
        Ok(Self::tables_of(env)?)
    }

    fn checked(env: &Env<WithoutTls>, check: impl Fn(u64) -> Result<(), Unsound>) -> Result<(), Unsound> {
        // A process that was killed leaves its entry in the reader table behind.
        env.clear_stale_readers()?;
        for _ in 0..SNAPSHOTS {
            let txn = guarded(env)?;
            match check(txn.id() as u64) {
                // Other processes commit faster than this one checks.
                Err(Unsound::Gone) => {}
                result => return result,
            }
        }
        Err(Unsound::Gone)
    }

    fn tables_of(env: Env<WithoutTls>) -> Result<Self, StoreError> {
        let tables = env
            .open_databases_and_commit(env.read_txn()?, |opener, txn| {
                let tables =
                    Table::ALL.map(|table| opener.open_database::<Bytes, Bytes>(txn, Some(table.name())));
                Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(tables))
            })?
            .unwrap_commit();
        let mut opened = Vec::with_capacity(Table::ALL.len());
        for table in tables {
            opened.push(table?.ok_or(StoreError::Damaged)?);
        }
        let tables = opened.try_into().map_err(|_| StoreError::Damaged)?;
        let page_size = env.unnamed_database_stat().page_size.into();
        let meta_pages = MetaPages::open(env.path(), page_size)?;
        let (transactions, unusable) = (RwLock::new(()), AtomicBool::new(false));
        Ok(Self { env, tables, meta_pages, transactions, gone_through: AtomicUsize::new(0), unusable })
    }

    /// Creates an environment in an empty folder.
    pub(in crate::store) fn create(folder: &Dir) -> Result<Self, StoreError> {
        allocate_reader_table(folder)?;
        let folder = folder.path();
        let env = open_env(folder)?;
        env.create_databases_and_commit(env.write_txn()?, |opener, txn| {
            for table in Table::ALL {
                opener.create_database::<Bytes, Bytes>(txn, Some(table.name()))?;
            }
            Ok::<_, heed::Error>(CommitOrAbort::<(), ()>::Commit(()))
        })?;
        env.prepare_for_closing().wait();
        Ok(Self::open(folder, |_| Ok(()))?)
    }

    /// Waits until the environment is closed.
    pub(in crate::store) fn close(self) {
        self.env.prepare_for_closing().wait();
    }

    /// Copies the committed contents, without free pages.
    pub(in crate::store) fn copy_to(&self, file: &mut File) -> Result<(), StoreError> {
        // The transaction of the copy holds the gate, like any other.
        let _guard = self.gate()?;
        Ok(self.env.copy_to_file(file, CompactionOption::Enabled)?)
    }

    pub(in crate::store) fn page_size(&self) -> usize {
        self.env.unnamed_database_stat().page_size as usize
    }

    pub(in crate::store) fn disk_size(&self) -> Result<u64, StoreError> {
        Ok(self.env.real_disk_size()?)
    }

    /// Bytes of the pages that a table takes, including its values.
    pub(in crate::store) fn table_size(&self, txn: &RoTxn<'_>, table: Table) -> Result<u64, StoreError> {
        let stat = self.table(table).stat(txn)?;
        let pages = stat.branch_pages + stat.leaf_pages + stat.overflow_pages;
        Ok(pages as u64 * u64::from(stat.page_size))
    }

    pub(in crate::store) fn table(&self, table: Table) -> LmdbTable {
        self.tables[table as usize - 1]
    }

    /// Whether the environment can still be used.
    pub(in crate::store) fn is_usable(&self) -> bool {
        !self.unusable.load(Ordering::Acquire)
    }

    /// From now on every use fails: the environment broke, or another store is in its place.
    pub(in crate::store) fn mark_unusable(&self) {
        self.unusable.store(true, Ordering::Release);
    }

    /// Takes the gate shared. An error if the environment is unusable.
    fn gate(&self) -> Result<RwLockReadGuard<'_, ()>, StoreError> {
        let gate = self.transactions.read().expect("no transaction panics while it holds the gate");
        if self.is_usable() { Ok(gate) } else { Err(StoreError::Busy(BusyReason::Replaced)) }
    }

    /// A read transaction that no later one can be older than, see [`guarded`], and the gate that it holds.
    pub(in crate::store) fn begin_read(&self) -> Result<ReadTransaction<'_>, StoreError> {
        let mut cleared = false;
        if self.gone_through.load(Ordering::Relaxed) > MAPPED {
            self.give_pages_back();
        }
        loop {
            let guard = self.gate()?;
            match guarded(&self.env) {
                Ok(txn) => return Ok((txn, guard)),
                Err(heed::Error::Mdb(heed::MdbError::MapResized)) => {
                    drop(guard);
                    self.adopt_map_size()?;
                }
                Err(heed::Error::Mdb(heed::MdbError::ReadersFull)) if !cleared => {
                    cleared = true;
                    self.env.clear_stale_readers()?;
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// What an error means. Without its lock between processes the environment has to be opened again.
    fn failed(&self, error: heed::Error) -> StoreError {
        let error = error.into();
        if error == StoreError::Busy(BusyReason::Replaced) {
            self.mark_unusable();
        }
        error
    }

    /// Commits a batch, wholly or not at all, and syncs it. Only under the write lock; one thread writes. Nothing slow
    /// happens here: the caller has sealed everything before.
    pub(in crate::store) fn commit(&self, batch: &Batch, limit: u64) -> Result<(), CommitError> {
        faults::reach(Point::BeforeBegin)?;
        let _guard = loop {
            let guard = self.gate()?;
            match self.env.write_txn() {
                Ok(txn) => {
                    self.write(txn, batch, limit)?;
                    break guard;
                }
                Err(heed::Error::Mdb(heed::MdbError::MapResized)) => {
                    drop(guard);
                    self.adopt_map_size()?;
                }
                Err(error) => return Err(self.failed(error).into()),
            }
        };
        if process::SYNC_IS_SHALLOW {
            // LMDB writes the meta page without a full flush of the disk.
            self.env.force_sync().map_err(|_| CommitError::Unknown)?;
        }
        faults::reach(Point::AfterCommit).map_err(|_| CommitError::Unknown)
    }

    fn write(&self, mut txn: RwTxn<'_>, batch: &Batch, limit: u64) -> Result<(), CommitError> {
        if self.revision(&txn)? != batch.expected {
            // The snapshot lacks a commit: its process was killed before it signalled the others.
            return Err(StoreError::Busy(BusyReason::Overtaken).into());
        }
        let added = batch.rows.iter().map(|row| row.value.as_ref().map_or(0, Vec::len) as u64).sum();
        self.check_size(&txn, &batch.rows, added, limit)?;
        for Row { table, key, value } in &batch.rows {
            match value {
                Some(value) => {
                    let checksum = checksum::of(*table, key, value);
                    let length = value.len() + checksum.len();
                    // Written directly into LMDB's page, since a value may be megabytes long.
                    self.table(*table).put_reserved(&mut txn, key, length, |space| {
                        space.write_all(value)?;
                        space.write_all(&checksum)
                    })?;
                }
                None => {
                    self.table(*table).delete(&mut txn, key)?;
                }
            }
        }
        self.trim_changes(&mut txn)?;
        let mut revision = batch.revision.to_be_bytes().to_vec();
        revision.extend_from_slice(&checksum::of(Table::Meta, meta::REVISION, &revision));
        self.table(Table::Meta).put(&mut txn, meta::REVISION, &revision)?;
        faults::reach(Point::BeforeCommit)?;
        let before = self.meta_pages.before(txn.id() as u64)?;
        let committed = txn.commit().map_err(|error| self.why_not_done(error.into(), added, &before));
        if Fault::DeafCommit.is_injected() { Ok(()) } else { committed }
    }

    /// The result of a failed commit. The write of the meta page comes last and makes the commit valid. If that write
    /// failed, LMDB allows no further use of the environment.
    fn why_not_done(&self, error: StoreError, added: u64, before: &Before) -> CommitError {
        if self.env.read_txn().is_err() {
            self.meta_pages.put_back(before);
            return CommitError::Unknown;
        }
        // For a short write, for example on a full disk, LMDB only reports a failure.
        let is_full = error == StoreError::Failed && !free_space::is_there(&self.env, added);
        CommitError::NotDone(if is_full { StoreError::Full(FullReason::Disk) } else { error })
    }

    fn revision(&self, txn: &RwTxn<'_>) -> Result<u64, StoreError> {
        match self.table(Table::Meta).get(txn, meta::REVISION)? {
            Some(stored) => checksum::verified(Table::Meta, meta::REVISION, stored)
                .and_then(meta::counter)
                .ok_or(StoreError::Damaged),
            None => Ok(0),
        }
    }

    /// Enforces the store's own limit, not the map's. A batch that only deletes is allowed at any size.
    fn check_size(&self, txn: &RwTxn<'_>, rows: &[Row], added: u64, limit: u64) -> Result<(), StoreError> {
        let small = [Table::Changes, Table::Meta, Table::KeyIndex];
        let grows = |row: &Row| row.value.is_some() && !small.contains(&row.table);
        if !rows.iter().any(grows) {
            return Ok(());
        }
        let mut used = 0;
        for table in Table::ALL {
            used += self.table_size(txn, table)?;
        }
        if used + added > limit { Err(StoreError::Full(FullReason::Limit)) } else { Ok(()) }
    }

    fn trim_changes(&self, txn: &mut RwTxn<'_>) -> Result<(), StoreError> {
        let changes = self.table(Table::Changes);
        let mut forgotten = None;
        while changes.len(txn)? > limits::CHANGES {
            let Some((oldest, _)) = changes.first(txn)? else { break };
            let oldest = oldest.to_vec();
            changes.delete(txn, &oldest)?;
            // A key that is no revision was not written by plugin-vault, so it is not recorded as forgotten.
            forgotten = meta::counter(&oldest).map(|_| oldest).or(forgotten);
        }
        if let Some(mut revision) = forgotten {
            revision.extend_from_slice(&checksum::of(Table::Meta, meta::FORGOTTEN, &revision));
            self.table(Table::Meta).put(txn, meta::FORGOTTEN, &revision)?;
        }
        Ok(())
    }

    /// Counts the bytes that a snapshot has read.
    pub(in crate::store) fn goes_through(&self, bytes: usize) {
        self.gone_through.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Maps the file again, unless a transaction is open. Pages that were read stay in the system's cache. They no
    /// longer count as memory of this process, which would otherwise grow to the size of the store.
    #[allow(unsafe_code, reason = "LMDB wants no transaction to be open, and the gate is held alone")]
    fn give_pages_back(&self) {
        let Ok(_alone) = self.transactions.try_write() else { return };
        self.gone_through.store(0, Ordering::Relaxed);
        // SAFETY: each transaction of this process holds the gate shared, and this holds it exclusively.
        if self.is_usable() && unsafe { self.env.resize(self.env.info().map_size) }.is_err() {
            // LMDB has already removed the old map.
            self.mark_unusable();
        }
    }

    /// Returns pages to the system that are wholly inside a part of the map. The part begins and ends at rows that a
    /// snapshot of this process has read.
    #[cfg(unix)]
    #[allow(
        unsafe_code,
        reason = "the part lies in the map, which is of a file, shared and never written through"
    )]
    pub(super) fn give_back(&self, part: Range<usize>) {
        let page = self.page_size();
        let (start, end) = (part.start.next_multiple_of(page), part.end / page * page);
        if start < end && end - start <= self.env.info().map_size {
            // SAFETY: the snapshot holds the gate, so the map stays where it is, and everything between two of its rows
            // is the map. LMDB writes to the file and not to the map, so a page that is touched again is read from the
            // file as it was. The result is ignored, since the call is only advice.
            unsafe {
                libc::madvise(std::ptr::with_exposed_provenance_mut(start), end - start, libc::MADV_DONTNEED)
            };
        }
    }

    /// Only systems with `madvise` can return single pages.
    #[cfg(not(unix))]
    #[allow(clippy::unused_self, reason = "other systems have something to do here")]
    pub(super) fn give_back(&self, _: Range<usize>) {}

    /// Adopts the size of a store that another process, with more free addresses, made larger than this process's map.
    #[allow(unsafe_code, reason = "LMDB wants no transaction to be open, and the gate is held alone")]
    fn adopt_map_size(&self) -> Result<(), StoreError> {
        let _alone = self.transactions.write().expect("no transaction panics while it holds the gate");
        if !self.is_usable() {
            return Err(StoreError::Busy(BusyReason::Replaced));
        }
        // SAFETY: each transaction of this process holds the gate shared, and this holds it exclusively.
        if unsafe { self.env.resize(0) }.is_err() {
            // LMDB removes the old map before it requests the new one, and would read on without any.
            self.mark_unusable();
            return Err(StoreError::Busy(BusyReason::AddressSpace));
        }
        Ok(())
    }
}

/// A read transaction that no later one can be older than.
///
/// A reader that loses the processor between publishing its number and copying the meta page copies a later
/// commit's, perhaps one that is not yet on the disk. So the number is compared with the newest one after; where
/// they differ, a second reader decides.
fn guarded(env: &Env<WithoutTls>) -> heed::Result<RoTxn<'_, WithoutTls>> {
    let mut txn = env.read_txn()?;
    while !Fault::NoGuard.is_injected() && env.info().last_txn_id != txn.id() {
        let second = env.read_txn()?;
        if second.id() == txn.id() {
            break;
        }
        txn = second;
    }
    Ok(txn)
}

/// Opens the environment with the largest map for which there are enough addresses.
fn open_env(folder: &Path) -> Result<Env<WithoutTls>, StoreError> {
    let mut options = options();
    let mut tries = TRIES;
    for size in MAP_SIZES {
        options.map_size(size);
        if let Some(env) = open_mapped(&options, folder, &mut tries)? {
            return Ok(env);
        }
    }
    tracing::error!("too few addresses are left to this process for the store; see: ulimit -v");
    Err(StoreError::Busy(BusyReason::AddressSpace))
}

#[allow(unsafe_code, reason = "a flag that loses answered writes, for a test")]
fn options() -> EnvOpenOptions<WithoutTls> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.max_readers(limits::READERS).max_dbs(u32::try_from(Table::ALL.len()).expect("few tables"));
    if Fault::NoSync.is_injected() {
        // SAFETY: only the data of a test can be lost.
        unsafe { options.flags(heed::EnvFlags::NO_SYNC) };
    }
    options
}

/// Opens the environment with a map of one size; `None` if there are too few addresses for it. An error that may be
/// temporary is retried, as long as `tries` are left.
#[allow(unsafe_code, reason = "a memory map of a file that others could change")]
fn open_mapped(
    options: &EnvOpenOptions<WithoutTls>,
    folder: &Path,
    tries: &mut u32,
) -> Result<Option<Env<WithoutTls>>, StoreError> {
    loop {
        // SAFETY: only LMDB writes to the file; the folder is private to its owner, which `Folder::enter` checks.
        let error = match unsafe { options.open(folder) } {
            Ok(env) => return Ok(Some(env)),
            Err(error) => error,
        };
        match error {
            heed::Error::Io(error) if lacks_addresses(&error, *tries == 0) => return Ok(None),
            // This process is still closing the environment.
            heed::Error::EnvAlreadyOpened => return Err(StoreError::Busy(BusyReason::Closing)),
            error if *tries == 0 || !passes(&error) => return Err(error.into()),
            _ => {}
        }
        *tries -= 1;
        let millis = 1 + u64::from(std::process::id() % 8);
        std::thread::sleep(std::time::Duration::from_millis(millis));
    }
}

/// Whether a map was too large for the free addresses. Some systems (valgrind for one) report that as an invalid call.
/// The same error also occurs while another process opens or closes the store.
fn lacks_addresses(error: &std::io::Error, was_tried_again: bool) -> bool {
    match error.kind() {
        std::io::ErrorKind::OutOfMemory => true,
        std::io::ErrorKind::InvalidInput => was_tried_again,
        _ => false,
    }
}

/// Whether an error at opening may be gone at the next attempt.
fn passes(error: &heed::Error) -> bool {
    use std::io::ErrorKind as Kind;
    match error {
        heed::Error::Io(error) => {
            matches!(error.kind(), Kind::WouldBlock | Kind::NotFound | Kind::Interrupted | Kind::InvalidInput)
        }
        _ => false,
    }
}
