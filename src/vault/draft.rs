//! The store as it will be after the commit that is being made ready: a snapshot, and over it the rows that the
//! requests before this one in the same commit have changed. Where a read stands between two writes, the rows keep what
//! they were at that point, so that the read can be made after the commit, when nobody waits for the store's lock.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::crypto::{NamespaceId, SlotId};
use crate::limits;
use crate::rows::{Table, meta};
use crate::store::{Batch, ProtectorRow, Row, Snapshot, StoreError};

use super::access::{Access, Caller, Remembered};
use super::key_index::{self, LiveKeys};
use super::key_row::KeyRow;
use super::opened::Secrets;
use super::{Error, Opened, Timestamp};

/// Something that changes the store.
pub trait Write: Send {
    /// What its caller is told.
    type Outcome: Send;

    /// Decides about the write, and says what it changes. Changes nothing itself, and may be called again with
    /// another draft, if the first one's commit failed.
    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Self::Outcome, Option<Changes>), Error>;

    /// Whether it changes what the requests behind it mean: then they go into another commit.
    fn stands_alone(&self) -> bool {
        false
    }

    /// It is committed; its caller is told next.
    fn committed(&self, _outcome: &Self::Outcome) {}
}

/// What one request changes.
pub struct Changes {
    rows: Vec<Row>,
    /// Of the values.
    bytes: usize,
    revision: u64,
    keys: bool,
    /// The live keys of namespaces as they are after this request.
    lists: BTreeMap<NamespaceId, LiveKeys>,
    destroyed: Vec<SlotId>,
    protectors: Vec<ProtectorChange>,
}

/// A change of the protector files, which no transaction covers: a request makes at most one, and nothing else.
pub(super) enum ProtectorChange {
    Add(ProtectorRow),
    Remove([u8; 16]),
}

/// What is to be done for the requests of one commit.
#[derive(Default)]
pub(super) struct Work {
    /// The protector files to change, before the commit.
    pub(super) protectors: Vec<ProtectorChange>,
    /// The commit; `None` where no row changes.
    pub(super) batch: Option<Batch>,
    /// The slots to overwrite after the commit.
    pub(super) destroyed: Vec<SlotId>,
}

impl Changes {
    /// The memory that the values take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The next revision of the store.
    pub(super) fn next_revision(&mut self) -> Result<u64, Error> {
        if self.revision >= limits::REVISION {
            return Err(Error::StoreFull);
        }
        self.revision += 1;
        Ok(self.revision)
    }

    pub(super) fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.bytes += value.len();
        self.rows.push(Row { table, key: key.to_vec(), value: Some(value) });
    }

    pub(super) fn delete(&mut self, table: Table, key: &[u8]) {
        self.rows.push(Row { table, key: key.to_vec(), value: None });
    }

    /// A row of the table of keys, and what the index has of it: every process looks at its keys again. `before` is the
    /// row that it takes the place of.
    pub(super) fn put_key(
        &mut self,
        draft: &Draft<'_>,
        slot: SlotId,
        before: Option<&KeyRow>,
        row: &mut KeyRow,
    ) -> Result<(), Error> {
        self.put_key_alone(draft, slot, row)?;
        key_index::update(draft, self, slot, before, row)
    }

    /// A key that is ended, and of which nothing is known but its slot: the index is made anew.
    pub(super) fn end_unknown_key(&mut self, draft: &Draft<'_>, slot: SlotId) -> Result<(), Error> {
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

    /// The live keys of a namespace, if this request has changed them.
    pub(super) fn take_list(&mut self, namespace: NamespaceId) -> Option<LiveKeys> {
        self.lists.remove(&namespace)
    }

    pub(super) fn put_list(&mut self, namespace: NamespaceId, list: LiveKeys) {
        self.lists.insert(namespace, list);
    }

    /// A protector file is to be changed, under the lock of the store. The request has to stand alone.
    pub(super) fn change_protector(&mut self, change: ProtectorChange) {
        self.protectors.push(change);
    }

    /// A slot file is to be overwritten once this is committed. The commit says so too: if this process ends before it
    /// is done, the next one that opens the store does it.
    pub(super) fn destroy_slot(&mut self, slot: SlotId) {
        self.put(Table::Meta, &destroy_row(slot), Vec::new());
        self.destroyed.push(slot);
    }
}

fn destroy_row(slot: SlotId) -> Vec<u8> {
    [meta::DESTROY, &slot.0].concat()
}

/// What a namespace has in the table of records.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) records: u64,
    /// Bytes of their rows.
    pub(super) bytes: u64,
}

impl Size {
    fn change(&mut self, before: Option<usize>, after: Option<usize>) {
        let rows = |row: Option<usize>| u64::from(row.is_some());
        let bytes = |row: Option<usize>| row.map_or(0, |bytes| bytes as u64);
        self.records = (self.records + rows(after)).saturating_sub(rows(before));
        self.bytes = (self.bytes + bytes(after)).saturating_sub(bytes(before));
    }
}

/// A point between the requests of one commit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Mark {
    stretch: u32,
    revision: u64,
}

/// What a row is from one stretch on: the writes between two reads are one stretch.
struct Version {
    since: u32,
    value: Option<Vec<u8>>,
}

/// The store as it will be.
pub struct Draft<'d> {
    pub(super) opened: &'d Opened,
    pub(super) secrets: &'d Secrets,
    /// One moment for the whole commit.
    pub(super) now: Timestamp,
    snapshot: &'d Snapshot<'d>,
    expected: u64,
    revision: u64,
    keys_changed: bool,
    /// What changes, in the order of the changes; no list is empty.
    rows: BTreeMap<(Table, Vec<u8>), Vec<Version>>,
    stretch: u32,
    /// Bytes of the values in `rows`.
    bytes: usize,
    /// Bytes of the values that requests have looked at.
    looked_at: Cell<usize>,
    destroyed: Vec<SlotId>,
    sizes: RefCell<HashMap<NamespaceId, Size>>,
    protectors: Vec<ProtectorChange>,
}

impl<'d> Draft<'d> {
    pub(super) fn new(
        opened: &'d Opened,
        secrets: &'d Secrets,
        snapshot: &'d Snapshot<'d>,
    ) -> Result<Self, StoreError> {
        let revision = snapshot.revision()?;
        Ok(Self {
            opened,
            secrets,
            now: Timestamp::now(),
            snapshot,
            expected: revision,
            revision,
            keys_changed: false,
            rows: BTreeMap::new(),
            stretch: 0,
            bytes: 0,
            looked_at: Cell::new(0),
            destroyed: Vec::new(),
            sizes: RefCell::default(),
            protectors: Vec::new(),
        })
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        // A tuple of borrowed parts can't look up one of owned parts; most commits have few rows or none.
        if !self.rows.is_empty()
            && let Some(versions) = self.rows.get(&(table, key.to_vec()))
        {
            return Ok(newest(versions));
        }
        let value = self.snapshot.get(table, key)?;
        self.looked_at.set(self.looked_at.get() + value.map_or(0, <[u8]>::len));
        Ok(value)
    }

    /// The point behind the requests that were taken in so far.
    pub(super) fn mark(&mut self) -> Mark {
        let mark = self.now_mark();
        self.stretch += 1;
        mark
    }

    /// The point where the next request stands.
    pub(super) fn now_mark(&self) -> Mark {
        Mark { stretch: self.stretch, revision: self.revision }
    }

    /// The value that a row had at a point.
    pub(super) fn get_at(&self, mark: Mark, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        let versions = self.rows.get(&(table, key.to_vec()));
        match versions.and_then(|versions| at(versions, mark)) {
            Some(version) => Ok(version.value.as_deref()),
            None => self.snapshot.get(table, key),
        }
    }

    /// The rows that there were at a point, in the order of their keys: those whose keys begin with `prefix` and come
    /// after `after`, for as long as `row` says to go on.
    pub(super) fn scan_at(
        &self,
        mark: Mark,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let from = after.filter(|after| *after >= prefix).unwrap_or(prefix);
        let mut changed = self
            .rows
            .range((table, from.to_vec())..)
            .take_while(|((found, key), _)| *found == table && key.starts_with(prefix))
            .filter(|((_, key), _)| Some(key.as_slice()) != after)
            .filter_map(|((_, key), versions)| Some((key.as_slice(), at(versions, mark)?.value.as_deref())))
            .peekable();
        let mut goes_on = true;
        self.snapshot.scan_after(table, prefix, after, |key, value| {
            while goes_on && let Some((other, changed)) = changed.next_if(|(other, _)| *other < key) {
                goes_on = changed.is_none_or(|value| row(other, value));
            }
            if goes_on {
                goes_on = match changed.next_if(|(other, _)| *other == key) {
                    Some((_, changed)) => changed.is_none_or(|value| row(key, value)),
                    None => row(key, value),
                };
            }
            goes_on
        })?;
        while goes_on && let Some((key, value)) = changed.next() {
            goes_on = value.is_none_or(|value| row(key, value));
        }
        Ok(())
    }

    /// The last revision that was given, in this commit or before it.
    pub(super) fn last_revision(&self) -> u64 {
        self.revision
    }

    /// The rows whose keys begin with `prefix`, with what this commit has changed; `keep` says what to copy of each.
    pub(super) fn scan<T>(
        &self,
        table: Table,
        prefix: &[u8],
        keep: impl Fn(&[u8]) -> T,
    ) -> Result<BTreeMap<Vec<u8>, T>, StoreError> {
        let mut rows = BTreeMap::new();
        self.snapshot.scan(table, prefix, |key, value| {
            rows.insert(key.to_vec(), keep(value));
        })?;
        for (key, value) in self.changed(table, prefix) {
            match value {
                Some(value) => rows.insert(key.to_vec(), keep(value)),
                None => rows.remove(key),
            };
        }
        Ok(rows)
    }

    fn changed(&self, table: Table, prefix: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.rows
            .range((table, prefix.to_vec())..)
            .take_while(move |((found, key), _)| *found == table && key.starts_with(prefix))
            .map(|((_, key), versions)| (key.as_slice(), newest(versions)))
    }

    /// How many rows a table has at most.
    pub(super) fn all_rows(&self, table: Table) -> Result<u64, StoreError> {
        Ok(self.snapshot.count(table)? + self.changed(table, &[]).count() as u64)
    }

    /// How many rows of a table begin with `prefix`.
    pub(super) fn count(&self, table: Table, prefix: &[u8]) -> Result<u64, StoreError> {
        Ok(self.measure(table, prefix)?.records)
    }

    /// How many bytes the records of all namespaces have at most.
    pub(super) fn all_bytes(&self) -> Result<u64, StoreError> {
        let changed = self.changed(Table::Records, &[]).map(|(_, value)| value.map_or(0, <[u8]>::len) as u64);
        Ok(self.snapshot.size(Table::Records)? + changed.sum::<u64>())
    }

    /// What a namespace has stored. Costs a walk over its rows, once in a commit.
    pub(super) fn size(&self, namespace: NamespaceId) -> Result<Size, StoreError> {
        if let Some(size) = self.sizes.borrow().get(&namespace) {
            return Ok(*size);
        }
        let size = self.measure(Table::Records, &namespace.0)?;
        self.sizes.borrow_mut().insert(namespace, size);
        Ok(size)
    }

    fn measure(&self, table: Table, prefix: &[u8]) -> Result<Size, StoreError> {
        let mut size = Size::default();
        self.snapshot.scan(table, prefix, |_, value| size.change(None, Some(value.len())))?;
        for (key, value) in self.changed(table, prefix) {
            size.change(length(self.snapshot.get(table, key)), value.map(<[u8]>::len));
        }
        Ok(size)
    }

    /// What the caller's key opens; `None` for one that has no namespace.
    pub(super) fn access(&self, caller: &Caller) -> Result<Option<Arc<Access>>, Error> {
        let key = &caller.key;
        let slot = key.slot(self.opened, self.secrets);
        let found = || key_index::look(self, &self.secrets.keys, slot.id());
        let access = if self.keys_changed {
            // This commit's table of keys has no revision yet under which anything could be remembered.
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

    /// Room for one request's changes.
    pub(super) fn changes(&self) -> Changes {
        Changes {
            rows: Vec::new(),
            bytes: 0,
            revision: self.revision,
            keys: false,
            lists: BTreeMap::new(),
            destroyed: Vec::new(),
            protectors: Vec::new(),
        }
    }

    /// Takes a request's changes in.
    pub(super) fn apply(&mut self, changes: Changes) {
        self.revision = changes.revision;
        self.keys_changed |= changes.keys;
        self.destroyed.extend(changes.destroyed);
        self.protectors.extend(changes.protectors);
        let lists = changes.lists.into_iter();
        let keys = &self.secrets.keys;
        let lists = lists.map(|(namespace, list)| key_index::sealed_list(keys, namespace, &list));
        for Row { table, key, value } in changes.rows.into_iter().chain(lists) {
            if table == Table::Records
                && let Some(namespace) = key.first_chunk().copied().map(NamespaceId)
                && self.sizes.get_mut().contains_key(&namespace)
            {
                let before = length(self.get(table, &key));
                if let Some(size) = self.sizes.get_mut().get_mut(&namespace) {
                    size.change(before, value.as_ref().map(Vec::len));
                }
            }
            self.put(table, key, value);
        }
    }

    fn put(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        let versions = self.rows.entry((table, key)).or_default();
        // Nothing reads what was written in the same stretch.
        if let Some(last) = versions.pop_if(|last| last.since == self.stretch) {
            self.bytes -= last.value.map_or(0, |value| value.len());
        }
        self.bytes += value.as_ref().map_or(0, Vec::len);
        versions.push(Version { since: self.stretch, value });
    }

    /// What the requests so far have cost: the memory that their changes take, those too that only reads before the last
    /// write see, and what was gone through for them while others wait for the lock.
    pub(super) fn cost(&self) -> usize {
        self.bytes + self.looked_at.get()
    }

    /// Whether there is anything to commit.
    pub(super) fn has_changes(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Forgets that slots are to be overwritten: that is done by now, or nothing of ours asked for it. Those that this
    /// commit destroys are remembered.
    pub(super) fn forget_destroyed(&mut self, slots: Vec<SlotId>) {
        for slot in slots.into_iter().filter(|slot| !self.destroyed.contains(slot)).collect::<Vec<_>>() {
            self.put(Table::Meta, destroy_row(slot), None);
        }
    }

    /// What is to be done. The values of the rows are not in the draft any more until [`Self::give_back`].
    pub(super) fn work(&mut self) -> Work {
        let mut rows = Vec::with_capacity(self.rows.len());
        for ((table, key), versions) in &mut self.rows {
            let value = versions.last_mut().and_then(|last| last.value.take());
            rows.push(Row { table: *table, key: key.clone(), value });
        }
        let batch = Batch { expected: self.expected, revision: self.revision, rows };
        let batch = (!batch.rows.is_empty()).then_some(batch);
        let (protectors, destroyed) =
            (std::mem::take(&mut self.protectors), std::mem::take(&mut self.destroyed));
        Work { protectors, batch, destroyed }
    }

    /// Takes back the batch of [`Self::work`], for the reads among the requests.
    pub(super) fn give_back(&mut self, batch: Batch) {
        for (versions, row) in self.rows.values_mut().zip(batch.rows) {
            if let Some(last) = versions.last_mut() {
                last.value = row.value;
            }
        }
    }
}

/// The length of a row that is there. A damaged one takes its place like any other.
fn length(row: Result<Option<&[u8]>, StoreError>) -> Option<usize> {
    row.map_or(Some(0), |row| row.map(<[u8]>::len))
}

impl Mark {
    /// The last revision that had been given.
    pub(super) fn revision(self) -> u64 {
        self.revision
    }
}

fn newest(versions: &[Version]) -> Option<&[u8]> {
    versions.last().and_then(|last| last.value.as_deref())
}

/// What a row was at a point; `None` if no request before it had changed it.
fn at(versions: &[Version], mark: Mark) -> Option<&Version> {
    versions.iter().rev().find(|version| version.since <= mark.stretch)
}
