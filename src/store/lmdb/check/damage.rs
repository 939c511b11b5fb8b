//! What can be wrong with a data file. Numbers only: where, never what.

use std::io;

use super::super::pages::BadRun;
use crate::store::{BusyReason, StoreError};

/// Why a file was not found sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsound {
    /// It could not be read.
    Failed(StoreError),
    /// The snapshot that was to be checked is older than both meta pages: take a newer one.
    Gone,
    /// It is damaged.
    Damaged(Damage),
}

/// The first damage that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The page in which it shows; the first one where it is no page's.
    pub page: u64,
    /// What it is.
    pub what: What,
}

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// There are not two whole meta pages of neighbouring transactions, each in its place.
    Meta,
    /// A page is named that the snapshot does not have, or that lies behind the file's end.
    Absent,
    /// The page is in use twice, or in use and free.
    Twice,
    /// The page says that it is another one.
    Number,
    /// The page is of another kind than its place asks for.
    Kind,
    /// Offsets or lengths do not fit into the page.
    Layout,
    /// A key is of a length that its table does not have, or it is not the one that was written.
    Key,
    /// The keys do not ascend, or are not those that the page above says.
    Order,
    /// The pages of a large value are not a run of that length.
    Run,
    /// A record of free pages is none.
    Free,
    /// A tree has not the pages, rows or levels that its head says.
    Count,
    /// The named tables are not those of a store.
    Tables,
    /// A row of the store's own does not hold, or is a counter that no store reaches: its revisions, its id.
    OwnRow,
}

impl Damage {
    pub(super) fn at(page: u64, what: What) -> Unsound {
        Unsound::Damaged(Self { page, what })
    }
}

impl Unsound {
    /// What became of reading a page.
    pub(super) fn reading(page: u64, error: io::Error) -> Self {
        match error.kind() {
            // The file was cut, perhaps while it was being read.
            io::ErrorKind::UnexpectedEof => Damage::at(page, What::Absent),
            _ => Self::Failed(error.into()),
        }
    }

    /// What became of reading a large value.
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
