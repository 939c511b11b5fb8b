//! The members of an error's `data` besides `kind`, `retryable` and `reason`: one type for each code that has any.

use serde::Serialize;

use crate::session::Failure;
use crate::vault::{self, Failed, Timestamp};

use super::error::{Error, Parameter};
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
    parameter: Parameter,
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

/// Which protector did not give the store key.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct NoKey {
    /// The protector that did not give the store key.
    protector: Protector,
}

/// Which process holds the write lock.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct LockHolder {
    /// For `lock`: the id of the process that holds the write lock. Absent if the process is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<u32>,
}

/// What is known about a write that failed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct UnknownOutcome {
    /// Present for `commit`: read before you write again.
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
    /// The members for an error; `None` if it has none.
    pub(super) fn of(error: Error) -> Option<Self> {
        match error {
            Error::InvalidParams(wrong) => {
                Some(Self::Parameter(NamedParameter { parameter: wrong.parameter }))
            }
            Error::Failure(Failure::Vault(error)) => Self::of_vault(error),
            Error::Parse(_)
            | Error::InvalidRequest(_)
            | Error::MethodNotFound
            | Error::ApiKeyInvalid
            | Error::Failure(Failure::Cancelled) => None,
        }
    }

    fn of_vault(error: vault::Error) -> Option<Self> {
        use vault::Error as E;
        Some(match error {
            E::RevisionConflict { current } => Self::Conflict(Conflict { revision: Revision(current) }),
            E::DataTooLarge { limit, .. } => Self::Limit(OverLimit { limit }),
            E::LeaseHeld { expires_at } => Self::Lease(HeldUntil { expires_at }),
            E::KeyUnavailable(why) => Self::Key(NoKey { protector: Protector(why.protector.name().into()) }),
            E::StoreBusy { process: Some(process), .. } => Self::Lock(LockHolder { process: Some(process) }),
            E::StoreFailed(Failed::Commit) => {
                Self::Outcome(UnknownOutcome { outcome: Some(Unknown::Unknown) })
            }
            _ => return None,
        })
    }
}
