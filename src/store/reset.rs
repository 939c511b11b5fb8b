//! Putting a whole store aside, so that a new one can begin: what nothing opens any more goes to quarantine. Nothing is
//! deleted.

use std::path::PathBuf;

use super::lmdb::DATA_FILE;
use super::lmdb::lock::ExclusiveLock;
use super::{Folder, StoreError};

/// What makes a store, in the order in which it is moved. Without its protectors nothing opens a store (and nothing
/// takes the place for an empty one, as long as the tables are there), so a reset that was cut off can be finished.
const PARTS: [&str; 7] = ["protectors", "slots", "pending-slots", "backups", "closed", "header", DATA_FILE];

/// See [`super::Location::reset`].
pub(super) fn reset(folder: &Folder) -> Result<Option<PathBuf>, StoreError> {
    if !folder.has_remains()? {
        return Ok(None);
    }
    let alone = folder.alone()?;
    folder.set_aside(&alone).map(Some)
}

impl Folder {
    /// Moves the store into a new folder in `quarantine/`. After that the place is an empty one.
    ///
    /// # Errors
    /// A part may have been moved by then; the rest is moved by the next reset.
    fn set_aside(&self, _alone: &ExclusiveLock) -> Result<PathBuf, StoreError> {
        let own = self.new_quarantine()?;
        let dir = self.dir()?;
        for part in PARTS {
            if dir.find(part)?.is_some() {
                dir.rename(part, &own, part)?;
                own.sync()?;
                dir.sync()?;
            }
        }
        Ok(own.path().to_owned())
    }
}
