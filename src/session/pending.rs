//! The ledger of the requests that have no answer yet, and the state of each.
//!
//! The ledger bounds how much the connection reads, finds the requests that a cancellation names, orders reads behind
//! the writes before them, and knows when every request is answered. A request enters the ledger when it begins a write
//! or when its method has to wait. It leaves the ledger when its answer is sent. A request that is answered at once
//! never enters it. Any thread.

mod batch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::Notify;

use crate::limits;
use crate::vault::{Key, OneByOne, Room};

pub use batch::BatchRoom;

use super::lock;

/// A request's id, as its client wrote it.
pub type Id = Box<RawValue>;

/// A request that has no answer yet, or a notification. The default is for work that no client asked for and that
/// nothing cancels.
#[derive(Default)]
pub struct Pending {
    /// Its place in the ledger; 0 while it has none.
    number: AtomicU64,
    /// A notification has none, and can't be cancelled.
    id: Option<Id>,
    /// The bytes of its frame. In a batch only one element counts them.
    bytes: usize,
    /// The memory for its batch's answers, if it is an element of a batch.
    batch: Option<Arc<BatchRoom>>,
    cancelled: AtomicBool,
    cancellation: Notify,
}

/// The requests of one connection that have no answer yet.
#[derive(Default)]
pub struct PendingRequests {
    state: Mutex<State>,
    /// Wakes the reading thread.
    fewer: Condvar,
    /// Notified when a write has its outcome, and when no request is left.
    changed: Notify,
}

#[derive(Default)]
struct State {
    last: u64,
    /// Bytes of the frames of all entries.
    bytes: usize,
    /// Bytes of the answers that wait for others of their batch.
    batched: usize,
    /// How many of the entries write.
    writes: usize,
    /// Whether the reading thread waits for less to be pending.
    is_full: bool,
    entries: BTreeMap<u64, Entry>,
}

struct Entry {
    pending: Arc<Pending>,
    /// What the request writes to. `None` if it does not write, or once its write has its outcome.
    writes: Option<WritesTo>,
}

/// The namespace that a write goes to: that of a key. `None` for a namespace that no connection has a key for yet.
type WritesTo = Option<Arc<Key>>;

/// A request from its reading to its answer. Dropping this removes the request from the ledger.
pub struct Unanswered {
    ledger: Arc<PendingRequests>,
    pending: Arc<Pending>,
}

/// A write without an outcome. Dropping this records that the write has one.
pub(super) struct Writing<'p> {
    ledger: &'p PendingRequests,
    pending: &'p Pending,
}

impl Pending {
    /// The id that its answer has.
    pub fn id(&self) -> Option<&RawValue> {
        self.id.as_deref()
    }

    /// Reserves memory for the answer. Outside of a batch nothing is reserved, because each answer goes out before the
    /// next one is made.
    pub(super) fn room(&self) -> &dyn Room {
        match &self.batch {
            Some(room) => &**room,
            None => &OneByOne,
        }
    }

    /// Like [`Self::room`], for another thread.
    pub(super) fn shared_room(&self) -> Arc<dyn Room> {
        match &self.batch {
            Some(room) => room.clone(),
            None => Arc::new(OneByOne),
        }
    }

    /// Cancels the request; it still gets an answer. The cancellation lasts, because a request may wait more than once.
    /// A write that has already begun ends with its outcome.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.cancellation.notify_waiters();
    }

    pub(super) async fn cancelled(&self) {
        let mut cancellation = std::pin::pin!(self.cancellation.notified());
        // Enabled before the check, so that a cancellation in between is not missed.
        cancellation.as_mut().enable();
        if !self.cancelled.load(Ordering::Acquire) {
            cancellation.await;
        }
    }
}

impl PendingRequests {
    /// Begins a request that was just read. It is not in the ledger yet.
    pub fn read(
        self: &Arc<Self>,
        id: Option<Id>,
        bytes: usize,
        batch: Option<&Arc<BatchRoom>>,
    ) -> Unanswered {
        let pending = Pending { id, bytes, batch: batch.cloned(), ..Pending::default() };
        Unanswered { ledger: self.clone(), pending: Arc::new(pending) }
    }

    /// Cancels the requests with this id.
    pub fn cancel(&self, id: &RawValue) {
        for Entry { pending, .. } in lock(&self.state).entries.values() {
            if pending.id().is_some_and(|own| own.get() == id.get()) {
                pending.cancel();
            }
        }
    }

    /// Blocks the reading thread while too much is pending.
    pub fn wait_for_fewer(&self) {
        let mut state = lock(&self.state);
        while state.entries.len() >= limits::PENDING_REQUESTS
            || state.bytes + state.batched > limits::PENDING_BYTES
        {
            state.is_full = true;
            state = self.fewer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_full = false;
    }

    /// Counts an answer that will wait for others of its batch. Returns `false`, and counts nothing, if all waiting
    /// answers would then take more than `most` bytes.
    pub(super) fn hold_batched(&self, bytes: usize, most: usize) -> bool {
        let mut state = lock(&self.state);
        let fits = state.batched + bytes <= most;
        state.batched += if fits { bytes } else { 0 };
        fits
    }

    /// Releases the memory of a batch whose answers wait no longer.
    pub(super) fn release_batched(&self, bytes: usize) {
        let mut state = lock(&self.state);
        state.batched -= bytes;
        self.notify_reader(&state);
    }

    fn notify_reader(&self, state: &State) {
        if state.is_full {
            self.fewer.notify_one();
        }
    }

    /// Waits until every request that was read is answered.
    pub async fn all_answered(&self) {
        self.until(|state| state.entries.is_empty()).await;
    }

    /// Puts a write into the order of the connection's writes and reads, behind all requests that began before it.
    pub(super) fn begin_write<'p>(&'p self, pending: &'p Arc<Pending>, to: WritesTo) -> Writing<'p> {
        let mut state = lock(&self.state);
        // A request that writes more than once has the place of its last write.
        state.leave(pending);
        state.enter(pending, Some(to));
        Writing { ledger: self, pending }
    }

    /// Whether a write is pending that may be in this key's namespace.
    pub(super) fn has_write_for(&self, key: &Key) -> bool {
        lock(&self.state).writes_up_to(u64::MAX).any(|to| may_be_in_namespace(to, key))
    }

    /// Whether any write is pending.
    pub(super) fn has_writes(&self) -> bool {
        lock(&self.state).writes > 0
    }

    /// The place of the request that entered the ledger last.
    pub(super) fn last(&self) -> u64 {
        lock(&self.state).last
    }

    /// Waits until no write up to the place `last` is pending that may be in this key's namespace.
    pub(super) async fn written_up_to(&self, last: u64, key: &Key) {
        self.until(|state| !state.writes_up_to(last).any(|to| may_be_in_namespace(to, key))).await;
    }

    /// Waits until every write that has begun by now has its outcome.
    pub(super) async fn all_written(&self) {
        let last = self.last();
        self.until(|state| state.writes_up_to(last).next().is_none()).await;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Enabled before the check, so that a change in between is not missed.
            changed.as_mut().enable();
            if is_so(&lock(&self.state)) {
                return;
            }
            changed.await;
        }
    }
}

fn may_be_in_namespace(to: &WritesTo, key: &Key) -> bool {
    to.as_ref().is_some_and(|writer| writer.shares_namespace_with(key))
}

impl State {
    /// The pending writes up to the place `last`.
    fn writes_up_to(&self, last: u64) -> impl Iterator<Item = &WritesTo> {
        let all = if self.writes > 0 { 0..=last } else { 0..=0 };
        self.entries.range(all).filter_map(|(_, entry)| entry.writes.as_ref())
    }

    fn enter(&mut self, pending: &Arc<Pending>, writes: Option<WritesTo>) {
        self.last += 1;
        self.bytes += pending.bytes;
        self.writes += usize::from(writes.is_some());
        pending.number.store(self.last, Ordering::Relaxed);
        self.entries.insert(self.last, Entry { pending: pending.clone(), writes });
    }

    /// Removes a request. Returns whether the ledger had it.
    fn leave(&mut self, pending: &Pending) -> bool {
        let Some(entry) = self.entries.remove(&pending.number.load(Ordering::Relaxed)) else { return false };
        self.bytes -= pending.bytes;
        self.writes -= usize::from(entry.writes.is_some());
        true
    }
}

impl Unanswered {
    /// The request's id, its memory and its cancellation.
    pub fn pending(&self) -> &Arc<Pending> {
        &self.pending
    }

    /// Enters the request in the ledger because its method has to wait, unless the ledger has it already.
    pub fn waits(&self) {
        let mut state = lock(&self.ledger.state);
        if self.pending.number.load(Ordering::Relaxed) == 0 {
            state.enter(&self.pending, None);
        }
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        // This thread set the number, or another thread that has handed the request over since.
        if self.pending.number.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut state = lock(&self.ledger.state);
        state.leave(&self.pending);
        self.ledger.notify_reader(&state);
        if state.entries.is_empty() {
            self.ledger.changed.notify_waiters();
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.ledger.state);
        let number = self.pending.number.load(Ordering::Relaxed);
        if let Some(entry) = state.entries.get_mut(&number)
            && entry.writes.take().is_some()
        {
            state.writes -= 1;
        }
        drop(state);
        self.ledger.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn ledger() -> Arc<PendingRequests> {
        Arc::default()
    }

    fn id(text: &str) -> Id {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    /// The number of requests in the ledger, and their bytes.
    fn size(ledger: &PendingRequests) -> (usize, usize) {
        let state = lock(&ledger.state);
        (state.entries.len(), state.bytes)
    }

    fn key(digit: char) -> Arc<Key> {
        Arc::new(Key::parse(&String::from(digit).repeat(40)).ok().unwrap())
    }

    #[test]
    fn a_cancellation_lasts_and_means_the_requests_with_its_id_alone() {
        let ledger = ledger();
        let (one, other) = (ledger.read(Some(id("1")), 9, None), ledger.read(Some(id("2")), 9, None));
        one.waits();
        other.waits();
        let mut waiting = std::pin::pin!(one.pending().cancelled());
        assert!(waiting.as_mut().now_or_never().is_none());
        ledger.cancel(&id("1"));
        assert!(waiting.now_or_never().is_some());
        // A request that waits for a lease sends one write after another.
        assert!(one.pending().cancelled().now_or_never().is_some());
        assert!(other.pending().cancelled().now_or_never().is_none());
    }

    #[test]
    fn a_read_waits_for_the_writes_before_it_in_its_namespace_alone() {
        let ledger = ledger();
        let (one, two) = (key('1'), key('2'));
        let request = ledger.read(Some(id("1")), 0, None);
        let before = ledger.begin_write(request.pending(), Some(one.clone()));
        assert!(ledger.has_write_for(&one) && !ledger.has_write_for(&two));
        let place = ledger.last();
        let behind = ledger.read(Some(id("2")), 0, None);
        let later = ledger.begin_write(behind.pending(), Some(one.clone()));
        assert!(ledger.written_up_to(place, &two).now_or_never().is_some());
        let mut written = std::pin::pin!(ledger.written_up_to(place, &one));
        assert!(written.as_mut().now_or_never().is_none());
        drop(before);
        assert!(written.now_or_never().is_some());
        assert!(ledger.has_writes() && ledger.all_written().now_or_never().is_none());
        drop(later);
        assert!(!ledger.has_writes() && ledger.all_written().now_or_never().is_some());
    }

    /// A request that waits for a lease sends one write after another.
    #[test]
    fn a_request_that_writes_again_is_behind_what_came_meanwhile() {
        let ledger = ledger();
        let (own, request) = (key('1'), ledger.read(Some(id("1")), 7, None));
        drop(ledger.begin_write(request.pending(), Some(own.clone())));
        let place = ledger.last();
        let again = ledger.begin_write(request.pending(), Some(own.clone()));
        assert!(ledger.written_up_to(place, &own).now_or_never().is_some());
        assert!(ledger.has_write_for(&own));
        assert_eq!(size(&ledger), (1, 7));
        drop(again);
        drop(request);
        assert_eq!(size(&ledger), (0, 0));
    }

    /// The reading thread sleeps until it is notified, so everything that made it sleep has to notify it.
    #[test]
    fn the_reader_goes_on_once_the_answers_of_a_batch_wait_no_longer() {
        let ledger = ledger();
        let room = Arc::new(BatchRoom::new(&ledger, limits::BATCHED_BYTES));
        let request = ledger.read(Some(id("1")), 1, Some(&room));
        assert_eq!(room.take(limits::PENDING_BYTES + 1), Ok(()));
        let (goes_on, gone_on) = std::sync::mpsc::channel();
        let reader = std::thread::spawn({
            let ledger = ledger.clone();
            move || {
                ledger.wait_for_fewer();
                goes_on.send(()).unwrap();
            }
        });
        while !lock(&ledger.state).is_full {
            std::thread::yield_now();
        }
        // The request holds the last reference to the room.
        drop(room);
        drop(request);
        gone_on.recv_timeout(std::time::Duration::from_mins(1)).expect("the reader goes on");
        reader.join().unwrap();
    }

    #[test]
    fn everything_is_answered_when_the_last_request_that_waits_is() {
        let ledger = ledger();
        let (at_once, waits) = (ledger.read(Some(id("1")), 5, None), ledger.read(None, 6, None));
        waits.waits();
        waits.waits();
        assert_eq!(size(&ledger), (1, 6));
        drop(at_once);
        let mut answered = std::pin::pin!(ledger.all_answered());
        assert!(answered.as_mut().now_or_never().is_none());
        drop(waits);
        assert!(answered.now_or_never().is_some());
    }
}
