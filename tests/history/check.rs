//! Whether a history is one that a single store, doing one thing at a time, could have given.
//!
//! The general question is hard; revisions make it easy. They claim to be the order of all changes of the whole store, so
//! the order need not be guessed: with it, a history is right exactly if each change and each read can be given a moment
//! between its beginning and its end such that the changes' moments follow their revisions, and a read's moment lies
//! between the change that it saw and the next one of that record. If `t` is the moment of a change:
//!
//! - `t` is not before its call began, nor after it ended;
//! - a read of a revision that began at `b` and ended at `e` wants `t ≤ e` of that revision, and `t ≥ b` of the record's
//!   next one: a moment for itself is left just then;
//! - a read that found nothing wants the same of one of the gaps in which the record was not there.
//!
//! Of two solutions the earlier moment of each change makes a solution too, so there is an earliest one. It is found by
//! beginning with the earliest moments of all and moving them later only where they must; nothing is guessed and nothing
//! tried out. Of the gaps for a read that found nothing the last one that begins early enough asks for the least.
//!
//! Calls without an answer may have happened or not, up to the moment at which their process was certainly gone. Whether
//! they have is known all the same: a witness, a process that is left alone, watches, and is told of every change, once
//! and in order, or the history is wrong. If the call of a change has no answer, and no read saw the change before the next
//! one of its record, several such calls may have made it. Here the check is a little kind: the change lies
//! somewhere between their beginnings and ends, each of them makes one change, and a patch over it may have found what any
//! of them leaves.
//!
//! Besides: no revision is given twice, and there are no more missing between the first and the last than there are
//! leases without an answer; what is read was written, to that record, and is whole; `ifRevision` let through what it had
//! to.

mod moments;
mod replicas;
#[cfg(test)]
mod tests;
mod versions;

use super::call::{Call, Told};

/// What is wrong with a history.
#[derive(Debug, PartialEq)]
pub(crate) struct Wrong(pub(crate) String);

/// What a right history was made of.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) changes: usize,
    pub(crate) reads: usize,
    pub(crate) conflicts: usize,
    /// Calls without an answer: those that were carried out, and those that were not.
    pub(crate) maybe_done: usize,
    pub(crate) maybe_not: usize,
    /// Leases that were taken, and writes under one.
    pub(crate) leases: usize,
    pub(crate) fenced: usize,
    /// Reads that need not be fresh.
    pub(crate) plain: usize,
}

/// What was asked of the sidecars of one machine.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) calls: Vec<Call>,
    /// Reads that a replica may answer. No moment is asked of them; [`replicas`] says what is.
    pub(crate) plain: Vec<Call>,
}

/// Checks a history of machines that began with an empty store; the witness was told of all its changes. `is_reached`:
/// the server was always there, so that no replica is far behind.
pub(crate) fn check_machines(
    machines: &[Machine],
    told: &[Told],
    is_reached: bool,
) -> Result<Summary, Wrong> {
    let mut all: Vec<_> = machines.iter().flat_map(|machine| machine.calls.iter().cloned()).collect();
    let count = all.len();
    // They also show which calls without an answer were carried out.
    all.extend(machines.iter().flat_map(|machine| machine.plain.iter().cloned()));
    let versions = versions::find(&all, told)?;
    moments::check(&all[..count], &versions)?;
    for machine in machines {
        replicas::check(machine, &versions, is_reached.then_some(replicas::LATEST))?;
    }
    Ok(Summary { plain: all.len() - count, ..versions.summary(&all[..count]) })
}

/// Checks a history of a store that one machine has.
#[cfg(test)]
fn check(calls: &[Call], told: &[Told]) -> Result<Summary, Wrong> {
    check_machines(&[Machine { calls: calls.to_vec(), plain: Vec::new() }], told, true)
}
