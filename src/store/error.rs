//! What can go wrong with a store, as far as a caller can do something about it.

use std::io;

/// Why an operation on the store was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// The disk, the map or a quota is full. Nothing was half-written.
    Full,
    /// A value, a page or a file is not what was written.
    Damaged,
    /// Written by a later version.
    FormatTooNew,
    /// The store must not or can't be used as it lies there.
    Refused(Refusal),
    /// Another process kept the store busy for too long.
    Busy,
    /// What was opened can't be used any more, and has to be opened anew: another store lies in the folder, or there was
    /// no room for a larger map.
    Replaced,
    /// An I/O error.
    Failed,
}

/// Why a store is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Others may read or write it.
    Permissions,
    /// It belongs to another user.
    Owner,
    /// It is in use by another platform's build or in another container.
    Platform,
    /// It lies where file locks and memory maps are not to be relied on.
    NetworkFileSystem,
    /// It can't be written.
    ReadOnly,
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::Full,
            Kind::ReadOnlyFilesystem | Kind::PermissionDenied => Self::Refused(Refusal::ReadOnly),
            _ => {
                // An I/O error's text is the operating system's: no caller's word is in it.
                tracing::warn!(error = %error, "the store's files could not be used");
                Self::Failed
            }
        }
    }
}

impl From<heed::Error> for StoreError {
    fn from(error: heed::Error) -> Self {
        use heed::MdbError as Mdb;
        match error {
            heed::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // LMDB found its own process id among the readers of another container.
                tracing::error!("the store is open in another container; give each its own --data-dir");
                Self::Refused(Refusal::Platform)
            }
            heed::Error::Io(error) => error.into(),
            heed::Error::Mdb(Mdb::MapFull | Mdb::TxnFull) => Self::Full,
            heed::Error::Mdb(Mdb::ReadersFull) => Self::Busy,
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
            other => {
                tracing::warn!(error = %other, "LMDB failed");
                Self::Failed
            }
        }
    }
}
