//! What a read reads from: the store as it is, or as it will be after the writes that stand before the read.

use std::sync::Arc;

use crate::store::{Snapshot, StoreError, Table};

use super::access::Access;
use super::draft::{Changes, Draft, Write};
use super::{Caller, Error, Opened};

/// Something that reads the store for a caller.
pub trait Read: Send + Sync {
    /// What is copied out of the store.
    type Copied;
    /// What the caller is told.
    type Outcome: Send;

    /// Who calls.
    fn caller(&self) -> &Caller;
    /// Copies out what is needed; opens nothing.
    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error>;
    /// Opens what was copied.
    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Self::Outcome, Error>;
    /// The memory that an outcome takes.
    fn bytes(outcome: &Self::Outcome) -> usize;
}

/// A state of the store.
pub trait View {
    /// The value under a key.
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError>;
    /// Every row whose key begins with `prefix`.
    fn each(&self, table: Table, prefix: &[u8], row: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError>;
    /// The last revision that was given.
    fn revision(&self) -> Result<u64, StoreError>;
}

impl View for Snapshot<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        self.get(table, key)
    }

    fn each(&self, table: Table, prefix: &[u8], row: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        self.scan(table, prefix, row)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.revision()
    }
}

impl View for Draft<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        self.get(table, key)
    }

    fn each(&self, table: Table, prefix: &[u8], row: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        for (key, value) in self.scan(table, prefix, <[u8]>::to_vec)? {
            row(&key, &value);
        }
        Ok(())
    }

    fn revision(&self) -> Result<u64, StoreError> {
        Ok(self.last_revision())
    }
}

impl Opened {
    /// Reads the store as it is now, on the caller's thread.
    pub fn read<R: Read>(&self, read: &R) -> Result<R::Outcome, Error> {
        let (snapshot, access) = read.caller().moment(self)?;
        let copied = read.copy(&snapshot, access.as_ref())?;
        drop(snapshot);
        read.finish(self, copied)
    }
}

/// A read that stands behind writes of its own connection: it takes its place in the queue, sees those before it and
/// none behind it, and is answered when they are in the store.
pub struct Behind<R>(pub Arc<R>);

impl<R: Read> Write for Behind<R> {
    type Outcome = R::Outcome;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(R::Outcome, Option<Changes>), Error> {
        let access = draft.access(self.0.caller())?;
        let copied = self.0.copy(draft, access.as_ref())?;
        let outcome = self.0.finish(draft.opened, copied)?;
        draft.take_memory(R::bytes(&outcome))?;
        Ok((outcome, None))
    }

    fn only_reads(&self) -> bool {
        true
    }
}
