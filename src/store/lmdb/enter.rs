//! The way into a data folder: to the store that lies there, or to the right to make one.

use crate::rows::Id;
use crate::store::{Folder, Refusal, StoreError};

use super::create::Creation;
use super::header::StoreHeader;
use super::lock::OpenLock;

/// What was found in a data folder; whatever it is holds `open.lock`.
pub(in crate::store) enum Entered {
    /// A store.
    Store(Present),
    /// No store, and the right to make one.
    Empty(Creation),
}

/// A store that is there, before it is opened.
pub(in crate::store) struct Present {
    pub(super) folder: Folder,
    pub(super) lock: OpenLock,
    pub(super) header: StoreHeader,
}

impl Folder {
    /// The identity of the store that is there, or of what remains of it, as the header says it.
    pub(in crate::store) fn said_id(&self) -> Option<Id> {
        let has_remains = self.has_remains().is_ok_and(|has_remains| has_remains);
        let header = has_remains.then(|| StoreHeader::read(&self.header()).ok());
        header.flatten().map(|header| header.store)
    }

    /// Goes in: makes the folder if it is not there, and finds a store or the right to make one.
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
            // Another process may make it while this one waits.
            if let Some(alone) = self.alone_if(|| !self.has_store())? {
                // A store whose backups or slots are there, and whose tables are gone, is no empty place.
                if self.has_remains()? {
                    return Err(StoreError::Damaged);
                }
                return Ok(Entered::Empty(Creation { folder: self.clone(), _alone: alone }));
            }
        }
    }

    /// The store that is there; the lock, if its lock file is not one that this build can use.
    fn present(&self, lock: OpenLock) -> Result<Result<Present, OpenLock>, StoreError> {
        self.check_files()?;
        self.check_owner(&self.data_file())?;
        let header = StoreHeader::read(&self.header())?;
        // Nothing opens a store without a protector, and nothing but the user's own backup has one.
        if self.protectors()?.is_empty() {
            return Err(StoreError::Damaged);
        }
        Ok(if header.is_ours() { Ok(Present { folder: self.clone(), lock, header }) } else { Err(lock) })
    }

    /// Takes over a store whose lock file another build has made, if no process has it open. The first process that
    /// opens it makes the lock file anew.
    fn adopt(&self, lock: OpenLock) -> Result<(), StoreError> {
        let Some(_alone) = lock.into_exclusive()? else { return Err(platform()) };
        // Another process may have been first, or have replaced the store.
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
