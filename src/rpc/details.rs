//! What an error's `data` has besides its kind: one type for each code that has more.

use serde::Serialize;

use crate::vault::{KeyReason, Refusal, Timestamp, Unavailable};

use super::error::{Parameter, Reason};
use super::values::{Protector, Revision};

/// The members, of one kind or another.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Details {
    Parameter(WrongParameter),
    Conflict(Conflict),
    Limit(OverLimit),
    Lease(HeldUntil),
    Key(NoKey),
    Refusal(Refused),
    Outcome(Failed),
    Busy(Busy),
}

/// Which parameter, and why.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct WrongParameter {
    /// One of our names; or a position from 0, also among the members, for a name that the method does not have.
    parameter: Parameter,
    /// What is wrong with it.
    reason: Reason,
}

/// What stands in the way of a write with `ifRevision`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Conflict {
    /// The record's revision, 0 for none.
    revision: Revision,
}

/// A limit that would be passed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct OverLimit {
    /// The limit: bytes, records, handles, leases or keys.
    limit: u64,
}

/// How long another holds a lease.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct HeldUntil {
    /// Until when it is held if it is not renewed.
    expires_at: Timestamp,
}

/// Why the store's key is not at hand.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct NoKey {
    /// The protector that stands in the way.
    protector: Protector,
    /// Why. `retryable` is true for `locked`, `deadline` and `memory`.
    reason: NoKeyReason,
}

/// Why a protector does not give the store's key.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "KeyReason"))]
#[serde(rename_all = "camelCase")]
enum NoKeyReason {
    Locked,
    Missing,
    Wrong,
    Denied,
    Deadline,
    Failed,
    ProgramMissing,
    RelativeProgram,
    InvalidPassphrase,
    Memory,
}

/// Why the store can't be used as it lies there.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Refused {
    /// What stands in the way.
    reason: RefusalReason,
}

/// What stands in the way of a store.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
enum RefusalReason {
    Permissions,
    Owner,
    Platform,
    NetworkFileSystem,
    ReadOnly,
    Link,
    FileType,
    Access,
}

/// Why the store is busy.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Busy {
    /// There where it is no other process: `threads` if the system gives this process no more threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<BusyReason>,
}

/// What the store is busy with, if not with another process.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
enum BusyReason {
    Threads,
}

/// What may have become of a write.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Failed {
    /// There if a commit was under way: read before you write again.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Unknown>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "camelCase")]
enum Unknown {
    Unknown,
}

impl Details {
    pub(super) fn of_parameter(parameter: Parameter, reason: Reason) -> Self {
        Self::Parameter(WrongParameter { parameter, reason })
    }

    pub(super) fn of_conflict(current: u64) -> Self {
        Self::Conflict(Conflict { revision: Revision(current) })
    }

    pub(super) fn of_limit(limit: u64) -> Self {
        Self::Limit(OverLimit { limit })
    }

    pub(super) fn of_lease(expires_at: Timestamp) -> Self {
        Self::Lease(HeldUntil { expires_at })
    }

    pub(super) fn of_key(why: Unavailable) -> Self {
        let reason = match why.reason {
            KeyReason::Locked => NoKeyReason::Locked,
            KeyReason::Missing => NoKeyReason::Missing,
            KeyReason::Wrong => NoKeyReason::Wrong,
            KeyReason::Denied | KeyReason::OpenToOthers | KeyReason::NotOurs | KeyReason::NotAFile => {
                NoKeyReason::Denied
            }
            KeyReason::Deadline => NoKeyReason::Deadline,
            KeyReason::Failed => NoKeyReason::Failed,
            KeyReason::ProgramMissing => NoKeyReason::ProgramMissing,
            KeyReason::RelativeProgram => NoKeyReason::RelativeProgram,
            KeyReason::InvalidPassphrase => NoKeyReason::InvalidPassphrase,
            KeyReason::Memory => NoKeyReason::Memory,
        };
        Self::Key(NoKey { protector: Protector(why.protector.name().into()), reason })
    }

    pub(super) fn of_refusal(refusal: Refusal) -> Self {
        let reason = match refusal {
            Refusal::Permissions => RefusalReason::Permissions,
            Refusal::Owner => RefusalReason::Owner,
            Refusal::Platform => RefusalReason::Platform,
            Refusal::NetworkFileSystem => RefusalReason::NetworkFileSystem,
            Refusal::ReadOnly => RefusalReason::ReadOnly,
            Refusal::Link => RefusalReason::Link,
            Refusal::FileType => RefusalReason::FileType,
            Refusal::Access => RefusalReason::Access,
        };
        Self::Refusal(Refused { reason })
    }

    pub(super) fn of_no_thread() -> Self {
        Self::Busy(Busy { reason: Some(BusyReason::Threads) })
    }

    pub(super) fn of_unknown_outcome() -> Self {
        Self::Outcome(Failed { outcome: Some(Unknown::Unknown) })
    }
}
