//! This process, as other processes see it while it has the store open, and whether its open store failed unexpectedly.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::rows::Id;
use crate::store::{Folder, StoreError};
use crate::sync;

use super::liveness::{LivenessLock, StaleProcesses};
use super::open::Ended;

/// This process. Its id stays the same for its whole life, however often it opens the store.
pub(in crate::store) struct ThisProcess {
    id: Id,
    live: Mutex<Option<LivenessLock>>,
    doubted: AtomicBool,
    /// The number of announcements.
    announced: AtomicU64,
}

impl ThisProcess {
    pub(in crate::store) fn new(id: Id) -> Self {
        Self { id, live: Mutex::default(), doubted: AtomicBool::new(false), announced: AtomicU64::new(0) }
    }

    pub(in crate::store) fn id(&self) -> Id {
        self.id
    }

    /// A mark that no announcement has had: the id of this process, which is random, and the announcement's number.
    pub(in crate::store) fn new_mark(&self) -> Id {
        let number = self.announced.fetch_add(1, Ordering::Relaxed);
        (u128::from_be_bytes(self.id) ^ u128::from(number)).to_be_bytes()
    }

    /// Makes this process visible to the others as alive. Returns the earlier processes that did not end cleanly.
    pub(in crate::store) fn begin(&self, folder: &Folder) -> Result<StaleProcesses, StoreError> {
        let mut live = sync::lock(&self.live);
        // If the folder was removed, this process's file went with it.
        if live.is_none() || !folder.is_alive(&self.id) {
            // First, because it removes its file, and the new file has the same name.
            drop(live.take());
            *live = Some(folder.begin_process(self.id)?);
        }
        folder.stale_processes(&self.id)
    }

    /// Whether the next store that is opened must be checked, given the stale processes before this one.
    pub(in crate::store) fn ended(&self, dead: &StaleProcesses) -> Ended {
        let doubted = self.doubted.load(Ordering::Relaxed);
        if doubted || !dead.is_empty() { Ended::Unknown } else { Ended::Cleanly }
    }

    /// Ends the doubt and removes the stale processes: the store has been opened, and checked if necessary.
    pub(in crate::store) fn trust(&self, dead: StaleProcesses) {
        self.doubted.store(false, Ordering::Relaxed);
        dead.remove();
    }

    /// Marks the store as doubted because it failed unexpectedly. The next store that is opened is checked, whatever
    /// its size.
    pub(in crate::store) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    /// Whether a store failed unexpectedly and has not been checked since.
    pub(in crate::store) fn is_doubted(&self) -> bool {
        self.doubted.load(Ordering::Relaxed)
    }

    /// Ends this process cleanly. Its leases are free from now on.
    pub(in crate::store) fn end(&self) {
        *sync::lock(&self.live) = None;
    }
}
