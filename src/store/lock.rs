//! The two locks between processes: `open.lock`, shared by all who have the store open, and `write.lock`, held by
//! the one that writes. Both are the kernel's: they end with the process, however it ends.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use crate::files;

/// Held while the store is open: shared by those that use it, alone by one that makes, moves or mends it.
pub(super) struct OpenLock(File);

impl OpenLock {
    pub(super) fn file(path: &Path) -> io::Result<File> {
        files::open_or_create(path)
    }

    pub(super) fn shared(file: File) -> io::Result<Self> {
        file.lock_shared()?;
        Ok(Self(file))
    }

    /// Waits until nobody else has the store open.
    pub(super) fn alone(file: File) -> io::Result<Self> {
        file.lock()?;
        Ok(Self(file))
    }

    /// Becomes the only one, if nobody else has the store open just now.
    pub(super) fn try_alone(self) -> io::Result<Result<Self, Self>> {
        match self.0.try_lock() {
            Ok(()) => Ok(Ok(self)),
            Err(std::fs::TryLockError::WouldBlock) => {
                // Trying for more may have cost us what we had.
                self.0.lock_shared()?;
                Ok(Err(self))
            }
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// From alone to shared. Another may come between: look again at what was found before.
    pub(super) fn share(self) -> io::Result<Self> {
        self.0.lock_shared()?;
        Ok(self)
    }
}

/// The right to write, for one process at a time. Ends when dropped.
pub struct WriteLock<'f>(&'f File);

impl<'f> WriteLock<'f> {
    /// Blocks until no other process writes, then leaves this process's id in the file for those who wait.
    pub(super) fn take(file: &'f File) -> io::Result<Self> {
        file.lock()?;
        let lock = Self(file);
        let mut file = file;
        file.rewind()?;
        // Fixed width, so that nothing of a longer id before stays behind.
        file.write_all(format!("{:<10}\n", std::process::id()).as_bytes())?;
        Ok(lock)
    }

    /// The process that holds the lock or held it last.
    pub(super) fn holder(path: &Path) -> Option<u32> {
        let mut text = String::new();
        File::open(path).ok()?.take(16).read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }
}

impl Drop for WriteLock<'_> {
    fn drop(&mut self) {
        // The lock of a file that could not be unlocked ends with the file.
        let _ = self.0.unlock();
    }
}
