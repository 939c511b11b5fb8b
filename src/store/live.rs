//! `live/`: one file a process, which the process keeps locked for as long as it lives. The lock is the kernel's: it ends
//! with the process, however that ends, in every container that shares the folder. A process id would say less: it is
//! used again, and means another process in another container.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::files;

use super::{Id, id_text, parse_id};

/// This process, as the others see it.
pub struct Live {
    id: Id,
    path: PathBuf,
    _locked: File,
}

impl Live {
    /// Makes this process's file.
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
        Ok(Self { id, path, _locked: file })
    }

    /// Its name.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // A file that stays behind is one that the next process finds unlocked.
        let _ = fs::remove_file(&self.path);
    }
}

fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    files::id(one) == files::id(other)
}

/// Processes that have ended without taking their files away: they were killed, or the machine went down. The files stay
/// until they are buried; until then, whoever opens the store finds them.
#[must_use]
pub struct Dead(Vec<PathBuf>);

impl Dead {
    pub(super) fn find(folder: &Path, own: &Id) -> io::Result<Self> {
        let mut dead = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let id = entry.file_name().to_str().and_then(parse_id);
            if id.is_some_and(|id| id != *own) && !is_locked(&entry.path()) {
                dead.push(entry.path());
            }
        }
        Ok(Self(dead))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The store has been looked after: nobody need know of them any more.
    pub fn bury(self) {
        for path in self.0 {
            // One that was only about to begin may live by now.
            if let Ok(file) = File::open(&path)
                && file.try_lock().is_ok()
            {
                let _ = fs::remove_file(path);
            }
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
    }

    #[test]
    fn a_file_that_nobody_locks_is_a_dead_process() {
        let folder = tempfile::tempdir().unwrap();
        let (dead, own) = ([1; 16], [2; 16]);
        let path = folder.path().join(id_text(&dead));
        files::create_new(&path).unwrap();
        files::create_new(&folder.path().join("something else")).unwrap();
        assert!(!is_alive(folder.path(), &dead));
        let _live = Live::begin(folder.path(), own).unwrap();
        let found = Dead::find(folder.path(), &own).unwrap();
        assert!(!found.is_empty() && path.exists());
        found.bury();
        assert!(!path.exists());
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
