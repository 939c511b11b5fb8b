//! What a request carries with it: how it is told that its client takes it back, and the memory that its answer may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::vault::{OneByOne, Room};

use super::batch::BatchRoom;

/// Tells a request that its client takes it back. Once it has, that stays so: a request may wait more than once, and a
/// write that is under way when it is told ends with its outcome.
#[derive(Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    told: Notify,
    /// Where the request is one of a batch.
    batch: Option<Arc<BatchRoom>>,
}

impl Cancel {
    /// For a request of a batch, whose answer waits for the others.
    pub fn in_batch(room: Arc<BatchRoom>) -> Self {
        Self(Arc::new(State { batch: Some(room), ..State::default() }))
    }

    /// Where memory for the answer is reserved. Outside of a batch each answer goes out before the next is made.
    pub(super) fn room(&self) -> &dyn Room {
        match &self.0.batch {
            Some(room) => &**room,
            None => &OneByOne,
        }
    }

    /// The same, for another thread.
    pub(super) fn shared_room(&self) -> Arc<dyn Room> {
        match &self.0.batch {
            Some(room) => room.clone(),
            None => Arc::new(OneByOne),
        }
    }

    /// Takes the request back. It is answered all the same.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        self.0.told.notify_waiters();
    }

    pub(super) async fn cancelled(&self) {
        let mut told = std::pin::pin!(self.0.told.notified());
        // Before looking: what is told in between is not missed.
        told.as_mut().enable();
        if !self.0.cancelled.load(Ordering::Acquire) {
            told.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn who_waits_again_is_told_again() {
        let cancel = Cancel::default();
        assert!(cancel.cancelled().now_or_never().is_none());
        cancel.cancel();
        assert!(cancel.cancelled().now_or_never().is_some());
        assert!(
            cancel.cancelled().now_or_never().is_some(),
            "a lease is waited for by one write after the other"
        );
    }

    #[test]
    fn who_waits_already_is_told() {
        let cancel = Cancel::default();
        let mut waiting = std::pin::pin!(cancel.cancelled());
        assert!(waiting.as_mut().now_or_never().is_none());
        cancel.cancel();
        assert!(waiting.now_or_never().is_some());
    }
}
