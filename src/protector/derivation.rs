//! One key derivation at a time in a process: Argon2id takes 64 MiB and more, and a client may ask for many at once.
//!
//! Threads wait in the order in which they came, so that a flood of requests on one thread keeps no other thread out.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

use crate::sync;

use super::Deadline;
use super::deadline::LOOK;

/// Those that derive or wait to derive, in order; the first one derives.
static LINE: Mutex<Line> = Mutex::new(Line { last: 0, waiting: VecDeque::new() });
/// Another one is the first.
static MOVED: Condvar = Condvar::new();

struct Line {
    last: u64,
    waiting: VecDeque<u64>,
}

fn line() -> MutexGuard<'static, Line> {
    sync::lock(&LINE)
}

/// The right to derive a key. Ends when dropped.
pub(super) struct Turn(u64);

/// Waits for the turn to derive a key; `None` once nobody waits for it any more.
pub(super) fn turn(deadline: &Deadline) -> Option<Turn> {
    let mut line = line();
    line.last += 1;
    let turn = Turn(line.last);
    line.waiting.push_back(turn.0);
    while !deadline.is_over() {
        if line.waiting.front() == Some(&turn.0) {
            return Some(turn);
        }
        // Nobody wakes this thread when deadline ends, so it looks from time to time.
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

    /// In one test, since the line is the process's: turns that other tests take are waited for.
    #[test]
    fn turns_are_taken_one_at_a_time_and_who_gives_up_leaves_the_line() {
        let long = Deadline::of(Duration::from_mins(1));
        let first = turn(&long).unwrap();
        let given_up = Deadline::of(Duration::from_mins(1));
        let (took, taken) = channel();
        let threads = [given_up.clone(), long.clone()].map(|deadline| {
            let took = took.clone();
            thread::spawn(move || took.send(turn(&deadline).is_some()).unwrap())
        });
        given_up.end();
        assert!(!taken.recv().unwrap(), "the one that gave up is the first to go on");
        assert!(taken.try_recv().is_err(), "the other one waits");
        drop(first);
        assert!(taken.recv().unwrap());
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
