//! The rows and slots of this machine's store, as they go to the server and as they come from it.

use crate::remote::{CaughtUp, PlacedRow, shared_rows, slot_row};
use crate::rows::{Table, meta};
use crate::store::{Row, Slot, Snapshot, Store, StoreError, WriteLock};

use super::super::opened::Secrets;
use super::super::slots::{self, ToDestroy};
use super::SharingError;

/// Change notices that the server keeps, by their revisions: see `kept` in `schema/postgres/vault.sql`.
pub(super) const KEPT: u64 = 1_000;
/// Added to the highest revision, so that no number that a client remembers is assigned again.
const LEAP: u64 = 1 << 32;

/// A revision above every one that a client may remember.
pub(super) fn leap(highest: u64) -> u64 {
    highest.saturating_add(LEAP).min(crate::limits::REVISION)
}

/// Everything that a server gets from a store. Leases stay away: they are about the clock and the processes of one
/// machine, and end where a store begins to be shared.
pub(super) fn own_rows(
    store: &Store,
    secrets: &Secrets,
    snapshot: &Snapshot<'_>,
    with_notices: bool,
) -> Result<Vec<PlacedRow>, StoreError> {
    let revision = snapshot.revision()?;
    let oldest = revision.saturating_sub(KEPT).to_be_bytes();
    let mut rows = Vec::new();
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Leases) {
        snapshot.scan(table, &[], |key, value| {
            if table != Table::Changes || with_notices && key > oldest.as_slice() {
                rows.push(Row { table, key: key.to_vec(), value: Some(value.to_vec()) });
            }
        })?;
    }
    let ended = ToDestroy::find(snapshot, &secrets.keys)?.slots;
    let mut slots = Vec::new();
    for row in rows.iter().filter(|row| row.table == Table::Keys) {
        let Ok(slot) = row.key.as_slice().try_into() else { continue };
        if !ended.iter().any(|ended| ended.0 == slot)
            && let Slot::Wrapped(wrapped) = store.slot(&slot)?
        {
            slots.push(slot_row(&slot, Some(wrapped)));
        }
    }
    let mut all = shared_rows(&rows);
    all.extend(slots);
    Ok(all)
}

/// The rows with which a store gets new numbers, and forgets its leases and change notices.
pub(super) fn renumbered(snapshot: &Snapshot<'_>, revision: u64) -> Result<Vec<Row>, StoreError> {
    let mut rows = removed_leases(snapshot)?;
    snapshot.scan(Table::Changes, &[], |key, _| {
        rows.push(Row { table: Table::Changes, key: key.to_vec(), value: None });
    })?;
    for name in [meta::KEYS_REVISION, meta::FORGOTTEN] {
        let number = revision.to_be_bytes().to_vec();
        rows.push(Row { table: Table::Meta, key: name.to_vec(), value: Some(number) });
    }
    Ok(rows)
}

/// The rows that remove all leases.
pub(super) fn removed_leases(snapshot: &Snapshot<'_>) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    snapshot.scan(Table::Leases, &[], |key, _| {
        rows.push(Row { table: Table::Leases, key: key.to_vec(), value: None });
    })?;
    Ok(rows)
}

/// Brings a replica to the head that was read for it.
pub(super) fn apply(store: &Store, lock: &WriteLock<'_>, caught_up: CaughtUp) -> Result<(), SharingError> {
    let CaughtUp { batch, slots, .. } = caught_up;
    Ok(batch.map_or(Ok(()), |batch| slots::apply(store, lock, batch, slots))?)
}
