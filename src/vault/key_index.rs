//! The index of keys: rows that are derived from the table of keys, so that no call of a plugin opens that whole table.
//!
//! It has three kinds of rows: which key the store keeps for a plugin's installation; which keys are live, by plugin,
//! to count them; and for each namespace a sealed list of its live keys with the revisions of their rows. A key's row
//! with another revision than in that list is an old row that was put back, and is refused. If rows of the index are
//! lost, the table of keys is read instead, and the next write rebuilds them. That refuses less, see
//! `docs/threat-model.md`.

use std::collections::BTreeMap;

use crate::crypto::{NamespaceId, SlotId, StoreKeys};
use crate::rows::{Table, meta};
use crate::store::{Batch, Row, Snapshot, StoreError};

use super::key_row::{KeyRow, KeyRows};
use super::view::View;
use super::{Error, Name};

const FORMAT: u8 = 1;
/// The value of the row of `meta` that says that the index is complete: a format, and whether some rows of keys could
/// not be read when the index was built.
const COMPLETE: [u8; 2] = [FORMAT, 0];
const WITH_DAMAGED_ROWS: [u8; 2] = [FORMAT, 1];

const KEPT: u8 = 1;
const LIVE: u8 = 2;
const LIST: u8 = 3;

/// `kind ‖ name ‖ slot id`; the slot id is zeros if a row does not belong to a single key.
type RowKey = [u8; 33];

fn row_key(kind: u8, name: [u8; 16], slot: SlotId) -> RowKey {
    let mut key = [0; 33];
    key[0] = kind;
    key[1..17].copy_from_slice(&name);
    key[17..].copy_from_slice(&slot.0);
    key
}

const NO_SLOT: SlotId = SlotId([0; 16]);

fn kept_row(keys: &StoreKeys, plugin: &str, installation: &str) -> RowKey {
    row_key(KEPT, keys.index_name(KEPT, &[plugin.as_bytes(), installation.as_bytes()]), NO_SLOT)
}

/// The prefix of the rows of all live keys.
pub(super) const ALL_LIVE: &[u8] = &[LIVE];

/// The prefix of the rows of a plugin's live keys. Keys without a plugin share one prefix too.
pub(super) fn live_prefix(keys: &StoreKeys, plugin: Option<&str>) -> [u8; 17] {
    let row = live_row(keys, plugin, NO_SLOT);
    *row.first_chunk().expect("a row's key is longer")
}

fn live_row(keys: &StoreKeys, plugin: Option<&str>, slot: SlotId) -> RowKey {
    row_key(LIVE, keys.index_name(LIVE, &[plugin.unwrap_or_default().as_bytes()]), slot)
}

fn list_row(keys: &StoreKeys, namespace: NamespaceId) -> RowKey {
    row_key(LIST, keys.index_name(LIST, &[&namespace.0]), NO_SLOT)
}

/// The live keys of a namespace, each with the revision of its row.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct LiveKeys(BTreeMap<SlotId, u64>);

impl LiveKeys {
    /// The live keys of a new namespace.
    pub(super) fn of_first(slot: SlotId, row: &KeyRow) -> Self {
        Self(BTreeMap::from([(slot, row.revision())]))
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = SlotId> {
        self.0.keys().copied()
    }

    pub(super) fn has(&self, slot: SlotId) -> bool {
        self.0.contains_key(&slot)
    }

    /// Applies a change of a key's row.
    pub(super) fn set(&mut self, slot: SlotId, row: &KeyRow) {
        if row.is_live() {
            self.0.insert(slot, row.revision());
        } else {
            self.0.remove(&slot);
        }
    }

    /// Checks that this row is the one that was written last.
    fn check(&self, slot: SlotId, row: &KeyRow) -> Result<(), Error> {
        match self.0.get(&slot) {
            Some(revision) if *revision == row.revision() => Ok(()),
            // The list is older than the row, so the list was put back.
            Some(revision) if *revision < row.revision() => Err(Error::KEY_DAMAGED),
            Some(_) | None => Err(Error::ApiKeyRevoked),
        }
    }

    fn seal(&self, keys: &StoreKeys, row: &RowKey) -> Vec<u8> {
        let mut list = Vec::with_capacity(self.0.len() * 24);
        for (slot, revision) in &self.0 {
            list.extend_from_slice(&slot.0);
            list.extend_from_slice(&revision.to_be_bytes());
        }
        let mut value = vec![FORMAT];
        value.extend_from_slice(&keys.seal_key_list(row, &[FORMAT], &list));
        value
    }

    fn open(keys: &StoreKeys, row: &RowKey, value: &[u8]) -> Option<Self> {
        let list = keys.open_key_list(row, &[FORMAT], value.strip_prefix(&[FORMAT])?).ok()?;
        let (entries, []) = list.as_chunks::<24>() else { return None };
        let entry = |entry: &[u8; 24]| {
            let (slot, revision) = entry.split_first_chunk::<16>()?;
            Some((SlotId(*slot), u64::from_be_bytes(revision.try_into().ok()?)))
        };
        entries.iter().map(entry).collect::<Option<_>>().map(Self)
    }

    /// Rebuilds a lost list from the rows of keys. Of several owners the newest one counts, and its shared keys are
    /// those that name it.
    fn from_rows<'r>(rows: impl Iterator<Item = (SlotId, &'r KeyRow)> + Clone) -> Self {
        let owners = rows.clone().filter(|(_, row)| row.is_owner());
        let owner = owners.max_by_key(|(_, row)| row.revision());
        let live = rows.filter(|(slot, row)| {
            let is_owners = match owner {
                Some((owner, newest)) => newest.is_live() && row.owner().unwrap_or(*slot) == owner,
                // The owner's row can't be read, so nothing shows that its shared keys have ended.
                None => true,
            };
            row.is_live() && is_owners
        });
        Self(live.map(|(slot, row)| (slot, row.revision())).collect())
    }
}

/// What the tables contain about a key.
pub(super) struct Found {
    pub(super) row: KeyRow,
    /// All live keys of its namespace.
    pub(super) keys: LiveKeys,
}

/// Looks a key up: its row, checked to be the newest one. `None` for a key without a row.
pub(super) fn look(view: &dyn View, keys: &StoreKeys, slot: SlotId) -> Result<Option<Found>, Error> {
    let Some(row) = view.value(Table::Keys, &slot.0).map_err(Error::of_a_key)? else { return Ok(None) };
    let row = KeyRow::open(keys, slot, row)?;
    if !row.is_live() {
        return Err(Error::ApiKeyRevoked);
    }
    let live = live_keys(view, keys, row.namespace().ok_or(Error::KEY_DAMAGED)?)?;
    live.check(slot, &row)?;
    Ok(Some(Found { row, keys: live }))
}

/// The live keys of a namespace.
pub(super) fn live_keys(
    view: &dyn View,
    keys: &StoreKeys,
    namespace: NamespaceId,
) -> Result<LiveKeys, Error> {
    let name = list_row(keys, namespace);
    match view.value(Table::KeyIndex, &name) {
        Ok(Some(value)) => {
            if let Some(list) = LiveKeys::open(keys, &name, value) {
                return Ok(list);
            }
        }
        Ok(None) | Err(StoreError::Damaged) => {}
        Err(error) => return Err(error.into()),
    }
    let rows = all_rows(view, keys)?;
    let own = rows.readable.iter().filter(|(_, row)| row.namespace() == Some(namespace));
    Ok(LiveKeys::from_rows(own.map(|(slot, row)| (*slot, row))))
}

/// The rows of all keys, read from the whole table.
pub(super) fn all_rows(view: &dyn View, keys: &StoreKeys) -> Result<KeyRows, StoreError> {
    let mut rows = Vec::new();
    view.each(Table::Keys, &[], &mut |slot, row| rows.push((slot.to_vec(), row.to_vec())))?;
    Ok(KeyRows::open(keys, rows))
}

/// Finds the key that the store keeps for a plugin's installation. A row that can't be opened might be that key. So if
/// no other row is, this is an error, and the caller must not create a new key.
pub(super) fn find_kept(
    view: &dyn View,
    keys: &StoreKeys,
    plugin: &Name,
    installation: &Name,
) -> Result<Option<(SlotId, KeyRow)>, Error> {
    let is_it = |row: &KeyRow| {
        row.plugin.as_deref() == Some(plugin.as_str())
            && row.installation.as_deref() == Some(installation.as_str())
            && row.kept_key().is_some()
    };
    let name = kept_row(keys, plugin.as_str(), installation.as_str());
    let complete = view.value(Table::Meta, meta::KEY_INDEX).ok().flatten();
    if let (Some(complete), Ok(found)) = (complete, view.value(Table::KeyIndex, &name)) {
        match found.map(TryInto::try_into) {
            Some(Ok(slot)) => match look(view, keys, SlotId(slot)) {
                Ok(Some(found)) if is_it(&found.row) => return Ok(Some((SlotId(slot), found.row))),
                Err(Error::RecordDamaged(_)) => return Err(Error::KEY_DAMAGED),
                // The index and the table of keys contradict each other.
                _ => {}
            },
            None if *complete == COMPLETE => return Ok(None),
            None | Some(Err(_)) => {}
        }
    }
    let rows = all_rows(view, keys)?;
    for (slot, row) in rows.readable {
        if row.is_live() && is_it(&row) && look(view, keys, slot).is_ok() {
            return Ok(Some((slot, row)));
        }
    }
    if rows.damaged.is_empty() { Ok(None) } else { Err(Error::KEY_DAMAGED) }
}

/// The changes of the index for a changed row of keys, without its namespace's list. `before` is the row that it
/// replaces.
pub(super) fn changed_rows(
    keys: &StoreKeys,
    slot: SlotId,
    before: Option<&KeyRow>,
    row: &KeyRow,
) -> impl Iterator<Item = Row> {
    let before = before.map_or_else(Vec::new, |before| rows_for(keys, slot, before)).into_iter();
    let gone = before.map(|(name, _)| (name, None));
    let there = rows_for(keys, slot, row).into_iter().map(|(name, value)| (name, Some(value)));
    gone.chain(there).map(|(name, value)| Row { table: Table::KeyIndex, key: name.to_vec(), value })
}

/// The row of a namespace's list.
pub(super) fn sealed_list(keys: &StoreKeys, namespace: NamespaceId, list: &LiveKeys) -> Row {
    let name = list_row(keys, namespace);
    Row { table: Table::KeyIndex, key: name.to_vec(), value: Some(list.seal(keys, &name)) }
}

/// The rows of the index for one row of keys, without its namespace's list.
fn rows_for(keys: &StoreKeys, slot: SlotId, row: &KeyRow) -> Vec<(RowKey, Vec<u8>)> {
    if !row.is_live() {
        return Vec::new();
    }
    let mut rows = vec![(live_row(keys, row.plugin.as_deref(), slot), Vec::new())];
    if let (Some(plugin), Some(installation), Some(_)) = (&row.plugin, &row.installation, row.kept_key()) {
        rows.push((kept_row(keys, plugin, installation), slot.0.to_vec()));
    }
    rows
}

/// The row of `meta` in a store without keys.
pub(super) fn of_no_keys() -> Row {
    Row { table: Table::Meta, key: meta::KEY_INDEX.to_vec(), value: Some(COMPLETE.to_vec()) }
}

/// The commit that rebuilds the index if it is not complete: after a repair, a restore, or the end of a key whose row
/// could not be read. Lists that can be read are kept.
pub(super) fn rebuilt(snapshot: &Snapshot<'_>, keys: &StoreKeys) -> Result<Option<Batch>, StoreError> {
    if matches!(snapshot.get(Table::Meta, meta::KEY_INDEX), Ok(Some(_))) {
        return Ok(None);
    }
    let mut rows = Vec::new();
    let mut remove = |key: &[u8], _: &[u8]| {
        if key.first() != Some(&LIST) {
            rows.push(Row { table: Table::KeyIndex, key: key.to_vec(), value: None });
        }
    };
    snapshot.scan(Table::KeyIndex, &[], &mut remove)?;
    let found = all_rows(snapshot, keys)?;
    let mut namespaces = BTreeMap::<NamespaceId, Vec<(SlotId, &KeyRow)>>::new();
    for (slot, row) in &found.readable {
        if let Some(namespace) = row.namespace() {
            namespaces.entry(namespace).or_default().push((*slot, row));
        }
    }
    for (namespace, own) in namespaces {
        let name = list_row(keys, namespace);
        let there = snapshot.get(Table::KeyIndex, &name).ok().flatten();
        let list = there.and_then(|value| LiveKeys::open(keys, &name, value)).unwrap_or_else(|| {
            let list = LiveKeys::from_rows(own.iter().copied());
            rows.push(sealed_list(keys, namespace, &list));
            list
        });
        for (slot, row) in own.into_iter().filter(|(slot, row)| list.check(*slot, row).is_ok()) {
            rows.extend(changed_rows(keys, slot, None, row));
        }
    }
    let complete = if found.damaged.is_empty() { COMPLETE } else { WITH_DAMAGED_ROWS };
    rows.push(Row { table: Table::Meta, key: meta::KEY_INDEX.to_vec(), value: Some(complete.to_vec()) });
    let revision = snapshot.revision()?;
    Ok(Some(Batch { expected: revision, revision, rows }))
}

#[cfg(test)]
mod tests;
