//! Sharing a namespace: another key opens it too, as far as its scope goes and no longer than its owner's.

use crate::crypto::ApiKey;
use crate::store::SLOT_HEADER;

use super::access::{data_key, of_a_key};
use super::draft::{Changes, Draft, Write};
use super::key_row::{KeyRow, Scope};
use super::{Caller, Error, Issued, KeyInfo, Name, Timestamp, key_index, namespace};

/// Makes a shared key.
pub struct Share {
    /// The owner.
    pub caller: Caller,
    /// What the owner calls the new key.
    pub label: Option<Name>,
    /// When it ends: no later than the owner's, and with the owner's if nothing is said.
    pub expires_at: Option<Timestamp>,
    /// What it may do, if that is less than what its owner may. Its folders are URIs as a client writes them.
    pub scope: Option<Scope>,
}

/// When a shared key ends: no later than its owner's, and with it if nothing is said.
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

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Issued, Option<Changes>), Error> {
        let mut changes = draft.changes();
        let own_slot = self.caller.key.slot(draft.opened, draft.secrets);
        let owner = match draft.access(&self.caller)? {
            Some(access) => access,
            None => namespace::begin(draft, &mut changes, &own_slot, |_| ())?,
        };
        if !owner.row.is_owner() {
            return Err(Error::NotPermitted);
        }
        key_index::check_room(draft, owner.row.plugin.as_deref(), Some(&owner.keys))?;
        let scope = self.scope.clone().map(Scope::normalised).transpose()?;
        let end = end_of_shared(self.expires_at, owner.row.expires_at())?;
        let (namespace, data_key) = data_key(draft.opened, &own_slot)?;
        let mut row = KeyRow::shared(namespace, owner.slot);
        row.issue(draft.now, end);
        row.plugin.clone_from(&owner.row.plugin);
        row.label = self.label.as_ref().map(|label| label.as_str().to_owned());
        row.restrict(scope);
        let api_key = ApiKey::generate(row.plugin.as_deref().unwrap_or_default(), draft.now.millis());
        let slot = draft.secrets.keys.slot(&api_key);
        // The file first, as for every key.
        let wrapped = slot.wrap(SLOT_HEADER, namespace, &data_key);
        draft.opened.store().put_slot(&slot.id().0, &wrapped).map_err(of_a_key)?;
        changes.put_key(draft, slot.id(), None, &mut row)?;
        let info = KeyInfo::new(slot.id(), &row);
        Ok((Issued { api_key: api_key.to_text(), created: true, info }, Some(changes)))
    }
}
