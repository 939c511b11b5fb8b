//! The kinds of damage in a data file. Numbers only: the place, never the content.

use std::io;

use super::super::pages::BadRun;
use crate::store::{BusyReason, StoreError};

/// The reason why a file was not found sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsound {
    /// It could not be read.
    Failed(StoreError),
    /// The snapshot to be checked is older than both meta pages: take a newer one.
    Gone,
    /// It is damaged.
    Damaged(Damage),
}

/// The first damage that the check found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The page that shows the damage; page 0 where it belongs to no page.
    pub page: u64,
    /// The kind of damage.
    pub what: What,
}

/// The kind of damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// The two meta pages are not both whole, in their places, and of consecutive transactions.
    Meta,
    /// A page number is outside of the snapshot or behind the end of the file.
    Absent,
    /// The page is in use twice, or both in use and free.
    Twice,
    /// The page contains the number of another page.
    Number,
    /// The page has another kind than its place requires.
    Kind,
    /// Offsets or lengths do not fit into the page.
    Layout,
    /// A key has a length that its table does not allow, or is not the key that was written.
    Key,
    /// The keys do not ascend, or are outside of the range that the page above gives.
    Order,
    /// The pages of a large value are no run of that length.
    Run,
    /// A record of free pages is malformed.
    Free,
    /// The pages, rows or levels of a tree differ from the numbers in its head.
    Count,
    /// The named tables are not the tables of a store.
    Tables,
    /// One of the store's own rows (its revisions, its id) is damaged, or is a counter above the highest revision.
    OwnRow,
}

impl Damage {
    pub(super) fn at(page: u64, what: What) -> Unsound {
        Unsound::Damaged(Self { page, what })
    }
}

impl Unsound {
    /// The result of a failed read of a page.
    pub(super) fn reading(page: u64, error: io::Error) -> Self {
        match error.kind() {
            // The file was truncated, perhaps during the read.
            io::ErrorKind::UnexpectedEof => Damage::at(page, What::Absent),
            _ => Self::Failed(error.into()),
        }
    }

    /// The result of a failed read of a large value.
    pub(super) fn running(page: u64, error: BadRun) -> Self {
        match error {
            BadRun::Failed(error) => Self::reading(page, error),
            BadRun::Damaged => Damage::at(page, What::Run),
        }
    }
}

impl From<StoreError> for Unsound {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<heed::Error> for Unsound {
    fn from(error: heed::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Unsound> for StoreError {
    fn from(unsound: Unsound) -> Self {
        match unsound {
            Unsound::Failed(error) => error,
            Unsound::Gone => Self::Busy(BusyReason::Overtaken),
            Unsound::Damaged(_) => Self::Damaged,
        }
    }
}
