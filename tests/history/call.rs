//! What was asked of the store, when, and what was answered.
//!
//! A lease is a record that no call reads and no notice reports; its fencing token is a revision ([`Outcome::Written`]).
//! What leases have to hold besides is in `fencing.rs`.

use std::fmt;

/// Nanoseconds since the rig began.
pub(crate) type Time = u64;

/// What is asked of a record. Each written number is written once in a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ask {
    Get,
    Set(u64),
    Patch(u64),
    Delete,
    Acquire,
}

/// What a record holds: the number that was set, and the number that was patched in after that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Content {
    pub(crate) set: Option<u64>,
    pub(crate) patched: Option<u64>,
}

/// What became of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// A set, a patch or a delete is in the store, with this revision.
    Written(u64),
    /// A delete found nothing.
    NothingToDelete,
    /// A get found this, with this revision.
    Found(u64, Content),
    /// A get found nothing.
    FoundNothing,
    /// `ifRevision` was not the record's revision, which is this; 0 for none.
    Conflict(u64),
    /// It was refused, and nothing was changed.
    NotDone,
    /// Unknown. If it was carried out, that was before the call's end.
    Maybe,
}

/// A change that the witness was told of.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) revision: u64,
    pub(crate) record: usize,
    pub(crate) deleted: bool,
    pub(crate) at: Time,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) record: usize,
    pub(crate) ask: Ask,
    pub(crate) if_revision: Option<u64>,
    /// The fencing token that it was sent with.
    pub(crate) lease: Option<u64>,
    pub(crate) began: Time,
    pub(crate) ended: Time,
    pub(crate) outcome: Outcome,
}

impl Call {
    /// Whether the record is there afterwards, if the call changed it.
    pub(crate) fn leaves_something(&self) -> bool {
        matches!(self.ask, Ask::Set(_) | Ask::Patch(_) | Ask::Acquire)
    }

    pub(crate) fn is_maybe(&self) -> bool {
        self.ask != Ask::Get && self.outcome == Outcome::Maybe
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, ask, if_revision, lease, began, ended, outcome } = self;
        write!(formatter, "record {record}: {ask:?}, if {if_revision:?}, lease {lease:?}, ")?;
        write!(formatter, "{began}..{ended} ns: {outcome:?}")
    }
}
