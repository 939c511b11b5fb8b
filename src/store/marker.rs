//! The marker of a locked store: an empty file in the data folder. While it is there, no process asks a protector for the
//! store key. Only its name counts: whatever has this name locks the store, so that a link or a folder can't unlock it.
//! No process opens it, and none locks it.

use std::{fs, io};

use super::{Folder, StoreError};

pub(super) const MARKER: &str = "locked";

impl Folder {
    /// Whether the store is marked as locked. A link is not followed.
    pub(super) fn is_marked_locked(&self) -> Result<bool, StoreError> {
        // By its path and not through an open folder, so that this works where no descriptor is free.
        match fs::symlink_metadata(self.path().join(MARKER)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Marks the store as locked. The marker is durable when this returns.
    pub(super) fn mark_locked(&self) -> Result<(), StoreError> {
        let dir = self.dir()?;
        match dir.create_new(MARKER) {
            Err(error) if error.is_already_there() => {}
            made => drop(made?),
        }
        Ok(dir.sync()?)
    }

    /// Removes the marker. Returns whether there was one.
    pub(super) fn unmark_locked(&self) -> Result<bool, StoreError> {
        let dir = self.dir()?;
        match dir.remove(MARKER) {
            Err(error) if error.is_not_found() => return Ok(false),
            removed => removed?,
        }
        dir.sync()?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_has_the_name_of_the_marker_locks_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let (place, marker) = (Folder::new(folder.path().to_owned()), folder.path().join(MARKER));
        let is_locked = || place.is_marked_locked().unwrap();
        assert!(!is_locked() && !place.unmark_locked().unwrap());
        for _ in 0..2 {
            place.mark_locked().unwrap();
            assert!(is_locked());
        }
        assert!(place.unmark_locked().unwrap() && !is_locked());

        #[cfg(unix)]
        {
            let target = folder.path().join("target");
            std::os::unix::fs::symlink(&target, &marker).unwrap();
            assert!(is_locked(), "a link that leads nowhere");
            place.mark_locked().unwrap();
            assert!(!target.exists(), "the link is not followed");
            assert!(place.unmark_locked().unwrap() && !is_locked());
        }

        #[allow(clippy::disallowed_methods, reason = "a folder of the test's own")]
        fs::create_dir(&marker).unwrap();
        assert!(is_locked() && place.unmark_locked().is_err() && is_locked());
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_locked() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Folder::new(folder.path().join("none")).is_marked_locked().unwrap());
    }
}
