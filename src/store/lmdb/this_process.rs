//! This process, as others see it while it has the store open, and whether what it has open did what it should.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::rows::Id;
use crate::store::{Folder, StoreError};
use crate::sync;

use super::liveness::{LivenessLock, StaleProcesses};
use super::open::Ended;

/// One name for the whole life of the process, however often the store is opened in it.
pub(in crate::store) struct ThisProcess {
    id: Id,
    live: Mutex<Option<LivenessLock>>,
    doubted: AtomicBool,
}

impl ThisProcess {
    pub(in crate::store) fn new(id: Id) -> Self {
        Self { id, live: Mutex::default(), doubted: AtomicBool::new(false) }
    }

    pub(in crate::store) fn id(&self) -> Id {
        self.id
    }

    /// From now on the others see that this process lives. Returns those before it that did not end as they should.
    pub(in crate::store) fn begin(&self, folder: &Folder) -> Result<StaleProcesses, StoreError> {
        let mut live = sync::lock(&self.live);
        // Its file goes with a folder that is taken away.
        if live.is_none() || !folder.is_alive(&self.id) {
            // First: it would take the new file away, which has the same name.
            drop(live.take());
            *live = Some(folder.begin_process(self.id)?);
        }
        folder.stale_processes(&self.id)
    }

    /// Whether the next store that is opened is to be checked, with these dead before it.
    pub(in crate::store) fn ended(&self, dead: &StaleProcesses) -> Ended {
        let doubted = self.doubted.load(Ordering::Relaxed);
        if doubted || !dead.is_empty() { Ended::Unknown } else { Ended::Cleanly }
    }

    /// The store has been opened, and checked if it had to be.
    pub(in crate::store) fn trust(&self, dead: StaleProcesses) {
        self.doubted.store(false, Ordering::Relaxed);
        dead.remove();
    }

    /// A store did not do what it should: the next one that is opened is checked, whatever its size.
    pub(in crate::store) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    /// Whether a store did not do what it should, and has not been checked since.
    pub(in crate::store) fn is_doubted(&self) -> bool {
        self.doubted.load(Ordering::Relaxed)
    }

    /// Ends it in an orderly way: its leases are free.
    pub(in crate::store) fn end(&self) {
        *sync::lock(&self.live) = None;
    }
}
