//! `live/`: one file a process, which the process keeps locked for as long as it lives. The lock is the kernel's: it ends
//! with the process, however that ends, in every container that shares the folder. A process id would say less: it is
//! used again, and means another process in another container.
//!
//! The locked file stays empty. A second one beside it says which version of the program has the store open, and its
//! process id. It is made after the first and removed before it, so one without the other is left over.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::files;

use super::{Id, id_text, parse_id};

/// What the name of the second file ends with.
const ABOUT: &str = "txt";

/// This process, as the others see it.
pub struct Live {
    id: Id,
    path: PathBuf,
    _locked: File,
}

impl Live {
    /// Makes this process's files.
    pub(super) fn begin(folder: &Path, id: Id) -> io::Result<Self> {
        files::create_folder(folder)?;
        let path = folder.join(id_text(&id));
        let file = loop {
            let file = files::open_or_create(&path)?;
            file.lock()?;
            // Between the two, another process that buries the dead may have taken it for one of theirs.
            if fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|ours| is_same(&there, &ours)))
            {
                break file;
            }
        };
        let live = Self { id, path, _locked: file };
        let about = format!("plugin-vault {} {}\n", env!("CARGO_PKG_VERSION"), std::process::id());
        io::Write::write_all(&mut files::open_or_create(&about_path(&live.path))?, about.as_bytes())?;
        Ok(live)
    }

    /// Its name.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // A file that stays behind is one that the next process finds unlocked.
        remove(&self.path);
    }
}

fn about_path(path: &Path) -> PathBuf {
    path.with_extension(ABOUT)
}

fn remove(path: &Path) {
    let _ = fs::remove_file(about_path(path));
    let _ = fs::remove_file(path);
}

fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    files::id(one) == files::id(other)
}

/// Processes that have ended without taking their files away: they were killed, or the machine went down. The files stay
/// until they are buried; until then, whoever opens the store finds them.
#[must_use]
pub struct Dead {
    locks: Vec<PathBuf>,
    /// Second files without a first one. They say nothing of how a process ended.
    leftovers: Vec<PathBuf>,
}

impl Dead {
    pub(super) fn find(folder: &Path, own: &Id) -> io::Result<Self> {
        let (mut locks, mut leftovers) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = |part: Option<&std::ffi::OsStr>| part?.to_str().and_then(parse_id);
            if name(path.file_name()).is_some_and(|id| id != *own) && !is_locked(&path) {
                locks.push(path);
            } else if name(path.file_stem()).is_some()
                && path.extension().is_some_and(|extension| extension == ABOUT)
                && !path.with_extension("").exists()
            {
                leftovers.push(path);
            }
        }
        Ok(Self { locks, leftovers })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    /// The store has been opened and checked: the files are of no use any more.
    pub fn bury(self) {
        for path in self.locks {
            // One that was only about to begin may live by now.
            if let Ok(file) = File::open(&path)
                && file.try_lock().is_ok()
            {
                remove(&path);
            }
        }
        for path in self.leftovers {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether the process of this name lives.
pub(super) fn is_alive(folder: &Path, id: &Id) -> bool {
    is_locked(&folder.join(id_text(id)))
}

/// Shared, so that two who look at the same time don't take each other for its owner. Where it can't be known, it is:
/// nothing is taken from anybody.
fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock_shared().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_its_file_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = ([1; 16], [2; 16]);
        assert!(!is_alive(folder.path(), &one));
        let first = Live::begin(folder.path(), one).unwrap();
        assert!(is_alive(folder.path(), &one));
        let _second = Live::begin(folder.path(), two).unwrap();
        let dead = Dead::find(folder.path(), &two).unwrap();
        assert!(dead.is_empty(), "a process that lives is none that was killed");
        drop(first);
        assert!(!is_alive(folder.path(), &one));
        assert!(is_alive(folder.path(), &two));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left.len(), 2, "both files of the first are gone: {left:?}");
    }

    #[test]
    fn the_locked_file_is_empty_and_the_one_beside_it_names_version_and_process() {
        let folder = tempfile::tempdir().unwrap();
        let live = Live::begin(folder.path(), [1; 16]).unwrap();
        assert_eq!(fs::metadata(&live.path).unwrap().len(), 0);
        let about = fs::read_to_string(folder.path().join(format!("{}.txt", "01".repeat(16)))).unwrap();
        assert_eq!(about, format!("plugin-vault {} {}\n", env!("CARGO_PKG_VERSION"), std::process::id()));
    }

    #[test]
    fn a_second_file_without_a_first_is_no_dead_process_and_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let own = [2; 16];
        let live = Live::begin(folder.path(), own).unwrap();
        let alone = folder.path().join(format!("{}.txt", id_text(&[1; 16])));
        let foreign = folder.path().join("notes.txt");
        files::create_new(&alone).unwrap();
        files::create_new(&foreign).unwrap();
        let dead = Dead::find(folder.path(), &own).unwrap();
        assert!(dead.is_empty());
        dead.bury();
        assert!(!alone.exists());
        assert!(foreign.exists() && about_path(&live.path).exists());
    }

    #[test]
    fn a_file_that_nobody_locks_is_a_dead_process() {
        let folder = tempfile::tempdir().unwrap();
        let (dead, own) = ([1; 16], [2; 16]);
        let path = folder.path().join(id_text(&dead));
        files::create_new(&path).unwrap();
        files::create_new(&about_path(&path)).unwrap();
        files::create_new(&folder.path().join("something else")).unwrap();
        assert!(!is_alive(folder.path(), &dead));
        let _live = Live::begin(folder.path(), own).unwrap();
        let found = Dead::find(folder.path(), &own).unwrap();
        assert!(!found.is_empty() && path.exists());
        found.bury();
        assert!(!path.exists() && !about_path(&path).exists());
        assert!(Dead::find(folder.path(), &own).unwrap().is_empty());
        assert!(folder.path().join("something else").exists());
    }

    #[test]
    fn who_lives_by_now_is_not_buried() {
        let folder = tempfile::tempdir().unwrap();
        let (other, own) = ([1; 16], [2; 16]);
        files::create_new(&folder.path().join(id_text(&other))).unwrap();
        let dead = Dead::find(folder.path(), &own).unwrap();
        let _other = Live::begin(folder.path(), other).unwrap();
        dead.bury();
        assert!(is_alive(folder.path(), &other));
    }
}
