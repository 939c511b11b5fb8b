//! How long somebody waits for a person or a program: until a moment, or until they stop waiting before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often who waits for something else looks whether anybody still waits for them.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Somebody's deadline. Its clones end together.
#[derive(Clone)]
pub struct Deadline {
    until: Instant,
    ended: Arc<AtomicBool>,
}

impl Deadline {
    /// From now on, for so long.
    pub fn of(time: Duration) -> Self {
        Self { until: Instant::now() + time, ended: Arc::default() }
    }

    /// Nobody waits any more: windows that ask go away.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Whoever sets this ends it: a signal can do no more.
    pub fn ended(&self) -> Arc<AtomicBool> {
        self.ended.clone()
    }

    /// What is left of it.
    pub fn left(&self) -> Duration {
        if self.ended.load(Ordering::Acquire) {
            return Duration::ZERO;
        }
        self.until.saturating_duration_since(Instant::now())
    }

    /// Whether nothing is left of it.
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }
}
