//! Errors of a store, as far as a caller can act on them.

use std::fmt;
use std::io;

use crate::files;

/// The reason why an operation on the store was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// There is no room. Nothing was partly written.
    Full(FullReason),
    /// A value, a page or a file is not what was written.
    Damaged,
    /// No protector file is whole, so no key could open the store.
    NoProtector,
    /// A later version wrote the store.
    FormatTooNew,
    /// The store must not or can't be used in its present condition.
    Refused(Refusal),
    /// The store can't be used at this moment. Nothing was changed, and the same call may succeed later.
    Busy(BusyReason),
    /// An I/O error.
    Failed,
}

/// The resource that is exhausted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FullReason {
    /// The disk, a quota of the file system, or the limit on the size of a file.
    Disk,
    /// The store's own size limit.
    Limit,
    /// The folder `quarantine` has as many folders as it may have.
    Quarantine,
    /// The memory map of this process. It is smaller if the process has few addresses.
    Map,
}

/// The reason why a store can't be used at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BusyReason {
    /// A process that must close the store first is still closing it, or did not close it in time.
    Closing,
    /// As many processes read the store as LMDB's reader table has places.
    Readers,
    /// This process has too few free addresses for the memory map of the store.
    AddressSpace,
    /// The opened store can't be used any more and has to be opened again: another store is in its place.
    Replaced,
    /// Another process committed after the snapshot on which the batch is based.
    Overtaken,
}

impl StoreError {
    /// Whether the store has to be opened again before any other use. Waiting operations go to the store that is opened
    /// then.
    pub const fn needs_reopening(self) -> bool {
        matches!(self, Self::Busy(BusyReason::Replaced | BusyReason::AddressSpace))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(reason) => write!(formatter, "no room is left: {reason:?}"),
            Self::Damaged => formatter.write_str("the store is damaged"),
            Self::NoProtector => formatter.write_str("no protector file of the store is whole"),
            Self::FormatTooNew => formatter.write_str("a later version wrote the store"),
            Self::Refused(reason) => write!(formatter, "the store must not be used: {reason:?}"),
            Self::Busy(reason) => write!(formatter, "the store can't be used now: {reason:?}"),
            Self::Failed => formatter.write_str("the files of the store could not be read or written"),
        }
    }
}

impl std::error::Error for StoreError {}

/// The reason why a store is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Other users may read or write it.
    Permissions,
    /// It belongs to another user.
    Owner,
    /// A build for another platform, or a process in another container, is using it.
    Platform,
    /// It is on a file system where file locks and memory maps are not reliable.
    NetworkFileSystem,
    /// Its file system is mounted read-only.
    ReadOnly,
    /// A link, or a file with a second name, is in the place of one of its files or folders.
    Link,
    /// Something that is no regular file is in the place of one of its files, or something that is no folder in the
    /// place of one of its folders.
    FileType,
    /// It belongs to this user, but its mode or another rule of the system denies access.
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

/// Logs one line that names the file or folder, the reason why it can't be used, and the remedy.
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
        let files::Cause::Io(inner) = error.cause() else {
            tracing::error!("{error}");
            return Self::Damaged;
        };
        if inner.kind() == io::ErrorKind::ResourceBusy {
            tracing::warn!("another program has a file of the store open, such as a virus scanner: {error}");
            return Self::Busy(BusyReason::Closing);
        }
        tracing::warn!("the store's files could not be used: {error}");
        if is_full(inner) { Self::Full(FullReason::Disk) } else { Self::Failed }
    }
}

/// Whether an error means that there is no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge)
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        if let Some(error) = files::Error::of(&error) {
            return error.into();
        }
        // An I/O error's text is the operating system's: it contains no caller's data.
        tracing::warn!(error = %error, "the store's files could not be used");
        if is_full(&error) {
            return Self::Full(FullReason::Disk);
        }
        match error.kind() {
            io::ErrorKind::ResourceBusy => Self::Busy(BusyReason::Closing),
            io::ErrorKind::ReadOnlyFilesystem => Self::Refused(Refusal::ReadOnly),
            io::ErrorKind::PermissionDenied => Self::Refused(Refusal::Access),
            _ => Self::Failed,
        }
    }
}
