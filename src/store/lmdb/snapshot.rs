//! The contents of the store at one moment. A snapshot must be short: copy the data, drop the snapshot, and only then
//! do anything else, since LMDB can't reuse the pages that a snapshot sees.

use std::cell::Cell;
use std::ops::Bound;
use std::sync::RwLockReadGuard;

use heed::{RoTxn, WithoutTls};

use crate::rows::{Id, Repair, Table, checksum, meta};
use crate::store::StoreError;

use super::engine::Engine;

/// One consistent view of the store.
pub struct Snapshot<'s> {
    engine: &'s Engine,
    txn: RoTxn<'s, WithoutTls>,
    /// Bytes that this snapshot has read.
    read: Cell<usize>,
    /// Bytes read since it last returned pages to the system.
    held: Cell<usize>,
    /// The start and end of the rows that it has read, as addresses in the map.
    rows: Cell<(usize, usize)>,
    _gate: RwLockReadGuard<'s, ()>,
}

/// Bytes that a row adds to the pages that are read, at most, besides its own bytes: the system maps several pages at a
/// time.
const AROUND: usize = 4096;
/// Bytes that one snapshot reads before it returns pages to the system.
const GIVEN_BACK: usize = 16 << 20;
/// Bytes of a row that a list reads at most.
const HEAD: usize = 16 * 1024;

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        self.engine.goes_through(self.read.get());
    }
}

impl Engine {
    /// A snapshot that no later one can be older than.
    pub(in crate::store) fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        let (txn, gate) = self.begin_read()?;
        Ok(Snapshot::new(self, txn, gate))
    }
}

impl<'s> Snapshot<'s> {
    fn new(engine: &'s Engine, txn: RoTxn<'s, WithoutTls>, gate: RwLockReadGuard<'s, ()>) -> Self {
        let (read, held, rows) = (Cell::new(0), Cell::new(0), Cell::new((usize::MAX, 0)));
        Self { engine, txn, read, held, rows, _gate: gate }
    }

    /// The value under a key, without its checksum.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if its checksum does not hold.
    pub fn get(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        let stored = self.engine.table(table).get(&self.txn, key)?;
        match stored {
            Some(stored) => {
                self.goes_through(stored, stored.len());
                checksum::verified(table, key, stored).map(Some).ok_or(StoreError::Damaged)
            }
            None => Ok(None),
        }
    }

    /// Every row whose key begins with `prefix`, in the order of the keys; an empty prefix matches every row. Checksums
    /// are not compared: sealed values authenticate themselves, and a list should not read the data that it does not
    /// show.
    ///
    /// # Errors
    /// If the tables can't be read.
    pub fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        mut row: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), StoreError> {
        let table = self.engine.table(table);
        let mut take = |found: heed::Result<(&[u8], &[u8])>| -> Result<(), StoreError> {
            let (key, stored) = found?;
            self.goes_through(stored, stored.len().min(HEAD));
            // A value that is too short to have a checksum is one damaged row, and empty.
            row(key, &stored[..stored.len().saturating_sub(checksum::LENGTH)]);
            Ok(())
        };
        // LMDB has no empty keys, not even as the start of a range.
        if prefix.is_empty() {
            table.iter(&self.txn)?.try_for_each(&mut take)
        } else {
            table.prefix_iter(&self.txn, prefix)?.try_for_each(&mut take)
        }
    }

    /// The rows whose keys begin with `prefix` and come after `after`, in the order of the keys, until `row` returns
    /// false. Checksums are not compared.
    ///
    /// # Errors
    /// If the tables can't be read.
    pub fn scan_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        mut row: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            // LMDB has no empty keys, not even as the start of a range.
            _ if prefix.is_empty() => Bound::Included(&[0][..]),
            _ => Bound::Included(prefix),
        };
        for found in self.engine.table(table).range(&self.txn, &(from, Bound::Unbounded))? {
            let (key, stored) = found?;
            self.goes_through(stored, stored.len().min(HEAD));
            // A value that is too short to have a checksum is one damaged row, and empty.
            let value = &stored[..stored.len().saturating_sub(checksum::LENGTH)];
            if !key.starts_with(prefix) || !row(key, value) {
                break;
            }
        }
        Ok(())
    }

    /// Rows from `from` on, in the order of the keys, until `row` returns false. Returns the key at which it stopped;
    /// `None` at the end of the table. Checksums are not compared.
    ///
    /// # Errors
    /// If the tables can't be read; [`StoreError::Damaged`] at a value that is too short to have a checksum.
    pub fn scan_from(
        &self,
        table: Table,
        from: &[u8],
        mut row: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        // LMDB has no empty keys, not even as the start of a range.
        let from = if from.is_empty() { &[0][..] } else { from };
        let range = (Bound::Included(from), Bound::Unbounded);
        for found in self.engine.table(table).range(&self.txn, &range)? {
            let (key, stored) = found?;
            let value = stored.len().checked_sub(checksum::LENGTH).ok_or(StoreError::Damaged)?;
            if !row(key, &stored[..value]) {
                return Ok(Some(key.to_vec()));
            }
        }
        Ok(None)
    }

    /// Bytes of the pages that a table takes: at least the total size of its values. This reads no row.
    ///
    /// # Errors
    /// If the tables can't be read.
    pub fn size(&self, table: Table) -> Result<u64, StoreError> {
        self.engine.table_size(&self.txn, table)
    }

    /// The number of rows in a table.
    ///
    /// # Errors
    /// If the tables can't be read.
    pub fn count(&self, table: Table) -> Result<u64, StoreError> {
        Ok(self.engine.table(table).len(&self.txn)?)
    }

    /// The last revision that was assigned.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the number is not what was written. The store is unusable from then on.
    pub fn revision(&self) -> Result<u64, StoreError> {
        self.counter(meta::REVISION)
    }

    /// The revision of the last change to the table of keys.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the number is not what was written. The store is unusable from then on.
    pub fn keys_revision(&self) -> Result<u64, StoreError> {
        self.counter(meta::KEYS_REVISION)
    }

    /// The revision of the newest deleted change notice; 0 while all are kept.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the number is not what was written.
    pub fn forgotten_changes(&self) -> Result<u64, StoreError> {
        match self.get(Table::Meta, meta::FORGOTTEN)? {
            Some(_) => self.counter(meta::FORGOTTEN),
            None => Ok(0),
        }
    }

    /// The revision up to which records may be older than the last stored ones, since they came from a backup.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the number is not what was written.
    pub fn restored(&self) -> Result<Option<u64>, StoreError> {
        self.get(Table::Meta, meta::RESTORED)?.map(|_| self.counter(meta::RESTORED)).transpose()
    }

    /// The result of the last repair, if there was one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the row is not what was written.
    pub fn repaired(&self) -> Result<Option<Repair>, StoreError> {
        Ok(self.get(Table::Meta, meta::REPAIRED)?.and_then(Repair::decode))
    }

    pub(in crate::store) fn store_id(&self) -> Result<Id, StoreError> {
        let id = self.get(Table::Meta, meta::STORE_ID)?.ok_or(StoreError::Damaged)?;
        id.try_into().map_err(|_| StoreError::Damaged)
    }

    /// Counts the bytes that were read of a row. From time to time it returns pages to the system. They stay in the
    /// system's cache, and are mapped again on the next access. Without that, a snapshot that reads the whole store
    /// would count the whole store as memory of this process.
    fn goes_through(&self, row: &[u8], bytes: usize) {
        self.read.set(self.read.get() + AROUND + bytes);
        if row.is_empty() {
            // The address of an empty slice may be outside of the map.
            return;
        }
        let (at, (first, end)) = (row.as_ptr_range(), self.rows.get());
        let (first, end) = (first.min(at.start.expose_provenance()), end.max(at.end.expose_provenance()));
        self.rows.set((first, end));
        let held = self.held.get() + AROUND + bytes;
        self.held.set(held % GIVEN_BACK);
        if held >= GIVEN_BACK {
            self.engine.give_back(first..end);
        }
    }

    fn counter(&self, name: &[u8]) -> Result<u64, StoreError> {
        let counter = self.get(Table::Meta, name).map(|value| value.and_then(meta::counter));
        if matches!(counter, Ok(None) | Err(StoreError::Damaged)) {
            // No decision can be based on such a store. The next operation opens it again, which repairs it.
            self.engine.mark_unusable();
        }
        counter?.ok_or(StoreError::Damaged)
    }

    /// Checks the store's own rows. Runs at every opening, since a large store may not have been checked.
    pub(in crate::store) fn check_own_rows(&self) -> Result<(), StoreError> {
        self.revision()?;
        self.keys_revision()?;
        self.forgotten_changes()?;
        self.restored()?;
        self.repaired()?;
        Ok(())
    }
}
