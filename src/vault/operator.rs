//! What the user of a store may do without an API key of a plugin: list keys, end them and extend them. This needs only
//! the store's key, so that a user can clean up after an extension that was removed.

use std::collections::HashMap;

use crate::crypto::SlotId;
use crate::rows::{StoredRecord, Table};

use super::draft::{Changes, Draft, Write};
use super::key_row::{KeyRow, KeyRows};
use super::revoke::{destroy, end};
use super::share::end_of_shared;
use super::{Caller, Error, KeyInfo, Opened, Timestamp};

/// A key, and the size of what was stored with it.
pub struct KeySummary {
    /// The key's public description.
    pub info: KeyInfo,
    /// Whether it is valid now.
    pub state: KeyState,
    /// The number of records in its namespace.
    pub records: u64,
    /// The bytes of these records in the store.
    pub bytes: u64,
    /// The time of the last write to its namespace.
    pub last_write: Option<Timestamp>,
}

/// Whether a key is valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// It is valid.
    Live,
    /// It has expired.
    Expired,
    /// Its row can't be read, so it opens nothing. The row stays until the user ends the key.
    Damaged,
}

impl KeyState {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Damaged => "damaged",
        }
    }
}

/// The size of a namespace.
#[derive(Default)]
struct Stored {
    records: u64,
    bytes: u64,
    last_write: u64,
}

impl Opened {
    /// Every key of the store that was not revoked.
    ///
    /// # Errors
    /// If the store is locked or can't be read.
    pub fn all_keys(&self) -> Result<Vec<KeySummary>, Error> {
        let (mut rows, mut stored) = (Vec::new(), HashMap::<_, Stored>::new());
        let snapshot = self.store().snapshot()?;
        snapshot.scan(Table::Keys, &[], |slot, row| rows.push((slot.to_vec(), row.to_vec())))?;
        snapshot.scan(Table::Records, &[], |id, row| {
            if let (Some(namespace), Some(record)) = (id.first_chunk::<16>(), StoredRecord::decode(row)) {
                let sum = stored.entry(*namespace).or_default();
                sum.records += 1;
                sum.bytes += row.len() as u64;
                sum.last_write = sum.last_write.max(record.header.updated_at);
            }
        })?;
        drop(snapshot);
        let now = Timestamp::now();
        let mut keys = Vec::new();
        let rows = KeyRows::open(&self.secrets()?.keys, rows);
        for (slot, row) in rows.readable {
            if !row.is_live() {
                continue;
            }
            let own = row.namespace().and_then(|namespace| stored.get(&namespace.0));
            keys.push(KeySummary {
                info: KeyInfo::new(slot, &row),
                state: if row.check(now).is_ok() { KeyState::Live } else { KeyState::Expired },
                records: own.map_or(0, |sum| sum.records),
                bytes: own.map_or(0, |sum| sum.bytes),
                last_write: own.map(|sum| Timestamp::from_millis(sum.last_write)),
            });
        }
        keys.extend(rows.damaged.into_iter().map(|slot| KeySummary {
            info: KeyInfo::damaged(slot),
            state: KeyState::Damaged,
            records: 0,
            bytes: 0,
            last_write: None,
        }));
        Ok(keys)
    }
}

/// Ends a key of any plugin. Ending an owner key destroys its namespace.
pub struct EndKey {
    /// The id of the key, as the list of keys shows it.
    pub key_id: String,
}

impl Write for EndKey {
    /// Whether a namespace was destroyed.
    type Outcome = bool;

    fn caller(&self) -> Option<&Caller> {
        None
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(bool, Option<Changes>), Error> {
        let mut changes = draft.changes();
        let (slot, row) = match find(draft, &self.key_id)? {
            Found::Row(slot, row) => (slot, row),
            Found::Damaged(slot) => {
                // The key's namespace is unknown. From now on the key is refused like any other that was ended.
                changes.end_unknown_key(draft, slot)?;
                return Ok((false, Some(changes)));
            }
        };
        match row.namespace() {
            Some(namespace) if row.is_owner() => destroy(draft, &mut changes, namespace)?,
            _ => end(draft, &mut changes, slot, &row)?,
        }
        Ok((row.is_owner(), Some(changes)))
    }

    fn stands_alone(&self) -> bool {
        true
    }
}

/// Destroys all namespaces of a plugin, in all its installations.
pub struct ForgetPlugin {
    /// The plugin's name, as it was given to `issueAPIKey`.
    pub plugin: String,
}

impl Write for ForgetPlugin {
    /// How many namespaces were destroyed.
    type Outcome = u64;

    fn caller(&self) -> Option<&Caller> {
        None
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(u64, Option<Changes>), Error> {
        let mut changes = draft.changes();
        let mut destroyed = 0;
        let rows = draft.all_keys()?;
        if !rows.damaged.is_empty() {
            tracing::warn!("some keys are damaged and may be this plugin's; see plugin-vault key list");
        }
        for (_, row) in rows.readable {
            if row.is_live() && row.is_owner() && row.plugin.as_deref() == Some(&self.plugin) {
                let namespace = row.namespace().ok_or(Error::KEY_DAMAGED)?;
                destroy(draft, &mut changes, namespace)?;
                destroyed += 1;
            }
        }
        Ok((destroyed, (destroyed > 0).then_some(changes)))
    }

    fn stands_alone(&self) -> bool {
        true
    }
}

/// Changes when a key expires. A shared key never expires later than its owner's. If an owner key expires earlier, so
/// do its shared keys.
pub struct ExtendKey {
    /// The id of the key, as the list of keys shows it.
    pub key_id: String,
    /// Its new end. `None` for no end of its own: a shared key then expires with its owner's.
    pub until: Option<Timestamp>,
}

impl Write for ExtendKey {
    type Outcome = KeyInfo;

    fn caller(&self) -> Option<&Caller> {
        None
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(KeyInfo, Option<Changes>), Error> {
        let Found::Row(slot, before) = find(draft, &self.key_id)? else { return Err(Error::KEY_DAMAGED) };
        let mut row = (*before).clone();
        let mut changes = draft.changes();
        let others = draft.keys_of(row.namespace().ok_or(Error::KEY_DAMAGED)?)?.readable;
        if let Some(owner) = row.owner() {
            let (_, owner) = others.iter().find(|(id, _)| *id == owner).ok_or(Error::KEY_DAMAGED)?;
            row.set_end(end_of_shared(self.until, owner.expires_at())?);
        } else {
            row.set_end(self.until);
            for (shared, before) in others {
                let is_too_late = end_of_shared(before.expires_at(), self.until) != Ok(before.expires_at());
                if before.owner() == Some(slot) && is_too_late {
                    let mut other = before.clone();
                    other.set_end(self.until);
                    changes.put_key(draft, shared, Some(&before), &mut other)?;
                }
            }
        }
        changes.put_key(draft, slot, Some(&before), &mut row)?;
        Ok((KeyInfo::new(slot, &row), Some(changes)))
    }
}

enum Found {
    Row(SlotId, Box<KeyRow>),
    Damaged(SlotId),
}

fn find(draft: &Draft<'_>, key_id: &str) -> Result<Found, Error> {
    let rows = draft.all_keys()?;
    let is_it = |slot: &SlotId| slot.to_text().eq_ignore_ascii_case(key_id);
    if let Some(slot) = rows.damaged.iter().find(|slot| is_it(slot)) {
        return Ok(Found::Damaged(*slot));
    }
    let found = rows.readable.into_iter().find(|(slot, row)| row.is_live() && is_it(slot));
    found.map(|(slot, row)| Found::Row(slot, Box::new(row))).ok_or(Error::ApiKeyUnknown)
}
