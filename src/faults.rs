//! Faults that tests inject: bugs that the proof rigs have to find, and points at which the writer fails. They exist
//! only with the feature `faults`, which a release build refuses. Without it each point does nothing.
//!
//! `PLUGIN_VAULT_FAULT` chooses one: the name of a [`Fault`], or `<point>:<action>:<n>` for a [`Point`].

use std::io;

/// A bug, by its name in the variable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `early-answer`: writes are answered before they are committed.
    EarlyAnswer,
    /// `no-guard`: a snapshot is taken as LMDB gives it.
    NoGuard,
    /// `no-sync`: LMDB writes without waiting for the disk.
    NoSync,
    /// `deaf-commit`: a commit that the disk refused counts as done.
    DeafCommit,
    /// `lost-end`: a patch drops the record's expiry.
    LostEnd,
    /// `no-check`: every file counts as sound.
    NoCheck,
    /// `stale-lease`: a write succeeds with the token of a lease that has ended.
    StaleLease,
    /// `two-holders`: every request for a lease is granted.
    TwoHolders,
    /// `local-clock`: leases of a shared store end by the clock of each machine.
    LocalClock,
    /// `no-fresh`: reads that have to be fresh are answered as any other.
    NoFresh,
    /// `stale-refusal`: writes that change nothing are decided without the server.
    StaleRefusal,
    /// `new-write-id`: an append without an answer is repeated as another one.
    NewWriteId,
}

/// A point in a commit, a repair or a join.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// `before-begin`: the lock is held, no transaction has begun.
    BeforeBegin,
    /// `before-commit`: every row is in the transaction.
    BeforeCommit,
    /// `after-commit`: the rows are on the disk, no client has an answer.
    AfterCommit,
    /// `after-append`: the server of a shared store has committed, and this machine has not.
    AfterAppend,
    /// `before-replacing`: the store is in quarantine, and its replacement is ready.
    BeforeReplacing,
    /// `joining`: a step of a join is done; each of them counts.
    Joining,
}

impl Fault {
    /// Whether the environment chose this bug.
    #[cfg(not(feature = "faults"))]
    pub const fn is_injected(self) -> bool {
        false
    }

    /// Whether the environment chose this bug.
    #[cfg(feature = "faults")]
    pub fn is_injected(self) -> bool {
        injected::BUG.is_some_and(|bug| bug == self)
    }
}

/// Does nothing.
///
/// # Errors
/// None without the feature `faults`.
#[cfg(not(feature = "faults"))]
#[allow(clippy::unnecessary_wraps, reason = "with the feature it does fail")]
pub const fn reach(_: Point) -> io::Result<()> {
    Ok(())
}

/// Fails at the n-th time that the chosen point is reached, counted from 1. The action `kill` ends the process.
///
/// # Errors
/// The action `eio` gives an input or output error, `full` a full disk.
#[cfg(feature = "faults")]
pub fn reach(point: Point) -> io::Result<()> {
    injected::reach(point)
}

/// By how many milliseconds this machine's wall clock is wrong.
#[cfg(not(feature = "faults"))]
pub const fn clock_offset() -> i64 {
    0
}

/// By how many milliseconds this machine's wall clock is wrong: `PLUGIN_VAULT_CLOCK_OFFSET`.
#[cfg(feature = "faults")]
pub fn clock_offset() -> i64 {
    *injected::OFFSET
}

#[cfg(feature = "faults")]
mod injected {
    use std::io;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Fault, Point};

    static CHOSEN: LazyLock<String> =
        LazyLock::new(|| std::env::var("PLUGIN_VAULT_FAULT").unwrap_or_default());

    pub(super) static OFFSET: LazyLock<i64> = LazyLock::new(|| {
        std::env::var("PLUGIN_VAULT_CLOCK_OFFSET").ok().and_then(|offset| offset.parse().ok()).unwrap_or(0)
    });

    pub(super) static BUG: LazyLock<Option<Fault>> = LazyLock::new(|| match CHOSEN.as_str() {
        "early-answer" => Some(Fault::EarlyAnswer),
        "no-guard" => Some(Fault::NoGuard),
        "no-sync" => Some(Fault::NoSync),
        "deaf-commit" => Some(Fault::DeafCommit),
        "lost-end" => Some(Fault::LostEnd),
        "no-check" => Some(Fault::NoCheck),
        "stale-lease" => Some(Fault::StaleLease),
        "two-holders" => Some(Fault::TwoHolders),
        "local-clock" => Some(Fault::LocalClock),
        "no-fresh" => Some(Fault::NoFresh),
        "new-write-id" => Some(Fault::NewWriteId),
        "stale-refusal" => Some(Fault::StaleRefusal),
        _ => None,
    });

    pub(super) fn reach(point: Point) -> io::Result<()> {
        static REACHED: AtomicU64 = AtomicU64::new(0);
        let name = match point {
            Point::BeforeBegin => "before-begin",
            Point::BeforeCommit => "before-commit",
            Point::AfterCommit => "after-commit",
            Point::AfterAppend => "after-append",
            Point::BeforeReplacing => "before-replacing",
            Point::Joining => "joining",
        };
        let mut words = CHOSEN.split(':');
        if words.next() != Some(name) {
            return Ok(());
        }
        let action = words.next().unwrap_or_default();
        let turn = words.next().and_then(|turn| turn.parse().ok()).unwrap_or(1);
        if REACHED.fetch_add(1, Ordering::Relaxed) + 1 != turn {
            return Ok(());
        }
        match action {
            "kill" => std::process::abort(),
            "full" => Err(io::ErrorKind::StorageFull.into()),
            _ => Err(io::Error::other("a failure that a test asked for")),
        }
    }
}
