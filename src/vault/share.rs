//! Shares a namespace: creates another key for it, within a scope, which ends no later than the owner's.

use crate::crypto::ApiKey;
use crate::store::SLOT_HEADER;

use super::access::data_key;
use super::draft::{Changes, Draft, Write};
use super::key_row::{KeyRow, Scope};
use super::reasons::Denied;
use super::{Caller, Error, Issued, KeyInfo, Name, Timestamp, namespace};

/// Creates a shared key.
pub struct Share {
    /// The owner of the namespace.
    pub caller: Caller,
    /// The label of the new key.
    pub label: Option<Name>,
    /// When it expires: no later than the owner's key, and with it if this is `None`.
    pub expires_at: Option<Timestamp>,
    /// Its scope, if it may do less than its owner. The folders are URIs as the client wrote them.
    pub scope: Option<Scope>,
}

/// When a shared key expires: no later than its owner's key, and with it if `None`.
pub(super) fn end_of_shared(
    wanted: Option<Timestamp>,
    owners: Option<Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    match (wanted, owners) {
        (Some(end), Some(last)) if end > last => Err(Error::ExpiryTooLate),
        (end, last) => Ok(end.or(last)),
    }
}

impl Write for Share {
    type Outcome = Issued;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Issued, Option<Changes>), Error> {
        let mut changes = draft.changes();
        let own_slot = self.caller.key.slot(draft.opened, draft.secrets);
        let owner = match draft.access(&self.caller)? {
            Some(access) => access,
            None => namespace::begin(draft, &mut changes, &own_slot, |_| ())?,
        };
        if !owner.row.is_owner() {
            return Err(Error::NotPermitted(Denied::Owner));
        }
        draft.check_room_for_key(owner.row.plugin.as_deref(), Some(&owner.keys))?;
        let scope = self.scope.clone().map(|scope| scope.normalised(&owner.machine)).transpose()?;
        let end = end_of_shared(self.expires_at, owner.row.expires_at())?;
        let (namespace, data_key) = data_key(draft.opened, &own_slot)?;
        let mut row = KeyRow::shared(namespace, owner.slot);
        row.issue(draft.now, end);
        row.plugin.clone_from(&owner.row.plugin);
        row.label = self.label.as_ref().map(|label| label.as_str().to_owned());
        row.restrict(scope);
        let api_key = ApiKey::generate(row.plugin.as_deref().unwrap_or_default(), draft.now.millis());
        let slot = draft.secrets.keys.slot(&api_key);
        // The slot file is written first, as for every key.
        let wrapped = slot.wrap(SLOT_HEADER, namespace, &data_key);
        draft.opened.store().put_slot(&slot.id().0, &wrapped).map_err(Error::of_a_key)?;
        changes.put_key(draft, slot.id(), None, &mut row)?;
        let info = KeyInfo::new(slot.id(), &row);
        Ok((Issued { api_key: api_key.to_text(), created: true, info }, Some(changes)))
    }
}
