//! Backups that the store takes of itself: copies of its tables, sealed as they are, without slots, so that what was
//! revoked stays so. One process takes one when it is idle, at most daily; the newest three are kept.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::files;
use crate::limits;

use super::{Folder, Store, StoreError};

/// How old the newest one is when the next is due.
const EVERY: Duration = Duration::from_hours(24);
/// How many are kept.
const KEPT: usize = 3;
const SUFFIX: &str = ".mdb";
/// What the name of a copy begins with that is not whole yet.
const ASIDE: &str = "new-";

/// One backup.
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// What was committed up to this revision is in it.
    pub revision: u64,
    /// When it was taken.
    pub taken: SystemTime,
}

impl Folder {
    pub(super) fn backups_folder(&self) -> PathBuf {
        self.path().join("backups")
    }

    /// The backups that are there, the newest first.
    pub fn backups(&self) -> io::Result<Vec<Backup>> {
        let entries = match fs::read_dir(self.backups_folder()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut backups = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let revision = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)?.parse().ok());
            if let Some(revision) = revision.filter(|revision| *revision <= limits::REVISION) {
                backups.push(Backup { path: entry.path(), revision, taken: entry.metadata()?.modified()? });
            }
        }
        backups.sort_by_key(|backup| std::cmp::Reverse(backup.revision));
        Ok(backups)
    }
}

impl Store {
    /// Takes a backup, if none was taken today and something has changed since; `false` if there is nothing to do, or
    /// another process is at it.
    pub fn back_up_daily(&self) -> Result<bool, StoreError> {
        let backups = self.folder().backups()?;
        // One from the future says only that the clock was wrong.
        let today =
            |backup: &Backup| SystemTime::now().duration_since(backup.taken).is_ok_and(|age| age < EVERY);
        if backups.iter().any(today) { Ok(false) } else { self.back_up() }
    }

    /// Takes a backup, if something has changed since the last one; `false` if not, or if another process is at it.
    pub fn back_up(&self) -> Result<bool, StoreError> {
        let folder = self.folder().backups_folder();
        files::create_folder(&folder)?;
        let lock = files::open_or_create(&self.folder().path().join("backup.lock"))?;
        if lock.try_lock().is_err() {
            return Ok(false);
        }
        let revision = self.snapshot()?.revision()?;
        let backups = self.folder().backups()?;
        if backups.iter().any(|backup| backup.revision >= revision) {
            return Ok(false);
        }
        forget_leftovers(&folder)?;
        let aside = tempfile::Builder::new().prefix(ASIDE).make_in(&folder, files::create_new)?;
        self.copy_to(aside.path(), &mut aside.reopen()?)?;
        let name = format!("{revision:020}{SUFFIX}");
        aside.persist(folder.join(name)).map_err(|error| error.error)?;
        files::sync_folder(&folder)?;
        for old in backups.iter().skip(KEPT - 1) {
            fs::remove_file(&old.path)?;
        }
        Ok(true)
    }

    /// Copies the tables as they are at one moment into an empty file, without what is free, and syncs it.
    pub fn copy_to(&self, path: &Path, file: &mut File) -> Result<(), StoreError> {
        self.engine().copy_to(file)?;
        file.sync_all()?;
        // A copy that is not whole is none.
        if fs::metadata(path)?.len() < 2 * self.engine().page_size() as u64 {
            return Err(StoreError::Failed);
        }
        Ok(())
    }
}

/// Takes away what a process left behind that was killed over it.
fn forget_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(ASIDE) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
