//! Slot files: one small file a key, which holds the namespace's data key, wrapped.
//!
//! They lie outside of LMDB since what must be destroyable may not lie where pages are copied: an overwritten slot
//! file is gone, a deleted page is not.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::files;

use super::{Folder, Id, StoreError};

/// What every slot file begins with, bound to what is wrapped in it: name, format, generation of the data key. A slot
/// file of another generation is refused.
pub const SLOT_HEADER: &[u8; 9] = b"pvslot\0\x01\0";

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
    /// names: one that is left over from a commit that never came is replaced.
    pub fn put_slot(&self, slot: &Id, wrapped: &[u8]) -> Result<(), StoreError> {
        let path = self.slot_path(slot);
        files::replace(&path, &[SLOT_HEADER, wrapped].concat())?;
        Ok(())
    }

    /// The slots that have a file.
    pub fn slots_there(&self) -> Result<Vec<Id>, StoreError> {
        let mut slots = Vec::new();
        for entry in fs::read_dir(self.slots())? {
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
