//! How long a caller waits for the user or for a program: until a moment, or until the caller cancels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often code that waits for something else checks its own caller's deadline.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// A deadline that its owner can also end early. All clones end together.
#[derive(Clone)]
pub struct Deadline {
    until: Instant,
    ended: Arc<AtomicBool>,
}

impl Deadline {
    /// A deadline that passes after `time`.
    pub fn of(time: Duration) -> Self {
        Self { until: Instant::now() + time, ended: Arc::default() }
    }

    /// Ends the deadline now, so that windows that ask the user close.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// A flag that ends the deadline when it is set, for signal handlers.
    pub fn ended(&self) -> Arc<AtomicBool> {
        self.ended.clone()
    }

    /// The time that is left; zero once it has passed or was ended.
    pub fn left(&self) -> Duration {
        if self.ended.load(Ordering::Acquire) {
            return Duration::ZERO;
        }
        self.until.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed or was ended.
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }
}
