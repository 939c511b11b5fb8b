//! What one commit changes.

use crate::rows::Table;

/// One row that a commit writes or removes.
pub struct Row {
    /// Where.
    pub table: Table,
    /// Its key.
    pub key: Vec<u8>,
    /// Its new value; `None` removes it.
    pub value: Option<Vec<u8>>,
}

/// One commit: it happens only if the last revision is still `expected`, and then wholly.
pub struct Batch {
    /// The last revision that the rows were made from.
    pub expected: u64,
    /// The last revision after the commit.
    pub revision: u64,
    /// The rows, later ones over earlier ones.
    pub rows: Vec<Row>,
}
