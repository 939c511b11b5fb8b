//! Begins a namespace: creates a data key, which only a slot file contains, and a row in the table of keys.

use std::sync::Arc;

use crate::crypto::{DataKey, DataKeys, NamespaceId, SlotKeys};
use crate::store::SLOT_HEADER;

use super::Error;
use super::access::Access;
use super::draft::{Changes, Draft};
use super::key_index::LiveKeys;
use super::key_row::KeyRow;

/// Begins the namespace whose owner key has this slot. `describe` fills in the key's row.
pub(super) fn begin(
    draft: &Draft<'_>,
    changes: &mut Changes,
    slot: &SlotKeys,
    describe: impl FnOnce(&mut KeyRow),
) -> Result<Arc<Access>, Error> {
    let (namespace, key) = (NamespaceId::generate(), DataKey::generate());
    let mut row = KeyRow::first(namespace);
    describe(&mut row);
    draft.check_room_for_key(row.plugin.as_deref(), None)?;
    // The file is written first: a row without a slot would lock its owner out, and a file without a row does no harm.
    draft
        .opened
        .store()
        .put_slot(&slot.id().0, &slot.wrap(SLOT_HEADER, namespace, &key))
        .map_err(Error::of_a_key)?;
    changes.put_key(draft, slot.id(), None, &mut row)?;
    let data = DataKeys::derive(draft.secrets.keys.store(), namespace, &key);
    let keys = LiveKeys::of_first(slot.id(), &row);
    Ok(Arc::new(Access { slot: slot.id(), row, keys, data, machine: draft.opened.machine_name() }))
}
