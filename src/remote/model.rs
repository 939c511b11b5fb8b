//! Machines that count together, over a log that loses requests and answers, delivers requests late, and goes back. A
//! counter shows each decision that was carried out twice or not at all. One seed repeats a run exactly.

use std::time::Duration;

use crate::rows::Table;
use crate::store::{Batch, Row};

use super::appending::append;
use super::catch_up::{NotCaughtUp, position};
use super::fake::{FakeLog, Fate};
use super::log::{Appended, Commit, Log as _, Position, WriteId};
use super::position::shared_rows;
use super::sample::{Random, Replica};
use super::{Deadline, RemoteError};

/// A mistake that the model has to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mistake {
    /// A request that is sent again has a new id.
    NewWriteId,
    /// The condition of a commit is the number of the head alone.
    TurnOnly,
    /// A write is answered before the log has it.
    EarlyAnswer,
    /// A machine does not compare its position with the log's.
    NoForkCheck,
}

const MACHINES: usize = 3;
const STEPS: u64 = 50;
const KEY: [u8; 32] = [5; 32];

struct Model {
    random: Random,
    log: FakeLog,
    /// A state to which the server may go back, and how often was counted by then.
    backup: (FakeLog, u64),
    machines: Vec<Replica>,
    mistake: Option<Mistake>,
    /// Decisions that were answered as done.
    done: u64,
    /// The heads on which decisions without an answer are based.
    unknown: Vec<Position>,
    last_id: u128,
}

impl Model {
    fn new(seed: u64, mistake: Option<Mistake>) -> Self {
        let mut log = FakeLog::new();
        log.is_turn_only = mistake == Some(Mistake::TurnOnly);
        let machines = (0..MACHINES).map(|_| Replica::new()).collect();
        let (backup, random) = ((log.clone(), 0), Random(seed));
        Self { random, backup, log, machines, mistake, done: 0, unknown: Vec::new(), last_id: 0 }
    }

    fn new_id(&mut self) -> WriteId {
        self.last_id += 1;
        self.last_id.to_be_bytes()
    }

    /// Adds one to the counter on a machine.
    fn count(&mut self, machine: usize) {
        for _ in 0..8 {
            let (at, revision, counted) = {
                let snapshot = self.machines[machine].store.snapshot().unwrap();
                let counted = snapshot.get(Table::Records, &KEY).unwrap().map_or(0, number);
                (position(&snapshot).unwrap(), snapshot.revision().unwrap(), counted)
            };
            let value = Some((counted + 1).to_be_bytes().to_vec());
            let mut rows = vec![Row { table: Table::Records, key: KEY.to_vec(), value }];
            let write_id = self.new_id();
            if self.mistake == Some(Mistake::EarlyAnswer) {
                self.done += 1;
            }
            match self.append(&at, write_id, revision + 1, &rows) {
                Ok((Appended::Done, write_id)) => {
                    if self.mistake != Some(Mistake::EarlyAnswer) {
                        self.done += 1;
                    }
                    rows.push(Position { turn: at.turn + 1, write_id }.row());
                    let batch = Batch { expected: revision, revision: revision + 1, rows };
                    return self.machines[machine].apply(&batch);
                }
                Ok(_) if self.mistake == Some(Mistake::EarlyAnswer) => return,
                Ok(_) => self.catch_up(machine),
                Err(RemoteError::Unreachable) => return,
                Err(_) => return self.unknown.push(at),
            }
        }
    }

    fn append(
        &mut self,
        at: &Position,
        write_id: WriteId,
        revision: u64,
        rows: &[Row],
    ) -> Result<(Appended, WriteId), RemoteError> {
        let shared = shared_rows(rows);
        let fates = [Fate::NotSent, Fate::Lost, Fate::AnswerLost, Fate::AnswerLost, Fate::Late, Fate::Late];
        let pick = |random: &mut Random| fates.get(usize::try_from(random.below(12)).unwrap()).copied();
        self.log.fates = pick(&mut self.random).into_iter().collect();
        // Some machines have no time for a second request.
        let most = if self.random.below(2) == 0 { Duration::ZERO } else { Duration::from_mins(1) };
        let commit = Commit { position: at, write_id: &write_id, revision, rows: &shared };
        if self.mistake != Some(Mistake::NewWriteId) {
            return append(&mut self.log, &commit, &Deadline::within(most)).map(|done| (done, write_id));
        }
        let deadline = Deadline::within(Duration::from_mins(1));
        match self.log.append(&commit, &deadline) {
            Err(RemoteError::Unanswered) => {
                let write_id = self.new_id();
                let again = Commit { write_id: &write_id, ..commit };
                append(&mut self.log, &again, &deadline).map(|done| (done, write_id))
            }
            outcome => outcome.map(|done| (done, write_id)),
        }
    }

    /// Brings a machine to the head. If the server went back, the machine takes the server's state.
    fn catch_up(&mut self, machine: usize) {
        let was_ahead = {
            let snapshot = self.machines[machine].store.snapshot().unwrap();
            !self.log.has(&position(&snapshot).unwrap())
        };
        if was_ahead && self.mistake == Some(Mistake::NoForkCheck) {
            return;
        }
        match self.machines[machine].read(&mut self.log) {
            Ok(caught_up) => {
                assert!(!was_ahead, "a machine does not notice that the server went back");
                if let Some(batch) = &caught_up.batch {
                    self.machines[machine].apply(batch);
                }
            }
            Err(NotCaughtUp::Remote(RemoteError::WentBack)) => {
                assert!(was_ahead, "a machine says without a reason that the server went back");
                self.machines[machine] = Replica::new();
                self.machines[machine].follow(&mut self.log);
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn step(&mut self) {
        let machine = usize::try_from(self.random.below(MACHINES as u64)).unwrap();
        match self.random.below(20) {
            0..=11 => self.count(machine),
            12..=15 => self.catch_up(machine),
            16 | 17 => self.log.deliver_late(),
            18 => self.backup = (self.log.clone(), self.counted()),
            _ => {
                let (log, counted) = self.backup.clone();
                self.log.go_back(&log);
                self.done = counted;
                // A late request may still be carried out, and for the first time in this history.
                self.unknown = self.log.late_positions();
                self.unknown.retain(|at| self.log.has(at));
            }
        }
        self.check();
    }

    /// How far the log has counted.
    fn counted(&self) -> u64 {
        self.log.live().get(&(Table::Records as u8, KEY.to_vec())).map_or(0, |value| number(value))
    }

    fn check(&self) {
        let (counted, most) = (self.counted(), self.done + self.unknown.len() as u64);
        assert!(counted >= self.done, "an answered decision is lost: {counted} of {}", self.done);
        assert!(counted <= most, "a decision was carried out twice: {counted}, at most {most}");
    }
}

fn number(value: &[u8]) -> u64 {
    u64::from_be_bytes(value.try_into().unwrap())
}

fn run(seed: u64, mistake: Option<Mistake>) {
    let mut model = Model::new(seed, mistake);
    for _ in 0..STEPS {
        model.step();
    }
    model.log.deliver_late();
    model.check();
    for machine in 0..MACHINES {
        model.catch_up(machine);
        assert_eq!(model.machines[machine].rows(), model.log.live());
    }
}

#[test]
fn machines_lose_no_decision_and_carry_none_out_twice() {
    for seed in 0..8 {
        run(seed, None);
    }
}

#[track_caller]
fn is_found(mistake: Mistake) {
    let found = |seed| std::panic::catch_unwind(|| run(seed, Some(mistake))).is_err();
    assert!((0..30).any(found), "the model does not find {mistake:?}");
}

#[test]
fn the_model_finds_a_request_that_is_repeated_with_a_new_id() {
    is_found(Mistake::NewWriteId);
}

#[test]
fn the_model_finds_a_condition_of_the_number_alone() {
    is_found(Mistake::TurnOnly);
}

#[test]
fn the_model_finds_an_answer_before_the_commit() {
    is_found(Mistake::EarlyAnswer);
}

#[test]
fn the_model_finds_a_machine_that_does_not_notice_that_the_server_went_back() {
    is_found(Mistake::NoForkCheck);
}
