//! A replica on the disk follows a log in memory.

use super::*;
use crate::remote::fake::{FakeLog, REMEMBERED};
use crate::remote::log::WriteId;
use crate::remote::sample::{Empty, Random, Replica};
use crate::store::Location;

fn record(key: u8, value: Option<u8>) -> PlacedRow {
    PlacedRow { table: Table::Records as u8, key: vec![key; 32], value: value.map(|value| vec![value; 40]) }
}

fn change(revision: u64) -> PlacedRow {
    let key = revision.to_be_bytes().to_vec();
    PlacedRow { table: Table::Changes as u8, key, value: Some(vec![1; 40]) }
}

fn id(number: u64) -> WriteId {
    u128::from(number).to_be_bytes()
}

#[test]
fn a_replica_has_the_rows_of_the_log_after_any_commits_and_pages() {
    for seed in 0..20 {
        let (mut random, mut log, replica) = (Random(seed), FakeLog::new(), Replica::new());
        log.page = 3;
        let mut number = 0;
        for _ in 0..12 {
            // Sometimes more commits than the log remembers.
            let commits = if random.below(6) == 0 { REMEMBERED + 5 } else { random.below(8) };
            for _ in 0..commits {
                number += 1;
                let row = record(
                    u8::try_from(random.below(9)).unwrap(),
                    (random.below(3) > 0).then(|| u8::try_from(number % 251).unwrap()),
                );
                log.commit(id(number), &[row]);
            }
            replica.follow(&mut log);
            assert_eq!(replica.rows(), log.live(), "seed {seed}");
        }
    }
}

#[test]
fn commits_between_two_pages_are_not_missed() {
    fn another(log: &mut FakeLog) {
        let number = 1_000 + log.position.turn;
        if log.position.turn < 20 {
            let key = u8::try_from(log.position.turn % 6).unwrap();
            log.commit(id(number), &[record(key, (key != 2).then_some(9))]);
        }
    }
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    for key in 0..6 {
        log.commit(id(u64::from(key) + 1), &[record(key, Some(key))]);
    }
    log.page = 1;
    log.between = Some(another);
    replica.follow(&mut log);
    assert_eq!(replica.rows(), log.live());
}

#[test]
fn rows_that_are_removed_and_forgotten_while_pages_are_read_are_gone() {
    /// After the first page: the row of that page is removed, and the log forgets that.
    fn forget(log: &mut FakeLog) {
        log.between = None;
        log.commit(id(5_000), &[record(1, None)]);
        for number in 0..=REMEMBERED {
            log.commit(id(6_000 + number), &[record(3, Some(3))]);
        }
    }
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    log.commit(id(1), &[record(1, Some(1))]);
    log.commit(id(2), &[record(2, Some(2))]);
    log.page = 1;
    log.between = Some(forget);
    replica.follow(&mut log);
    assert_eq!(replica.rows(), log.live());
}

#[test]
fn a_replica_that_is_at_the_head_needs_no_commit() {
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    log.commit(id(1), &[record(1, Some(1))]);
    replica.follow(&mut log);
    assert!(replica.read(&mut log).unwrap().batch.is_none());
}

#[test]
fn what_is_of_one_copy_alone_is_left_as_it_is() {
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    log.commit(id(1), &[record(1, Some(1))]);
    replica.follow(&mut log);
    let Replica { store, folder } = replica;
    let snapshot = store.snapshot().unwrap();
    assert_eq!((snapshot.revision(), snapshot.keys_revision()), (Ok(1), Ok(0)));
    drop(snapshot);
    store.close();
    // The next process finds nothing damaged.
    let location = Location::new(folder.path().to_owned(), true, [3; 16]);
    let store = location.open(u64::MAX, || 0, None::<&Empty>).unwrap().unwrap();
    assert_eq!((store.id(), store.snapshot().unwrap().repaired().unwrap().is_none()), ([1; 16], true));
}

#[test]
fn a_server_that_went_back_is_noticed() {
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    log.commit(id(1), &[record(1, Some(1))]);
    let before = log.clone();
    log.commit(id(2), &[record(1, Some(2))]);
    replica.follow(&mut log);
    let went_back = |log: &mut FakeLog| {
        assert_eq!(replica.read(log).err(), Some(NotCaughtUp::Remote(RemoteError::WentBack)));
    };
    let mut log = before;
    went_back(&mut log);
    // It has as many commits again, and then more.
    log.commit(id(3), &[record(1, Some(3))]);
    went_back(&mut log);
    log.commit(id(4), &[record(1, Some(4))]);
    went_back(&mut log);
}

#[test]
fn a_watcher_learns_that_change_notices_are_missing() {
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    log.commit(id(1), &[change(1)]);
    replica.follow(&mut log);
    log.commit(id(2), &[change(2)]);
    log.commit(id(3), &[change(3)]);
    log.forgotten = 2;
    replica.follow(&mut log);
    let snapshot = replica.store.snapshot().unwrap();
    assert_eq!(snapshot.forgotten_changes(), Ok(2));
    let mut kept = Vec::new();
    snapshot.scan(Table::Changes, &[], |key, _| kept.push(key.to_vec())).unwrap();
    assert_eq!(kept, [3_u64.to_be_bytes()]);
}

#[test]
fn slots_come_beside_the_commit() {
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    let slot = |key: u8, value: Option<Vec<u8>>| PlacedRow { table: SLOTS, key: vec![key; 16], value };
    log.commit(id(1), &[slot(1, Some(vec![5; 60])), slot(2, None)]);
    let caught_up = replica.read(&mut log).unwrap();
    assert_eq!(caught_up.slots, [([1; 16], Some(vec![5; 60])), ([2; 16], None)]);
}

#[test]
fn a_row_that_no_machine_writes_is_refused() {
    let bad = [
        PlacedRow { table: 9, key: vec![1; 16], value: None },
        PlacedRow { table: 0, key: vec![1; 16], value: None },
        PlacedRow { table: SLOTS, key: vec![1; 17], value: None },
        PlacedRow { table: Table::Records as u8, key: vec![1; 31], value: None },
        PlacedRow { table: Table::Meta as u8, key: Vec::new(), value: None },
        PlacedRow { table: Table::Meta as u8, key: meta::KEYS_REVISION.to_vec(), value: None },
        PlacedRow { table: Table::Meta as u8, key: meta::KEYS_REVISION.to_vec(), value: Some(vec![0xff; 8]) },
        PlacedRow { table: Table::Meta as u8, key: vec![1; KEY + 1], value: None },
        PlacedRow { table: Table::Meta as u8, key: meta::STORE_ID.to_vec(), value: Some(vec![1; 16]) },
        PlacedRow { table: Table::Meta as u8, key: meta::REVISION.to_vec(), value: Some(vec![1; 8]) },
        PlacedRow {
            table: Table::Meta as u8,
            key: [meta::DESTROY, &[1; 16]].concat(),
            value: Some(Vec::new()),
        },
    ];
    for row in bad {
        let (mut log, replica) = (FakeLog::new(), Replica::new());
        log.commit(id(1), std::slice::from_ref(&row));
        let refused = replica.read(&mut log).err();
        assert_eq!(refused, Some(NotCaughtUp::Remote(RemoteError::Failed)), "{row:?}");
    }
}

#[test]
fn a_newer_format_is_refused() {
    let (mut log, replica) = (FakeLog::new(), Replica::new());
    log.format = FORMAT + 1;
    log.commit(id(1), &[record(1, Some(1))]);
    assert_eq!(replica.read(&mut log).err(), Some(NotCaughtUp::Remote(RemoteError::TooNew)));
}
