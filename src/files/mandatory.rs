//! A test double of mandatory locks, as Windows has them: there, the lock of one handle keeps every other handle from
//! the bytes of the file. On Linux a lock only keeps others from the lock. Wine does not enforce locks either, so the
//! unit tests do it, on Linux: they fail where this program reads or writes a file that is locked. Pages of the data file
//! are read without this check, which would be made thousands of times for a file that is never locked.

use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::AsRawFd as _;

/// Another open file of the same file, which gets a lock only if no process and no other handle has it.
fn another(file: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn unlocked(outcome: Result<(), TryLockError>) -> io::Result<()> {
    match outcome {
        Err(TryLockError::WouldBlock) => Err(io::Error::other("a mandatory lock is on this file")),
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    }
}

/// An error if the file is locked exclusively.
pub(super) fn check_read(file: &File) -> io::Result<()> {
    unlocked(another(file)?.try_lock_shared())
}

/// An error if the file is locked, also if only shared.
pub(super) fn check_write(file: &File) -> io::Result<()> {
    unlocked(another(file)?.try_lock())
}

#[test]
fn a_locked_file_is_neither_read_nor_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    super::replace(&path, b"text").unwrap();
    let lock = super::open_or_create(&path).unwrap();
    let uses = || {
        let file = super::open_or_create(&path).unwrap();
        (super::read_whole(&path, 10).is_ok(), super::write_all_at(&file, b"t", 0).is_ok())
    };
    assert_eq!(uses(), (true, true));
    lock.lock_shared().unwrap();
    assert_eq!(uses(), (true, false));
    lock.unlock().unwrap();
    lock.lock().unwrap();
    assert_eq!(uses(), (false, false));
    lock.unlock().unwrap();
    assert_eq!(uses(), (true, true));
}
