//! The data folder: where everything of a store is stored, and whether it holds a store.

use std::path::{Path, PathBuf};

use crate::files::{self, Dir, Privacy};

use super::lmdb::{DATA_FILE, READERS_FILE};
use super::{Refusal, StoreError};

/// The folders in the data folder.
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

    /// The same folder. If `allow_network` is set, it may be on a network file system, where LMDB is not safe.
    #[must_use]
    pub(super) fn allow_network(self, allow_network: bool) -> Self {
        Self { allow_network, ..self }
    }

    /// The path of the data folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the folder. Its contents are reached through the returned handle, which follows no link.
    pub(super) fn dir(&self) -> files::Result<Dir> {
        Dir::open(&self.path)
    }

    /// Whether the folder holds a store, or something else with the name of its data file. Another process may create
    /// it or move it away at any time after.
    pub(super) fn has_store(&self) -> bool {
        self.dir().and_then(|dir| dir.find(DATA_FILE)).is_ok_and(|found| found.is_some())
    }

    /// Whether the folder holds anything that belongs to a store: then there is, or was, a store. An error if that
    /// can't be determined.
    pub(super) fn has_remains(&self) -> Result<bool, StoreError> {
        let dir = match self.dir() {
            Err(error) if error.is_not_found() => return Ok(false),
            dir => dir?,
        };
        Ok(dir.find(DATA_FILE)?.is_some() || !self.backups()?.is_empty() || !self.slots_there()?.is_empty())
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

    /// Held exclusively by a process that has, or wants, the exclusive lock. Every other process takes it shared for a
    /// moment when it opens the store.
    pub(super) fn make_lock(&self) -> PathBuf {
        self.path.join("make.lock")
    }

    pub(super) fn bell(&self) -> PathBuf {
        self.path.join("bell")
    }

    /// The record of the last clean close, see `lmdb/closed.rs`.
    pub(super) fn closed(&self) -> PathBuf {
        self.path.join("closed")
    }

    /// The announcements to the processes that have the store open, see [`super::events`].
    pub(super) fn news(&self) -> PathBuf {
        self.path.join("news")
    }

    /// The process id of the process that holds, or last held, `write.lock`.
    pub(super) fn writer_file(&self) -> PathBuf {
        self.path.join("writer")
    }

    pub(super) fn waiting_lock(&self) -> PathBuf {
        self.path.join("waiting.lock")
    }

    pub(super) fn write_lock(&self) -> PathBuf {
        self.path.join("write.lock")
    }

    /// Checks that nothing leads out of the folder. Every folder in it must be a real folder. LMDB opens its two files
    /// by path, so they must be regular files without another name. A data file that is about to be replaced has a
    /// second name in `quarantine/`, and keeps it if it is not replaced in the end.
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

    /// Creates the folder if it does not exist, and checks that only its owner has access.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        files::may_create_folder(&self.path)?;
        files::create_folder(&self.path)?;
        if !self.allow_network && files::is_of_a_network(&self.path)? {
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
                let command = files::take_rights_away("-R go=", &self.path);
                tracing::error!("other users may read or write the store; run: {command}");
                Err(StoreError::Refused(Refusal::Permissions))
            }
            Privacy::NotOurs => Err(files::Error::at(path, files::Cause::Owner).into()),
        }
    }
}

/// The number of second names that a data file has in `quarantine/`.
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
