//! What LMDB's errors mean for the store.

use std::io;

use crate::store::{BusyReason, FullReason, Refusal, StoreError};

impl From<heed::Error> for StoreError {
    fn from(error: heed::Error) -> Self {
        use heed::MdbError as Mdb;
        let lmdb = match error {
            heed::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // LMDB found its own process id among the readers of another container.
                tracing::error!("the store is open in another container; give each its own --data-dir");
                return Self::Refused(Refusal::Platform);
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
