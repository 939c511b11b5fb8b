//! What can be told of API keys. Never a key.

use std::sync::Arc;

use crate::crypto::SlotId;
use crate::limits;
use crate::rows::Table;

use super::access::Access;
use super::key_row::{KeyRow, KeyRows, Scope};
use super::view::{Read, View};
use super::{Caller, Error, Opened, Timestamp};

/// What can be told of a key.
pub struct KeyInfo {
    /// Names the key; tells nothing of it.
    pub key_id: String,
    /// For which plugin it was issued.
    pub plugin: Option<String>,
    /// For which installation the vault keeps it.
    pub installation: Option<String>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// When the vault issued it; absent for a key that it did not issue.
    pub issued_at: Option<Timestamp>,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// What it may do, if that is less than what its owner may.
    pub scope: Option<Scope>,
    /// Whether it is a namespace's first key.
    pub owner: bool,
}

/// A key that a connection has set.
pub struct Known {
    /// Whether it has a namespace.
    pub known: bool,
    /// What can be told of it.
    pub info: KeyInfo,
}

impl KeyInfo {
    pub(super) fn new(slot: SlotId, row: &KeyRow) -> Self {
        Self {
            key_id: slot.to_text(),
            plugin: row.plugin.clone(),
            installation: row.installation.clone(),
            label: row.label.clone(),
            issued_at: row.issued_at(),
            expires_at: row.expires_at(),
            scope: row.scope().cloned(),
            owner: row.is_owner(),
        }
    }

    /// A key whose row can't be read: nothing but its name is known.
    pub(super) fn damaged(slot: SlotId) -> Self {
        Self { owner: false, ..Self::unknown(slot) }
    }

    /// A key that no row tells of: whoever writes with it first is its owner.
    fn unknown(slot: SlotId) -> Self {
        Self {
            key_id: slot.to_text(),
            plugin: None,
            installation: None,
            label: None,
            issued_at: None,
            expires_at: None,
            scope: None,
            owner: true,
        }
    }
}

/// Finds out what is known of the caller's key. [`Error::ApiKeyUnknown`] if it must have a namespace and has none.
pub struct KnowKey {
    asked: Caller,
    must_exist: bool,
}

impl KnowKey {
    /// The caller's key, on the caller's condition.
    pub fn new(caller: &Caller) -> Self {
        Self { asked: Caller { must_exist: false, ..caller.clone() }, must_exist: caller.must_exist }
    }
}

impl Read for KnowKey {
    type Copied = Option<Arc<Access>>;
    type Outcome = Known;

    fn caller(&self) -> &Caller {
        &self.asked
    }

    fn copy(&self, _: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error> {
        Ok(access.cloned())
    }

    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Known, Error> {
        let slot = self.asked.key.slot(opened, opened.secrets()?).id();
        match copied {
            Some(access) => Ok(Known { known: true, info: KeyInfo::new(access.slot, &access.row) }),
            None if self.must_exist => Err(Error::ApiKeyUnknown),
            None => Ok(Known { known: false, info: KeyInfo::unknown(slot) }),
        }
    }

    fn bytes(_: &Known) -> usize {
        size_of::<Known>()
    }
}

/// Lists the keys of the caller's namespace: all for its owner, only itself for a shared key. Each with whether it is
/// the caller's.
pub struct ListKeys(pub Caller);

impl Read for ListKeys {
    type Copied = Option<(Arc<Access>, Vec<(Vec<u8>, Vec<u8>)>)>;
    type Outcome = Vec<(KeyInfo, bool)>;

    fn caller(&self) -> &Caller {
        &self.0
    }

    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error> {
        let Some(access) = access else { return Ok(None) };
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let listed = access.row.is_owner().then(|| access.keys.slots());
        for slot in listed.into_iter().flatten() {
            // A row that can't be read is in no list.
            if let Ok(Some(row)) = view.value(Table::Keys, &slot.0) {
                bytes += row.len();
                if bytes > limits::KEY_LIST_BYTES {
                    return Err(Error::DataTooLarge { limit: limits::KEY_LIST_BYTES as u64 });
                }
                rows.push((slot.0.to_vec(), row.to_vec()));
            }
        }
        view.reserve(bytes)?;
        Ok(Some((access.clone(), rows)))
    }

    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Self::Outcome, Error> {
        let Some((access, rows)) = copied else { return Ok(Vec::new()) };
        if !access.row.is_owner() {
            return Ok(vec![(KeyInfo::new(access.slot, &access.row), true)]);
        }
        let mut keys = Vec::new();
        for (slot, row) in KeyRows::open(&opened.secrets()?.keys, rows).readable {
            if row.is_live() && row.namespace() == Some(access.data.namespace()) {
                keys.push((KeyInfo::new(slot, &row), slot == access.slot));
            }
        }
        Ok(keys)
    }

    fn bytes(outcome: &Self::Outcome) -> usize {
        outcome.len() * size_of::<KeyInfo>()
    }
}
