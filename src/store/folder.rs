//! The data folder: where everything of a store lies, and whether one lies there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::{self, Dir, Privacy};

use super::file_system;
use super::lmdb::{DATA_FILE, READERS_FILE};
use super::{Refusal, StoreError};

/// The folders in it.
pub(super) const FOLDERS: [&str; 5] = ["slots", "live", "backups", "quarantine", "protectors"];

/// A data folder, whether or not it exists.
#[derive(Clone)]
pub(super) struct Folder {
    path: PathBuf,
    allow_network: bool,
}

impl Folder {
    /// The data folder at `path`.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, allow_network: false }
    }

    /// The same, on a network file system too if that is allowed: LMDB is not safe there.
    #[must_use]
    pub(super) fn allow_network(self, allow_network: bool) -> Self {
        Self { allow_network, ..self }
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder itself, open. What is in it is reached through this, and no link in it is followed.
    pub(super) fn dir(&self) -> files::Result<Dir> {
        Dir::open(&self.path)
    }

    /// Whether a store is there, or something else has its data file's name. It may be made or moved away at any time
    /// after.
    pub(super) fn has_store(&self) -> bool {
        self.dir().and_then(|dir| dir.find(DATA_FILE)).is_ok_and(|found| found.is_some())
    }

    /// Whether something is there that was a store's: then there is, or was, a store. An error where that can't be seen.
    pub(super) fn has_remains(&self) -> Result<bool, StoreError> {
        let dir = match self.dir() {
            Err(error) if error.is_not_found() => return Ok(false),
            dir => dir?,
        };
        Ok(dir.find(DATA_FILE)?.is_some() || !self.backups()?.is_empty() || !self.slots_there()?.is_empty())
    }

    /// The right to ask a person for something: one process at a time. `None` if another asks until nobody waits, and
    /// where the disk has no room for the file: a full disk keeps nobody from reading.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if something else has the name of `prompt.lock`.
    pub(super) fn lock_prompt(&self, waits: impl Fn() -> bool) -> Result<Option<fs::File>, StoreError> {
        let file = self.dir().and_then(|dir| dir.open_or_create("prompt.lock"));
        let file = match file.map_err(StoreError::from) {
            Ok(file) => file,
            Err(error @ StoreError::Refused(_)) => return Err(error),
            Err(_) => return Ok(None),
        };
        // The lock has no timed wait, and whoever holds it waits for a person: a look now and then is enough.
        while file.try_lock().is_err() {
            if !waits() {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Some(file))
    }

    pub(super) fn data_file(&self) -> PathBuf {
        self.path.join(DATA_FILE)
    }

    pub(super) fn header(&self) -> PathBuf {
        self.path.join("header")
    }

    pub(super) fn open_lock(&self) -> PathBuf {
        self.path.join("open.lock")
    }

    /// Held alone by whoever has, or wants to have, the store alone; everybody else passes by it on the way in.
    pub(super) fn make_lock(&self) -> PathBuf {
        self.path.join("make.lock")
    }

    pub(super) fn bell(&self) -> PathBuf {
        self.path.join("bell")
    }

    /// What the last process left that closed the store, see `lmdb/closed.rs`.
    pub(super) fn closed(&self) -> PathBuf {
        self.path.join("closed")
    }

    /// What the processes that have the store open are told, see [`super::events`].
    pub(super) fn news(&self) -> PathBuf {
        self.path.join("news")
    }

    /// The process id of the one that holds, or last held, `write.lock`.
    pub(super) fn writer_file(&self) -> PathBuf {
        self.path.join("writer")
    }

    pub(super) fn waiting_lock(&self) -> PathBuf {
        self.path.join("waiting.lock")
    }

    pub(super) fn write_lock(&self) -> PathBuf {
        self.path.join("write.lock")
    }

    /// Sees that nothing leads out of the folder: every folder in it is a folder of ours, and LMDB's two files, which it
    /// opens by their path, are files of ours that have no other name. A data file that is about to be replaced has a
    /// second one in `quarantine/`, and one that was not replaced in the end keeps it.
    pub(super) fn check_files(&self) -> Result<(), StoreError> {
        let dir = self.dir()?;
        for name in FOLDERS {
            match dir.folder(name) {
                Err(error) if error.is_not_found() => {}
                folder => drop(folder?),
            }
        }
        dir.check(READERS_FILE, false)?;
        if let Some(found) = dir.check(DATA_FILE, true)?
            && found.links > 1 + names_in_quarantine(&dir, found.id)?
        {
            dir.check(DATA_FILE, false)?;
        }
        Ok(())
    }

    /// Makes the folder if it is not there, and sees that it is its owner's alone.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        files::may_create_folder(&self.path)?;
        files::create_folder(&self.path)?;
        if !self.allow_network && file_system::is_of_a_network(&self.path)? {
            let path = self.path.display();
            tracing::error!(
                "'{path}' lies on a network or user-space file system, where a store can be damaged; choose a \
                 local --data-dir, or pass --allow-network-file-system if only one machine ever uses it"
            );
            return Err(StoreError::Refused(Refusal::NetworkFileSystem));
        }
        self.check_privacy()
    }

    fn check_privacy(&self) -> Result<(), StoreError> {
        let dir = self.dir()?;
        if dir.found()?.privacy == Privacy::OpenToOthers && dir.is_empty()? {
            dir.make_private()?;
        }
        self.check_owner(&self.path)
    }

    pub(super) fn check_owner(&self, path: &Path) -> Result<(), StoreError> {
        match files::privacy(path)? {
            Privacy::Private => Ok(()),
            Privacy::OpenToOthers => {
                let path = files::quoted(&self.path);
                tracing::error!("other users may read or write the store; run: chmod -R go= {path}");
                Err(StoreError::Refused(Refusal::Permissions))
            }
            Privacy::NotOurs => Err(files::Error::at(path, files::Cause::Owner).into()),
        }
    }
}

/// How many second names in `quarantine/` a data file has.
fn names_in_quarantine(dir: &Dir, id: files::FileId) -> files::Result<u64> {
    let quarantine = match dir.folder("quarantine") {
        Err(error) if error.is_not_found() => return Ok(0),
        quarantine => quarantine?,
    };
    let mut names = 0;
    for name in quarantine.names()? {
        let copy = quarantine.folder(&name).and_then(|own| own.find(DATA_FILE));
        names += u64::from(copy.is_ok_and(|copy| copy.is_some_and(|copy| copy.id == id)));
    }
    Ok(names)
}
