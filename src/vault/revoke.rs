//! Revocation: one commit, from which on every process refuses the key; then its slot is destroyed, so that neither
//! free pages nor backups of the tables open what it opened.

use crate::crypto::{NamespaceId, SlotId};
use crate::store::Table;

use super::draft::{Changes, Draft, Write};
use super::key_row::KeyRow;
use super::{Caller, Error, lease};

/// Revokes the caller's own key, or one that it has shared.
pub struct Revoke {
    /// Who calls.
    pub caller: Caller,
    /// Which key; its own if nothing is said.
    pub key_id: Option<String>,
}

/// What became of a revocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// Whether the namespace went with it: the key was its owner's.
    pub destroyed: bool,
}

impl Write for Revoke {
    type Outcome = Revoked;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Revoked, Option<Changes>), Error> {
        let access = draft.access(&self.caller)?.ok_or(Error::ApiKeyUnknown)?;
        let namespace = access.data.namespace();
        let mut changes = draft.changes();
        let own = access.slot.to_text();
        match &self.key_id {
            Some(other) if !other.eq_ignore_ascii_case(&own) => {
                if !access.row.is_owner() {
                    return Err(Error::NotPermitted);
                }
                revoke_shared(draft, &mut changes, namespace, other)?;
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

    /// What is asked for next with the same handle is refused.
    fn stands_alone(&self) -> bool {
        true
    }
}

fn revoke_shared(
    draft: &Draft<'_>,
    changes: &mut Changes,
    namespace: NamespaceId,
    key_id: &str,
) -> Result<(), Error> {
    let keys = KeyRow::all(draft)?;
    let found = keys.readable.iter().find(|(slot, row)| {
        row.namespace() == Some(namespace) && slot.to_text().eq_ignore_ascii_case(key_id)
    });
    let (slot, row) = found.ok_or_else(|| keys.why_not(key_id))?;
    // The same call again finds nothing left to do.
    if row.is_live() { end(draft, changes, *slot, row) } else { Ok(()) }
}

/// All that a namespace has: its records, its keys, its slots. What a damaged row would tell of it can't be known: that
/// key opens nothing, and its slot goes when the user of the store ends it.
pub(super) fn destroy(draft: &Draft<'_>, changes: &mut Changes, namespace: NamespaceId) -> Result<(), Error> {
    for (slot, row) in KeyRow::of_namespace(draft, namespace)? {
        if row.is_live() {
            retire(draft, changes, slot, &row)?;
        }
    }
    for id in draft.scan(Table::Records, &namespace.0, |_| ())?.into_keys() {
        changes.delete(Table::Records, &id);
    }
    for lease in draft.scan(Table::Leases, &namespace.0, |_| ())?.into_keys() {
        changes.delete(Table::Leases, &lease);
    }
    Ok(())
}

/// Ends one key of a namespace that goes on: its leases are free.
pub(super) fn end(draft: &Draft<'_>, changes: &mut Changes, slot: SlotId, row: &KeyRow) -> Result<(), Error> {
    retire(draft, changes, slot, row)?;
    row.namespace().map_or(Ok(()), |namespace| lease::give_up(draft, changes, namespace, slot))
}

fn retire(draft: &Draft<'_>, changes: &mut Changes, slot: SlotId, row: &KeyRow) -> Result<(), Error> {
    changes.put_key(&slot.0, row.revoked().seal(&draft.secrets.keys, slot))?;
    changes.destroy_slot(slot);
    Ok(())
}
