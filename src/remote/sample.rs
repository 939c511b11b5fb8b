//! Replicas and random choices for this room's tests.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::rows::{Id, Table, meta};
use crate::store::{Batch, Location, NewStore, ProtectorRow, Row, Store, StoreError};

use super::Deadline;
use super::catch_up::{CaughtUp, NotCaughtUp, catch_up, position};
use super::fake::FakeLog;
use super::position::is_shared;

/// A store with no rows of its own.
pub(super) struct Empty;

impl NewStore for Empty {
    type Error = StoreError;

    fn may_be_made(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), StoreError> {
        Ok(([1; 16], ([7; 16], b"a row".to_vec()), Vec::new()))
    }
}

/// A replica on the disk.
pub(super) struct Replica {
    pub(super) store: Store,
    pub(super) folder: tempfile::TempDir,
}

impl Replica {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().to_owned(), true, [2; 16]);
        let store = location.open(u64::MAX, || 0, Some(&Empty)).unwrap().unwrap();
        Self { store, folder }
    }

    /// What the replica lacks.
    pub(super) fn read(&self, log: &mut FakeLog) -> Result<CaughtUp, NotCaughtUp> {
        let deadline = Deadline::within(Duration::from_mins(1));
        catch_up(log, &self.store.snapshot().unwrap(), &deadline)
    }

    /// Brings the replica to the head.
    pub(super) fn follow(&self, log: &mut FakeLog) {
        let caught_up = self.read(log).unwrap();
        if let Some(batch) = &caught_up.batch {
            self.apply(batch);
        }
        assert_eq!(position(&self.store.snapshot().unwrap()), Ok(caught_up.head.position));
    }

    pub(super) fn apply(&self, batch: &Batch) {
        let lock = self.store.lock().unwrap();
        self.store.commit(&lock, batch).unwrap_or_else(|_| panic!("the replica takes the batch"));
    }

    /// Its rows, as the log should have them.
    pub(super) fn rows(&self) -> BTreeMap<(u8, Vec<u8>), Vec<u8>> {
        let snapshot = self.store.snapshot().unwrap();
        let mut rows = BTreeMap::new();
        for table in Table::ALL {
            let take = |key: &[u8], value: &[u8]| {
                if is_shared(table, key) && key != meta::KEYS_REVISION {
                    rows.insert((table as u8, key.to_vec()), value.to_vec());
                }
            };
            snapshot.scan(table, &[], take).unwrap();
        }
        rows
    }
}

/// A small generator: the seed repeats the run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}
