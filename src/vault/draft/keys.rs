//! The keys of the store, as the draft of a commit has them: what a caller's key opens, the keys of a namespace, whether
//! there is room for another key, and the changes of a key's row.

use std::sync::Arc;

use crate::crypto::{NamespaceId, SlotId};
use crate::rows::{Table, meta};

use super::{Changes, Draft};
use crate::vault::access::{Access, Remembered};
use crate::vault::key_index::{self, LiveKeys};
use crate::vault::key_row::{KeyRow, KeyRows};
use crate::vault::reasons::OverLimit;
use crate::vault::{Caller, Error};

impl Draft<'_> {
    /// The access that the caller's key gives; `None` for a key without a namespace.
    pub(in crate::vault) fn access(&self, caller: &Caller) -> Result<Option<Arc<Access>>, Error> {
        let key = &caller.key;
        let slot = key.slot(self.opened, self.secrets);
        let found = || key_index::look(self, &self.secrets.keys, slot.id());
        let access = if self.keys_changed {
            // The changed table of keys has no committed revision yet, which a cache entry would need.
            Access::open(self.opened, self.secrets, &slot, found()?)?
        } else {
            let keys_revision = self.snapshot.keys_revision()?;
            match key.remembered(self.opened, keys_revision) {
                Remembered::Known(access) => access,
                Remembered::Nothing => {
                    key.learn(self.opened, self.secrets, &slot, keys_revision, found()?)?
                }
            }
        };
        caller.admit(access, self.now)
    }

    /// The rows of all keys, including those of revoked keys.
    pub(in crate::vault) fn all_keys(&self) -> Result<KeyRows, Error> {
        Ok(key_index::all_rows(self, &self.secrets.keys)?)
    }

    /// The rows of a namespace's live keys, and the slots of those that can't be read.
    pub(in crate::vault) fn keys_of(&self, namespace: NamespaceId) -> Result<KeyRows, Error> {
        let keys = &self.secrets.keys;
        let mut found = KeyRows { readable: Vec::new(), damaged: Vec::new() };
        for slot in key_index::live_keys(self, keys, namespace)?.slots() {
            let row = match self.get(Table::Keys, &slot.0) {
                Ok(Some(row)) => KeyRow::open(keys, slot, row),
                Ok(None) => continue,
                Err(error) => Err(Error::of_a_key(error)),
            };
            match row {
                Ok(row) if row.is_live() && row.namespace() == Some(namespace) => {
                    found.readable.push((slot, row));
                }
                // The key was ended while its row could not be read.
                Ok(_) => {}
                Err(Error::RecordDamaged(_)) => found.damaged.push(slot),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Refuses another key above a limit. Counts keys only if the whole table has that many rows.
    pub(in crate::vault) fn check_room_for_key(
        &self,
        plugin: Option<&str>,
        namespace: Option<&LiveKeys>,
    ) -> Result<(), Error> {
        let limits = self.opened.limits();
        let (all, each) = (limits.keys, limits.keys_per_plugin);
        let rows = self.all_rows(Table::Keys)?;
        let count = |prefix: &[u8]| self.count(Table::KeyIndex, prefix);
        if rows >= all && count(key_index::ALL_LIVE)? >= all {
            return Err(Error::DataTooLarge { reason: OverLimit::Keys, limit: all });
        }
        let of_plugin = match plugin {
            Some(_) if rows >= each => count(&key_index::live_prefix(&self.secrets.keys, plugin))?,
            _ => 0,
        };
        // Keys without a plugin's name are counted by their namespace.
        let of_namespace = namespace.map_or(0, |keys| keys.slots().count() as u64);
        if of_plugin.max(of_namespace) >= each {
            Err(Error::DataTooLarge { reason: OverLimit::PluginKeys, limit: each })
        } else {
            Ok(())
        }
    }
}

impl Changes {
    /// Puts a row into the table of keys, and its rows into the index. All processes then check their keys again.
    /// `before` is the row that it replaces.
    pub(in crate::vault) fn put_key(
        &mut self,
        draft: &Draft<'_>,
        slot: SlotId,
        before: Option<&KeyRow>,
        row: &mut KeyRow,
    ) -> Result<(), Error> {
        self.put_key_alone(draft, slot, row)?;
        let keys = &draft.secrets.keys;
        for changed in key_index::changed_rows(keys, slot, before, row) {
            self.push(changed);
        }
        let namespace = row.namespace().ok_or(Error::KEY_DAMAGED)?;
        // The list after the other changes of the same request.
        let mut list = match self.lists.remove(&namespace) {
            Some(list) => list,
            // The first key of its namespace begins an empty list.
            None if before.is_none() && row.is_owner() => LiveKeys::default(),
            None => key_index::live_keys(draft, keys, namespace)?,
        };
        list.set(slot, row);
        self.lists.insert(namespace, list);
        Ok(())
    }

    /// Ends a key of which only the slot is known, and marks the index to be rebuilt.
    pub(in crate::vault) fn end_unknown_key(&mut self, draft: &Draft<'_>, slot: SlotId) -> Result<(), Error> {
        let mut row = KeyRow::first(NamespaceId::generate()).revoked();
        self.put_key_alone(draft, slot, &mut row)?;
        self.delete(Table::Meta, meta::KEY_INDEX);
        self.destroy_slot(slot);
        Ok(())
    }

    fn put_key_alone(&mut self, draft: &Draft<'_>, slot: SlotId, row: &mut KeyRow) -> Result<(), Error> {
        let revision = self.next_revision()?;
        row.set_revision(revision);
        self.put(Table::Keys, &slot.0, row.seal(&draft.secrets.keys, slot));
        self.put(Table::Meta, meta::KEYS_REVISION, revision.to_be_bytes().to_vec());
        self.keys = true;
        Ok(())
    }
}
