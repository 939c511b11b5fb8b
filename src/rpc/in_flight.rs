//! The requests that wait for an answer: counted, so that memory stays bounded, and named, so that they can be
//! cancelled. A request is in flight from when its method could not answer at once until it is answered.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::Notify;

use crate::limits;
use crate::session::{Batched, Cancel};

use super::message::Id;

pub(super) struct InFlight {
    state: Mutex<State>,
    /// What answers take that wait for others of their batch.
    batched: Arc<Batched>,
    /// For the thread that reads.
    fewer: Condvar,
    /// For whoever waits for the end.
    none: Notify,
}

#[derive(Default)]
struct State {
    last: u64,
    /// Of all entries.
    bytes: usize,
    /// Of all entries.
    waiting: usize,
    entries: HashMap<u64, Waiting>,
    /// Whether the thread that reads waits for fewer.
    is_full: bool,
}

/// What came in one frame.
pub(super) struct Waiting {
    /// The requests that wait; a notification can't be cancelled.
    pub(super) requests: Vec<(Id, Cancel)>,
    /// How many wait, with the notifications.
    pub(super) count: usize,
    /// Bytes of the frame.
    pub(super) bytes: usize,
}

/// A request, or a batch of them, in flight; not any more when dropped.
pub(super) struct Entry {
    in_flight: Arc<InFlight>,
    number: u64,
}

impl InFlight {
    pub(super) fn new(batched: Arc<Batched>) -> Self {
        Self { state: Mutex::default(), batched, fewer: Condvar::new(), none: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what waits of a frame.
    pub(super) fn enter(self: &Arc<Self>, waiting: Waiting) -> Entry {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        state.bytes += waiting.bytes;
        state.waiting += waiting.count;
        state.entries.insert(number, waiting);
        Entry { in_flight: self.clone(), number }
    }

    /// Cancels the requests with this id.
    pub(super) fn cancel(&self, id: &RawValue) {
        for (own, cancel) in self.state().entries.values().flat_map(|waiting| &waiting.requests) {
            if own.get() == id.get() {
                cancel.cancel();
            }
        }
    }

    /// Blocks the thread that reads while too much is in flight.
    pub(super) fn wait_for_fewer(&self) {
        let mut state = self.state();
        while state.waiting >= limits::PENDING_REQUESTS
            || state.bytes + self.batched.bytes() > limits::PENDING_BYTES
        {
            state.is_full = true;
            state = self.fewer.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_full = false;
    }

    /// Waits until nothing is in flight.
    pub(super) async fn wait_for_none(&self) {
        loop {
            let mut none = std::pin::pin!(self.none.notified());
            none.as_mut().enable();
            if self.state().entries.is_empty() {
                return;
            }
            none.await;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.in_flight.state();
        if let Some(waiting) = state.entries.remove(&self.number) {
            state.bytes -= waiting.bytes;
            state.waiting -= waiting.count;
        }
        if state.is_full {
            self.in_flight.fewer.notify_one();
        }
        if state.entries.is_empty() {
            self.in_flight.none.notify_waiters();
        }
    }
}
