//! Replacing the content of a store by other content of the same store. The protectors stay, so the same keys open it.

use std::path::PathBuf;

use crate::rows::{Id, Table};

use super::folder::Folder;
use super::lmdb::replace::Replacement;
use super::{BusyReason, Row, SLOT_HEADER, StoreError};

/// The content that a store gets.
pub struct Replacing {
    /// The store that is replaced.
    pub store: Id,
    /// The last revision.
    pub revision: u64,
    /// The rows.
    pub rows: Vec<Row>,
    /// The slots, as [`super::Store::put_slot`] takes them.
    pub slots: Vec<(Id, Vec<u8>)>,
}

/// See [`super::Location::replace`].
pub(super) fn replace(folder: &Folder, replacing: Replacing) -> Result<Option<PathBuf>, StoreError> {
    let Replacing { store, revision, rows, slots } = replacing;
    let alone = folder.alone()?;
    if folder.summary(&alone)?.and_then(|there| there.store) != Some(store) {
        return Err(StoreError::Busy(BusyReason::Replaced));
    }
    let replacement = Replacement::empty(folder, store)?;
    replacement.put_at(revision, rows)?;
    for (slot, wrapped) in &slots {
        folder.put_slot_file(slot, &[SLOT_HEADER, wrapped.as_slice()].concat())?;
    }
    // The slots of keys that have ended: the others belong to the old tables, and go to quarantine with them.
    let has_ended = |slot: &Id| replacement.has(Table::Keys, slot);
    for slot in folder.slots_there()? {
        if !slots.iter().any(|(live, _)| *live == slot) && has_ended(&slot)? {
            folder.destroy_slot(&slot)?;
        }
    }
    replacement.put_in_place(&alone)
}
