//! How a request is told that its client takes it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Tells a request that its client takes it back. Once it has, that stays so: a request may wait more than once, and a
/// write that is under way when it is told ends with its outcome.
#[derive(Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    told: Notify,
}

impl Cancel {
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
