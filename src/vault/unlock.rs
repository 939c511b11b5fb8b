//! Requests for the store's key that may take long: `vault/unlock`.
//!
//! Two threads carry them out, one request after the other: one those that may ask a person, who takes their time, and one
//! those that bring the passphrase, which must not wait for that person. Each thread is there while it has requests. So the
//! number of threads, and the memory that deriving keys takes, does not grow with the number of requests.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::protector::{Deadline, Passphrase, UnlockMode};
use crate::sync;

use super::{Error, Opened, Vault};

/// Requests that may wait in one lane. Each may hold a passphrase of 64 KiB.
const WAITING: usize = 256;

/// Names a request that waits or is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnlockTicket {
    lane: usize,
    number: u64,
}

struct Request {
    number: u64,
    /// A store that is closed while the request waits must not be kept open by it.
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

/// The requests of a vault, by whether they bring the passphrase.
#[derive(Default)]
pub(super) struct Unlocks([Mutex<Lane>; 2]);

impl Unlocks {
    fn lane(&self, lane: usize) -> MutexGuard<'_, Lane> {
        sync::lock(&self.0[lane])
    }

    /// The next request of a lane; `None`, and the thread is to end, if there is none.
    fn next(&self, lane: usize) -> Option<Request> {
        let mut lane = self.lane(lane);
        let next = lane.waiting.pop_front();
        lane.has_thread = next.is_some();
        next
    }
}

impl Vault {
    /// Asks for the store's key, in the order of asking; a person may be asked where no passphrase is given. One at a time
    /// asks, over all processes.
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
            done(Err(Error::Overloaded));
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

    /// Takes a request back that waits. `false` if it is carried out, or was: then its outcome comes.
    pub fn withdraw_unlock(&self, ticket: UnlockTicket) -> bool {
        let mut lane = self.unlocks.lane(ticket.lane);
        // Requests stand in the order in which they were numbered.
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
        // A fault in one request must not take the others' thread away.
        let unlocked = match opened.upgrade() {
            Some(opened) => catch_unwind(AssertUnwindSafe(|| opened.unlock(&self.config, &mode)))
                .unwrap_or(Err(Error::Internal)),
            // Closed meanwhile, since another process wanted it alone: it is opened at the next request.
            None => Err(Error::StoreBusy),
        };
        let announces = matches!(unlocked, Ok(true));
        done(unlocked.map(drop));
        if announces {
            self.announce();
        }
    }
}
