//! Rotation: a new key replaces an old one, in one commit.

use std::sync::Arc;

use crate::crypto::{ApiKey, NotAnApiKey, SlotId, SlotKeys};
use crate::rows::Table;
use crate::store::{SLOT_HEADER, StoreError};

use super::access::{Access, data_key};
use super::draft::{Changes, Draft, Write};
use super::key_row::KeyRow;
use super::{Caller, Error, KeyInfo, key_index, lease};

/// Replaces the caller's key by a new one.
pub struct Rotate {
    caller: Caller,
    new: Option<Arc<ApiKey>>,
}

/// The key that replaced the old one.
pub struct Rotated {
    /// The new key.
    pub api_key: Arc<ApiKey>,
    /// Its public description.
    pub info: KeyInfo,
}

impl Rotate {
    /// Rotates to a key that this program generates.
    pub fn to_any(caller: Caller) -> Self {
        Self { caller, new: None }
    }

    /// Rotates to a key that the caller has saved first, so that a lost answer does not lose the key.
    ///
    /// # Errors
    /// [`NotAnApiKey`] if the text is not an API key.
    pub fn to(caller: Caller, key: &str) -> Result<Self, NotAnApiKey> {
        Ok(Self { caller, new: Some(Arc::new(ApiKey::parse(key)?)) })
    }
}

impl Rotate {
    /// The result of a repeated call, after one with an unknown outcome: the caller's new key has replaced the old one
    /// already.
    fn done_before(&self, draft: &Draft<'_>, old_slot: &SlotKeys) -> Result<Rotated, Error> {
        let new = self.new.as_ref().ok_or(Error::ApiKeyRevoked)?;
        let slot = draft.secrets.keys.slot(new);
        let old =
            draft.get(Table::Keys, &old_slot.id().0).map_err(Error::of_a_key)?.ok_or(Error::ApiKeyRevoked)?;
        let old = KeyRow::open(&draft.secrets.keys, old_slot.id(), old)?;
        if old.replaced_by() != Some(slot.id()) {
            return Err(Error::ApiKeyRevoked);
        }
        let found = key_index::look(draft, &draft.secrets.keys, slot.id())?;
        let new_row = found.ok_or(Error::ApiKeyRevoked)?.row;
        new_row.check(draft.now)?;
        Ok(Rotated { api_key: new.clone(), info: KeyInfo::new(slot.id(), &new_row) })
    }
}

impl Write for Rotate {
    type Outcome = Rotated;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Rotated, Option<Changes>), Error> {
        let old_slot = self.caller.key.slot(draft.opened, draft.secrets);
        let access = match draft.access(&self.caller) {
            Err(Error::ApiKeyRevoked) => return Ok((self.done_before(draft, &old_slot)?, None)),
            access => access?.ok_or(Error::ApiKeyUnknown)?,
        };
        let api_key = match &self.new {
            // A repeated call, whose first answer was lost.
            Some(new) if **new == *self.caller.key.api_key() => {
                let info = KeyInfo::new(access.slot, &access.row);
                return Ok((Rotated { api_key: new.clone(), info }, None));
            }
            Some(new) => new.clone(),
            None => {
                let plugin = access.row.plugin.as_deref().unwrap_or_default();
                Arc::new(ApiKey::generate(plugin, draft.now.millis()))
            }
        };
        let slot = draft.secrets.keys.slot(&api_key);
        if draft.get(Table::Keys, &slot.id().0).map_err(Error::of_a_key)?.is_some() {
            return Err(Error::ApiKeyTaken);
        }
        let mut changes = draft.changes();
        let row = replace(draft, &mut changes, &access, &old_slot, &slot, &api_key)?;
        lease::hand_over(draft, &mut changes, access.data.namespace(), access.slot, slot.id())?;
        if access.row.is_owner() {
            hand_shared_keys_over(draft, &mut changes, &access, slot.id())?;
        }
        let info = KeyInfo::new(slot.id(), &row);
        Ok((Rotated { api_key, info }, Some(changes)))
    }

    /// Later requests with the same handle must use the new key.
    fn stands_alone(&self) -> bool {
        true
    }

    fn committed(&self, rotated: &Rotated) {
        self.caller.key.replace(rotated.api_key.clone());
    }
}

/// Wraps the data key for the new key's slot, ends the old row, and destroys the old slot.
fn replace(
    draft: &Draft<'_>,
    changes: &mut Changes,
    access: &Access,
    old_slot: &SlotKeys,
    slot: &SlotKeys,
    api_key: &ApiKey,
) -> Result<KeyRow, Error> {
    let (namespace, data_key) = data_key(draft.opened, old_slot)?;
    let wrapped = slot.wrap(SLOT_HEADER, namespace, &data_key);
    draft.opened.store().put_slot(&slot.id().0, &wrapped).map_err(|error| match error {
        // The slot exists without a row: the key has lost its row, but still opens data.
        StoreError::Damaged => Error::ApiKeyTaken,
        other => other.into(),
    })?;
    // The old row first, so that the index names the new key for the plugin's installation in the end.
    let mut ended = access.row.replaced(slot.id());
    changes.put_key(draft, old_slot.id(), Some(&access.row), &mut ended)?;
    changes.destroy_slot(old_slot.id());
    let mut row = access.row.successor(api_key, draft.now);
    changes.put_key(draft, slot.id(), None, &mut row)?;
    Ok(row)
}

/// Changes the owner of shared keys to the new key, since they end with their owner's key.
fn hand_shared_keys_over(
    draft: &Draft<'_>,
    changes: &mut Changes,
    access: &Access,
    owner: SlotId,
) -> Result<(), Error> {
    for (shared, before) in draft.keys_of(access.data.namespace())?.readable {
        if before.owner() == Some(access.slot) {
            let mut row = before.clone();
            row.set_owner(owner);
            changes.put_key(draft, shared, Some(&before), &mut row)?;
        }
    }
    Ok(())
}
