//! What the vault answers when it does not do what was asked. No variant holds a caller's word.

use crate::protector::{Reason, Unavailable};
use crate::store::{Refusal, StoreError};

use super::Timestamp;

/// Why a call was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// No key is meant.
    ApiKeyRequired,
    /// The key has no namespace, and had to have one.
    ApiKeyUnknown,
    /// The key was revoked or rotated away.
    ApiKeyRevoked,
    /// The key is past its end.
    ApiKeyExpired,
    /// Outside of the key's scope.
    NotPermitted,
    /// `ifRevision` is not the record's revision.
    RevisionConflict {
        /// The record's revision.
        current: u64,
    },
    /// Over a limit.
    DataTooLarge {
        /// The limit.
        limit: u64,
    },
    /// No folder was named, and not exactly one is open.
    WorkspaceFolderRequired,
    /// Not an absolute URI.
    WorkspaceFolderInvalid,
    /// A record is in the way of a move.
    TargetExists,
    /// The store key is not to be had.
    KeyUnavailable(Unavailable),
    /// A value does not authenticate; it is kept as it is.
    RecordDamaged,
    /// The store is not a whole one.
    StoreDamaged,
    /// Disk, map or quota full; nothing was half-written.
    StoreFull,
    /// Others kept the store busy; the request was not carried out.
    StoreBusy,
    /// The system has no room for a thread; the request was not carried out.
    NoThread,
    /// Written by a later version.
    FormatTooNew,
    /// The store must not be used as it lies there.
    StoreRefused(Refusal),
    /// An I/O error.
    StoreFailed {
        /// Whether the change may have been carried out all the same.
        outcome_unknown: bool,
    },
    /// A shared key may not end later than its owner's.
    ExpiryTooLate,
    /// The key that is to take another's place is in use, or was revoked.
    ApiKeyTaken,
    /// Another holds the lease.
    LeaseHeld {
        /// When it ends, if it is not renewed.
        expires_at: Timestamp,
    },
    /// The token is not that of a live lease.
    LeaseLost,
    /// Too much waits at once; the request was not carried out.
    Overloaded,
    /// A merge patch with too many levels.
    PatchTooDeep,
    /// A fault of ours.
    Internal,
}

impl Error {
    /// The same, for a request whose time is over.
    #[must_use]
    pub fn too_late(self) -> Self {
        match self {
            Self::KeyUnavailable(why) => Self::KeyUnavailable(why.too_late()),
            other => other,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::StoreFull,
            StoreError::Damaged => Self::StoreDamaged,
            StoreError::FormatTooNew => Self::FormatTooNew,
            StoreError::Refused(refusal) => Self::StoreRefused(refusal),
            StoreError::Busy | StoreError::Replaced => Self::StoreBusy,
            StoreError::Failed => Self::StoreFailed { outcome_unknown: false },
        }
    }
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        match unavailable.reason {
            Reason::OpenToOthers => Self::StoreRefused(Refusal::Permissions),
            Reason::NotOurs => Self::StoreRefused(Refusal::Owner),
            Reason::NotAFile => Self::StoreRefused(Refusal::FileType),
            Reason::Locked
            | Reason::Missing
            | Reason::Wrong
            | Reason::Denied
            | Reason::Deadline
            | Reason::Failed
            | Reason::ProgramMissing
            | Reason::RelativeProgram
            | Reason::InvalidPassphrase
            | Reason::Memory => Self::KeyUnavailable(unavailable),
        }
    }
}
