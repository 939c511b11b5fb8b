//! The checker against real environments, and against what chance makes of them.

mod workload;

use std::fs::File;
use std::path::Path;

use super::super::engine::Engine;
use super::super::{Batch, Row, Table, checksum, meta};
use super::*;

/// An environment that was made and used through the engine, closed.
struct Made {
    folder: tempfile::TempDir,
    page_size: usize,
}

impl Made {
    fn file(&self) -> File {
        File::open(self.folder.path().join("data.mdb")).unwrap()
    }

    fn check(&self) -> Result<Checked, Unsound> {
        check(&self.file(), self.page_size, None)
    }
}

fn own_rows() -> Vec<Row> {
    let row = |key: &[u8], value: Vec<u8>| Row { table: Table::Meta, key: key.to_vec(), value: Some(value) };
    vec![row(meta::STORE_ID, vec![7; 16]), row(meta::KEYS_REVISION, vec![0; 8])]
}
