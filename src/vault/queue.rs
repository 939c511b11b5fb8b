//! What waits for the vault's thread. A queued write is taken by exactly one: that thread, its deadline, or a
//! cancellation; and whatever the thread took is answered with its true outcome.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::draft::{Changes, Draft, Write};
use super::{Error, Need, Opened};

/// Names a queued write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket(u64);

impl Ticket {
    /// Of a write that was answered at once and never queued.
    pub(super) const ANSWERED: Self = Self(0);
}

pub(super) type Done = Box<dyn FnOnce(Result<Option<Arc<Opened>>, Error>) + Send>;

/// A queued write, whatever its outcome's type.
pub(super) trait Job: Send {
    /// Decides about the write; `None` where there is nothing to commit. May be called again, with another draft.
    fn evaluate(&mut self, draft: &Draft<'_>) -> Option<Changes>;
    /// Whether it goes into a commit of its own.
    fn stands_alone(&self) -> bool;
    /// Whether it needs no lock.
    fn only_reads(&self) -> bool;
    /// Answers: with what was decided, or with what became of the commit.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

pub(super) struct Queued<W: Write, F> {
    write: W,
    decided: Result<W::Outcome, Error>,
    done: F,
}

impl<W: Write, F: FnOnce(Result<W::Outcome, Error>) + Send> Queued<W, F> {
    pub(super) fn new(write: W, done: F) -> Self {
        Self { write, decided: Err(Error::Internal), done }
    }
}

impl<W: Write, F: FnOnce(Result<W::Outcome, Error>) + Send> Job for Queued<W, F> {
    fn evaluate(&mut self, draft: &Draft<'_>) -> Option<Changes> {
        // A fault in one request must not take the others' writer away.
        let evaluated = catch_unwind(AssertUnwindSafe(|| self.write.evaluate(draft)));
        let (decided, changes) = match evaluated {
            Ok(Ok((outcome, changes))) => (Ok(outcome), changes),
            Ok(Err(error)) => (Err(error), None),
            Err(_) => (Err(Error::Internal), None),
        };
        self.decided = decided;
        changes
    }

    fn stands_alone(&self) -> bool {
        self.write.stands_alone()
    }

    fn only_reads(&self) -> bool {
        self.write.only_reads()
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let Self { write, decided, done } = *self;
        let outcome = match failure {
            Some(error) => Err(error),
            None => decided.inspect(|outcome| write.committed(outcome)),
        };
        done(outcome);
    }
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    last: u64,
    jobs: VecDeque<(Ticket, Box<dyn Job>)>,
    openers: Vec<(Need, Done)>,
    leave: bool,
}

/// What the thread woke up for.
pub(super) struct Work {
    /// Somebody wants the store alone.
    pub(super) leave: bool,
    pub(super) openers: Vec<(Need, Done)>,
    pub(super) has_jobs: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, job: Box<dyn Job>) -> Ticket {
        let mut state = self.state();
        state.last += 1;
        let ticket = Ticket(state.last);
        state.jobs.push_back((ticket, job));
        // Whoever is woken must not find the door locked.
        drop(state);
        self.changed.notify_one();
        ticket
    }

    pub(super) fn push_opener(&self, need: Need, done: Done) {
        self.state().openers.push((need, done));
        self.changed.notify_one();
    }

    pub(super) fn push_leave(&self) {
        self.state().leave = true;
        self.changed.notify_one();
    }

    pub(super) fn withdraw(&self, ticket: Ticket) -> bool {
        let mut state = self.state();
        // Tickets stand in the order in which they were given.
        match state.jobs.binary_search_by_key(&ticket.0, |(ticket, _)| ticket.0) {
            Ok(position) => state.jobs.remove(position).is_some(),
            Err(_) => false,
        }
    }

    /// Blocks until there is something to do, and takes the openers. Jobs stay, so that they can still be withdrawn.
    /// `None` if there is nothing for so long.
    pub(super) fn wait(&self, idle: Option<Duration>) -> Option<Work> {
        let nothing = |state: &mut State| state.jobs.is_empty() && state.openers.is_empty() && !state.leave;
        let mut state = match idle {
            Some(idle) => {
                let waited = self.changed.wait_timeout_while(self.state(), idle, nothing);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(self.state(), nothing).unwrap_or_else(PoisonError::into_inner),
        };
        if nothing(&mut state) {
            return None;
        }
        Some(Work {
            leave: std::mem::take(&mut state.leave),
            openers: std::mem::take(&mut state.openers),
            has_jobs: !state.jobs.is_empty(),
        })
    }

    /// Takes up to `most` jobs that go into one commit; they can't be withdrawn any more.
    pub(super) fn take_group(&self, most: usize) -> Vec<Box<dyn Job>> {
        let mut state = self.state();
        let together = state.jobs.iter().take(most).take_while(|(_, job)| !job.stands_alone()).count();
        // The first of all goes in any case, alone if it must.
        let taken = together.max(1).min(state.jobs.len());
        state.jobs.drain(..taken).map(|(_, job)| job).collect()
    }

    /// Takes the reads that no write stands before any more.
    pub(super) fn take_reads(&self) -> Vec<Box<dyn Job>> {
        let mut state = self.state();
        let reads = state.jobs.iter().take_while(|(_, job)| job.only_reads()).count();
        state.jobs.drain(..reads).map(|(_, job)| job).collect()
    }

    /// Takes all jobs; they can't be withdrawn any more.
    pub(super) fn take_all(&self) -> Vec<Box<dyn Job>> {
        self.state().jobs.drain(..).map(|(_, job)| job).collect()
    }
}
