//! Revocation: one commit, after which every process refuses the key. Then its slot is destroyed, so that free pages
//! and backups of the tables do not give its access back.

use crate::crypto::{NamespaceId, SlotId};
use crate::rows::Table;

use super::access::Access;
use super::draft::{Changes, Draft, Write};
use super::key_row::{self, KeyRow};
use super::reasons::Denied;
use super::{Caller, Error, lease};

/// Revokes the caller's own key, or a key that it has shared.
pub struct Revoke {
    /// The caller and its key.
    pub caller: Caller,
    /// The id of the key; without one it is the caller's own.
    pub key_id: Option<String>,
}

/// The result of a revocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// Whether the namespace was destroyed as well, because the key was its owner key.
    pub destroyed: bool,
}

impl Write for Revoke {
    type Outcome = Revoked;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Revoked, Option<Changes>), Error> {
        let access = draft.access(&self.caller)?.ok_or(Error::ApiKeyUnknown)?;
        let namespace = access.data.namespace();
        let mut changes = draft.changes();
        let own = access.slot.to_text();
        match &self.key_id {
            Some(other) if !other.eq_ignore_ascii_case(&own) => {
                if !access.row.is_owner() {
                    return Err(Error::NotPermitted(Denied::Owner));
                }
                revoke_shared(draft, &mut changes, &access, other)?;
                Ok((Revoked { destroyed: false }, Some(changes)))
            }
            _ if access.row.is_owner() => {
                destroy(draft, &mut changes, namespace)?;
                Ok((Revoked { destroyed: true }, Some(changes)))
            }
            _ => {
                end(draft, &mut changes, access.slot, &access.row)?;
                Ok((Revoked { destroyed: false }, Some(changes)))
            }
        }
    }

    /// Later requests with the same handle must be refused.
    fn stands_alone(&self) -> bool {
        true
    }
}

fn revoke_shared(
    draft: &Draft<'_>,
    changes: &mut Changes,
    owner: &Access,
    key_id: &str,
) -> Result<(), Error> {
    let slot = key_row::slot(&key_id.to_ascii_lowercase()).ok_or(Error::ApiKeyUnknown)?;
    let row = draft
        .get(Table::Keys, &slot.0)
        .map_err(Error::of_a_key)
        .and_then(|row| KeyRow::open(&draft.secrets.keys, slot, row.ok_or(Error::ApiKeyUnknown)?));
    let namespace = owner.data.namespace();
    match row {
        Ok(row) if row.namespace() != Some(namespace) => Err(Error::ApiKeyUnknown),
        Ok(row) if row.is_live() => end(draft, changes, slot, &row),
        // A repeated call has nothing left to do.
        Ok(_) => Ok(()),
        // Its row can't be read, but the list of the namespace's keys shows that it belongs to this owner.
        Err(Error::RecordDamaged(_)) if owner.keys.has(slot) => {
            changes.end_unknown_key(draft, slot)?;
            lease::give_up(draft, changes, namespace, slot)
        }
        Err(error) => Err(error),
    }
}

/// Destroys a namespace: its records, its keys and its slots, also those of keys whose rows can't be read.
pub(super) fn destroy(draft: &Draft<'_>, changes: &mut Changes, namespace: NamespaceId) -> Result<(), Error> {
    let keys = draft.keys_of(namespace)?;
    for (slot, row) in keys.readable {
        retire(draft, changes, slot, &row)?;
    }
    for slot in keys.damaged {
        changes.end_unknown_key(draft, slot)?;
    }
    for id in draft.scan(Table::Records, &namespace.0, |_| ())?.into_keys() {
        changes.delete(Table::Records, &id);
    }
    for lease in draft.scan(Table::Leases, &namespace.0, |_| ())?.into_keys() {
        changes.delete(Table::Leases, &lease);
    }
    Ok(())
}

/// Ends one key of a namespace that stays, and releases its leases.
pub(super) fn end(draft: &Draft<'_>, changes: &mut Changes, slot: SlotId, row: &KeyRow) -> Result<(), Error> {
    retire(draft, changes, slot, row)?;
    row.namespace().map_or(Ok(()), |namespace| lease::give_up(draft, changes, namespace, slot))
}

fn retire(draft: &Draft<'_>, changes: &mut Changes, slot: SlotId, row: &KeyRow) -> Result<(), Error> {
    changes.put_key(draft, slot, Some(row), &mut row.revoked())?;
    changes.destroy_slot(slot);
    Ok(())
}
