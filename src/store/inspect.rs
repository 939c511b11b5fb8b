//! What can be known of a data folder while its store stays closed: files that are not as they should be, processes,
//! backups, quarantine, and whether the tables are sound.
//!
//! For a person who looks at an installation. Nothing here creates or repairs anything, and no function opens the store.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::files::{self, Dir, FileKind, Found, Privacy, Problem};
use crate::rows::Id;

use super::backup::Backup;
use super::folder::{FOLDERS, Folder};
use super::lmdb::check::{Unsound, check};
use super::lmdb::header::StoreHeader;
use super::lmdb::salvage::salvage;
use super::lmdb::{DATA_FILE, READERS_FILE};
use super::protectors::ProtectorState;
use super::{BusyReason, Location, StoreError};

/// The files in the data folder that have one name each.
const FILES: [&str; 13] = [
    READERS_FILE,
    "header",
    "open.lock",
    "make.lock",
    "write.lock",
    "waiting.lock",
    "prompt.lock",
    "backup.lock",
    "writer",
    "bell",
    "news",
    "closed",
    "pending-slots",
];
/// The folder of what was replaced.
const QUARANTINE: &str = "quarantine";
/// How often a check begins again because a process wrote meanwhile.
const TRIES: u32 = 3;
/// How long a check waits for the process that writes, once it has begun again too often.
const WRITER: Duration = Duration::from_secs(2);

/// A process that has the store open, or that ended without closing it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreProcess {
    /// Its process id; `None` if it could not write it.
    pub pid: Option<u32>,
    /// The version of the program; `None` if it could not write it.
    pub version: Option<String>,
    /// Whether it still runs.
    pub is_alive: bool,
}

/// A backup that the store took of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnBackup {
    name: String,
    /// The last revision that it contains.
    pub revision: u64,
    /// When it was taken.
    pub taken: SystemTime,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A folder of what a repair, a restore or a reset has replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantined {
    /// Its name, which [`Location::purge`] takes.
    pub name: String,
    /// When something was last put into it.
    pub at: SystemTime,
    /// Bytes of the files in it.
    pub bytes: u64,
    /// Whether a repair is not done with it yet.
    pub is_in_use: bool,
}

/// What the tables of a store contain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SoundTables {
    /// The number of rows in all tables.
    pub rows: u64,
    /// The number of rows whose checksum does not match.
    pub damaged_rows: u64,
}

/// The file system of the data folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileSystem {
    /// Whether it is on a network or in user space.
    pub is_of_a_network: bool,
    /// Whether it is the writable layer of a container, which goes with the container.
    pub is_of_a_container: bool,
    /// Bytes that this user can still write; `None` if the system does not say.
    pub free: Option<u64>,
}

impl Location {
    /// What is wrong with the data folder and the files in it.
    pub fn problems(&self) -> Vec<Problem> {
        problems(&self.folder)
    }

    /// The id of the store, as its header says.
    pub fn said_id(&self) -> Option<Id> {
        self.folder.said_id()
    }

    /// Whether a person has locked the store for every process.
    pub fn is_locked_by_marker(&self) -> bool {
        self.folder.is_marked_locked().unwrap_or(false)
    }

    /// Whether the header is that of a build whose locks are the same as this one's; `None` without a whole header.
    pub fn has_our_locks(&self) -> Option<bool> {
        StoreHeader::read(&self.folder.header()).ok().map(|header| header.is_ours())
    }

    /// The processes that have the store open or ended without closing it, this one left out.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn processes(&self) -> Result<Vec<StoreProcess>, StoreError> {
        self.folder.processes(&self.this_process.id())
    }

    /// The process that holds the write lock now.
    pub fn write_lock_holder(&self) -> Option<u32> {
        let lock = files::open(&self.folder.write_lock()).ok()?;
        if lock.try_lock_shared().is_err() { self.folder.writer() } else { None }
    }

    /// The folder of the backups that the store takes of itself, whether or not it exists.
    pub fn backups_folder(&self) -> PathBuf {
        self.folder.path().join("backups")
    }

    /// The backups that the store took of itself, the newest first.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn own_backups(&self) -> Result<Vec<OwnBackup>, StoreError> {
        let sized = |backup: Backup| {
            let bytes = self.folder.backup(&backup).ok().and_then(|file| file.metadata().ok());
            let Backup { name, revision, taken } = backup;
            OwnBackup { name, revision, taken, bytes: bytes.map_or(0, |found| found.len()) }
        };
        Ok(self.folder.backups()?.into_iter().map(sized).collect())
    }

    /// Checks a backup that the store took of itself.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is not sound, or of no use for this store.
    pub fn check_own_backup(&self, backup: &OwnBackup) -> Result<SoundTables, StoreError> {
        let header = self.folder.header_or_what_it_said()?;
        let OwnBackup { name, revision, taken, .. } = backup.clone();
        let file = self.folder.backup(&Backup { name, revision, taken })?;
        tables(check(&file, header.page_size, None))
    }

    /// Moves a backup that is not sound into quarantine, so that the store takes another one.
    ///
    /// # Errors
    /// It is still in its place then.
    pub fn set_own_backup_aside(&self, backup: &OwnBackup) -> Result<(), StoreError> {
        let aside = self.folder.new_quarantine()?;
        let backups = self.folder.dir()?.folder("backups")?;
        backups.rename(&backup.name, &aside, &backup.name)?;
        aside.sync()?;
        Ok(backups.sync()?)
    }

    /// Checks every row of the tables, without opening the store; `None` if there is no store.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and [`StoreError::NoProtector`] if the store needs a repair or can't be opened;
    /// [`StoreError::Busy`] if other processes write all the time.
    pub fn check_tables(&self) -> Result<Option<SoundTables>, StoreError> {
        if !self.folder.has_remains()? {
            return Ok(None);
        }
        if self.folder.protectors()?.is_empty() {
            return Err(StoreError::NoProtector);
        }
        let header = StoreHeader::read(&self.folder.header())?;
        if !self.folder.has_store() {
            return Err(StoreError::Damaged);
        }
        let data = self.folder.dir()?.read(DATA_FILE)?;
        let checked = || check(&data, header.page_size, None);
        // A process that commits meanwhile reuses pages that this check has not read yet.
        for _ in 0..TRIES {
            if let Ok(found) = tables(checked()) {
                return Ok(Some(found));
            }
        }
        let _no_writer = self.no_writer()?;
        tables(checked()).map(Some)
    }

    /// Keeps other processes from writing for as long as the result exists.
    fn no_writer(&self) -> Result<Option<fs::File>, StoreError> {
        let lock = match files::open(&self.folder.write_lock()) {
            Ok(lock) => lock,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let end = Instant::now() + WRITER;
        while lock.try_lock_shared().is_err() {
            if Instant::now() >= end {
                return Err(StoreError::Busy(BusyReason::Closing));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some(lock))
    }

    /// Whether opening the damaged store would repair it, as far as that shows: a row is whole, or a backup is sound.
    pub fn can_be_repaired(&self) -> bool {
        let Ok(header) = self.folder.header_or_what_it_said() else { return false };
        if self.folder.protectors().is_ok_and(|rows| rows.is_empty()) {
            return false;
        }
        let whole_rows = || {
            let data = self.folder.dir()?.read(DATA_FILE)?;
            Ok::<_, StoreError>(!salvage(&data, header.page_size, 0)?.rows.is_empty())
        };
        let backups = self.own_backups().unwrap_or_default();
        whole_rows().unwrap_or(false) || backups.iter().any(|backup| self.check_own_backup(backup).is_ok())
    }

    /// What was replaced by repairs, restores and resets, the oldest first.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        let dir = match self.folder.dir() {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            dir => dir?,
        };
        let all = match dir.folder(QUARANTINE) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            all => all?,
        };
        let live = dir.find(DATA_FILE)?.map(|found| found.id);
        let mut found = Vec::new();
        for name in all.names()? {
            let Some(Found { kind: FileKind::Folder, modified, .. }) = all.find(&name)? else { continue };
            let own = all.folder(&name)?;
            let data = own.find(DATA_FILE)?.map(|found| found.id);
            let bytes = size(own.path());
            found.push(Quarantined { name, at: modified, bytes, is_in_use: data.is_some() && data == live });
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Deletes folders in quarantine. One that a repair is not done with stays.
    ///
    /// # Errors
    /// Some may have been deleted.
    pub fn purge(&self, names: &[String]) -> Result<(), StoreError> {
        let there = self.quarantined()?;
        let all = self.folder.dir()?.folder(QUARANTINE)?;
        for one in there.iter().filter(|one| !one.is_in_use && names.contains(&one.name)) {
            all.remove_all(&one.name)?;
        }
        Ok(all.sync()?)
    }

    /// The number of protector files of which one of the two copies is damaged, and of those that are damaged wholly.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn damaged_protectors(&self) -> Result<(usize, usize), StoreError> {
        let states = self.folder.protector_states()?;
        let count = |wanted| states.iter().filter(|state| **state == wanted).count();
        Ok((count(ProtectorState::Half), count(ProtectorState::Damaged)))
    }

    /// The file system of the data folder, or of the folder in which it would be.
    pub fn file_system(&self) -> FileSystem {
        let nearest = self.folder.path().ancestors().find(|at| at.is_dir()).unwrap_or(Path::new("/"));
        FileSystem {
            is_of_a_network: files::is_of_a_network(nearest).unwrap_or(false),
            is_of_a_container: files::is_of_a_container(nearest),
            free: files::free_space(nearest),
        }
    }
}

fn tables(checked: Result<super::lmdb::check::Checked, Unsound>) -> Result<SoundTables, StoreError> {
    let checked = checked.map_err(StoreError::from)?;
    Ok(SoundTables { rows: checked.rows, damaged_rows: checked.damaged_rows })
}

fn problems(folder: &Folder) -> Vec<Problem> {
    let dir = match folder.dir() {
        Err(error) if error.is_not_found() => return Vec::new(),
        Err(error) => return vec![Problem::of(&error)],
        Ok(dir) => dir,
    };
    let mut found = Vec::new();
    let is_open =
        |found: files::Result<Found>| found.is_ok_and(|found| found.privacy == Privacy::OpenToOthers);
    let data = dir.find(DATA_FILE).ok().flatten().filter(|found| found.kind == FileKind::File);
    let data_is_open = data.is_some_and(|found| is_open(Ok(found)));
    if (is_open(dir.found()) && !dir.is_empty().unwrap_or(false)) || data_is_open {
        found.push(Problem::open_to_others(
            "other users may read or write the store",
            "-R go=",
            folder.path(),
        ));
    }
    for name in FILES {
        found.extend(dir.check(name, false).err().as_ref().map(Problem::of));
    }
    // The engine opens it for writing. It has a second name while a repair replaces it.
    match dir.write_linked(DATA_FILE) {
        Err(error) if error.is_not_found() => {}
        Err(error) => found.push(Problem::of(&error)),
        // Counts the names that a repair gives it.
        Ok(_) if folder.check_files().is_err() => {
            found.extend(dir.check(DATA_FILE, false).err().as_ref().map(Problem::of));
        }
        Ok(_) => {}
    }
    for name in FOLDERS {
        match dir.folder(name) {
            Err(error) if error.is_not_found() => {}
            Err(error) => found.push(Problem::of(&error)),
            Ok(inner) if name == QUARANTINE => drop(inner),
            Ok(inner) => found.extend(problems_in(&inner)),
        }
    }
    found
}

fn problems_in(folder: &Dir) -> Vec<Problem> {
    let names = match folder.names() {
        Ok(names) => names,
        Err(error) => return vec![Problem::of(&error)],
    };
    let is_ours = |name: &&String| !name.starts_with(files::ASIDE);
    let wrong = names.iter().filter(is_ours).filter_map(|name| folder.check(name, false).err());
    wrong.map(|error| Problem::of(&error)).collect()
}

/// Bytes of all files below a folder. Follows no link.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        _ => entry.metadata().map_or(0, |found| found.len()),
    });
    sizes.sum()
}
