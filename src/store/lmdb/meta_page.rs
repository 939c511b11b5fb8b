//! The meta page that a commit overwrites, kept until the commit is over.
//!
//! Commits write the two meta pages alternately. If LMDB can't write one, it restores the old transaction number of
//! that page, but with the new roots. No process uses that page, but a damaged file whose last commit is lost looks the
//! same. So the whole page is restored.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::files::{Dir, read_exact_at, write_all_at};

use super::DATA_FILE;
use super::layout::{META_PAGES, Meta};

/// A data file, opened for its meta pages.
pub(in crate::store) struct MetaPages {
    file: File,
    page_size: u64,
}

/// The content of a meta page before a commit.
pub(in crate::store) struct Before {
    at: u64,
    bytes: [u8; Meta::LENGTH],
}

impl MetaPages {
    /// Opens the data file. LMDB has no locks on this file that closing it would release.
    pub(in crate::store) fn open(folder: &Path, page_size: u64) -> io::Result<Self> {
        let file = Dir::reach(folder)?.write_linked(DATA_FILE)?;
        Ok(Self { file, page_size })
    }

    /// The page that a transaction will overwrite. Only valid while the transaction is open.
    pub(in crate::store) fn before(&self, txn: u64) -> io::Result<Before> {
        let at = txn % META_PAGES * self.page_size;
        let mut bytes = [0; Meta::LENGTH];
        read_exact_at(&self.file, &mut bytes, at)?;
        Ok(Before { at, bytes })
    }

    /// Restores a page that LMDB could not write. Only under the write lock.
    pub(in crate::store) fn put_back(&self, before: &Before) {
        if write_all_at(&self.file, &before.bytes, before.at).is_err() {
            tracing::warn!("a meta page could not be put back");
        }
    }
}
