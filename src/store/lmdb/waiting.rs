//! The processes that wait for the write lock. They hold a separate lock together, so that a process with much to write
//! sees them and lets them write first. The write lock itself only shows whether a process holds it. A process that
//! releases the write lock and takes it again at once is always faster than a process that has to be woken.

use std::fs::{File, TryLockError};
use std::io;
use std::time::{Duration, Instant};

use crate::files;

/// Longest time for which a process lets others write first. A process that is stopped while it waits must not stop the
/// others.
const MOST: Duration = Duration::from_millis(50);
/// Poll interval for that.
const LOOK: Duration = Duration::from_micros(200);

/// The file `waiting.lock`.
pub(in crate::store) struct Waiting(File);

impl Waiting {
    pub(in crate::store) fn new(file: File) -> Self {
        Self(file)
    }

    /// Waits until no other process waits, but at most for `MOST`.
    pub(in crate::store) fn let_others_first(&self) -> io::Result<()> {
        let deadline = Instant::now() + MOST;
        loop {
            match self.0.try_lock() {
                Ok(()) => return files::unlock(&self.0),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Counts this process as waiting while `wait` runs.
    pub(in crate::store) fn during<T>(&self, wait: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.0.lock_shared()?;
        let waited = wait();
        files::unlock(&self.0)?;
        waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Waiting, Waiting) {
        let folder = tempfile::tempdir().unwrap();
        let open = || Waiting(crate::files::open_or_create(&folder.path().join("waiting.lock")).unwrap());
        (open(), open())
    }

    #[test]
    fn a_waiting_process_goes_first_and_a_stopped_one_delays_the_others_briefly() {
        let (one, other) = pair();
        let began = Instant::now();
        one.during(|| other.let_others_first()).unwrap();
        assert!(began.elapsed() >= MOST, "no process was let go first");
    }

    #[test]
    fn any_number_may_wait_together() {
        let (one, other) = pair();
        one.during(|| other.during(|| Ok(()))).unwrap();
        // Once no process waits, the lock is free. A lock that is still held would fail here.
        one.0.try_lock().unwrap();
    }
}
