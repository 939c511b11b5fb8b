//! Putting a whole store aside, so that a new one can begin: what nothing opens any more goes to quarantine. Nothing is
//! deleted.

use std::fs;
use std::path::PathBuf;

use crate::files;

use super::{Alone, Folder, StoreError};

/// What makes a store, in the order in which it is moved. Without its protectors nothing opens a store (and nothing
/// takes the place for an empty one, as long as the tables are there), so a reset that was cut off can be finished.
const PARTS: [&str; 7] = ["protectors", "slots", "pending-slots", "backups", "closed", "header", "data.mdb"];

impl Folder {
    /// Moves the store into a new folder in `quarantine/`. After that the place is an empty one.
    ///
    /// # Errors
    /// A part may have been moved by then; the rest is moved by the next reset.
    pub fn set_aside(&self, _alone: &Alone) -> Result<PathBuf, StoreError> {
        let own = self.new_quarantine()?;
        for part in PARTS {
            let path = self.path().join(part);
            if fs::symlink_metadata(&path).is_ok() {
                fs::rename(path, own.join(part))?;
                files::sync_folder(&own)?;
                files::sync_folder(self.path())?;
            }
        }
        Ok(own)
    }
}
