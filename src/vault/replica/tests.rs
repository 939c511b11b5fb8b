//! Replicas of several machines on one log in memory.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::remote::fake::{FakeLog, Fate};
use crate::remote::{Appended, Page};
use crate::store::{CommitError, Slot};
use crate::vault::Opened;
use crate::vault::sample::Sample;

/// The key of a record's row.
const A: &[u8; 32] = &[7; 32];

/// A log that several machines use, and how late its answers about the head are read.
#[derive(Clone)]
struct Server(Arc<Mutex<FakeLog>>, Duration);

impl Server {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(FakeLog::new())), Duration::ZERO)
    }

    /// What happens to the next requests, the first one first.
    fn fates(&self, fates: &[Fate]) {
        sync::lock(&self.0).fates = fates.iter().rev().copied().collect();
    }
}

impl Log for Server {
    fn head(&mut self, turn: u64, deadline: &Deadline) -> Result<Head, RemoteError> {
        let head = sync::lock(&self.0).head(turn, deadline)?;
        let clock = Timestamp::now().millis();
        // The answer is read later.
        std::thread::sleep(self.1);
        Ok(Head { clock, ..head })
    }

    fn append(&mut self, commit: &Commit<'_>, deadline: &Deadline) -> Result<Appended, RemoteError> {
        sync::lock(&self.0).append(commit, deadline)
    }

    fn since(&mut self, at: u64, behind: (u64, u8, &[u8]), deadline: &Deadline) -> Result<Page, RemoteError> {
        sync::lock(&self.0).since(at, behind, deadline)
    }
}

/// A machine with a store of its own, which it uses as a replica.
struct Machine {
    _sample: Sample,
    opened: Arc<Opened>,
    replica: Replica,
}

impl Machine {
    fn on(server: &Server) -> Self {
        let sample = Sample::new();
        let opened = sample.opened();
        let log: Box<dyn Log + Send> = Box::new(server.clone());
        Self { _sample: sample, opened, replica: Replica::new([1; 16], "", Some(log), None) }
    }

    /// Decides from the replica, and commits one row.
    fn put(&self, key: &[u8; 32], value: u8) -> Result<(), NotCommitted> {
        self.commit(vec![Row { table: Table::Records, key: key.to_vec(), value: Some(vec![value]) }], &[])
    }

    fn commit(&self, rows: Vec<Row>, destroyed: &[SlotId]) -> Result<(), NotCommitted> {
        let store = self.opened.store();
        let lock = store.lock().unwrap();
        let expected = store.snapshot().unwrap().revision().unwrap();
        let mut batch = Batch { expected, revision: expected + 1, rows };
        self.replica.commit(self.opened.store(), &lock, &mut batch, destroyed)
    }

    fn get(&self, key: &[u8; 32]) -> Option<u8> {
        let snapshot = self.opened.store().snapshot().unwrap();
        snapshot.get(Table::Records, key).unwrap().map(|value| value[0])
    }

    fn confirm(&self) -> Result<(), NotCommitted> {
        self.replica.confirmed_until.store(0, Ordering::Relaxed);
        self.replica.confirm(self.opened.store())
    }
}

fn is_overtaken(outcome: Result<(), NotCommitted>) -> bool {
    matches!(outcome, Err(NotCommitted::Store(CommitError::NotDone(StoreError::Busy(BusyReason::Overtaken)))))
}

fn is_remote(outcome: Result<(), NotCommitted>, expected: RemoteError) -> bool {
    matches!(outcome, Err(NotCommitted::Remote(error)) if error == expected)
}

#[test]
fn what_one_machine_commits_another_reads() {
    let server = Server::new();
    let (one, other) = (Machine::on(&server), Machine::on(&server));
    one.put(A, 1).unwrap();
    assert_eq!((one.get(A), other.get(A)), (Some(1), None));
    other.confirm().unwrap();
    assert_eq!(other.get(A), Some(1));
    assert_eq!(other.replica.status().state, State::Current);
}

#[test]
fn a_machine_that_was_overtaken_takes_what_it_lacks_and_decides_anew() {
    let server = Server::new();
    let (one, other) = (Machine::on(&server), Machine::on(&server));
    one.put(A, 1).unwrap();
    assert!(is_overtaken(other.put(A, 2)));
    assert_eq!(other.get(A), Some(1), "it decides from the newest state");
    other.put(A, 2).unwrap();
    one.confirm().unwrap();
    assert_eq!(one.get(A), Some(2));
}

#[test]
fn without_the_server_nothing_is_written_and_everything_is_read() {
    let server = Server::new();
    let one = Machine::on(&server);
    one.put(A, 1).unwrap();
    server.fates(&[Fate::NotSent]);
    assert!(is_remote(one.put(A, 2), RemoteError::Unreachable));
    assert_eq!((one.get(A), one.replica.status().state), (Some(1), State::Offline));
    assert!(one.replica.may_be_read(), "the next attempt is later");
    // A write is refused at once, though the server is there again.
    assert!(is_remote(one.replica.before_writing(one.opened.store()), RemoteError::Unreachable));
    one.replica.confirmed_until.store(0, Ordering::Relaxed);
    one.replica.before_writing(one.opened.store()).unwrap();
    one.put(A, 2).unwrap();
    assert_eq!((one.get(A), one.replica.status().state), (Some(2), State::Current));
}

#[test]
fn a_commit_without_an_answer_is_found_at_the_next_contact() {
    let server = Server::new();
    let one = Machine::on(&server);
    one.put(A, 1).unwrap();
    // The answer of the first request and of the repeated ones is lost until the deadline.
    server.fates(&[Fate::AnswerLost]);
    one.put(A, 2).unwrap();
    assert_eq!((one.get(A), sync::lock(&server.0).committed.len()), (Some(2), 2), "it is done once");
}

#[test]
fn a_server_that_went_back_gets_no_writes_and_reads_go_on() {
    let server = Server::new();
    let one = Machine::on(&server);
    one.put(A, 1).unwrap();
    let before = sync::lock(&server.0).clone();
    one.put(A, 2).unwrap();
    sync::lock(&server.0).go_back(&before);
    assert!(is_remote(one.confirm(), RemoteError::WentBack));
    assert!(is_remote(one.put(A, 3), RemoteError::WentBack));
    assert_eq!((one.get(A), one.replica.status().state), (Some(2), State::WentBack));
    assert_eq!(sync::lock(&server.0).committed.len(), 1);
}

#[test]
fn a_slot_travels_with_the_row_of_its_key_and_is_destroyed_everywhere() {
    let server = Server::new();
    let (one, other) = (Machine::on(&server), Machine::on(&server));
    let slot = [7; 16];
    let key = |value: &[u8]| Row { table: Table::Keys, key: slot.to_vec(), value: Some(value.to_vec()) };
    one.opened.store().put_slot(&slot, b"wrapped").unwrap();
    one.commit(vec![key(b"live")], &[]).unwrap();
    other.confirm().unwrap();
    let found = |machine: &Machine| machine.opened.store().slot(&slot).unwrap();
    assert!(matches!(found(&other), Slot::Wrapped(wrapped) if wrapped == b"wrapped"));
    one.commit(vec![key(b"ended")], &[SlotId(slot)]).unwrap();
    other.confirm().unwrap();
    assert!(matches!(found(&other), Slot::Destroyed));
}

#[test]
fn a_replica_that_was_repaired_takes_everything_again_and_goes_on() {
    let server = Server::new();
    let (one, other) = (Machine::on(&server), Machine::on(&server));
    one.put(A, 1).unwrap();
    other.confirm().unwrap();
    // What a repair leaves: it has lost a row, has a higher revision, and is at the beginning of the log.
    let lost = Row { table: Table::Records, key: A.to_vec(), value: None };
    let position = Position::default().row();
    let lock = other.opened.store().lock().unwrap();
    let repaired = Batch { expected: 1, revision: 1_000, rows: vec![lost, position] };
    other.opened.store().commit(&lock, &repaired).unwrap();
    drop(lock);
    other.confirm().unwrap();
    assert_eq!(other.get(A), Some(1));
    // The others go on behind the revision that the repair gave, so that watchers of this machine miss nothing.
    let revision = |machine: &Machine| machine.opened.store().snapshot().unwrap().revision().unwrap();
    one.confirm().unwrap();
    assert_eq!((revision(&one), revision(&other)), (1_000, 1_000));
    one.put(A, 2).unwrap();
    other.confirm().unwrap();
    assert_eq!((other.get(A), revision(&other)), (Some(2), 1_001));
    // Also where the server was not reached when it was to be told.
    let lock = other.opened.store().lock().unwrap();
    let row = Row { table: Table::Meta, key: meta::MACHINE.to_vec(), value: None };
    other.opened.store().commit(&lock, &Batch { expected: 1_001, revision: 2_000, rows: vec![row] }).unwrap();
    drop(lock);
    other.confirm().unwrap();
    one.confirm().unwrap();
    assert_eq!(revision(&one), 2_000);
}

#[test]
fn an_answer_that_is_read_late_makes_the_servers_clock_uncertain_and_never_wrong() {
    for late in [0, 300] {
        let server = Server(Server::new().0, Duration::from_millis(late));
        let one = Machine::on(&server);
        one.confirm().unwrap();
        let (earliest, latest) = (one.replica.now().unwrap(), one.replica.latest().unwrap());
        let now = Timestamp::now();
        assert!(earliest <= now && now <= latest, "{late} ms: {earliest:?} {now:?} {latest:?}");
        assert!(latest.millis() - earliest.millis() >= late, "{late} ms");
    }
}
