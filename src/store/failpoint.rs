//! Points at which a test makes the writer fail, to see that nothing is lost there. Only with the feature
//! `failpoints`, which no release build takes; otherwise each point is nothing at all.

use std::io;

/// A point in a commit, or in a repair.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// The lock is held, nothing is begun.
    BeforeBegin,
    /// Everything is in the transaction.
    BeforeCommit,
    /// It is on the disk, nobody has been told.
    AfterCommit,
    /// What is to take a store's place is ready, and the store is in quarantine.
    BeforeReplacing,
}

#[cfg(not(feature = "failpoints"))]
#[allow(clippy::unnecessary_wraps, reason = "with the feature it does fail")]
pub(super) const fn reach(_: Point) -> io::Result<()> {
    Ok(())
}

/// Fails if `PLUGIN_VAULT_FAILPOINT` says so: `<point>:<action>:<n>`, at the n-th time that the point is reached, from
/// 1. Actions: `kill` ends the process at once, `eio` and `full` are what a disk says.
#[cfg(feature = "failpoints")]
pub(super) fn reach(point: Point) -> io::Result<()> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static REACHED: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("PLUGIN_VAULT_FAILPOINT") else { return Ok(()) };
    let name = match point {
        Point::BeforeBegin => "before-begin",
        Point::BeforeCommit => "before-commit",
        Point::AfterCommit => "after-commit",
        Point::BeforeReplacing => "before-replacing",
    };
    let mut words = wanted.split(':');
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
