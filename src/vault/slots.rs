//! The slot files of keys: how they travel between the machines of a shared store, which files of ended keys the store
//! marks, and how they are overwritten.

use crate::crypto::{SlotId, StoreKeys};
use crate::remote::{PlacedRow, slot_row};
use crate::rows::{Id, Table, meta};
use crate::store::{Batch, CommitError, Row, Slot, Snapshot, Store, StoreError, WriteLock};

use super::key_row::KeyRow;

/// Overwrites slot files. Returns `false` if one could not be overwritten: it stays marked, and the next write tries
/// again.
pub(super) fn destroy(store: &Store, slots: &[SlotId]) -> bool {
    let destroyed = slots.iter().filter(|slot| store.destroy_slot(&slot.0).is_ok());
    let all = destroyed.count() == slots.len();
    if !all {
        tracing::error!(
            "the slot of a revoked key could not be overwritten; it is tried again at the next write"
        );
    }
    all
}

/// Adds the slots of the keys that the rows change. A slot travels with the row of its key.
pub(super) fn add_changed(
    store: &Store,
    destroyed: &[SlotId],
    rows: &mut Vec<PlacedRow>,
) -> Result<(), StoreError> {
    let keys = rows.iter().filter(|row| row.table == Table::Keys as u8);
    let slots: Vec<Id> = keys.filter_map(|row| row.key.as_slice().try_into().ok()).collect();
    for slot in slots {
        let value = match store.slot(&slot) {
            _ if destroyed.contains(&SlotId(slot)) => None,
            Ok(Slot::Wrapped(wrapped)) => Some(wrapped),
            Ok(Slot::Destroyed) => None,
            // A damaged slot of this machine must not replace a whole one of another.
            Ok(Slot::Absent) | Err(StoreError::Damaged) => continue,
            Err(error) => return Err(error),
        };
        rows.push(slot_row(&slot, value));
    }
    Ok(())
}

/// Writes a slot of another machine, unless this machine has it.
fn take(store: &Store, slot: &Id, wrapped: &[u8]) -> Result<(), StoreError> {
    match store.slot(slot) {
        Ok(Slot::Wrapped(found)) if found == wrapped => Ok(()),
        // What was destroyed here stays destroyed.
        Ok(Slot::Destroyed) => Ok(()),
        Ok(Slot::Wrapped(_) | Slot::Absent) | Err(StoreError::Damaged) => store.put_slot(slot, wrapped),
        Err(error) => Err(error),
    }
}

/// Makes a commit of other machines here, with the slots that it changes.
pub(super) fn apply(
    store: &Store,
    lock: &WriteLock<'_>,
    mut batch: Batch,
    changed: Vec<(Id, Option<Vec<u8>>)>,
) -> Result<(), CommitError> {
    let mut ended = Vec::new();
    for (slot, wrapped) in changed {
        match wrapped {
            Some(wrapped) => take(store, &slot, &wrapped)?,
            None => ended.push(SlotId(slot)),
        }
    }
    // Another process destroys them if this one ends first.
    let destroy = |slot: &SlotId| [meta::DESTROY, &slot.0].concat();
    let row = |slot| Row { table: Table::Meta, key: destroy(slot), value: Some(Vec::new()) };
    batch.rows.extend(ended.iter().map(row));
    store.commit(lock, &batch)?;
    self::destroy(store, &ended);
    Ok(())
}

/// The slot files that the store marks to be overwritten.
pub(super) struct ToDestroy {
    /// The slots of keys that have ended. The row of the key says so, and the store key has sealed that row.
    pub(super) slots: Vec<SlotId>,
    /// The other slots. plugin-vault never marks such a slot, so nothing is overwritten.
    pub(super) unfounded: Vec<SlotId>,
}

impl ToDestroy {
    /// An attacker who can write to the data file can put any row there, but can seal none.
    pub(super) fn find(snapshot: &Snapshot<'_>, keys: &StoreKeys) -> Result<Self, StoreError> {
        let mut slots = Vec::new();
        snapshot.scan(Table::Meta, meta::DESTROY, |key, _| {
            slots.extend(key[meta::DESTROY.len()..].try_into().map(SlotId));
        })?;
        let has_ended = |slot: &SlotId| match snapshot.get(Table::Keys, &slot.0) {
            Ok(Some(row)) => KeyRow::open(keys, *slot, row).is_ok_and(|row| !row.is_live()),
            _ => false,
        };
        let (slots, unfounded): (_, Vec<_>) = slots.into_iter().partition(has_ended);
        if !unfounded.is_empty() {
            tracing::warn!(
                slots = unfounded.len(),
                "the store asks to destroy slots of keys that have not ended; nothing is destroyed"
            );
        }
        Ok(Self { slots, unfounded })
    }
}
