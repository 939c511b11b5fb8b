//! Backups that the store takes of itself: copies of its tables, sealed as they are. They have no slots, so that a
//! revoked key stays revoked. An idle process takes a backup, at most one a day. The newest three are kept.

use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::files::{self, ASIDE, Dir};
use crate::limits;

use super::lmdb::open::LmdbStore;
use super::{Folder, StoreError};

/// Age of the newest backup at which the next one is due.
const EVERY: Duration = Duration::from_hours(24);
/// Number of backups that are kept.
const KEPT: usize = 3;
const SUFFIX: &str = ".mdb";

/// One backup.
pub(super) struct Backup {
    /// The file's name in `backups/`.
    pub name: String,
    /// The last revision that the backup contains.
    pub revision: u64,
    /// Time at which the backup was taken.
    pub taken: SystemTime,
}

impl Folder {
    /// The backups in the folder, the newest first.
    pub(super) fn backups(&self) -> files::Result<Vec<Backup>> {
        let folder = match self.dir().and_then(|dir| dir.folder("backups")) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            folder => folder?,
        };
        let mut backups = Vec::new();
        for name in folder.names()? {
            let revision = name.strip_suffix(SUFFIX).and_then(|name| name.parse().ok());
            let Some(revision) = revision.filter(|revision| *revision <= limits::REVISION) else { continue };
            if let Some(found) = folder.find(&name)? {
                backups.push(Backup { name, revision, taken: found.modified });
            }
        }
        backups.sort_by_key(|backup| std::cmp::Reverse(backup.revision));
        Ok(backups)
    }

    /// Opens a backup for reading.
    pub(super) fn backup(&self, backup: &Backup) -> files::Result<File> {
        self.dir()?.folder("backups")?.read(&backup.name)
    }
}

impl LmdbStore {
    /// Takes a backup if there is none from the last 24 hours and something has changed since. `false` if there is
    /// nothing to do, or if another process is taking one.
    pub(super) fn back_up_daily(&self) -> Result<bool, StoreError> {
        let backups = self.folder().backups()?;
        // A backup from the future only shows that the clock was wrong.
        let today =
            |backup: &Backup| SystemTime::now().duration_since(backup.taken).is_ok_and(|age| age < EVERY);
        if backups.iter().any(today) { Ok(false) } else { self.back_up() }
    }

    /// Takes a backup if something has changed since the last one. `false` if not, or if another process is taking one.
    pub(super) fn back_up(&self) -> Result<bool, StoreError> {
        let dir = self.folder().dir()?;
        let folder = dir.make_folder("backups")?;
        let lock = dir.open_or_create("backup.lock")?;
        if lock.try_lock().is_err() {
            return Ok(false);
        }
        let revision = self.snapshot()?.revision()?;
        let backups = self.folder().backups()?;
        if backups.iter().any(|backup| backup.revision >= revision) {
            return Ok(false);
        }
        forget_leftovers(&folder)?;
        let mut aside = folder.create_aside()?;
        self.copy_to(aside.as_file_mut())?;
        folder.put(aside, &format!("{revision:020}{SUFFIX}"))?;
        for old in backups.iter().skip(KEPT - 1) {
            folder.remove(&old.name)?;
        }
        Ok(true)
    }

    /// Copies the tables of one moment into an empty file, without free pages, and syncs it.
    pub(super) fn copy_to(&self, file: &mut File) -> Result<(), StoreError> {
        self.engine().copy_to(file)?;
        file.sync_all()?;
        // A partial copy does not count.
        if file.metadata()?.len() < 2 * self.engine().page_size() as u64 {
            return Err(StoreError::Failed);
        }
        Ok(())
    }
}

/// Removes the temporary files of a process that was killed while it took a backup.
fn forget_leftovers(folder: &Dir) -> files::Result<()> {
    for name in folder.names()?.iter().filter(|name| name.starts_with(ASIDE)) {
        folder.remove_all(name)?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_backup_is_read_in_its_folder_and_through_no_link_that_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let (data, outside) = (folder.path().join("data"), folder.path().join("outside"));
        let (store, name) = (Folder::new(data.clone()), "00000000000000000009.mdb");
        for place in [&data.join("backups"), &outside] {
            files::create_folder(place).unwrap();
            files::create_whole(&place.join(name), b"tables").unwrap();
        }
        let backups = store.backups().unwrap();
        let [backup] = backups.as_slice() else { panic!("there is one") };
        assert!(store.backup(backup).is_ok());
        fs::rename(data.join("backups"), data.join("aside")).unwrap();
        std::os::unix::fs::symlink(&outside, data.join("backups")).unwrap();
        assert_eq!(store.backup(backup).unwrap_err().refusal(), Some(files::Refusal::Link));
        fs::remove_file(data.join("backups")).unwrap();
        fs::rename(data.join("aside"), data.join("backups")).unwrap();
        fs::remove_file(data.join("backups").join(name)).unwrap();
        std::os::unix::fs::symlink(outside.join(name), data.join("backups").join(name)).unwrap();
        assert_eq!(store.backup(backup).unwrap_err().refusal(), Some(files::Refusal::Link));
    }
}
