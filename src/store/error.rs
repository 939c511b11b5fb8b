//! What can go wrong with a store, as far as a caller can do something about it.

use std::io;

use crate::files;

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
    /// Its file system is mounted read-only.
    ReadOnly,
    /// A link, or a file with a second name, has the place of one of its files or folders.
    Link,
    /// Something that is no regular file has the place of one of its files, or no folder that of one of its folders.
    FileType,
    /// It is this user's own, and its mode or another rule of the system keeps this user from it.
    Access,
}

impl From<files::Refusal> for Refusal {
    fn from(refusal: files::Refusal) -> Self {
        match refusal {
            files::Refusal::Link => Self::Link,
            files::Refusal::FileType => Self::FileType,
            files::Refusal::Owner => Self::Owner,
            files::Refusal::Access => Self::Access,
            files::Refusal::ReadOnly => Self::ReadOnly,
        }
    }
}

/// Says in one line which file or folder it is, why it can't be used, and what to do.
impl From<files::Error> for StoreError {
    fn from(error: files::Error) -> Self {
        (&error).into()
    }
}

impl From<&files::Error> for StoreError {
    fn from(error: &files::Error) -> Self {
        if let Some(refusal) = error.refusal() {
            tracing::error!("the store can't be used: {error}");
            return Self::Refused(refusal.into());
        }
        match error.cause() {
            files::Cause::Io(inner) if is_full(inner) => Self::Full,
            files::Cause::Io(_) => {
                tracing::warn!("the store's files could not be used: {error}");
                Self::Failed
            }
            _ => {
                tracing::error!("{error}");
                Self::Damaged
            }
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge)
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        if let Some(error) = files::Error::of(&error) {
            return error.into();
        }
        if is_full(&error) {
            return Self::Full;
        }
        // An I/O error's text is the operating system's: no caller's word is in it.
        tracing::warn!(error = %error, "the store's files could not be used");
        match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => Self::Refused(Refusal::ReadOnly),
            io::ErrorKind::PermissionDenied => Self::Refused(Refusal::Access),
            _ => Self::Failed,
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
