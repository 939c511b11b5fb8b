//! The requests that wait for an answer: counted, so that memory stays bounded, and named, so that they can be
//! cancelled. A request is in flight from when its method could not answer at once until it is answered.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::Notify;

use crate::limits;
use crate::session::Cancel;

use super::message::Id;

#[derive(Default)]
pub(super) struct InFlight {
    state: Mutex<State>,
    /// For the thread that reads.
    fewer: Condvar,
    /// For whoever waits for the end.
    none: Notify,
}

#[derive(Default)]
struct State {
    last: u64,
    bytes: usize,
    requests: HashMap<u64, (Vec<(Id, Cancel)>, usize)>,
    /// Whether the thread that reads waits for fewer.
    is_full: bool,
}

/// A request, or a batch of them, in flight; not any more when dropped.
pub(super) struct Entry {
    in_flight: Arc<InFlight>,
    number: u64,
}

impl InFlight {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes requests in that came in one frame of `bytes` bytes.
    pub(super) fn enter(self: &Arc<Self>, requests: Vec<(Id, Cancel)>, bytes: usize) -> Entry {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        state.bytes += bytes;
        state.requests.insert(number, (requests, bytes));
        Entry { in_flight: self.clone(), number }
    }

    /// Cancels the requests with this id.
    pub(super) fn cancel(&self, id: &RawValue) {
        for (own, cancel) in self.state().requests.values().flat_map(|(requests, _)| requests) {
            if own.get() == id.get() {
                cancel.cancel();
            }
        }
    }

    /// Blocks the thread that reads while too much is in flight.
    pub(super) fn wait_for_fewer(&self) {
        let mut state = self.state();
        while state.requests.len() >= limits::PENDING_REQUESTS || state.bytes > limits::PENDING_BYTES {
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
            if self.state().requests.is_empty() {
                return;
            }
            none.await;
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.in_flight.state();
        if let Some((_, bytes)) = state.requests.remove(&self.number) {
            state.bytes -= bytes;
        }
        if state.is_full {
            self.in_flight.fewer.notify_one();
        }
        if state.requests.is_empty() {
            self.in_flight.none.notify_waiters();
        }
    }
}
