//! Which processors the two sides run on.
//!
//! Left to itself the system puts them now on one, now on two, and a call between two costs several times as much: the
//! other one has to be woken first. So it is settled beforehand.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where client and server run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placement {
    /// Both on one processor: what is measured is work, and no waking.
    Together,
    /// Each on one of its own: the two work at the same time, and each has to wake the other.
    Apart,
}

impl Placement {
    /// Settles it for what `start` starts, and for the calling thread from then on. It lasts until what is returned is
    /// dropped.
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

/// The thread may run where it might before once this is dropped.
pub(crate) struct Settled(CpuSet);

impl Drop for Settled {
    fn drop(&mut self) {
        let _ = sched_setaffinity(None, &self.0);
    }
}
