//! What a read reads from: the store as it is, or as it was after the writes that stand before the read in one commit.

use std::sync::Arc;

use crate::rows::Table;
use crate::store::{Snapshot, StoreError};

use super::access::Access;
use super::draft::{Draft, Mark};
use super::{Caller, Error, Opened};

/// Something that reads the store for a caller.
pub trait Read: Send + Sync {
    /// What is copied out of the store.
    type Copied;
    /// What the caller is told.
    type Outcome: Send;

    /// Who calls.
    fn caller(&self) -> &Caller;
    /// Copies out what is needed, with room reserved for it before.
    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error>;
    /// Opens what was copied.
    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Self::Outcome, Error>;
    /// The memory that an outcome takes.
    fn bytes(outcome: &Self::Outcome) -> usize;

    /// How many single records it costs as much time as, about.
    fn weight(&self) -> usize {
        1
    }
}

/// The weight of what goes through a whole namespace.
pub(super) const LIST: usize = 32;

/// Memory for what is read, before it is read.
pub trait Room: Send + Sync {
    /// Reserves so many bytes of it.
    fn take(&self, bytes: usize) -> Result<(), Error>;
}

/// Where one outcome at a time is made, and given away before the next.
pub struct OneByOne;

impl Room for OneByOne {
    fn take(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }
}

/// A state of the store.
pub trait View {
    /// The value under a key.
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError>;
    /// The rows whose keys begin with `prefix` and come after `after`, in the order of the keys, for as long as `row`
    /// says to go on.
    fn each_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError>;
    /// The last revision that was given.
    fn revision(&self) -> Result<u64, StoreError>;
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

/// The store as it is now, with no limit to what is copied out of it.
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

    fn reserve(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }
}

/// The store as it is now.
struct Now<'n> {
    snapshot: &'n Snapshot<'n>,
    room: &'n dyn Room,
}

impl View for Now<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        self.snapshot.get(table, key)
    }

    fn each_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.snapshot.each_after(table, prefix, after, row)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        self.snapshot.revision()
    }

    fn reserve(&self, bytes: usize) -> Result<(), Error> {
        self.room.take(bytes)
    }
}

/// The store as it was after the requests before a read, and before those behind it, in a commit that is done.
pub(super) struct Then<'t> {
    pub(super) draft: &'t Draft<'t>,
    pub(super) mark: Mark,
    pub(super) room: &'t dyn Room,
}

impl View for Then<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        self.draft.get_at(self.mark, table, key)
    }

    fn each_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.draft.scan_at(self.mark, table, prefix, after, row)
    }

    fn revision(&self) -> Result<u64, StoreError> {
        Ok(self.mark.revision())
    }

    fn reserve(&self, bytes: usize) -> Result<(), Error> {
        self.room.take(bytes)
    }
}

/// The store as it will be.
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

    fn reserve(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }
}

impl Opened {
    /// Reads the store as it is now, on the caller's thread.
    pub fn read<R: Read>(&self, read: &R, room: &dyn Room) -> Result<R::Outcome, Error> {
        let (snapshot, access) = read.caller().moment(self)?;
        let copied = read.copy(&Now { snapshot: &snapshot, room }, access.as_ref())?;
        drop(snapshot);
        read.finish(self, copied)
    }
}
