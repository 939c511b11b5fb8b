//! The changes of one commit.

use crate::rows::Table;

/// One row that a commit writes or removes.
pub struct Row {
    /// The row's table.
    pub table: Table,
    /// Its key.
    pub key: Vec<u8>,
    /// Its new value; `None` removes it.
    pub value: Option<Vec<u8>>,
}

/// One commit. It is carried out only if the last revision is still `expected`, and then wholly.
pub struct Batch {
    /// The last revision of the snapshot that the rows are based on.
    pub expected: u64,
    /// The last revision after the commit.
    pub revision: u64,
    /// The rows; a later row overrides an earlier one.
    pub rows: Vec<Row>,
}
