//! Why the vault does not carry out a request. No variant holds a caller's text.

use std::fmt;

use crate::protector::{Reason, Unavailable};
use crate::store::{Refusal, StoreError};

use super::Timestamp;
use super::reasons::{
    Busy, DamagedPart, DamagedStore, Denied, Failed, Full, NoKey, OverLimit, Overload, Server,
};

/// Why a call was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// It is not known which key the request uses.
    ApiKeyRequired(NoKey),
    /// The key has no namespace, and the request needs one.
    ApiKeyUnknown,
    /// The key was revoked or rotated away.
    ApiKeyRevoked,
    /// The key has expired.
    ApiKeyExpired,
    /// The key does not permit the request.
    NotPermitted(Denied),
    /// `ifRevision` is not the record's revision.
    RevisionConflict {
        /// The record's revision.
        current: u64,
    },
    /// The request would exceed a limit.
    DataTooLarge {
        /// Which limit.
        reason: OverLimit,
        /// Its value.
        limit: u64,
    },
    /// The request names no folder, and not exactly one folder is open.
    WorkspaceFolderRequired,
    /// The folder is not an absolute URI.
    WorkspaceFolderInvalid,
    /// The target of a move or of a restore already exists.
    TargetExists,
    /// The store key is not available.
    KeyUnavailable(Unavailable),
    /// A value does not authenticate; it is kept as it is.
    RecordDamaged(DamagedPart),
    /// The store is damaged and can't be used.
    StoreDamaged(DamagedStore),
    /// There is no room. Nothing was written in part.
    StoreFull(Full),
    /// The store can't be used just now; the request was not carried out.
    StoreBusy {
        /// Why.
        reason: Busy,
        /// The process that keeps the write lock, for [`Busy::Lock`], if it is known.
        process: Option<u32>,
    },
    /// A later version of plugin-vault wrote the store.
    FormatTooNew,
    /// The store must not be used in its present state.
    StoreRefused(Refusal),
    /// The files of the store could not be read or written.
    StoreFailed(Failed),
    /// The server of the shared store can't be reached. Nothing was changed.
    StoreUnreachable,
    /// The shared store is not used with its server.
    ServerRefused(Server),
    /// The shared key would expire later than its owner's key.
    ExpiryTooLate,
    /// The key that would replace another one is in use, or was revoked.
    ApiKeyTaken,
    /// Another caller holds the lease.
    LeaseHeld {
        /// When the lease expires if it is not renewed.
        expires_at: Timestamp,
    },
    /// The token is not that of a live lease.
    LeaseLost,
    /// Too much waits at once; the request was not carried out.
    Overloaded(Overload),
    /// A merge patch with too many levels.
    PatchTooDeep,
    /// A fault of plugin-vault.
    Internal,
}

impl Error {
    /// The store can't be used just now, for a reason that has no process to name.
    pub const fn busy(reason: Busy) -> Self {
        Self::StoreBusy { reason, process: None }
    }

    /// The name of the cause, for an error that has several.
    pub const fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::ApiKeyRequired(reason) => reason.name(),
            Self::NotPermitted(reason) => reason.name(),
            Self::DataTooLarge { reason, .. } => reason.name(),
            Self::KeyUnavailable(why) => why.reason.name(),
            Self::RecordDamaged(part) => part.name(),
            Self::StoreDamaged(part) => part.name(),
            Self::StoreFull(reason) => reason.name(),
            Self::StoreBusy { reason, .. } => reason.name(),
            Self::StoreRefused(reason) => reason.name(),
            Self::StoreFailed(reason) => reason.name(),
            Self::ServerRefused(reason) => reason.name(),
            Self::Overloaded(reason) => reason.name(),
            Self::ApiKeyUnknown
            | Self::ApiKeyRevoked
            | Self::ApiKeyExpired
            | Self::RevisionConflict { .. }
            | Self::WorkspaceFolderRequired
            | Self::WorkspaceFolderInvalid
            | Self::TargetExists
            | Self::FormatTooNew
            | Self::StoreUnreachable
            | Self::ExpiryTooLate
            | Self::ApiKeyTaken
            | Self::LeaseHeld { .. }
            | Self::LeaseLost
            | Self::PatchTooDeep
            | Self::Internal => return None,
        })
    }

    /// The error of a key's row or slot. If that is damaged, it is one damaged value, not a damaged store.
    pub(super) fn of_a_key(error: StoreError) -> Self {
        match error {
            StoreError::Damaged => Self::KEY_DAMAGED,
            other => other.into(),
        }
    }

    /// A record's value is damaged.
    pub(super) const RECORD_DAMAGED: Self = Self::RecordDamaged(DamagedPart::Record);
    /// What the store holds about a key is damaged.
    pub(super) const KEY_DAMAGED: Self = Self::RecordDamaged(DamagedPart::Key);

    /// The error for a request whose deadline has passed.
    #[must_use]
    pub fn too_late(self) -> Self {
        match self {
            Self::KeyUnavailable(why) => Self::KeyUnavailable(why.too_late()),
            other => other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ApiKeyRequired(_) => "it is not known which API key is used",
            Self::ApiKeyUnknown => "the API key has no data",
            Self::ApiKeyRevoked => "the API key was revoked or replaced",
            Self::ApiKeyExpired => "the API key has expired",
            Self::NotPermitted(_) => "the API key does not permit it",
            Self::RevisionConflict { .. } => "the record has another revision",
            Self::DataTooLarge { .. } => "a limit would be exceeded",
            Self::WorkspaceFolderRequired => "no workspace folder is named",
            Self::WorkspaceFolderInvalid => "the workspace folder is not an absolute URI",
            Self::TargetExists => "the target exists",
            Self::KeyUnavailable(_) => "the store key is not available",
            Self::RecordDamaged(_) => "a part of the store is damaged",
            Self::StoreDamaged(_) => "the store is damaged",
            Self::StoreFull(_) => "no room is left",
            Self::StoreBusy { .. } => "the store is busy",
            Self::FormatTooNew => "a later version wrote the store",
            Self::StoreRefused(_) => "the store must not be used",
            Self::StoreFailed(_) => "the store could not be read or written",
            Self::StoreUnreachable => "the server of the store can't be reached",
            Self::ServerRefused(_) => "the server of the store is not used",
            Self::ExpiryTooLate => "the shared key would expire later than its owner's",
            Self::ApiKeyTaken => "the new API key is in use or was revoked",
            Self::LeaseHeld { .. } => "another client has the lease",
            Self::LeaseLost => "no live lease has the token",
            Self::Overloaded(_) => "too much waits",
            Self::PatchTooDeep => "the merge patch has too many levels",
            Self::Internal => "plugin-vault has a fault",
        })?;
        self.reason().map_or(Ok(()), |reason| write!(formatter, " ({reason})"))
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(reason) => Self::StoreFull(reason.into()),
            StoreError::Damaged => Self::StoreDamaged(DamagedStore::Data),
            StoreError::NoProtector => Self::StoreDamaged(DamagedStore::Protectors),
            StoreError::FormatTooNew => Self::FormatTooNew,
            StoreError::Refused(refusal) => Self::StoreRefused(refusal),
            StoreError::Busy(reason) => Self::busy(reason.into()),
            StoreError::Failed => Self::StoreFailed(Failed::InputOutput),
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
            | Reason::StoreLocked
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
