//! Why a shared store did not take a commit, or could not follow its server.

use crate::remote::{NotCaughtUp, RemoteError};
use crate::store::{CommitError, StoreError};
use crate::vault::Error;
use crate::vault::reasons::{Busy, Failed, Full, Server};

/// Why a batch was not committed, or only on the server.
#[derive(Clone, Copy, Debug)]
pub(in crate::vault) enum NotCommitted {
    /// The store of this machine.
    Store(CommitError),
    /// The server.
    Remote(RemoteError),
    /// The server has committed it, and the replica could not follow. The commit is done.
    NotApplied(CommitError),
}

impl NotCommitted {
    /// Whether the files of this machine are the reason, and not another process or the server.
    pub(in crate::vault) const fn is_of_disk(self) -> bool {
        match self {
            Self::Store(error) | Self::NotApplied(error) => {
                !matches!(error, CommitError::NotDone(StoreError::Busy(_)))
            }
            Self::Remote(_) => false,
        }
    }
}

impl From<CommitError> for NotCommitted {
    fn from(error: CommitError) -> Self {
        Self::Store(error)
    }
}

impl From<StoreError> for NotCommitted {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

impl From<NotCaughtUp> for NotCommitted {
    fn from(error: NotCaughtUp) -> Self {
        match error {
            NotCaughtUp::Remote(error) => Self::Remote(error),
            NotCaughtUp::Store(error) => error.into(),
        }
    }
}

impl From<NotCommitted> for Error {
    fn from(error: NotCommitted) -> Self {
        match error {
            NotCommitted::Store(CommitError::NotDone(error)) => error.into(),
            NotCommitted::Store(CommitError::Unknown) => Self::StoreFailed(Failed::Commit),
            NotCommitted::NotApplied(_) => Self::busy(Busy::Closing),
            NotCommitted::Remote(error) => error.into(),
        }
    }
}

impl From<RemoteError> for Error {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Unreachable | RemoteError::Failed => Self::StoreUnreachable,
            RemoteError::Unanswered => Self::StoreFailed(Failed::Unanswered),
            RemoteError::Refused(_) | RemoteError::NotInstalled => Self::ServerRefused(Server::Refused),
            RemoteError::WentBack => Self::ServerRefused(Server::WentBack),
            RemoteError::Full => Self::StoreFull(Full::Server),
            RemoteError::TooNew => Self::FormatTooNew,
        }
    }
}
