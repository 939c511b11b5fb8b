//! Allows one key derivation at a time in a process: Argon2id takes 64 MiB and more, and a client may request many at
//! once.
//!
//! Threads wait in the order in which they came, so that many requests on one thread do not block another thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::sync;

use super::Deadline;
use super::deadline::LOOK;

/// The threads that derive or wait to derive, in order. The first one derives.
static LINE: Mutex<Line> = Mutex::new(Line { last: 0, waiting: VecDeque::new() });
/// Signals that another thread is the first.
static MOVED: Condvar = Condvar::new();

struct Line {
    last: u64,
    waiting: VecDeque<u64>,
}

fn line() -> MutexGuard<'static, Line> {
    sync::lock(&LINE)
}

/// The right to derive a key, until it is dropped.
pub(super) struct Turn(u64);

/// Waits for the turn to derive a key; `None` once the caller's deadline has passed.
pub(super) fn turn(deadline: &Deadline) -> Option<Turn> {
    let mut line = line();
    line.last += 1;
    let turn = Turn(line.last);
    line.waiting.push_back(turn.0);
    while !deadline.is_over() {
        if line.waiting.front() == Some(&turn.0) {
            return Some(turn);
        }
        // The end of a deadline does not wake this thread, so it checks from time to time.
        let pause = deadline.left().min(LOOK);
        line = sync::wait_timeout(&MOVED, line, pause);
    }
    // Dropping the turn takes the lock.
    drop(line);
    drop(turn);
    None
}

impl Drop for Turn {
    fn drop(&mut self) {
        line().waiting.retain(|number| *number != self.0);
        MOVED.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// One test, since the line is global to the process. It waits for turns that other tests take.
    #[test]
    fn turns_are_exclusive_and_a_thread_that_gives_up_leaves_the_line() {
        let long = Deadline::of(Duration::from_mins(1));
        let first = turn(&long).unwrap();
        let given_up = Deadline::of(Duration::from_mins(1));
        let (took, taken) = channel();
        let threads = [given_up.clone(), long.clone()].map(|deadline| {
            let took = took.clone();
            thread::spawn(move || took.send(turn(&deadline).is_some()).unwrap())
        });
        given_up.end();
        assert!(!taken.recv().unwrap(), "the thread that gave up goes on first");
        assert!(taken.try_recv().is_err(), "the other one waits");
        drop(first);
        assert!(taken.recv().unwrap());
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
