//! The members of an error's `data` besides `kind` and `retryable`: one type for each code that has any.

use serde::Serialize;

use crate::vault::{KeyReason, Refusal, Timestamp, Unavailable};

use super::error::{Parameter, Reason};
use super::values::{Protector, Revision};

/// The members, of one type or another.
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

/// Which parameter is wrong, and why.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct WrongParameter {
    /// The name of the parameter. For a parameter that the method does not have: its position, from 0, in the array
    /// or among the members.
    parameter: Parameter,
    /// What is wrong with the parameter.
    reason: Reason,
}

/// The state that a write with `ifRevision` does not match.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Conflict {
    /// The record's revision; 0 if there is no record.
    revision: Revision,
}

/// A limit that the request would exceed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct OverLimit {
    /// The limit: bytes, records, handles, leases or keys.
    limit: u64,
}

/// How long the current holder has the lease.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct HeldUntil {
    /// When the lease expires if it is not renewed.
    expires_at: Timestamp,
}

/// Why the store key is not available.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct NoKey {
    /// The protector that did not give the store key.
    protector: Protector,
    /// Why it did not. `retryable` is true for `locked`, `deadline` and `memory`.
    reason: NoKeyReason,
}

/// Why a protector does not give the store key.
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

/// Why plugin-vault does not use the store in its present state.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Refused {
    /// Why plugin-vault does not use the store.
    reason: RefusalReason,
}

/// Why plugin-vault does not use a store.
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
    /// Present if the cause is not another process. `threads`: the system gives this process no more threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<BusyReason>,
}

/// The cause, if it is not another process.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
enum BusyReason {
    Threads,
}

/// What is known about a write that failed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Failed {
    /// Present if a commit was under way: read before you write again.
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
