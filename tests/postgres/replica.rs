//! Replicas on the disk that follow a real server.

use std::collections::BTreeMap;

use plugin_vault::remote::{
    self, Appended, Commit, Log as _, NotCaughtUp, PlacedRow, PostgresLog, shared_rows,
};
use plugin_vault::rows::{Id, Table};
use plugin_vault::store::{Batch, Location, NewStore, ProtectorRow, Row, Store, StoreError};

use crate::server::{Shared, soon};

/// A store with no rows of its own.
struct Empty;

impl NewStore for Empty {
    type Error = StoreError;

    fn may_be_made(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), StoreError> {
        Ok(([1; 16], ([7; 16], b"a row".to_vec()), Vec::new()))
    }
}

/// One machine: its copy, and its connection.
pub(crate) struct Replica {
    store: Store,
    pub(crate) log: PostgresLog,
    _folder: tempfile::TempDir,
}

impl Replica {
    pub(crate) fn new(log: PostgresLog) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().to_owned(), true, [2; 16]);
        let store = location.open(u64::MAX, || 0, Some(&Empty)).unwrap().unwrap();
        Self { store, log, _folder: folder }
    }

    fn catch_up(&mut self) {
        self.try_catch_up().unwrap();
    }

    pub(crate) fn try_catch_up(&mut self) -> Result<(), NotCaughtUp> {
        let caught_up = remote::catch_up(&mut self.log, &self.store.snapshot().unwrap(), &soon())?;
        if let Some(batch) = caught_up.batch {
            self.apply(&batch);
        }
        Ok(())
    }

    fn apply(&self, batch: &Batch) {
        let lock = self.store.lock().unwrap();
        self.store.commit(&lock, batch).unwrap_or_else(|_| panic!("the copy takes the batch"));
    }

    /// Decides from the copy, appends, and applies; after a conflict decides anew.
    pub(crate) fn write(&mut self, key: u8, value: u8) {
        for attempt in 0_u128.. {
            let (position, revision) = {
                let snapshot = self.store.snapshot().unwrap();
                (remote::position(&snapshot).unwrap(), snapshot.revision().unwrap())
            };
            let write_id =
                (u128::from(key) << 96 | u128::from(value) << 64 | attempt << 32 | u128::from(revision))
                    .to_be_bytes();
            let row = |table, key, value| Row { table, key, value: Some(value) };
            let mut rows = vec![
                row(Table::Records, vec![key; 32], vec![value; 30]),
                row(Table::Changes, (revision + 1).to_be_bytes().to_vec(), vec![value; 20]),
            ];
            let shared = shared_rows(&rows);
            let commit =
                Commit { position: &position, write_id: &write_id, revision: revision + 1, rows: &shared };
            if remote::append(&mut self.log, &commit, &soon()).unwrap() == Appended::Done {
                let position = remote::Position { turn: position.turn + 1, write_id };
                rows.push(position.row());
                return self.apply(&Batch { expected: revision, revision: revision + 1, rows });
            }
            self.catch_up();
        }
    }

    pub(crate) fn rows(&self) -> BTreeMap<(u8, Vec<u8>), Vec<u8>> {
        let snapshot = self.store.snapshot().unwrap();
        let mut rows = BTreeMap::new();
        for table in Table::ALL {
            let take = |key: &[u8], value: &[u8]| {
                if key != b"store id" {
                    rows.insert((table as u8, key.to_vec()), value.to_vec());
                }
            };
            snapshot.scan(table, &[], take).unwrap();
        }
        rows
    }
}

#[test]
fn machines_that_write_in_turn_have_the_same_rows() {
    let shared = Shared::new();
    let mut machines = [Replica::new(shared.log()), Replica::new(shared.log()), Replica::new(shared.log())];
    for value in 0..12_u8 {
        let writer = usize::from(value % 3);
        machines[writer].write(value % 5, value);
    }
    for machine in &mut machines {
        machine.catch_up();
    }
    assert_eq!(machines[0].store.snapshot().unwrap().revision(), Ok(12));
    assert_eq!(machines[0].rows(), machines[1].rows());
    assert_eq!(machines[0].rows(), machines[2].rows());
}

#[test]
fn a_new_machine_takes_everything_and_one_that_was_away_for_long_too() {
    let shared = Shared::new();
    let (mut writer, mut away) = (Replica::new(shared.log()), Replica::new(shared.log()));
    writer.write(1, 1);
    writer.write(2, 2);
    away.catch_up();
    // What the other one has to notice: a row is gone, and the server has forgotten that there was one.
    for number in 0..260_u128 {
        let at = writer.log.head(0, &soon()).unwrap();
        let row = PlacedRow { table: Table::Records as u8, key: vec![1; 32], value: None };
        let rows = if number == 0 { vec![row] } else { Vec::new() };
        let id = (number + (1 << 100)).to_be_bytes();
        let commit = Commit { position: &at.position, write_id: &id, revision: at.revision + 1, rows: &rows };
        assert_eq!(writer.log.append(&commit, &soon()), Ok(Appended::Done));
    }
    writer.catch_up();
    away.catch_up();
    let mut new = Replica::new(shared.log());
    new.catch_up();
    assert_eq!(away.rows(), new.rows());
    assert_eq!(writer.rows(), new.rows());
    let records = new.rows().into_keys().filter(|(table, _)| *table == Table::Records as u8);
    assert_eq!(records.map(|(_, key)| key[0]).collect::<Vec<_>>(), [2]);
}
