//! When the vault's thread asks the server of a shared store: before a read that the server has not confirmed, before
//! writes, and from time to time while the store is in use, so that reads need not wait and watchers hear of changes.

use std::sync::Arc;
use std::time::Instant;

use crate::faults::Fault;
use crate::limits;
use crate::remote::Deadline;
use crate::store::StoreEvent;
use crate::sync;

use crate::vault::replica::{NotCommitted, Replica};
use crate::vault::{Error, Need, Opened, Vault};

/// When the thread last asked by itself, and when the store was last used.
#[derive(Default)]
pub(super) struct Contacts {
    last: Option<Instant>,
    used: Option<Instant>,
}

impl Contacts {
    /// When to ask next; `None` if no shared store is in use.
    pub(super) fn next(&mut self, vault: &Vault) -> Option<Instant> {
        if !vault.watches {
            return None;
        }
        let opened = sync::read(&vault.opened).clone();
        let replica = opened.as_deref().and_then(Opened::replica)?;
        let now = Instant::now();
        if replica.was_used() || vault.is_followed() {
            self.used = Some(now);
        }
        if self.used.is_none_or(|used| now.duration_since(used) > limits::SERVER_USE) {
            replica.rest();
            self.last = None;
            return None;
        }
        Some(*self.last.get_or_insert(now) + limits::CONFIRMING_EVERY)
    }

    /// Notes that the server is asked now.
    pub(super) fn begin(&mut self) {
        self.last = Some(Instant::now());
    }
}

impl Vault {
    /// Asks the server of a shared store for the jobs in the queue.
    pub(super) fn contact_for_jobs(&self, opened: &Opened) -> Result<(), NotCommitted> {
        match opened.replica() {
            None => Ok(()),
            Some(replica) if self.queue.begins_with_a_write() => replica.before_writing(opened.store()),
            Some(replica) => before_reading(replica, opened),
        }
    }

    /// Asks the server because it is time to.
    pub(super) fn refresh(self: &Arc<Self>) {
        let opened = sync::read(&self.opened).clone();
        if let Some(opened) = opened
            && opened.store().is_usable()
            && let Some(replica) = opened.replica()
        {
            let deadline = Deadline::within(limits::SERVER_STALL);
            // A failure is part of the state, and is logged.
            let _ = replica.refresh(opened.store(), &deadline);
            self.tell_server_state();
        }
    }

    /// Tells the clients if the server's last answer has changed the state of a shared store.
    pub(super) fn tell_server_state(&self) {
        let opened = sync::read(&self.opened).clone();
        if opened.as_deref().and_then(Opened::replica).is_some_and(Replica::has_another_state) {
            self.events.tell(StoreEvent::StateChanged);
        }
    }
}

/// Asks the server of a shared store, as far as `need` demands. `asked` is its answer in this turn.
pub(super) fn contact(
    opened: &Opened,
    need: Need,
    asked: &mut Option<Result<(), Error>>,
) -> Result<(), Error> {
    match (opened.replica(), need) {
        (None, _) => Ok(()),
        (Some(replica), Need::Fresh) if !Fault::NoFresh.is_injected() => *asked.get_or_insert_with(|| {
            let deadline = Deadline::within(limits::SERVER_STALL);
            replica.refresh(opened.store(), &deadline).map_err(Error::from)
        }),
        (Some(replica), Need::Key) => before_reading(replica, opened).map_err(Error::from),
        (Some(replica), Need::CachedOnly | Need::Existing | Need::Fresh) => {
            let _ = replica.confirm(opened.store());
            Ok(())
        }
    }
}

/// Asks the server before a read. Without the server the read goes on with what is here. If the server has something newer
/// that this machine can't store, what is here may be older than any read may be, and than what this machine has written.
fn before_reading(replica: &Replica, opened: &Opened) -> Result<(), NotCommitted> {
    match replica.confirm(opened.store()) {
        Err(failed) if failed.is_of_disk() => Err(failed),
        _ => Ok(()),
    }
}
