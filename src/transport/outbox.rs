//! The output: turns messages into frames, and writes the frames in the order in which they were sent.
//!
//! Any thread may send. The sender's own thread writes a message if no other is queued and the output takes it without
//! blocking. Otherwise the message is queued for the writer, a thread that starts the first time that it is needed. The
//! thread that reads may gather its answers while it has more requests to handle, so that many answers make one write.
//! Must never make a sender wait, mix parts of two frames, or hold the lock during a write.

mod queue;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::sync;

use self::queue::{Chunk, Queue};
use super::frame::{Framing, encode};

/// The longest single write. A pipe has no more space, so a longer frame could never go out in one write; and the end
/// of each write shows that the client is alive. Queued frames share a write up to this length.
const WRITE: usize = 64 * 1024;

/// The destination of the bytes.
pub trait Output: Send + 'static {
    /// Writes at least one byte, and blocks as long as that takes.
    ///
    /// # Errors
    /// If the system can't write.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes as many of the bytes as it can without blocking.
    ///
    /// # Errors
    /// `WouldBlock` if it can write none, or can't be sure not to block. Others if the system can't write.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// The messages that were sent and not yet written.
///
/// Invariant: the thread that has taken the output also has the bytes that come next; until it puts the output back,
/// all other threads queue.
pub struct Outbox {
    shared: Arc<Shared>,
}

struct Shared {
    framing: OnceLock<Framing>,
    state: Mutex<State>,
    /// Signals the writer that there is work.
    work: Condvar,
    /// Signals waiting threads that bytes were written, or that the outbox has ended.
    taken: Condvar,
}

struct State {
    phase: Phase,
    /// Absent while a thread writes.
    output: Option<Box<dyn Output>>,
    queue: Queue,
    /// Bytes in the queue, and in the write that runs.
    unread: usize,
    /// The number of writes so far, by which a waiting thread distinguishes a slow client from a dead one.
    writes: u64,
    has_writer: bool,
    /// The threads that gather: their messages wait for more of them.
    gatherers: Vec<ThreadId>,
    /// How many threads wait until bytes are written.
    waiting: usize,
    /// Callbacks for the moment when nothing is unread.
    when_taken: Vec<Box<dyn FnOnce() + Send>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// A write failed: the client closed its end, or the system could not write.
    Broken {
        reader_gone: bool,
    },
    Closed {
        all_taken: bool,
    },
}

impl Outbox {
    /// Creates an outbox for this output. Does not start the writer's thread yet.
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

    /// Sets the framing of the client, before the first message. Only the first call has an effect. The default is
    /// [`Framing::Headers`].
    pub fn set_framing(&self, framing: Framing) {
        self.shared.framing.get_or_init(|| framing);
    }

    /// Sends one message. Never waits for the client. Silently drops the message once the output is broken or closed.
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

    /// From now on, messages of the calling thread wait until it calls [`Self::flush`], until they fill a write, until
    /// another gathering thread flushes, or until a thread that does not gather sends a message.
    pub fn gather(&self) {
        self.shared.lock().gatherers.push(thread::current().id());
    }

    /// Writes what was gathered, and ends the gathering of the calling thread.
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

    /// Grows with each write that the client reads.
    pub fn writes(&self) -> u64 {
        self.shared.lock().writes
    }

    /// Calls `taken` as soon as nothing is unread: everything was written, or never will be. The call may come on
    /// another thread, and must neither wait nor send.
    pub fn when_taken(&self, taken: Box<dyn FnOnce() + Send>) {
        let mut state = self.shared.lock();
        if state.unread > 0 {
            state.when_taken.push(taken);
        } else {
            taken();
        }
    }

    /// Blocks until at most `limit` bytes are unread, or the outbox has ended. `false` if the client read nothing for
    /// `stall` and more than `limit` bytes are still unread.
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

    /// Whether at most `limit` bytes are unread. Waits for that, at most for `most`.
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

    /// Waits until everything is written, the client has read nothing for `stall`, or `whole` has passed. Then drops
    /// the rest and all later messages. True if nothing was lost.
    ///
    /// A write that runs can't be cancelled: its thread is left behind.
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

    /// Whether a write failed. The outbox drops all messages then.
    pub fn broken(&self) -> bool {
        matches!(self.shared.lock().phase, Phase::Broken { .. })
    }

    /// Whether a write failed for another reason than a closed reader, for example a full disk.
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
    fn notify_taken(&mut self) {
        for taken in self.when_taken.drain(..) {
            taken();
        }
    }

    /// Takes the next frames and the output, unless another thread has the output.
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

    /// Waits until bytes are written, at most for `most`. Returns whether that time passed.
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

    /// Puts the output and the rest of a chunk back after a write, and applies the write's result.
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
                state.notify_taken();
            }
        }
    }

    /// Ends the outbox: drops all messages, and wakes all waiting threads.
    fn end(&self, state: &mut State, phase: Phase) {
        state.phase = phase;
        state.output = None;
        state.queue = Queue::default();
        state.unread = 0;
        state.notify_taken();
        self.work.notify_all();
        self.taken.notify_all();
    }

    /// Writes the next frames as far as possible without blocking; the writer does the rest.
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
            // The system refuses to start the thread. A sender that waits for the client is better than an answer that
            // never comes.
            while state.phase == Phase::Open
                && let Some(next) = state.next()
            {
                state = self.write_next(state, next);
            }
        }
    }

    /// Makes the writer's thread write what is queued. `false` if that thread can't be started.
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

    /// The body of the writer's thread.
    fn write(&self) {
        let mut state = self.lock();
        while state.phase == Phase::Open {
            state = match state.next() {
                Some(next) => self.write_next(state, next),
                None => sync::wait(&self.work, state),
            };
        }
    }

    /// Writes a part of the next frames, and blocks as long as that takes.
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
