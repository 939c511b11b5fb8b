//! The data folder: where everything of a store lies, and whether one lies there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::{self, Dir, Privacy};

use super::create::Creation;
use super::file_system;
use super::header::StoreHeader;
use super::liveness::{self, LivenessLock, StaleProcesses};
use super::lock::OpenLock;
use super::open::ALWAYS_CHECKED;
use super::{Id, Refusal, StoreError};

/// LMDB's data file.
pub(super) const DATA_FILE: &str = "data.mdb";
/// LMDB's table of readers.
pub(super) const READER_TABLE_FILE: &str = "lock.mdb";
/// The folders in it.
pub(super) const FOLDERS: [&str; 5] = ["slots", "live", "backups", "quarantine", "protectors"];

/// A data folder, whether or not it exists.
#[derive(Clone)]
pub struct Folder {
    path: PathBuf,
    allow_network: bool,
}

/// What was found in a data folder; whatever it is holds `open.lock`.
pub enum Entered {
    /// A store.
    Store(Present),
    /// No store, and the right to make one.
    Empty(Creation),
}

/// A store that is there, before it is opened.
pub struct Present {
    pub(super) folder: Folder,
    pub(super) lock: OpenLock,
    pub(super) header: StoreHeader,
}

impl Folder {
    /// The data folder at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, allow_network: false }
    }

    /// The same, on a network file system too if that is allowed: LMDB is not safe there.
    #[must_use]
    pub fn allow_network(self, allow_network: bool) -> Self {
        Self { allow_network, ..self }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder itself, open. What is in it is reached through this, and no link in it is followed.
    pub(super) fn dir(&self) -> files::Result<Dir> {
        Dir::open(&self.path)
    }

    /// Whether a store is there, or something else has its data file's name. It may be made or moved away at any time
    /// after.
    pub fn has_store(&self) -> bool {
        self.dir().and_then(|dir| dir.find(DATA_FILE)).is_ok_and(|found| found.is_some())
    }

    /// Whether something is there that was a store's: then there is, or was, a store. An error where that can't be seen.
    pub fn has_remains(&self) -> Result<bool, StoreError> {
        let dir = match self.dir() {
            Err(error) if error.is_not_found() => return Ok(false),
            dir => dir?,
        };
        Ok(dir.find(DATA_FILE)?.is_some() || !self.backups()?.is_empty() || !self.slots_there()?.is_empty())
    }

    /// The identity of the store that is there, or of what remains of it, as the header says it.
    pub fn said_id(&self) -> Option<Id> {
        let has_remains = self.has_remains().is_ok_and(|has_remains| has_remains);
        let header = has_remains.then(|| StoreHeader::read(&self.header()).ok());
        header.flatten().map(|header| header.store)
    }

    /// The right to ask a person for something: one process at a time. `None` if another asks until nobody waits, and
    /// where the disk has no room for the file: a full disk keeps nobody from reading.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if something else has the name of `prompt.lock`.
    pub fn lock_prompt(&self, waits: impl Fn() -> bool) -> Result<Option<fs::File>, StoreError> {
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

    /// What the last process left that closed the store, see [`super::closed`].
    pub(super) fn closed(&self) -> PathBuf {
        self.path.join("closed")
    }

    /// What the processes that have the store open are told, see [`super::bell`].
    pub(super) fn news(&self) -> PathBuf {
        self.path.join("news")
    }

    /// The process id of the one that holds, or last held, `write.lock`.
    pub(super) fn writer_file(&self) -> PathBuf {
        self.path.join("writer")
    }

    fn live(&self) -> files::Result<Dir> {
        self.dir()?.folder("live")
    }

    /// This process is alive from now on, under this name.
    pub fn begin_process(&self, id: Id) -> Result<LivenessLock, StoreError> {
        let folder = self.dir()?.make_folder("live")?;
        let live = LivenessLock::begin(folder, id)?;
        // After a loss of power it is what tells that there was one, where that is asked.
        if fs::symlink_metadata(self.data_file()).is_ok_and(|data| data.len() > ALWAYS_CHECKED) {
            self.live()?.sync()?;
        }
        Ok(live)
    }

    /// The processes of before that did not end in an orderly way; `own` is this one's name.
    pub fn stale_processes(&self, own: &Id) -> Result<StaleProcesses, StoreError> {
        Ok(StaleProcesses::find(self.live()?, own)?)
    }

    /// Whether the process of this name lives.
    pub fn is_alive(&self, id: &Id) -> bool {
        self.live().is_ok_and(|live| liveness::is_alive(&live, id))
    }

    pub(super) fn waiting_lock(&self) -> PathBuf {
        self.path.join("waiting.lock")
    }

    pub(super) fn write_lock(&self) -> PathBuf {
        self.path.join("write.lock")
    }

    /// Goes in: makes the folder if it is not there, and finds a store or the right to make one.
    pub fn enter(&self) -> Result<Entered, StoreError> {
        self.prepare()?;
        let mut was_adopted = false;
        loop {
            let waiting = self.wait_for_exclusive_lock()?;
            let lock = OpenLock::shared(OpenLock::file(&self.open_lock())?)?;
            drop(waiting);
            if self.has_store() {
                match self.present(lock)? {
                    Ok(present) => return Ok(Entered::Store(present)),
                    Err(_) if was_adopted => return Err(platform()),
                    Err(lock) => self.adopt(lock)?,
                }
                was_adopted = true;
                continue;
            }
            drop(lock);
            // Another process may make it while this one waits.
            if let Some(alone) = self.alone(|| !self.has_store())? {
                // A store whose backups or slots are there, and whose tables are gone, is no empty place.
                if self.has_remains()? {
                    return Err(StoreError::Damaged);
                }
                return Ok(Entered::Empty(Creation { folder: self.clone(), _alone: alone }));
            }
        }
    }

    /// The store that is there; the lock, if its lock file is not one that this build can use.
    fn present(&self, lock: OpenLock) -> Result<Result<Present, OpenLock>, StoreError> {
        self.check_files()?;
        self.check_owner(&self.data_file())?;
        let header = StoreHeader::read(&self.header())?;
        // Nothing opens a store without a protector, and nothing but the user's own backup has one.
        if self.protectors()?.is_empty() {
            return Err(StoreError::Damaged);
        }
        Ok(if header.is_ours() { Ok(Present { folder: self.clone(), lock, header }) } else { Err(lock) })
    }

    /// Takes over a store whose lock file another build has made, if no process has it open. The first process that
    /// opens it makes the lock file anew.
    fn adopt(&self, lock: OpenLock) -> Result<(), StoreError> {
        let Some(_alone) = lock.into_exclusive()? else { return Err(platform()) };
        // Another process may have been first, or have replaced the store.
        let header = StoreHeader::read(&self.header())?;
        if !header.is_ours() {
            header.for_this_build().write(&self.header())?;
        }
        Ok(())
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
        dir.check(READER_TABLE_FILE, false)?;
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

    fn check_owner(&self, path: &Path) -> Result<(), StoreError> {
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

fn platform() -> StoreError {
    tracing::error!(
        "another build of plugin-vault, whose locks differ, has the store open; end that one first"
    );
    StoreError::Refused(Refusal::Platform)
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
