//! Which processors the two sides run on.
//!
//! Left to itself, the system puts client and server sometimes on one processor and sometimes on two. A call between
//! two processors costs several times as much, because the other one has to be woken first. So the placement is settled
//! beforehand.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where client and server run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placement {
    /// Both on one processor. This measures work without waking.
    Together,
    /// Each on a processor of its own. The two work at the same time, and each has to wake the other.
    Apart,
}

impl Placement {
    /// Settles the placement for what `start` starts, and for the calling thread from then on. It lasts until the
    /// returned [`Settled`] is dropped.
    pub(crate) fn settle<T>(self, start: impl FnOnce() -> T) -> io::Result<(T, Settled)> {
        let allowed = sched_getaffinity(None)?;
        let mut processors = (0..CpuSet::MAX_CPU).filter(|&processor| allowed.is_set(processor));
        let first = processors.next().ok_or_else(|| io::Error::other("there is no processor"))?;
        let second = processors.next().unwrap_or(first);
        let settled = Settled(allowed);
        run_on(if self == Self::Together { first } else { second })?;
        let started = start();
        run_on(first)?;
        Ok((started, settled))
    }
}

fn run_on(processor: usize) -> io::Result<()> {
    let mut one = CpuSet::new();
    one.set(processor);
    Ok(sched_setaffinity(None, &one)?)
}

/// Dropping this lets the thread run again where it could run before.
pub(crate) struct Settled(CpuSet);

impl Drop for Settled {
    fn drop(&mut self) {
        let _ = sched_setaffinity(None, &self.0);
    }
}
