//! Entering a data folder: the result is the store in it, or the right to create one.

use crate::rows::Id;
use crate::store::{Folder, Refusal, StoreError};

use super::create::Creation;
use super::header::StoreHeader;
use super::lock::OpenLock;

/// The contents of a data folder. Both variants hold `open.lock`.
pub(in crate::store) enum Entered {
    /// A store.
    Store(Present),
    /// No store, and the right to create one.
    Empty(Creation),
}

/// A store in the folder, before it is opened.
pub(in crate::store) struct Present {
    pub(super) folder: Folder,
    pub(super) lock: OpenLock,
    pub(super) header: StoreHeader,
}

impl Folder {
    /// The identity of the store in the folder, or of its remains, as the header gives it.
    pub(in crate::store) fn said_id(&self) -> Option<Id> {
        let has_remains = self.has_remains().is_ok_and(|has_remains| has_remains);
        let header = has_remains.then(|| StoreHeader::read(&self.header()).ok());
        header.flatten().map(|header| header.store)
    }

    /// Creates the folder if it does not exist, and finds a store or obtains the right to create one.
    pub(in crate::store) fn enter(&self) -> Result<Entered, StoreError> {
        self.prepare()?;
        let mut was_adopted = false;
        loop {
            let waiting = self.wait_for_exclusive_lock()?;
            let lock = OpenLock::shared(OpenLock::file(&self.open_lock())?)?;
            drop(waiting);
            if self.has_store() {
                match self.present(lock)? {
                    Ok(present) => return Ok(Entered::Store(present)),
                    Err(_) if was_adopted => return Err(platform()),
                    Err(lock) => self.adopt(lock)?,
                }
                was_adopted = true;
                continue;
            }
            drop(lock);
            // Another process may create the store while this one waits.
            if let Some(alone) = self.alone_if(|| !self.has_store())? {
                // A folder with backups or slots but without tables is no empty folder.
                if self.has_remains()? {
                    return Err(StoreError::Damaged);
                }
                return Ok(Entered::Empty(Creation { folder: self.clone(), _alone: alone }));
            }
        }
    }

    /// The store in the folder. The inner error returns the lock if this build can't use the store's lock file.
    fn present(&self, lock: OpenLock) -> Result<Result<Present, OpenLock>, StoreError> {
        self.check_files()?;
        self.check_owner(&self.data_file())?;
        let header = StoreHeader::read(&self.header())?;
        // A store without a protector can't be opened, and only the user's own backup contains protectors.
        if self.protectors()?.is_empty() {
            return Err(StoreError::Damaged);
        }
        Ok(if header.is_ours() { Ok(Present { folder: self.clone(), lock, header }) } else { Err(lock) })
    }

    /// Adopts a store whose lock file another build has made, if no process has it open. The first process that opens
    /// the store makes the lock file again.
    fn adopt(&self, lock: OpenLock) -> Result<(), StoreError> {
        let Some(_alone) = lock.into_exclusive()? else { return Err(platform()) };
        // Another process may have done this already, or have replaced the store.
        let header = StoreHeader::read(&self.header())?;
        if !header.is_ours() {
            header.for_this_build().write(&self.header())?;
        }
        Ok(())
    }
}

fn platform() -> StoreError {
    tracing::error!(
        "another build of plugin-vault, whose locks differ, has the store open; end that one first"
    );
    StoreError::Refused(Refusal::Platform)
}
