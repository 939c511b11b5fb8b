//! The store as it will be after the next commit: a snapshot, and over it the rows that earlier requests of the same
//! commit have changed. For a read between two writes, the rows keep their values at that point, so that the read can
//! run after the commit, when no process waits for the store's lock.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use crate::crypto::{NamespaceId, SlotId};
use crate::limits;
use crate::rows::{Table, meta};
use crate::store::{Batch, ProtectorChange, Row, Snapshot, StoreError};

use super::key_index::{self, LiveKeys};
use super::opened::Secrets;
use super::reasons::Full;
use super::view::View;
use super::{Caller, Error, Opened, Timestamp};

mod keys;

/// A request that changes the store.
pub trait Write: Send {
    /// The result for its caller.
    type Outcome: Send;

    /// The caller, if a key calls: later reads of the same namespace wait for this write.
    fn caller(&self) -> Option<&Caller>;

    /// Decides about the write, and returns its changes without making them. May be called again with another draft, if
    /// the commit of the first one failed.
    ///
    /// # Errors
    /// If the write is refused, or the store can't be read.
    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Self::Outcome, Option<Changes>), Error>;

    /// Whether it changes the meaning of later requests, which then go into another commit.
    fn stands_alone(&self) -> bool {
        false
    }

    /// Called after the commit, before the caller gets the result.
    fn committed(&self, _outcome: &Self::Outcome) {}
}

/// What one request changes.
pub struct Changes {
    rows: Vec<Row>,
    /// The length of the values.
    bytes: usize,
    revision: u64,
    keys: bool,
    /// The live keys of namespaces after this request.
    lists: BTreeMap<NamespaceId, LiveKeys>,
    destroyed: Vec<SlotId>,
    protectors: Vec<ProtectorChange>,
}

/// The work for the requests of one commit.
#[derive(Default)]
pub(super) struct Work {
    /// The protector files to change before the commit.
    pub(super) protectors: Vec<ProtectorChange>,
    /// The commit; `None` if no row changes.
    pub(super) batch: Option<Batch>,
    /// The slots to overwrite after the commit.
    pub(super) destroyed: Vec<SlotId>,
}

impl Changes {
    /// The memory of the values, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The next revision of the store.
    pub(super) fn next_revision(&mut self) -> Result<u64, Error> {
        if self.revision >= limits::REVISION {
            return Err(Error::StoreFull(Full::Revisions));
        }
        self.revision += 1;
        Ok(self.revision)
    }

    pub(super) fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.push(Row { table, key: key.to_vec(), value: Some(value) });
    }

    pub(super) fn delete(&mut self, table: Table, key: &[u8]) {
        self.push(Row { table, key: key.to_vec(), value: None });
    }

    fn push(&mut self, row: Row) {
        self.bytes += row.value.as_ref().map_or(0, Vec::len);
        self.rows.push(row);
    }

    /// Requests a change of a protector file, under the lock of the store. No transaction covers it, so a request with
    /// one has no other change, and must return true from `stands_alone`.
    pub(super) fn change_protector(&mut self, change: ProtectorChange) {
        self.protectors.push(change);
    }

    /// Requests that a slot file is overwritten after the commit. The commit records this too: if this process ends
    /// first, the next one that opens the store overwrites the file.
    pub(super) fn destroy_slot(&mut self, slot: SlotId) {
        self.put(Table::Meta, &destroy_row(slot), Vec::new());
        self.destroyed.push(slot);
    }
}

fn destroy_row(slot: SlotId) -> Vec<u8> {
    [meta::DESTROY, &slot.0].concat()
}

/// The size of a namespace in the table of records.
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

/// The value of a row from one stretch on. The writes between two reads are one stretch.
struct Version {
    since: u32,
    value: Option<Vec<u8>>,
}

/// The store as it will be after the commit.
pub struct Draft<'d> {
    pub(super) opened: &'d Opened,
    pub(super) secrets: &'d Secrets,
    /// The time of the whole commit.
    pub(super) now: Timestamp,
    snapshot: &'d Snapshot<'d>,
    expected: u64,
    revision: u64,
    keys_changed: bool,
    /// The versions of each changed row, oldest first; no list is empty.
    rows: BTreeMap<(Table, Vec<u8>), Vec<Version>>,
    stretch: u32,
    /// Bytes of the values in `rows`.
    bytes: usize,
    /// Bytes of the values that requests have read.
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
            now: opened.now(),
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
        // The lookup needs an owned key, since the map's keys are owned. Most commits have few rows or none.
        if !self.rows.is_empty()
            && let Some(versions) = self.rows.get(&(table, key.to_vec()))
        {
            return Ok(newest(versions));
        }
        let value = self.snapshot.get(table, key)?;
        self.looked_at.set(self.looked_at.get() + value.map_or(0, <[u8]>::len));
        Ok(value)
    }

    /// Marks the point after the requests so far.
    pub(super) fn mark(&mut self) -> Mark {
        let mark = self.now_mark();
        self.stretch += 1;
        mark
    }

    /// The current point, before the next request.
    pub(super) fn now_mark(&self) -> Mark {
        Mark { stretch: self.stretch, revision: self.revision }
    }

    /// The value of a row at a point.
    pub(super) fn get_at(&self, mark: Mark, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        let versions = self.rows.get(&(table, key.to_vec()));
        match versions.and_then(|versions| at(versions, mark)) {
            Some(version) => Ok(version.value.as_deref()),
            None => self.snapshot.get(table, key),
        }
    }

    /// Scans the rows at a point, in the order of their keys: those whose keys begin with `prefix` and come after
    /// `after`, until `row` returns false.
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

    /// The last revision that was assigned, in this commit or before it.
    pub(super) fn last_revision(&self) -> u64 {
        self.revision
    }

    /// The rows whose keys begin with `prefix`, including the changes of this commit; `keep` copies the needed part of
    /// each.
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

    /// An upper bound of the number of rows in a table.
    pub(super) fn all_rows(&self, table: Table) -> Result<u64, StoreError> {
        Ok(self.snapshot.count(table)? + self.changed(table, &[]).count() as u64)
    }

    /// How many rows of a table begin with `prefix`.
    pub(super) fn count(&self, table: Table, prefix: &[u8]) -> Result<u64, StoreError> {
        Ok(self.measure(table, prefix)?.records)
    }

    /// An upper bound of the bytes of the records of all namespaces.
    pub(super) fn all_bytes(&self) -> Result<u64, StoreError> {
        let changed = self.changed(Table::Records, &[]).map(|(_, value)| value.map_or(0, <[u8]>::len) as u64);
        Ok(self.snapshot.size(Table::Records)? + changed.sum::<u64>())
    }

    /// The size of a namespace. Walks over its rows once in each commit.
    pub(super) fn size(&self, namespace: NamespaceId) -> Result<Size, StoreError> {
        if let Some(size) = self.sizes.borrow().get(&namespace) {
            return Ok(*size);
        }
        let size = self.measure(Table::Records, &namespace.0)?;
        self.sizes.borrow_mut().insert(namespace, size);
        Ok(size)
    }

    /// Whether a request scanned a namespace for its size.
    #[cfg(test)]
    pub(super) fn has_scanned(&self) -> bool {
        !self.sizes.borrow().is_empty()
    }

    fn measure(&self, table: Table, prefix: &[u8]) -> Result<Size, StoreError> {
        let mut size = Size::default();
        self.snapshot.scan(table, prefix, |_, value| size.change(None, Some(value.len())))?;
        for (key, value) in self.changed(table, prefix) {
            size.change(length(self.snapshot.get(table, key)), value.map(<[u8]>::len));
        }
        Ok(size)
    }

    /// An empty set of changes for one request.
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

    /// Adds a request's changes.
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
        // No read sees an earlier version of the same stretch, so it is replaced.
        if let Some(last) = versions.pop_if(|last| last.since == self.stretch) {
            self.bytes -= last.value.map_or(0, |value| value.len());
        }
        self.bytes += value.as_ref().map_or(0, Vec::len);
        versions.push(Version { since: self.stretch, value });
    }

    /// The cost of the requests so far in bytes: the memory of their changes, including old versions for reads, and the
    /// values that were read while other processes wait for the lock.
    pub(super) fn cost(&self) -> usize {
        self.bytes + self.looked_at.get()
    }

    /// Whether there is anything to commit.
    pub(super) fn has_changes(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Removes requests to overwrite slots, because that was done, or because no commit of this program made them.
    /// Keeps those of this commit.
    pub(super) fn forget_destroyed(&mut self, slots: Vec<SlotId>) {
        for slot in slots.into_iter().filter(|slot| !self.destroyed.contains(slot)).collect::<Vec<_>>() {
            self.put(Table::Meta, destroy_row(slot), None);
        }
    }

    /// Takes the work out. The draft has no values of the rows until [`Self::give_back`].
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

    /// Takes the batch of [`Self::work`] back, for the reads among the requests.
    pub(super) fn give_back(&mut self, batch: Batch) {
        for (versions, row) in self.rows.values_mut().zip(batch.rows) {
            if let Some(last) = versions.last_mut() {
                last.value = row.value;
            }
        }
    }
}

/// The length of an existing row. A damaged row is replaced like any other.
fn length(row: Result<Option<&[u8]>, StoreError>) -> Option<usize> {
    row.map_or(Some(0), |row| row.map(<[u8]>::len))
}

impl Mark {
    /// The last revision that was assigned at this point.
    pub(super) fn revision(self) -> u64 {
        self.revision
    }
}

fn newest(versions: &[Version]) -> Option<&[u8]> {
    versions.last().and_then(|last| last.value.as_deref())
}

/// The version of a row at a point; `None` if no earlier request had changed it.
fn at(versions: &[Version], mark: Mark) -> Option<&Version> {
    versions.iter().rev().find(|version| version.since <= mark.stretch)
}

/// The store as the draft will leave it.
impl View for Draft<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        self.get(table, key)
    }

    fn each_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.scan_at(self.now_mark(), table, prefix, after, row)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        Ok(self.last_revision())
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn reserve(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }
}
