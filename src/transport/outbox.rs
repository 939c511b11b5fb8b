//! The way out: messages become frames, and frames become writes, in the order they were sent.
//!
//! Anybody sends, from any thread. A message goes out on the sender's own thread if nothing is before it and the output
//! takes it without waiting; else it is queued for the writer, a thread that starts the first time that there is
//! something to wait for. The thread that reads may gather what it sends, as long as it has more requests at hand, so
//! that many answers make one write. Must never make a sender wait, write a part of a frame behind another's, or hold the lock
//! while a write is under way.

mod queue;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::sync;

use self::queue::{Chunk, Queue};
use super::frame::{Framing, encode};

/// The longest single write. A pipe holds no more, so that a longer frame could not go out whole in any case; and
/// between two writes it is seen that the client is alive. Frames that wait together share a write up to this length.
const WRITE: usize = 64 * 1024;

/// Where the bytes go.
pub trait Output: Send + 'static {
    /// Takes at least one byte, however long that takes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Takes as many of the bytes as it can without waiting. `WouldBlock` where that is none, or where it cannot be
    /// sure not to wait.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// What was sent and not yet written.
///
/// Invariant: whoever holds the output holds the bytes that come next; as long as it is away, everybody else queues.
pub struct Outbox {
    shared: Arc<Shared>,
}

struct Shared {
    framing: OnceLock<Framing>,
    state: Mutex<State>,
    /// The writer has something to do.
    work: Condvar,
    /// Bytes were taken, or the end has come: for threads.
    taken: Condvar,
}

struct State {
    phase: Phase,
    /// Absent while somebody writes.
    output: Option<Box<dyn Output>>,
    queue: Queue,
    /// Bytes in the queue, and in the hands of whoever writes.
    unread: usize,
    /// Grows with each write, so that one who waits can tell a slow client from a dead one.
    writes: u64,
    has_writer: bool,
    /// The threads whose messages wait for more of them.
    gatherers: Vec<ThreadId>,
    /// How many threads wait for bytes to be taken.
    waiting: usize,
    /// Who is told once nothing is unread.
    when_taken: Vec<Box<dyn FnOnce() + Send>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// A write failed: because nobody reads any more, or for another reason.
    Broken {
        reader_gone: bool,
    },
    Closed {
        all_taken: bool,
    },
}

impl Outbox {
    /// An outbox before this output. Takes no thread yet.
    pub fn start<W: Output>(output: W) -> Arc<Self> {
        let state = State {
            phase: Phase::Open,
            output: Some(Box::new(output)),
            queue: Queue::default(),
            unread: 0,
            writes: 0,
            has_writer: false,
            gatherers: Vec::new(),
            waiting: 0,
            when_taken: Vec::new(),
        };
        let shared = Shared {
            framing: OnceLock::new(),
            state: Mutex::new(state),
            work: Condvar::new(),
            taken: Condvar::new(),
        };
        Arc::new(Self { shared: Arc::new(shared) })
    }

    /// Says, before the first message, which framing the client speaks; the first word counts. Without any it is
    /// [`Framing::Headers`].
    pub fn set_framing(&self, framing: Framing) {
        self.shared.framing.get_or_init(|| framing);
    }

    /// Sends one message. Never waits for the client; dropped in silence once the output is broken or closed.
    pub fn send(&self, body: Vec<u8>) {
        let shared = &self.shared;
        let bytes = encode(shared.framing.get().copied().unwrap_or(Framing::Headers), body);
        let mut state = shared.lock();
        if state.phase != Phase::Open {
            return;
        }
        let chunk = Chunk::new(bytes);
        state.unread += chunk.rest().len();
        state.queue.push(chunk, WRITE);
        let is_gathered = !state.gatherers.is_empty() && state.gatherers.contains(&thread::current().id());
        if !is_gathered || state.unread >= WRITE {
            shared.write_at_once(state);
        }
    }

    /// What the calling thread sends from now on waits for [`Self::flush`], for as much as makes a write, or for the
    /// message of a thread that does not gather, or the flush of one that does.
    pub fn gather(&self) {
        self.shared.lock().gatherers.push(thread::current().id());
    }

    /// Writes what was gathered; the calling thread gathers no longer.
    pub fn flush(&self) {
        let mut state = self.shared.lock();
        let own = thread::current().id();
        if let Some(at) = state.gatherers.iter().position(|gatherer| *gatherer == own) {
            state.gatherers.swap_remove(at);
            self.shared.write_at_once(state);
        }
    }

    /// Bytes that are queued or being written.
    pub fn unread(&self) -> usize {
        self.shared.lock().unread
    }

    /// Calls once nothing is unread: all of it was taken, or never will be. Perhaps on another thread; it must neither
    /// wait nor send.
    pub fn when_taken(&self, taken: Box<dyn FnOnce() + Send>) {
        let mut state = self.shared.lock();
        if state.unread > 0 {
            state.when_taken.push(taken);
        } else {
            taken();
        }
    }

    /// Keeps the calling thread until no more than `limit` bytes are unread, or nobody will ever take them. `false` if
    /// nobody took a byte for `stall`, and there is no room yet.
    pub fn wait_for_room(&self, limit: usize, stall: Duration) -> bool {
        let mut state = self.shared.lock();
        while state.unread > limit {
            let writes = state.writes;
            let timed_out;
            (state, timed_out) = self.shared.wait_until_taken(state, stall);
            if timed_out && state.writes == writes && state.unread > limit {
                return false;
            }
        }
        true
    }

    /// Whether no more than `limit` bytes are unread, for which this waits for `most` at the most.
    pub fn has_room(&self, limit: usize, most: Duration) -> bool {
        let mut state = self.shared.lock();
        let began = Instant::now();
        while state.unread > limit {
            let left = most.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            (state, _) = self.shared.wait_until_taken(state, left);
        }
        true
    }

    /// Waits until everything is taken, nobody took a byte for `stall`, or `whole` is over; then drops the rest and
    /// whatever is sent later. True if nothing was lost.
    ///
    /// A write that is under way cannot be called back: its thread is left to itself.
    pub fn close(&self, stall: Duration, whole: Duration) -> bool {
        let began = Instant::now();
        let mut moved = began;
        let mut state = self.shared.lock();
        let _ = self.shared.wake_writer(&mut state);
        let mut writes = state.writes;
        while state.phase == Phase::Open && state.unread > 0 {
            if state.writes != writes {
                writes = state.writes;
                moved = Instant::now();
            }
            let left = stall.saturating_sub(moved.elapsed()).min(whole.saturating_sub(began.elapsed()));
            if left.is_zero() {
                break;
            }
            (state, _) = self.shared.wait_until_taken(state, left);
        }
        if state.phase == Phase::Open {
            let all_taken = state.unread == 0;
            self.shared.end(&mut state, Phase::Closed { all_taken });
        }
        state.phase == Phase::Closed { all_taken: true }
    }

    /// Whether a write failed: nobody is there any more.
    pub fn broken(&self) -> bool {
        matches!(self.shared.lock().phase, Phase::Broken { .. })
    }

    /// Whether a write failed although somebody may still read: a full disk, for example.
    pub fn failed(&self) -> bool {
        self.shared.lock().phase == Phase::Broken { reader_gone: false }
    }
}

/// Whether an error says that the other end was closed.
fn is_end_of_reader(error: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(error, Kind::BrokenPipe | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::NotConnected)
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if state.phase == Phase::Open {
            let all_taken = state.unread == 0;
            self.shared.end(&mut state, Phase::Closed { all_taken });
        }
    }
}

impl State {
    fn tell_taken(&mut self) {
        for taken in self.when_taken.drain(..) {
            taken();
        }
    }

    /// The next frames, and the means to write them, unless somebody is writing.
    fn next(&mut self) -> Option<(Chunk, Box<dyn Output>)> {
        if self.queue.is_empty() {
            return None;
        }
        let output = self.output.take()?;
        self.queue.pop().map(|chunk| (chunk, output))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        sync::lock(&self.state)
    }

    /// Waits until bytes are taken, or for so long; whether it was that long.
    fn wait_until_taken<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        most: Duration,
    ) -> (MutexGuard<'s, State>, bool) {
        state.waiting += 1;
        let (mut state, waited) =
            self.taken.wait_timeout(state, most).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        (state, waited.timed_out())
    }

    /// Puts back what was taken out for a write, with what came of it.
    fn settle(
        &self,
        state: &mut State,
        output: Box<dyn Output>,
        mut chunk: Chunk,
        result: io::Result<usize>,
    ) {
        if state.phase != Phase::Open {
            return;
        }
        let count = match result {
            Ok(count) if count > 0 => count,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => 0,
            failed => {
                let reader_gone = failed.err().is_some_and(|error| is_end_of_reader(error.kind()));
                return self.end(state, Phase::Broken { reader_gone });
            }
        };
        state.output = Some(output);
        chunk.written(count);
        state.queue.put_back(chunk);
        if count > 0 {
            state.unread -= count;
            state.writes += 1;
            if state.waiting > 0 {
                self.taken.notify_all();
            }
            if state.unread == 0 {
                state.tell_taken();
            }
        }
    }

    /// Nothing goes out any more, and nobody waits for it.
    fn end(&self, state: &mut State, phase: Phase) {
        state.phase = phase;
        state.output = None;
        state.queue = Queue::default();
        state.unread = 0;
        state.tell_taken();
        self.work.notify_all();
        self.taken.notify_all();
    }

    /// Writes what comes next, as far as that goes without waiting; the writer does the rest.
    fn write_at_once<'s>(self: &'s Arc<Self>, mut state: MutexGuard<'s, State>) {
        if let Some((chunk, mut output)) = state.next() {
            if chunk.rest().len() <= WRITE {
                drop(state);
                let result = output.try_write(chunk.rest());
                state = self.lock();
                self.settle(&mut state, output, chunk, result);
            } else {
                state.queue.put_back(chunk);
                state.output = Some(output);
            }
        }
        if !self.wake_writer(&mut state) {
            // The system starts no thread. A sender that waits for the client is better than an answer that never comes.
            while state.phase == Phase::Open
                && let Some(next) = state.next()
            {
                state = self.write_next(state, next);
            }
        }
    }

    /// Sees to it that the writer's thread writes what is queued. `false` where that thread can't be started.
    fn wake_writer(self: &Arc<Self>, state: &mut State) -> bool {
        if state.queue.is_empty() {
            return true;
        }
        if !state.has_writer {
            let shared = Arc::clone(self);
            let writer = thread::Builder::new().name("writer".into()).spawn(move || shared.write());
            state.has_writer = writer.is_ok();
        }
        self.work.notify_one();
        state.has_writer
    }

    /// What the writer's thread does until the end.
    fn write(&self) {
        let mut state = self.lock();
        while state.phase == Phase::Open {
            state = match state.next() {
                Some(next) => self.write_next(state, next),
                None => sync::wait(&self.work, state),
            };
        }
    }

    /// Writes a part of what comes next, however long that takes.
    fn write_next<'s>(
        &'s self,
        state: MutexGuard<'s, State>,
        (chunk, mut output): (Chunk, Box<dyn Output>),
    ) -> MutexGuard<'s, State> {
        drop(state);
        let rest = chunk.rest();
        let result = output.write(&rest[..rest.len().min(WRITE)]);
        let mut state = self.lock();
        self.settle(&mut state, output, chunk, result);
        state
    }
}
