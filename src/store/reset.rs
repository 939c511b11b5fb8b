//! Reset: moves a whole store to quarantine, so that a new one can begin. It is for a store that can no longer be
//! opened. Nothing is deleted.

use std::path::PathBuf;

use super::lmdb::DATA_FILE;
use super::lmdb::lock::ExclusiveLock;
use super::marker::MARKER;
use super::{Folder, StoreError};

/// The parts of a store, in the order in which a reset moves them. A store without protectors can't be opened, and a
/// folder with tables does not count as empty. So an interrupted reset can be finished.
const PARTS: [&str; 8] =
    ["protectors", "slots", "pending-slots", "backups", "closed", "header", DATA_FILE, MARKER];

/// See [`super::Location::reset`].
pub(super) fn reset(folder: &Folder) -> Result<Option<PathBuf>, StoreError> {
    if !folder.has_remains()? {
        return Ok(None);
    }
    let alone = folder.alone()?;
    folder.set_aside(&alone).map(Some)
}

impl Folder {
    /// Moves the store into a new folder in `quarantine/`. After that the data folder is empty.
    ///
    /// # Errors
    /// Some parts may have been moved already; the next reset moves the rest.
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
