//! The face of a log: the newest state of a store's rows, with a number for each commit. A commit is appended on the
//! condition that the head is still the one that its author knew.

use super::{Deadline, RemoteError};

/// The random id of one decision to commit. The same request under the same id is carried out once.
pub type WriteId = [u8; 16];

/// One commit of a log: its number and its id. A number alone does not identify a commit, because a server that went
/// back gives it a second time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// The number of the commit; 0 before the first one.
    pub turn: u64,
    /// The commit's id; zeros before the first one.
    pub write_id: WriteId,
}

/// The newest commit of a store, as the server says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The newest commit.
    pub position: Position,
    /// The last revision that a commit assigned.
    pub revision: u64,
    /// Change notices up to this revision may be missing.
    pub forgotten: u64,
    /// The version of the format of the rows.
    pub format: u32,
    /// The write id of the commit that the caller asked about. `None` if the server no longer knows it.
    pub then: Option<WriteId>,
    /// The server's clock: milliseconds since 1970 UTC.
    pub clock: u64,
}

/// One row of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacedRow {
    /// The number of the row's table.
    pub table: u8,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value, sealed; `None` removes the row, or says that it is gone.
    pub value: Option<Vec<u8>>,
}

/// Rows of a log, in the order of the commits that wrote them last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The head at the moment of the page.
    pub head: Head,
    /// The rows, each with the number of its commit.
    pub rows: Vec<(u64, PlacedRow)>,
    /// Whether there are no further rows up to that head.
    pub is_last: bool,
}

/// A commit to be appended.
#[derive(Clone, Copy)]
pub struct Commit<'c> {
    /// The head that it is based on.
    pub position: &'c Position,
    /// Its id.
    pub write_id: &'c WriteId,
    /// The last revision after it.
    pub revision: u64,
    /// Its rows; none occurs twice.
    pub rows: &'c [PlacedRow],
}

/// What became of an append that the server answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It is committed, now or by an earlier request with the same id.
    Done,
    /// Another commit came first. Nothing was changed, and no late request with this id will change anything.
    Conflict,
    /// So many commits have followed that the server no longer knows whether this one was among them.
    Forgotten,
}

/// A log on a server. No call waits beyond its deadline. A call that fails may be made again.
pub trait Log {
    /// The head, and the write id of the commit number `turn`.
    ///
    /// # Errors
    /// If the server does not answer, or refuses.
    fn head(&mut self, turn: u64, deadline: &Deadline) -> Result<Head, RemoteError>;

    /// Appends a commit. It is durable on the server when this returns [`Appended::Done`].
    ///
    /// # Errors
    /// [`RemoteError::Unanswered`] if it may be committed or not; every other error means that it is not.
    fn append(&mut self, commit: &Commit<'_>, deadline: &Deadline) -> Result<Appended, RemoteError>;

    /// A page of the rows behind a row: behind the row of `table` and `key` that the commit number `turn` wrote. The
    /// head that comes with it has the write id of the commit number `at`.
    ///
    /// # Errors
    /// If the server does not answer, or refuses.
    fn since(&mut self, at: u64, behind: (u64, u8, &[u8]), deadline: &Deadline) -> Result<Page, RemoteError>;

    /// Closes the connection, if there is one; the next call opens another.
    fn rest(&mut self) {}
}
