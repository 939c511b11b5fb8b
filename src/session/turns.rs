//! The order of one connection's writes and reads: a read sees the writes that were asked for before it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::vault::Key;

use super::lock;

/// The writes of a connection that have no outcome yet.
#[derive(Default)]
pub(super) struct Turns {
    pending: Mutex<Pending>,
    changed: Notify,
}

#[derive(Default)]
struct Pending {
    last: u64,
    /// `None` for a write that goes to no namespace that anybody has a key of yet.
    writes: BTreeMap<u64, Option<Arc<Key>>>,
}

/// A write's place in the order; given up when dropped.
pub(super) struct Turn<'t> {
    turns: &'t Turns,
    number: u64,
}

impl Turns {
    pub(super) fn take(&self, key: Option<Arc<Key>>) -> Turn<'_> {
        let mut pending = lock(&self.pending);
        pending.last += 1;
        let number = pending.last;
        pending.writes.insert(number, key);
        Turn { turns: self, number }
    }

    /// The last turn that was taken.
    pub(super) fn now(&self) -> u64 {
        lock(&self.pending).last
    }

    /// Waits until no write up to `turn` is pending; with a key, only those that may be in its namespace.
    pub(super) async fn wait(&self, turn: u64, key: Option<&Arc<Key>>) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Before looking: a write that ends in between is not missed.
            changed.as_mut().enable();
            if !self.is_pending(turn, key) {
                return;
            }
            changed.await;
        }
    }

    fn is_pending(&self, turn: u64, key: Option<&Arc<Key>>) -> bool {
        let pending = lock(&self.pending);
        pending.writes.range(..=turn).any(|(_, writer)| match (writer, key) {
            (Some(writer), Some(key)) => writer.shares_namespace_with(key),
            (None, Some(_)) => false,
            (_, None) => true,
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.turns.pending).writes.remove(&self.number);
        self.turns.changed.notify_waiters();
    }
}
