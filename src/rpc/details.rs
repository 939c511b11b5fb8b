//! The members of an error's `data` besides `kind`, `retryable` and `reason`: one type for each code that has any.

use serde::Serialize;

use crate::vault::Timestamp;

use super::rules::Parameter;
use super::values::{Protector, Revision};

/// The members, of one type or another.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Details {
    Parameter(NamedParameter),
    Conflict(Conflict),
    Limit(OverLimit),
    Lease(HeldUntil),
    Key(NoKey),
    Outcome(UnknownOutcome),
    Lock(LockHolder),
}

/// Which parameter is wrong.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct NamedParameter {
    /// The name of the parameter. For a parameter that the method does not have: its position, from 0, in the array
    /// or among the members.
    pub(super) parameter: Parameter,
}

/// The state that a write with `ifRevision` does not match.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Conflict {
    /// The record's revision; 0 if there is no record.
    pub(super) revision: Revision,
}

/// A limit that the request would exceed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct OverLimit {
    /// The limit: bytes, records, handles, leases or keys.
    pub(super) limit: u64,
}

/// How long the current holder has the lease.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct HeldUntil {
    /// When the lease expires if it is not renewed.
    pub(super) expires_at: Timestamp,
}

/// Which protector did not give the store key.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct NoKey {
    /// The protector that did not give the store key.
    pub(super) protector: Protector,
}

/// Which process holds the write lock.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct LockHolder {
    /// For `lock`: the id of the process that holds the write lock. Absent if the process is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) process: Option<u32>,
}

/// What is known about a write that failed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct UnknownOutcome {
    /// Present for `commit` and `unanswered`: read before you write again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<Unknown>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "camelCase")]
pub(super) enum Unknown {
    Unknown,
}
