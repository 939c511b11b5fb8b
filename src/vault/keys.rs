//! Public descriptions of API keys. They never contain a key.

use std::sync::Arc;

use crate::crypto::SlotId;
use crate::limits;
use crate::rows::Table;

use super::access::Access;
use super::key_row::{KeyRow, KeyRows, Scope};
use super::reading::Read;
use super::reasons::OverLimit;
use super::view::View;
use super::{Caller, Error, Opened, Timestamp};

/// The public description of a key.
pub struct KeyInfo {
    /// The key's id, which reveals nothing about the key.
    pub key_id: String,
    /// The plugin for which it was issued.
    pub plugin: Option<String>,
    /// The installation for which the store keeps it.
    pub installation: Option<String>,
    /// Its label.
    pub label: Option<String>,
    /// When this program issued it; absent for a key from elsewhere.
    pub issued_at: Option<Timestamp>,
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// Its scope, if it may do less than its owner.
    pub scope: Option<Scope>,
    /// Whether it is the owner key of its namespace.
    pub owner: bool,
}

/// A key that a connection has set.
pub struct Known {
    /// Whether it has a namespace.
    pub known: bool,
    /// The key's public description.
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

    /// The description of a key whose row can't be read: only its id is known.
    pub(super) fn damaged(slot: SlotId) -> Self {
        Self { owner: false, ..Self::unknown(slot) }
    }

    /// The description of a key without a row. The first write with it makes it an owner key.
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

/// Describes the caller's key. [`Error::ApiKeyUnknown`] if it must have a namespace and has none.
pub struct KnowKey {
    asked: Caller,
    must_exist: bool,
}

impl KnowKey {
    /// A request about the caller's key, which must have a namespace if the caller says so.
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
        let slot = self.asked.key.slot(opened, &*opened.secrets()?).id();
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

/// Lists the keys of the caller's namespace: all for an owner key, only itself for a shared key. The flag says whether
/// it is the caller's own key.
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
            // Rows that can't be read are not listed.
            if let Ok(Some(row)) = view.value(Table::Keys, &slot.0) {
                bytes += row.len();
                if bytes > limits::KEY_LIST_BYTES {
                    return Err(Error::DataTooLarge {
                        reason: OverLimit::Answer,
                        limit: limits::KEY_LIST_BYTES as u64,
                    });
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
