//! The order of one connection's writes and reads: a read sees the writes that were asked for before it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::vault::Key;

use super::lock;

/// The writes of a connection that have no outcome yet.
#[derive(Default)]
pub(super) struct PendingWrites {
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
    turns: &'t PendingWrites,
    number: u64,
}

impl PendingWrites {
    pub(super) fn take(&self, key: Option<Arc<Key>>) -> Turn<'_> {
        let mut pending = lock(&self.pending);
        pending.last += 1;
        let number = pending.last;
        pending.writes.insert(number, key);
        Turn { turns: self, number }
    }

    /// Whether a write is pending that may be in this key's namespace.
    pub(super) fn has_pending(&self, key: &Key) -> bool {
        lock(&self.pending).writes.values().flatten().any(|writer| writer.shares_namespace_with(key))
    }

    /// Whether any write is pending.
    pub(super) fn any_pending(&self) -> bool {
        !lock(&self.pending).writes.is_empty()
    }

    /// The last turn that was taken.
    pub(super) fn last(&self) -> u64 {
        lock(&self.pending).last
    }

    /// Waits until none is pending of the writes up to `turn` that may be in this key's namespace.
    pub(super) async fn wait(&self, turn: u64, key: &Key) {
        self.until(|pending| {
            let mut writers = pending.writes.range(..=turn).filter_map(|(_, writer)| writer.as_ref());
            !writers.any(|writer| writer.shares_namespace_with(key))
        })
        .await;
    }

    /// Waits until none is pending of the writes that were asked for by now.
    pub(super) async fn all_done(&self) {
        let last = self.last();
        self.until(|pending| pending.writes.range(..=last).next().is_none()).await;
    }

    async fn until(&self, is_so: impl Fn(&Pending) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Before looking: a write that ends in between is not missed.
            changed.as_mut().enable();
            if is_so(&lock(&self.pending)) {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.turns.pending).writes.remove(&self.number);
        self.turns.changed.notify_waiters();
    }
}
