//! `live/`: one file a process, which the process keeps locked for as long as it lives. The lock is the kernel's: it ends
//! with the process, however that ends, in every container that shares the folder. A process id would say less: it is
//! used again, and means another process in another container.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::files;

use super::{Ended, Id, id_text, parse_id};

/// This process, as the others see it.
pub struct Live {
    id: Id,
    path: PathBuf,
    _locked: File,
}

impl Live {
    /// Makes this process's file. Where another one lies there whose process has ended without taking it away, that was
    /// killed, or the machine went down.
    pub(super) fn begin(folder: &Path, id: Id) -> io::Result<(Self, Ended)> {
        files::create_folder(folder)?;
        let path = folder.join(id_text(&id));
        let file = loop {
            let file = files::open_or_create(&path)?;
            file.lock()?;
            // Between the two, another process that tidies up may have taken it for a dead one's.
            if fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|ours| is_same(&there, &ours)))
            {
                break file;
            }
        };
        let ended = sweep(folder, &id)?;
        Ok((Self { id, path, _locked: file }, ended))
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

/// Takes away the files of processes that have ended; there are none of those that ended cleanly.
fn sweep(folder: &Path, own: &Id) -> io::Result<Ended> {
    let mut ended = Ended::Cleanly;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let id = entry.file_name().to_str().and_then(parse_id);
        if id.is_some_and(|id| id != *own)
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            ended = Ended::Unknown;
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(ended)
}

/// Whether the process of this name lives.
pub(super) fn is_alive(folder: &Path, id: &Id) -> bool {
    let Ok(file) = File::open(folder.join(id_text(id))) else { return false };
    // Where it can't be known, nothing is taken from anybody.
    file.try_lock_shared().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_its_file_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = ([1; 16], [2; 16]);
        assert!(!is_alive(folder.path(), &one));
        let (first, ended) = Live::begin(folder.path(), one).unwrap();
        assert_eq!(ended, Ended::Cleanly);
        assert!(is_alive(folder.path(), &one));
        let (_second, ended) = Live::begin(folder.path(), two).unwrap();
        assert_eq!(ended, Ended::Cleanly, "a process that lives is none that was killed");
        drop(first);
        assert!(!is_alive(folder.path(), &one));
        assert!(is_alive(folder.path(), &two));
    }

    #[test]
    fn a_file_that_nobody_locks_is_a_dead_process() {
        let folder = tempfile::tempdir().unwrap();
        let (dead, own) = ([1; 16], [2; 16]);
        files::create_new(&folder.path().join(id_text(&dead))).unwrap();
        files::create_new(&folder.path().join("something else")).unwrap();
        assert!(!is_alive(folder.path(), &dead));
        let (_live, ended) = Live::begin(folder.path(), own).unwrap();
        assert_eq!(ended, Ended::Unknown);
        assert!(!folder.path().join(id_text(&dead)).exists());
        assert!(folder.path().join("something else").exists());
    }
}
