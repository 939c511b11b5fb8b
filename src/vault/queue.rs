//! The queue of the vault's thread: writes, and the reads behind them. Exactly one of the thread, a deadline and a
//! cancellation takes each request. The thread answers each request that it took with its true outcome.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::access::Access;
use super::draft::{Changes, Draft, Mark, Write};
use super::reading::{Read, Room, Then};
use super::{Error, Opened};

/// What a caller needs of the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// The store with its key. The store is created if there is none.
    Key,
    /// The store, created if there is none. Its key only if no program and no person has to be asked for it.
    CachedOnly,
    /// The store if there is one. Its key only if no program and no person has to be asked for it.
    Existing,
    /// As [`Self::Existing`], and what the server of a shared store has now.
    Fresh,
}

/// Identifies a queued request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket(u64);

impl Ticket {
    /// The ticket of a request that was answered at once and never queued.
    pub(super) const ANSWERED: Self = Self(0);
}

pub(super) type Done = Box<dyn FnOnce(Result<Option<Arc<Opened>>, Error>) + Send>;

/// A queued request, whatever the type of its outcome.
pub(super) trait Job: Send {
    /// Decides about a write; `None` if there is nothing to commit. For a read it settles only what the caller's key
    /// opens, because a write behind the read may end the key. May be called again, with another draft.
    fn evaluate(&mut self, draft: &Draft<'_>) -> Option<Changes>;
    /// Whether it needs a commit of its own.
    fn stands_alone(&self) -> bool;
    /// Whether it changes nothing, whatever the store holds.
    fn only_reads(&self) -> bool;
    /// The time that it takes, roughly, as a number of single records.
    fn weight(&self) -> usize;
    /// Makes a read's outcome, from the store at a `moment` of a commit that is done, or from the store as it is now.
    /// The store's lock is not held. Returns the bytes that the outcome takes, or the error that refuses the read. May
    /// be called again.
    fn read(&mut self, opened: &Opened, moment: Option<(&Draft<'_>, Mark)>) -> Result<usize, Error>;
    /// Answers with the decision, or with the failure of the commit.
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
        // A panic in one request must not end the thread that writes for the others.
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
        false
    }

    fn weight(&self) -> usize {
        1
    }

    fn read(&mut self, _: &Opened, _: Option<(&Draft<'_>, Mark)>) -> Result<usize, Error> {
        Ok(0)
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

/// A read that is behind writes of its own connection, or that waits for the store to be opened. It sees the writes
/// before it and none behind it. It is answered when the writes before it are in the store.
pub(super) struct QueuedRead<R: Read, F> {
    read: Arc<R>,
    room: Arc<dyn Room>,
    access: Result<Option<Arc<Access>>, Error>,
    made: Result<R::Outcome, Error>,
    done: F,
}

impl<R: Read, F: FnOnce(Result<R::Outcome, Error>) + Send> QueuedRead<R, F> {
    pub(super) fn new(read: Arc<R>, room: Arc<dyn Room>, done: F) -> Self {
        Self { read, room, access: Ok(None), made: Err(Error::Internal), done }
    }

    fn make(&self, opened: &Opened, moment: Option<(&Draft<'_>, Mark)>) -> Result<R::Outcome, Error> {
        let Some((draft, mark)) = moment else { return opened.read(&*self.read, &*self.room) };
        let view = Then { draft, mark, room: &*self.room };
        let copied = self.read.copy(&view, self.access.as_ref().map_err(|error| *error)?.as_ref())?;
        self.read.finish(opened, copied)
    }
}

impl<R: Read, F: FnOnce(Result<R::Outcome, Error>) + Send> Job for QueuedRead<R, F> {
    fn evaluate(&mut self, draft: &Draft<'_>) -> Option<Changes> {
        let access = catch_unwind(AssertUnwindSafe(|| draft.access(self.read.caller())));
        self.access = access.unwrap_or(Err(Error::Internal));
        None
    }

    fn stands_alone(&self) -> bool {
        false
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn weight(&self) -> usize {
        self.read.weight()
    }

    fn read(&mut self, opened: &Opened, moment: Option<(&Draft<'_>, Mark)>) -> Result<usize, Error> {
        let made = catch_unwind(AssertUnwindSafe(|| self.make(opened, moment)));
        self.made = made.unwrap_or(Err(Error::Internal));
        self.made.as_ref().map(R::bytes).map_err(|error| *error)
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        (self.done)(failure.map_or(self.made, Err));
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

/// The work that woke the thread.
pub(super) struct Work {
    /// Another process wants an exclusive lock on the store.
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
        // Released before the notification, so that the woken thread does not wait for it.
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
        // Tickets are in the order in which they were issued.
        match state.jobs.binary_search_by_key(&ticket.0, |(ticket, _)| ticket.0) {
            Ok(position) => state.jobs.remove(position).is_some(),
            Err(_) => false,
        }
    }

    /// Blocks until there is work, and takes the openers. Jobs stay, so that they can still be withdrawn. `None` if
    /// there was no work for the time `idle`.
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

    /// Whether the next job is a write.
    pub(super) fn begins_with_a_write(&self) -> bool {
        self.state().jobs.front().is_some_and(|(_, job)| !job.only_reads())
    }

    /// Takes the first job of a commit; it can't be withdrawn any more.
    pub(super) fn take_first(&self) -> Option<Box<dyn Job>> {
        self.state().jobs.pop_front().map(|(_, job)| job)
    }

    /// Takes the next job, if it may go into the same commit as the jobs before it.
    pub(super) fn take_next(&self) -> Option<Box<dyn Job>> {
        self.take_if(|job| !job.stands_alone())
    }

    /// Takes the next job, if it is a read. No write precedes it any more.
    pub(super) fn take_read(&self) -> Option<Box<dyn Job>> {
        self.take_if(|job| job.only_reads())
    }

    fn take_if(&self, fits: impl FnOnce(&dyn Job) -> bool) -> Option<Box<dyn Job>> {
        let mut state = self.state();
        let (_, job) = state.jobs.front()?;
        fits(&**job).then(|| state.jobs.pop_front())?.map(|(_, job)| job)
    }

    /// Whether another process wants an exclusive lock on the store.
    pub(super) fn is_to_leave(&self) -> bool {
        self.state().leave
    }

    /// Takes all jobs; they can't be withdrawn any more.
    pub(super) fn take_all(&self) -> Vec<Box<dyn Job>> {
        self.state().jobs.drain(..).map(|(_, job)| job).collect()
    }
}
