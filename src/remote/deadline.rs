//! How long a call to the server may take.

use std::time::{Duration, Instant};

/// The time at which a call to the server gives up, and how long it may go without progress before that.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    end: Instant,
    stall: Duration,
}

impl Deadline {
    /// The call has `most` in all.
    pub fn within(most: Duration) -> Self {
        Self { end: Instant::now() + most, stall: most }
    }

    /// The call gives up when the connection has made no progress for `stall`, and after `most` in any case: a server
    /// that sends one byte at a time must not hold a lock of this machine for ever.
    pub fn without_progress(stall: Duration, most: Duration) -> Self {
        Self { end: Instant::now() + most, stall }
    }

    /// How long the next step may wait; `None` if the time is over.
    pub(super) fn step(&self) -> Option<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| left.min(self.stall))
    }

    /// The end of the time without progress that begins now.
    pub(super) fn stalled(&self) -> Self {
        Self { end: self.end.min(Instant::now() + self.stall), stall: self.stall }
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        self.step().is_none()
    }
}
