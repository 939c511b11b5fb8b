//! The locks between processes. `open.lock` is shared by all processes that have the store open. `make.lock` is held by
//! a process that wants the exclusive lock, and `write.lock` by the process that writes. All are the kernel's: they end
//! with the process, however it ends.
//!
//! A locked file is never written or read. On Windows a lock also keeps other handles from the bytes, so processes
//! exchange data in separate files: `news` and `writer`.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::files::{self, write_all_at};
use crate::rows::{Id, id_text};
use crate::store::events;
use crate::store::{BusyReason, Folder, StoreError};

/// Time that other processes have to close the store.
const LEAVING: Duration = Duration::from_secs(10);
/// Poll interval for the lock meanwhile: it has no timed wait.
const LOOK: Duration = Duration::from_millis(10);

/// Held while the store is open: shared by the processes that use it, exclusively by a process that creates, moves or
/// repairs it.
///
/// A lock is released before another kind is taken. `flock` converts a lock. `LockFileEx` adds the second lock to the
/// first, and then a process waits for itself for ever.
pub(in crate::store) struct OpenLock(File);

impl OpenLock {
    pub(in crate::store) fn file(path: &Path) -> io::Result<File> {
        files::open_or_create(path)
    }

    pub(in crate::store) fn shared(file: File) -> io::Result<Self> {
        file.lock_shared()?;
        Ok(Self(file))
    }

    /// Converts a shared lock into an exclusive one; `None` if another process has the store open. Another process may
    /// have held it exclusively in between, so the caller has to read again what it read before.
    pub(in crate::store) fn into_exclusive(self) -> io::Result<Option<Self>> {
        files::unlock(&self.0)?;
        match self.0.try_lock() {
            Ok(()) => Ok(Some(self)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The exclusive lock, to create, repair or replace the store. No other process has the store open, and every process
/// that opens it waits.
pub(in crate::store) struct ExclusiveLock {
    _lock: OpenLock,
    _waiting: File,
}

impl Folder {
    /// Waits until no process holds the exclusive lock. The caller must drop the returned file before it calls this
    /// again.
    pub(in crate::store) fn wait_for_exclusive_lock(&self) -> io::Result<File> {
        let file = files::open_or_create(&self.make_lock())?;
        file.lock_shared()?;
        Ok(file)
    }

    /// Whether a process wants the exclusive lock. Then this process must close the store, and can open it again later.
    pub(in crate::store) fn is_exclusive_lock_wanted(&self) -> bool {
        let Ok(file) = files::open(&self.make_lock()) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Asks all other processes to close the store, and waits until they have. `None` if `still_wanted` is false once
    /// the previous holders of the exclusive lock are done. [`BusyReason::Closing`] if a process keeps the store open
    /// for ten seconds: then nothing has changed. The caller must not have the store open.
    pub(in crate::store) fn alone_if(
        &self,
        still_wanted: impl FnOnce() -> bool,
    ) -> Result<Option<ExclusiveLock>, StoreError> {
        let waiting = files::open_or_create(&self.make_lock())?;
        waiting.lock()?;
        if !still_wanted() {
            return Ok(None);
        }
        let lock = OpenLock::file(&self.open_lock())?;
        let deadline = Instant::now() + LEAVING;
        let mut asked = false;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Some(ExclusiveLock { _lock: OpenLock(lock), _waiting: waiting })),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    tracing::warn!(
                        "a process has not closed the store in time, so it can't be changed alone"
                    );
                    return Err(StoreError::Busy(BusyReason::Closing));
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            if !std::mem::replace(&mut asked, true) {
                self.call()?;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Like [`Folder::alone_if`], whatever the previous holders did.
    pub(in crate::store) fn alone(&self) -> Result<ExclusiveLock, StoreError> {
        self.alone_if(|| true)?.ok_or(StoreError::Failed)
    }

    /// Makes every process that has the store open check `make.lock`.
    fn call(&self) -> io::Result<()> {
        events::strike(&self.news())
    }

    /// Announces to every process that has the store open that the state of the store has changed.
    pub(in crate::store) fn announce(&self, mark: Id) -> io::Result<()> {
        // The first byte is the signal of `call`.
        write_all_at(&files::open_or_create(&self.news())?, format!("\n{}", id_text(&mark)).as_bytes(), 0)
    }

    /// The last announcement. A process that has seen it has missed nothing.
    pub(in crate::store) fn announced(&self) -> String {
        // The first byte is the signal of `call`.
        let text = files::read_whole(&self.news(), 256).unwrap_or_default();
        String::from_utf8(text).unwrap_or_default().trim().to_owned()
    }
}

/// The right to write, for one process at a time. It ends when it is dropped.
pub struct WriteLock<'f>(&'f File);

impl<'f> WriteLock<'f> {
    /// Blocks until no other process writes. Then it writes this process's id into `writer`, for the processes that
    /// wait.
    pub(in crate::store) fn take(file: &'f File, writer: &File) -> io::Result<Self> {
        file.lock()?;
        let lock = Self(file);
        // Fixed width, so that it fully overwrites a longer id.
        write_all_at(writer, format!("{:<10}\n", std::process::id()).as_bytes(), 0)?;
        Ok(lock)
    }
}

impl Folder {
    /// The process id of the holder of the write lock; `None` if the lock is free or its holder is not known.
    pub(in crate::store) fn writer(&self) -> Option<u32> {
        let lock = files::open(&self.write_lock()).ok()?;
        // The file keeps the id of the last holder, which may be another program's by now.
        if !matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let text = String::from_utf8(files::read_whole(&self.writer_file(), 16).ok()?).ok()?;
        text.trim().parse().ok()
    }
}

impl Drop for WriteLock<'_> {
    fn drop(&mut self) {
        // If the unlock fails, the lock ends when the file is closed.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_is_known_only_while_it_holds_the_lock() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().to_owned());
        assert_eq!(folder.writer(), None);
        let lock = files::open_or_create(&folder.write_lock()).unwrap();
        let writer = files::open_or_create(&folder.writer_file()).unwrap();
        let held = WriteLock::take(&lock, &writer).unwrap();
        assert_eq!(folder.writer(), Some(std::process::id()));
        drop(held);
        assert_eq!(folder.writer(), None);
    }
}
