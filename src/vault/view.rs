//! A state of the store, as lookups and reads see it: the tables at one moment, or with the changes of a commit over
//! them.

use crate::rows::Table;
use crate::store::{Snapshot, StoreError};

use super::{Error, Timestamp};

/// A state of the store.
pub trait View {
    /// The value under a key.
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError>;
    /// Calls `row` for the rows whose keys begin with `prefix` and come after `after`, in the order of the keys, for as
    /// long as `row` returns `true`.
    fn each_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError>;
    /// The revision of the last change.
    fn revision(&self) -> Result<u64, StoreError>;
    /// The time by which records end.
    fn now(&self) -> Timestamp;
    /// Reserves memory for what is about to be copied out.
    fn reserve(&self, bytes: usize) -> Result<(), Error>;

    /// Every row whose key begins with `prefix`.
    fn each(&self, table: Table, prefix: &[u8], row: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        self.each_after(table, prefix, None, &mut |key, value| {
            row(key, value);
            true
        })
    }
}

/// The store as it is now, with no limit to what is copied out of it, for what does not depend on the time.
impl View for Snapshot<'_> {
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
        self.scan_after(table, prefix, after, row)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.revision()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn reserve(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }
}
