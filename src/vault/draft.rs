//! The store as it will be after the commit that is being made ready: a snapshot, and over it the rows that the
//! requests before this one in the same commit have changed.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::crypto::{NamespaceId, SlotId};
use crate::limits;
use crate::store::{Batch, Row, Snapshot, StoreError, Table, meta};

use super::access::{Access, Caller, Remembered, of_a_key};
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

    /// Whether it changes nothing, whatever the store holds.
    fn only_reads(&self) -> bool {
        false
    }

    /// It is committed; its caller is told next.
    fn committed(&self, _outcome: &Self::Outcome) {}
}

/// What one request changes.
pub struct Changes {
    rows: Vec<Row>,
    revision: u64,
    keys: bool,
    destroyed: Vec<SlotId>,
}

impl Changes {
    /// The next revision of the store.
    pub(super) fn next_revision(&mut self) -> Result<u64, Error> {
        if self.revision == limits::REVISION {
            return Err(Error::StoreFull);
        }
        self.revision += 1;
        Ok(self.revision)
    }

    pub(super) fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.rows.push(Row { table, key: key.to_vec(), value: Some(value) });
    }

    pub(super) fn delete(&mut self, table: Table, key: &[u8]) {
        self.rows.push(Row { table, key: key.to_vec(), value: None });
    }

    /// A row of the table of keys: every process looks at its keys again.
    pub(super) fn put_key(&mut self, slot: &[u8], value: Vec<u8>) -> Result<(), Error> {
        let revision = self.next_revision()?;
        self.put(Table::Keys, slot, value);
        self.put(Table::Meta, meta::KEYS_REVISION, revision.to_be_bytes().to_vec());
        self.keys = true;
        Ok(())
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
    rows: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    destroyed: Vec<SlotId>,
    record_counts: RefCell<HashMap<NamespaceId, u64>>,
    memory: Cell<usize>,
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
            destroyed: Vec::new(),
            record_counts: RefCell::default(),
            memory: Cell::new(0),
        })
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        // A tuple of borrowed parts can't look up one of owned parts; most commits have few rows or none.
        if !self.rows.is_empty()
            && let Some(changed) = self.rows.get(&(table, key.to_vec()))
        {
            return Ok(changed.as_deref());
        }
        self.snapshot.get(table, key)
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
            .map(|((_, key), value)| (key.as_slice(), value.as_deref()))
    }

    /// How many records the store has at most, those of all namespaces.
    pub(super) fn all_records(&self) -> Result<u64, StoreError> {
        Ok(self.snapshot.count(Table::Records)? + self.changed(Table::Records, &[]).count() as u64)
    }

    /// How many records a namespace has.
    pub(super) fn record_count(&self, namespace: NamespaceId) -> Result<u64, StoreError> {
        if let Some(count) = self.record_counts.borrow().get(&namespace) {
            return Ok(*count);
        }
        let mut count = 0;
        self.snapshot.scan(Table::Records, &namespace.0, |_, _| count += 1)?;
        // Those of this commit were not counted while nobody had asked.
        for (key, value) in self.changed(Table::Records, &namespace.0) {
            match (value.is_some(), self.snapshot.get(Table::Records, key)?.is_some()) {
                (true, false) => count += 1,
                (false, true) => count -= 1,
                _ => {}
            }
        }
        self.record_counts.borrow_mut().insert(namespace, count);
        Ok(count)
    }

    /// What the caller's key opens; `None` for one that has no namespace.
    pub(super) fn access(&self, caller: &Caller) -> Result<Option<Arc<Access>>, Error> {
        let key = &caller.key;
        let slot = key.slot(self.opened, self.secrets);
        let row = || self.get(Table::Keys, &slot.id().0).map_err(of_a_key);
        let access = if self.keys_changed {
            // This commit's table of keys has no revision yet under which anything could be remembered.
            Access::open(self.opened, self.secrets, &slot, row()?)?
        } else {
            let keys_revision = self.snapshot.keys_revision()?;
            match key.remembered(self.opened, keys_revision) {
                Remembered::Known(access) => access,
                Remembered::Nothing => key.learn(self.opened, self.secrets, &slot, keys_revision, row()?)?,
            }
        };
        caller.admit(access, self.now)
    }

    /// Reads that wait for the same commit may not hold more than this together.
    pub(super) fn take_memory(&self, bytes: usize) -> Result<(), Error> {
        let held = self.memory.get() + bytes;
        if held > limits::PENDING_BYTES {
            return Err(Error::Overloaded);
        }
        self.memory.set(held);
        Ok(())
    }

    /// Room for one request's changes.
    pub(super) fn changes(&self) -> Changes {
        Changes { rows: Vec::new(), revision: self.revision, keys: false, destroyed: Vec::new() }
    }

    /// Takes a request's changes in.
    pub(super) fn apply(&mut self, changes: Changes) {
        self.revision = changes.revision;
        self.keys_changed |= changes.keys;
        self.destroyed.extend(changes.destroyed);
        for Row { table, key, value } in changes.rows {
            if table == Table::Records {
                // A damaged row takes its place like any other.
                let existed = !matches!(self.get(table, &key), Ok(None));
                if let Some(namespace) = key.first_chunk().copied().map(NamespaceId)
                    && let Some(count) = self.record_counts.get_mut().get_mut(&namespace)
                {
                    *count = count.saturating_add_signed(i64::from(value.is_some()) - i64::from(existed));
                }
            }
            self.rows.insert((table, key), value);
        }
    }

    /// Whether there is anything to commit.
    pub(super) fn has_changes(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Forgets the slots that others had to overwrite and that are overwritten by now.
    pub(super) fn forget_destroyed(&mut self, slots: Vec<SlotId>) {
        for slot in slots {
            self.rows.insert((Table::Meta, destroy_row(slot)), None);
        }
    }

    /// The commit, and the slots to overwrite after it; `None` where nothing changes.
    pub(super) fn into_batch(self) -> Option<(Batch, Vec<SlotId>)> {
        let rows: Vec<_> =
            self.rows.into_iter().map(|((table, key), value)| Row { table, key, value }).collect();
        let batch = Batch { expected: self.expected, revision: self.revision, rows };
        (!batch.rows.is_empty()).then_some((batch, self.destroyed))
    }
}
