//! `live/`: one file for each process, which the process keeps locked for its whole life. The lock is the kernel's. It
//! ends with the process, however the process ends, and it works in every container that shares the folder. A process
//! id would not be enough: it is reused, and means another process in another container.
//!
//! The locked file stays empty. A second file beside it contains the program version of the process, and its process
//! id. It is created after the first and removed before it, so a second file without a first one is left over.

use std::fs::File;

use crate::files::{self, Cause, Dir, Refusal, write_all_at};
use crate::rows::{Id, id_text, parse_id};
use crate::store::inspect::StoreProcess;
use crate::store::{Folder, StoreError};

use super::open::ALWAYS_CHECKED;

/// The suffix of the second file's name.
const ABOUT: &str = ".txt";
/// The longest second file, in bytes.
const LONGEST: usize = 1024;

/// The liveness lock of this process, as the other processes see it.
pub(in crate::store) struct LivenessLock {
    id: Id,
    folder: Dir,
    _locked: File,
}

impl LivenessLock {
    /// Creates and locks this process's files.
    pub(in crate::store) fn begin(folder: Dir, id: Id) -> files::Result<Self> {
        let name = id_text(&id);
        let failed = |error| files::Error::at(&folder.path_of(&name), Cause::Io(error));
        let file = loop {
            let file = folder.open_or_create(&name)?;
            file.lock().map_err(failed)?;
            // Before the lock, another process that removes stale processes may have taken this file for a stale one.
            let ours = files::id(&file).map_err(failed)?;
            if folder.find(&name)?.is_some_and(|there| there.id == ours) {
                break file;
            }
        };
        let live = Self { id, folder, _locked: file };
        let about = format!("plugin-vault {} {}\n", env!("CARGO_PKG_VERSION"), std::process::id());
        let about_name = about_name(&name);
        // Written for people. On a full disk the store can still be read, so nothing depends on this file.
        let told = live.folder.open_or_create(&about_name).and_then(|file| {
            write_all_at(&file, about.as_bytes(), 0)
                .map_err(|error| files::Error::at(&live.folder.path_of(&about_name), Cause::Io(error)))
        });
        if let Err(error) = told {
            tracing::debug!("this process could not say which version it is: {error}");
        }
        Ok(live)
    }
}

impl Drop for LivenessLock {
    fn drop(&mut self) {
        // If the file can't be removed, the next process finds it unlocked.
        remove(&self.folder, &id_text(&self.id));
    }
}

fn about_name(name: &str) -> String {
    format!("{name}{ABOUT}")
}

fn remove(folder: &Dir, name: &str) {
    let _ = folder.remove(&about_name(name));
    let _ = folder.remove(name);
}

/// Processes that ended without removing their files: they were killed, or the machine went down. The files stay until
/// `remove` is called. Until then every process that opens the store finds them.
#[must_use]
pub(in crate::store) struct StaleProcesses {
    folder: Dir,
    locks: Vec<String>,
    /// Second files without a first one. They do not show how a process ended.
    leftovers: Vec<String>,
}

impl StaleProcesses {
    pub(in crate::store) fn find(folder: Dir, own: &Id) -> files::Result<Self> {
        let (mut locks, mut leftovers) = (Vec::new(), Vec::new());
        for name in folder.names()? {
            if parse_id(&name).is_some_and(|id| id != *own) && !is_locked(&folder, &name) {
                locks.push(name);
            } else if let Some(first) = name.strip_suffix(ABOUT)
                && parse_id(first).is_some()
                && folder.find(first)?.is_none()
            {
                leftovers.push(name);
            }
        }
        Ok(Self { folder, locks, leftovers })
    }

    /// Whether there are no stale processes.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    /// Removes the files. The store has been opened and checked, so they are no longer needed.
    pub(in crate::store) fn remove(self) {
        for name in self.locks {
            match self.folder.read(&name) {
                // A process that had just created its file may have locked it by now.
                Ok(file) if file.try_lock().is_err() => {}
                Ok(_) => remove(&self.folder, &name),
                // Something that is no file belongs to no process, and would count as a stale process for ever.
                Err(error) if matches!(error.refusal(), Some(Refusal::Link | Refusal::FileType)) => {
                    let _ = self.folder.remove(&name);
                }
                // Another process has already removed it.
                Err(error) if error.is_not_found() => {}
                Err(error) => tracing::warn!("it can't be known whether a process still runs: {error}"),
            }
        }
        for name in self.leftovers {
            let _ = self.folder.remove(&name);
        }
    }
}

/// Whether the process with this id is alive.
pub(in crate::store) fn is_alive(folder: &Dir, id: &Id) -> bool {
    is_locked(folder, &id_text(id))
}

/// Takes the lock shared, so that two processes that check at the same time don't take each other for its owner. An
/// error of the lock counts as locked: a process that may be alive must not lose anything.
fn is_locked(folder: &Dir, name: &str) -> bool {
    folder.read(name).is_ok_and(|file| file.try_lock_shared().is_err())
}

impl Folder {
    fn live(&self) -> files::Result<Dir> {
        self.dir()?.folder("live")
    }

    /// Marks this process as alive, under this id.
    pub(in crate::store) fn begin_process(&self, id: Id) -> Result<LivenessLock, StoreError> {
        let folder = self.dir()?.make_folder("live")?;
        let live = LivenessLock::begin(folder, id)?;
        // After a loss of power, this entry shows that there was one. Only large stores need that.
        if std::fs::symlink_metadata(self.data_file()).is_ok_and(|data| data.len() > ALWAYS_CHECKED) {
            self.live()?.sync()?;
        }
        Ok(live)
    }

    /// The processes before this one that did not end cleanly. `own` is the id of this process.
    pub(in crate::store) fn stale_processes(&self, own: &Id) -> Result<StaleProcesses, StoreError> {
        Ok(StaleProcesses::find(self.live()?, own)?)
    }

    /// The processes that have the store open, and those that ended without removing their files; `own` left out.
    pub(in crate::store) fn processes(&self, own: &Id) -> Result<Vec<StoreProcess>, StoreError> {
        let live = match self.live() {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            live => live?,
        };
        let mut processes = Vec::new();
        for name in live.names()? {
            if parse_id(&name).is_some_and(|id| id != *own) {
                let about = live.read_whole(&about_name(&name), LONGEST).unwrap_or_default();
                let about = String::from_utf8(about).unwrap_or_default();
                let mut words = about.split_ascii_whitespace().skip(1);
                let (version, pid) = (words.next().map(str::to_owned), words.next());
                let pid = pid.and_then(|pid| pid.parse().ok());
                processes.push(StoreProcess { pid, version, is_alive: is_locked(&live, &name) });
            }
        }
        processes.sort_by_key(|process| process.pid);
        Ok(processes)
    }

    /// Whether the process with this id is alive.
    pub(in crate::store) fn is_alive(&self, id: &Id) -> bool {
        self.live().is_ok_and(|live| is_alive(&live, id))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn dir(folder: &tempfile::TempDir) -> Dir {
        Dir::open(folder.path()).unwrap()
    }

    fn about_path(path: &Path) -> PathBuf {
        path.with_extension("txt")
    }

    #[test]
    fn a_process_lives_until_its_file_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = ([1; 16], [2; 16]);
        assert!(!is_alive(&dir(&folder), &one));
        let first = LivenessLock::begin(dir(&folder), one).unwrap();
        assert!(is_alive(&dir(&folder), &one));
        let _second = LivenessLock::begin(dir(&folder), two).unwrap();
        let dead = StaleProcesses::find(dir(&folder), &two).unwrap();
        assert!(dead.is_empty(), "a process that lives is none that was killed");
        drop(first);
        assert!(!is_alive(&dir(&folder), &one));
        assert!(is_alive(&dir(&folder), &two));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left.len(), 2, "both files of the first are gone: {left:?}");
    }

    #[test]
    fn the_locked_file_is_empty_and_the_one_beside_it_names_version_and_process() {
        let folder = tempfile::tempdir().unwrap();
        let live = LivenessLock::begin(dir(&folder), [1; 16]).unwrap();
        assert_eq!(fs::metadata(folder.path().join(id_text(&live.id))).unwrap().len(), 0);
        let about = fs::read_to_string(folder.path().join(format!("{}.txt", "01".repeat(16)))).unwrap();
        assert_eq!(about, format!("plugin-vault {} {}\n", env!("CARGO_PKG_VERSION"), std::process::id()));
    }

    #[test]
    fn a_second_file_without_a_first_is_no_dead_process_and_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let own = [2; 16];
        let live = LivenessLock::begin(dir(&folder), own).unwrap();
        let alone = folder.path().join(format!("{}.txt", id_text(&[1; 16])));
        let foreign = folder.path().join("notes.txt");
        files::create_new(&alone).unwrap();
        files::create_new(&foreign).unwrap();
        let dead = StaleProcesses::find(dir(&folder), &own).unwrap();
        assert!(dead.is_empty());
        dead.remove();
        assert!(!alone.exists());
        assert!(foreign.exists() && about_path(&folder.path().join(id_text(&live.id))).exists());
    }

    #[test]
    fn an_unlocked_liveness_file_is_a_stale_process() {
        let folder = tempfile::tempdir().unwrap();
        let (dead, own) = ([1; 16], [2; 16]);
        let path = folder.path().join(id_text(&dead));
        files::create_new(&path).unwrap();
        files::create_new(&about_path(&path)).unwrap();
        files::create_new(&folder.path().join("something else")).unwrap();
        assert!(!is_alive(&dir(&folder), &dead));
        let _live = LivenessLock::begin(dir(&folder), own).unwrap();
        let found = StaleProcesses::find(dir(&folder), &own).unwrap();
        assert!(!found.is_empty() && path.exists());
        found.remove();
        assert!(!path.exists() && !about_path(&path).exists());
        assert!(StaleProcesses::find(dir(&folder), &own).unwrap().is_empty());
        assert!(folder.path().join("something else").exists());
    }

    #[test]
    fn who_lives_by_now_is_not_buried() {
        let folder = tempfile::tempdir().unwrap();
        let (other, own) = ([1; 16], [2; 16]);
        files::create_new(&folder.path().join(id_text(&other))).unwrap();
        let dead = StaleProcesses::find(dir(&folder), &own).unwrap();
        let _other = LivenessLock::begin(dir(&folder), other).unwrap();
        dead.remove();
        assert!(is_alive(&dir(&folder), &other));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_folder_with_a_processs_name_is_no_process_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let (own, elsewhere) = ([9; 16], folder.path().join("elsewhere"));
        files::create_new(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(id_text(&[1; 16]))).unwrap();
        let dead = StaleProcesses::find(dir(&folder), &own).unwrap();
        assert!(!dead.is_empty());
        dead.remove();
        assert!(StaleProcesses::find(dir(&folder), &own).unwrap().is_empty());
        assert!(elsewhere.exists());
    }
}
