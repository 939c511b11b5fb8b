//! What LMDB's errors mean for the store.

use std::fmt;
use std::io;

use crate::process;
use crate::store::{BusyReason, FullReason, Refusal, StoreError};

use super::engine::CommitError;

impl From<heed::Error> for StoreError {
    fn from(error: heed::Error) -> Self {
        use heed::MdbError as Mdb;
        let lmdb = match error {
            heed::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // LMDB found its own process id among the readers of another container.
                tracing::error!("the store is open in another container; give each its own --data-dir");
                return Self::Refused(Refusal::Platform);
            }
            heed::Error::Io(error) if process::is_lock_gone(&error) => {
                tracing::warn!("LMDB's lock between processes was removed; the store is opened again");
                return Self::Busy(BusyReason::Replaced);
            }
            heed::Error::Io(error) => return error.into(),
            error => error,
        };
        tracing::warn!(error = %lmdb, "LMDB failed");
        match lmdb {
            heed::Error::Mdb(Mdb::MapFull | Mdb::TxnFull) => Self::Full(FullReason::Map),
            heed::Error::Mdb(Mdb::ReadersFull) => Self::Busy(BusyReason::Readers),
            heed::Error::Mdb(
                Mdb::Corrupted
                | Mdb::PageNotFound
                | Mdb::Invalid
                | Mdb::NotFound
                | Mdb::Incompatible
                | Mdb::VersionMismatch
                | Mdb::CursorFull
                | Mdb::PageFull,
            ) => Self::Damaged,
            _ => Self::Failed,
        }
    }
}

impl fmt::Display for CommitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDone(error) => write!(formatter, "nothing was committed: {error}"),
            Self::Unknown => {
                formatter.write_str("the commit failed, and may or may not have been carried out")
            }
        }
    }
}

impl std::error::Error for CommitError {}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        Self::NotDone(error)
    }
}

impl From<heed::Error> for CommitError {
    fn from(error: heed::Error) -> Self {
        Self::NotDone(error.into())
    }
}

impl From<io::Error> for CommitError {
    fn from(error: io::Error) -> Self {
        Self::NotDone(error.into())
    }
}
