//! Reads: what one is, and the two states of the store that it reads from. A read runs on the caller's thread and sees the
//! store as it is; or it runs on the vault's thread and sees the store as it was after the writes that precede it.

use std::sync::Arc;

use crate::rows::Table;
use crate::store::{Snapshot, StoreError};

use super::access::Access;
use super::draft::{Draft, Mark};
use super::view::View;
use super::{Caller, Error, Opened, Timestamp};

/// Something that reads the store for a caller.
pub trait Read: Send + Sync {
    /// What is copied out of the store.
    type Copied;
    /// What the caller gets.
    type Outcome: Send;

    /// The caller, whose key the read needs.
    fn caller(&self) -> &Caller;
    /// Copies out what is needed, after reserving memory for it.
    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error>;
    /// Opens what was copied.
    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<Self::Outcome, Error>;
    /// The memory that an outcome takes.
    fn bytes(outcome: &Self::Outcome) -> usize;

    /// The time that it takes, roughly, as a number of single records.
    fn weight(&self) -> usize {
        1
    }
}

/// The weight of a read that goes through a whole namespace.
pub(super) const LIST: usize = 32;

/// Memory for the outcomes of reads, reserved before they are read.
pub trait Room: Send + Sync {
    /// Reserves `bytes` bytes, or fails.
    fn take(&self, bytes: usize) -> Result<(), Error>;
}

/// No limit: each outcome is sent before the next one is made.
pub struct OneByOne;

impl Room for OneByOne {
    fn take(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }
}

/// The store as it is now.
struct Now<'n> {
    opened: &'n Opened,
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

    fn now(&self) -> Timestamp {
        self.opened.now()
    }

    fn reserve(&self, bytes: usize) -> Result<(), Error> {
        self.room.take(bytes)
    }
}

/// The store at a point of a commit that is done: after the requests before a read, and before the requests behind it.
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

    fn now(&self) -> Timestamp {
        self.draft.now
    }

    fn reserve(&self, bytes: usize) -> Result<(), Error> {
        self.room.take(bytes)
    }
}

impl Opened {
    /// Reads the store as it is now, on the caller's thread.
    pub fn read<R: Read>(&self, read: &R, room: &dyn Room) -> Result<R::Outcome, Error> {
        self.check_age()?;
        let (snapshot, access) = read.caller().moment(self)?;
        let copied = read.copy(&Now { opened: self, snapshot: &snapshot, room }, access.as_ref())?;
        drop(snapshot);
        read.finish(self, copied)
    }
}
