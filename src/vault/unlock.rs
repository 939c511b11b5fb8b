//! Requests for the store's key that may take long, for `vault/unlock`.
//!
//! Two threads run them, one request after the other. One thread runs those that may ask the user, which may take long.
//! The other runs those with a passphrase, which must not wait for the user. Each thread ends when it has no more
//! requests. So the number of threads, and the memory for deriving keys, does not grow with the number of requests.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::protector::{Deadline, Passphrase, UnlockMode};
use crate::sync;

use super::reasons::{Busy, Overload};
use super::{Error, Opened, Vault};

/// How many requests may wait in one lane. Each may have a passphrase of 64 KiB.
const WAITING: usize = 256;

/// Identifies a request that waits or runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnlockTicket {
    lane: usize,
    number: u64,
}

struct Request {
    number: u64,
    /// Weak, so that a waiting request does not keep a closed store open.
    opened: Weak<Opened>,
    passphrase: Option<Passphrase>,
    deadline: Deadline,
    done: Box<dyn FnOnce(Result<(), Error>) + Send>,
}

#[derive(Default)]
struct Lane {
    last: u64,
    waiting: VecDeque<Request>,
    has_thread: bool,
}

/// The requests of a vault, by whether they have a passphrase.
#[derive(Default)]
pub(super) struct Unlocks([Mutex<Lane>; 2]);

impl Unlocks {
    fn lane(&self, lane: usize) -> MutexGuard<'_, Lane> {
        sync::lock(&self.0[lane])
    }

    /// The next request of a lane. `None` if there is none; the thread ends then.
    fn next(&self, lane: usize) -> Option<Request> {
        let mut lane = self.lane(lane);
        let next = lane.waiting.pop_front();
        lane.has_thread = next.is_some();
        next
    }
}

impl Vault {
    /// Requests the store's key. Requests run in order. Without a passphrase the user may be asked. Only one process at
    /// a time asks the user.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many requests wait, [`Error::StoreBusy`] if the system refuses to start the thread.
    /// Other results reach `done`.
    pub fn unlock(
        self: &Arc<Self>,
        opened: &Arc<Opened>,
        passphrase: Option<Passphrase>,
        deadline: Deadline,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) -> UnlockTicket {
        let which = usize::from(passphrase.is_some());
        let mut lane = self.unlocks.lane(which);
        lane.last += 1;
        let ticket = UnlockTicket { lane: which, number: lane.last };
        if lane.waiting.len() >= WAITING {
            drop(lane);
            done(Err(Error::Overloaded(Overload::Unlocks)));
            return ticket;
        }
        lane.waiting.push_back(Request {
            number: ticket.number,
            opened: Arc::downgrade(opened),
            passphrase,
            deadline,
            done: Box::new(done),
        });
        let needs_thread = !std::mem::replace(&mut lane.has_thread, true);
        drop(lane);
        if needs_thread && let Err(error) = self.start_unlocking(which) {
            let mut lane = self.unlocks.lane(which);
            lane.has_thread = false;
            let waiting = std::mem::take(&mut lane.waiting);
            drop(lane);
            for request in waiting {
                (request.done)(Err(error));
            }
        }
        ticket
    }

    /// Withdraws a waiting request. `false` if it runs or has run: then its outcome reaches `done`.
    pub fn withdraw_unlock(&self, ticket: UnlockTicket) -> bool {
        let mut lane = self.unlocks.lane(ticket.lane);
        // Requests are in the order of their numbers.
        match lane.waiting.binary_search_by_key(&ticket.number, |request| request.number) {
            Ok(position) => lane.waiting.remove(position).is_some(),
            Err(_) => false,
        }
    }

    fn start_unlocking(self: &Arc<Self>, lane: usize) -> Result<(), Error> {
        let vault = self.clone();
        super::start_thread("unlock", move || {
            while let Some(request) = vault.unlocks.next(lane) {
                vault.carry_out(request);
            }
        })
    }

    fn carry_out(&self, request: Request) {
        let Request { opened, passphrase, deadline, done, .. } = request;
        let mode = UnlockMode::AskUser { passphrase: passphrase.as_ref(), deadline: &deadline };
        // A panic in one request must not end the thread of the others.
        let unlocked = match opened.upgrade() {
            Some(opened) => catch_unwind(AssertUnwindSafe(|| opened.unlock_for_user(&self.config, &mode)))
                .unwrap_or(Err(Error::Internal)),
            // The store was closed meanwhile, because another process needed the exclusive lock. The next request opens
            // it again.
            None => Err(Error::busy(Busy::Closing)),
        };
        let announces = matches!(unlocked, Ok(true));
        done(unlocked.map(drop));
        if announces {
            self.announce();
        }
    }
}
