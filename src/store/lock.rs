//! The two locks between processes: `open.lock`, shared by all who have the store open, and `write.lock`, held by
//! the one that writes. Both are the kernel's: they end with the process, however it ends.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::files;

use super::bell::Bell;
use super::{Folder, Id, StoreError, id_text};

/// How long others may take to let go of the store.
const LEAVING: Duration = Duration::from_secs(10);
/// How often it is looked whether they have: the lock has no timed wait.
const LOOK: Duration = Duration::from_millis(10);

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

/// The right to have the store alone, to make, mend or replace it. Nobody else has it open, and whoever comes waits.
pub struct Alone {
    _lock: OpenLock,
    _waiting: File,
}

impl Folder {
    /// Waits until whoever has the store alone is done. Not again before what is returned is dropped.
    pub(super) fn wait_for_those_alone(&self) -> io::Result<File> {
        let file = files::open_or_create(&self.make_lock())?;
        file.lock_shared()?;
        Ok(file)
    }

    /// Whether somebody wants the store alone: then it is to be closed, and opened again later.
    pub fn is_wanted_alone(&self) -> bool {
        let Ok(file) = File::open(self.make_lock()) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Asks all others to let go of the store, and waits until they have; `None` if that is not wanted any more once
    /// those before this one are done. [`StoreError::Busy`] if somebody keeps it for ten seconds: then nothing has
    /// changed. Whoever asks must not have it open.
    pub fn alone(&self, still_wanted: impl FnOnce() -> bool) -> Result<Option<Alone>, StoreError> {
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
                Ok(()) => return Ok(Some(Alone { _lock: OpenLock(lock), _waiting: waiting })),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Err(StoreError::Busy),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            if !std::mem::replace(&mut asked, true) {
                self.call()?;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Makes everybody look who has the store open.
    fn call(&self) -> io::Result<()> {
        Bell::new(&self.open_lock())?.ring();
        Ok(())
    }

    /// Tells everybody who has the store open that its state is another than before.
    pub fn announce(&self, mark: Id) -> io::Result<()> {
        // The first byte is the bell's.
        files::open_or_create(&self.open_lock())?.write_all(format!("\n{}", id_text(&mark)).as_bytes())
    }

    /// What was announced last: whoever knows it already has missed nothing.
    pub fn announced(&self) -> String {
        // The first byte is the bell's.
        std::fs::read_to_string(self.open_lock()).unwrap_or_default().trim().to_owned()
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
