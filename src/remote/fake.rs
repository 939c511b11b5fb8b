//! A log in memory, for tests. It keeps the contract of a server, and can lose requests and answers, deliver a request
//! late, and go back.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{Appended, Commit, Head, Log, Page, PlacedRow, WriteId};
use super::{Deadline, Position, RemoteError};

/// How many commits the log remembers by their ids.
pub(crate) const REMEMBERED: u64 = 256;

/// What happens to the next request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// There is no connection.
    NotSent,
    /// It is lost on its way.
    Lost,
    /// It is carried out, and the answer is lost.
    AnswerLost,
    /// It arrives when [`FakeLog::deliver_late`] is called.
    Late,
}

#[derive(Clone)]
struct Sent {
    position: Position,
    write_id: WriteId,
    revision: u64,
    rows: Vec<PlacedRow>,
}

/// The commit that wrote a row last, and its value.
type Written = (u64, Option<Vec<u8>>);

/// The state of the server.
#[derive(Clone, Default)]
pub(crate) struct FakeLog {
    pub(crate) position: Position,
    pub(crate) revision: u64,
    pub(crate) forgotten: u64,
    pub(crate) format: u32,
    rows: BTreeMap<(u8, Vec<u8>), Written>,
    ids: BTreeMap<u64, WriteId>,
    /// All ids that were ever committed, to see that none is committed twice.
    pub(crate) committed: BTreeSet<WriteId>,
    /// What happens to the next requests, the last one first.
    pub(crate) fates: Vec<Fate>,
    late: Vec<Sent>,
    /// Rows in a page.
    pub(crate) page: usize,
    /// Called with the log after each page: others may commit between two pages.
    pub(crate) between: Option<fn(&mut FakeLog)>,
    /// A mistake for the model to find: the condition is the number of the head alone.
    pub(crate) is_turn_only: bool,
}

impl FakeLog {
    pub(crate) fn new() -> Self {
        Self { format: 1, page: usize::MAX, ..Self::default() }
    }

    /// The rows that are there, as a replica should have them.
    pub(crate) fn live(&self) -> BTreeMap<(u8, Vec<u8>), Vec<u8>> {
        let live = self.rows.iter().filter_map(|(place, (_, value))| Some((place.clone(), value.clone()?)));
        live.collect()
    }

    /// Commits at the head, as another machine does.
    pub(crate) fn commit(&mut self, write_id: WriteId, rows: &[PlacedRow]) {
        let (position, revision) = (self.position, self.revision + 1);
        let commit = Commit { position: &position, write_id: &write_id, revision, rows };
        assert_eq!(self.carry_out(&commit), Appended::Done);
    }

    fn carry_out(&mut self, commit: &Commit<'_>) -> Appended {
        let next = commit.position.turn + 1;
        let same_turn = self.position.turn == commit.position.turn;
        let same_id = self.is_turn_only || self.position.write_id == commit.position.write_id;
        if !(same_turn && same_id) {
            return match self.ids.get(&next) {
                Some(id) if id == commit.write_id => Appended::Done,
                _ if self.position.turn >= next + REMEMBERED => Appended::Forgotten,
                _ => Appended::Conflict,
            };
        }
        assert!(self.committed.insert(*commit.write_id), "one decision was committed twice");
        self.position = Position { turn: next, write_id: *commit.write_id };
        self.revision = commit.revision;
        self.ids.insert(next, *commit.write_id);
        for row in commit.rows {
            self.rows.insert((row.table, row.key.clone()), (next, row.value.clone()));
        }
        let Some(oldest) = next.checked_sub(REMEMBERED) else { return Appended::Done };
        self.ids.retain(|turn, _| *turn > oldest);
        self.rows.retain(|_, (turn, value)| value.is_some() || *turn > oldest);
        Appended::Done
    }

    /// Whether a commit is one of the newest.
    pub(crate) fn has(&self, position: &Position) -> bool {
        position.turn == 0 || self.ids.get(&position.turn) == Some(&position.write_id)
    }

    /// The heads on which the late requests are based.
    pub(crate) fn late_positions(&self) -> Vec<Position> {
        self.late.iter().map(|sent| sent.position).collect()
    }

    /// The state of an earlier moment. Late requests are still on their way.
    pub(crate) fn go_back(&mut self, to: &Self) {
        *self = Self { late: std::mem::take(&mut self.late), ..to.clone() };
    }

    /// Delivers the requests that were late.
    pub(crate) fn deliver_late(&mut self) {
        for sent in std::mem::take(&mut self.late) {
            let Sent { position, write_id, revision, rows } = &sent;
            self.carry_out(&Commit { position, write_id, revision: *revision, rows });
        }
    }

    fn newest(&self, turn: u64) -> Head {
        Head {
            position: self.position,
            revision: self.revision,
            forgotten: self.forgotten,
            format: self.format,
            then: self.ids.get(&turn).copied(),
            clock: 0,
        }
    }
}

impl Log for FakeLog {
    fn head(&mut self, turn: u64, _: &Deadline) -> Result<Head, RemoteError> {
        Ok(self.newest(turn))
    }

    fn append(&mut self, commit: &Commit<'_>, _: &Deadline) -> Result<Appended, RemoteError> {
        match self.fates.pop() {
            Some(Fate::NotSent) => Err(RemoteError::Unreachable),
            Some(Fate::Lost) => Err(RemoteError::Unanswered),
            Some(Fate::AnswerLost) => {
                self.carry_out(commit);
                Err(RemoteError::Unanswered)
            }
            Some(Fate::Late) => {
                self.late.push(Sent {
                    position: *commit.position,
                    write_id: *commit.write_id,
                    revision: commit.revision,
                    rows: commit.rows.to_vec(),
                });
                Err(RemoteError::Unanswered)
            }
            None => Ok(self.carry_out(commit)),
        }
    }

    fn since(&mut self, at: u64, behind: (u64, u8, &[u8]), _: &Deadline) -> Result<Page, RemoteError> {
        let head = self.newest(at);
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .map(|((table, key), (turn, value))| {
                (*turn, PlacedRow { table: *table, key: key.clone(), value: value.clone() })
            })
            .filter(|(turn, row)| (*turn, row.table, row.key.as_slice()) > behind)
            .collect();
        rows.sort_by(|(one, a), (other, b)| (one, a.table, &a.key).cmp(&(other, b.table, &b.key)));
        let is_last = rows.len() <= self.page;
        rows.truncate(self.page);
        if let Some(between) = self.between {
            between(self);
        }
        Ok(Page { head, rows, is_last })
    }
}
