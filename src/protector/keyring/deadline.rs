//! Runs work that may never end on a thread of its own, and gives it up at the caller's deadline.
//!
//! The thread is left behind, since a call into a keyring can't be cancelled. Only a few threads may be left behind at
//! one time, so that a keyring that hangs for a day does not collect a day's threads.

use super::{Deadline, Fault, NO_ANSWER, Reason};
use crate::protector::deadline::LOOK;
use crate::sync;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

/// How many threads may be left behind. Above this no work begins.
const MOST_LEFT: usize = 8;
/// The threads that were left behind and may still run.
static LEFT: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// The system may start a thread the next time, so this is [`Reason::Deadline`].
const NO_THREAD: Fault = Fault(Reason::Deadline, crate::logging::NO_THREAD);
const DIED: Fault = Fault(Reason::Denied, "the thread that asked the keyring ended unexpectedly");

/// Runs `work`, which gets the deadline, or gives it up. If it succeeds after that, `too_late` undoes it on the thread
/// that was left behind.
pub(super) fn within<T: Send + 'static>(
    deadline: &Deadline,
    work: impl FnOnce(Deadline) -> Result<T, Fault> + Send + 'static,
    too_late: impl FnOnce() + Send + 'static,
) -> Result<T, Fault> {
    if left_behind().len() >= MOST_LEFT {
        return Err(NO_ANSWER);
    }
    let (result, done) = channel();
    let for_the_work = deadline.clone();
    // The first one to set it decides: the work, with its result, or the waiting thread. So no result is both given up
    // and kept.
    let decided = Arc::new(AtomicBool::new(false));
    let deciding = Arc::clone(&decided);
    let body = move || {
        let outcome = work(for_the_work);
        if !deciding.swap(true, Ordering::AcqRel) {
            let _ = result.send(outcome);
        } else if outcome.is_ok() {
            too_late();
        }
    };
    let thread = thread::Builder::new().name("keyring".into()).spawn(body).map_err(|_| NO_THREAD)?;
    loop {
        match done.recv_timeout(deadline.left().min(LOOK)) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Disconnected) => return Err(DIED),
            Err(RecvTimeoutError::Timeout) if !deadline.is_over() => {}
            Err(RecvTimeoutError::Timeout) if decided.swap(true, Ordering::AcqRel) => {
                return done.recv().unwrap_or(Err(DIED));
            }
            Err(RecvTimeoutError::Timeout) => {
                left_behind().push(thread);
                return Err(NO_ANSWER);
            }
        }
    }
}

/// The threads that were left behind, without those that have ended.
fn left_behind() -> MutexGuard<'static, Vec<JoinHandle<()>>> {
    let mut left = sync::lock(&LEFT);
    left.retain(|thread| !thread.is_finished());
    left
}
