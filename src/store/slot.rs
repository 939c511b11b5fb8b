//! Slot files: one small file a key, which holds the namespace's data key, wrapped.
//!
//! They lie outside of LMDB since what must be destroyable may not lie where pages are copied: an overwritten slot
//! file is gone, a deleted page is not.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::files;

use super::{Folder, Id, StoreError};

/// What every slot file begins with, bound to what is wrapped in it: name, format, generation of the data key. A slot
/// file of another generation is refused.
pub const SLOT_HEADER: &[u8; 9] = b"pvslot\0\x01\0";

/// In the data folder: the names of slot files whose rows may not have been committed, one a line.
const PENDING: &str = "pending-slots";

/// What lies in a slot file.
pub enum Slot {
    /// There is no file.
    Absent,
    /// The wrapped data key.
    Wrapped(Vec<u8>),
    /// The file was overwritten: what it held is gone for good.
    Destroyed,
}

impl Folder {
    pub(super) fn slot_path(&self, slot: &Id) -> PathBuf {
        self.slots().join(super::id_text(slot))
    }

    /// Reads a slot file.
    pub fn slot(&self, slot: &Id) -> Result<Slot, StoreError> {
        let content = match fs::read(self.slot_path(slot)) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Slot::Absent),
            Err(error) => return Err(error.into()),
        };
        if content.iter().all(|byte| *byte == 0) {
            return Ok(Slot::Destroyed);
        }
        let wrapped = content.strip_prefix(SLOT_HEADER).ok_or(StoreError::Damaged)?;
        Ok(Slot::Wrapped(wrapped.to_vec()))
    }

    /// Writes a slot file, synced. Only under the write lock, and only for a slot that no row of the table of keys
    /// names. One that is left over from a commit that never came is replaced.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the slot had a row once: the row is lost, and what the slot opens must not be.
    pub fn put_slot(&self, slot: &Id, wrapped: &[u8]) -> Result<(), StoreError> {
        let is_left_over = self.pending_slots()?.contains(slot);
        if !is_left_over {
            if matches!(self.slot(slot)?, Slot::Wrapped(_)) {
                return Err(StoreError::Damaged);
            }
            let path = self.path().join(PENDING);
            let is_new = !path.exists();
            let mut pending = files::append(&path)?;
            // Behind a line that a process did not write to its end.
            pending.write_all(format!("\n{}\n", super::id_text(slot)).as_bytes())?;
            pending.sync_all()?;
            // After a loss of power, a slot that is left over must not look like one that had a row.
            if is_new {
                files::sync_folder(self.path())?;
            }
        }
        files::replace(&self.slot_path(slot), &[SLOT_HEADER, wrapped].concat())?;
        Ok(())
    }

    /// The slots that were written for commits of which it is not known whether they came.
    pub(super) fn pending_slots(&self) -> Result<Vec<Id>, StoreError> {
        match fs::read(self.path().join(PENDING)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Ok(names) => {
                let names = String::from_utf8_lossy(&names);
                Ok(names.lines().filter_map(super::parse_id).collect())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// It is known of every slot whether its commit came.
    pub(super) fn forget_pending_slots(&self) -> Result<(), StoreError> {
        files::open_or_create(&self.path().join(PENDING))?.set_len(0)?;
        Ok(())
    }

    /// The slots that have a file.
    pub fn slots_there(&self) -> Result<Vec<Id>, StoreError> {
        let entries = match fs::read_dir(self.slots()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut slots = Vec::new();
        for entry in entries {
            slots.extend(entry?.file_name().to_str().and_then(super::parse_id));
        }
        Ok(slots)
    }

    /// Overwrites a slot file where it lies, and syncs it. It stays, as a sign that the key was there.
    pub fn destroy_slot(&self, slot: &Id) -> Result<(), StoreError> {
        files::overwrite(&self.slot_path(slot))?;
        Ok(())
    }
}
