//! This process, as others see it while it has the store open: what its leases go by.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::crypto;
use crate::store::{Ended, Folder, Id, Live, StoreError};

/// One name for the whole life of the process, however often the store is opened in it.
pub(super) struct Life {
    id: Id,
    live: Mutex<Option<Live>>,
    doubted: AtomicBool,
}

impl Default for Life {
    fn default() -> Self {
        Self { id: crypto::random(), live: Mutex::default(), doubted: AtomicBool::new(false) }
    }
}

impl Life {
    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// From now on the others see that this process lives. Returns how those before it ended.
    pub(super) fn begin(&self, folder: &Folder) -> Result<Ended, StoreError> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        // Its file goes with a folder that is taken away.
        if live.is_some() && folder.is_alive(&self.id) {
            let doubted = self.doubted.swap(false, Ordering::Relaxed);
            return Ok(if doubted { Ended::Unknown } else { Ended::Cleanly });
        }
        let (begun, ended) = folder.begin_life(self.id)?;
        *live = Some(begun);
        Ok(ended)
    }

    /// A store did not do what it should: the next one that is opened is checked, whatever its size.
    pub(super) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    /// Ends it in an orderly way: its leases are free.
    pub(super) fn end(&self) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
