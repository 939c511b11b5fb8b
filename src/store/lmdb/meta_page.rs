//! The meta page that a commit overwrites, kept until the commit is over.
//!
//! The two meta pages take turns. Where LMDB can't write one, it writes the old number of that page back, but with the
//! new roots: nobody uses that page, but it is what a damaged file looks like whose last commit is gone. So the page is
//! put back as a whole.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::files::Dir;

use super::DATA_FILE;
use super::layout::{META_PAGES, Meta};
use super::pages::read_exact_at;

/// A data file, for its meta pages.
pub(in crate::store) struct MetaPages {
    file: File,
    page_size: u64,
}

/// What a meta page was before a commit.
pub(in crate::store) struct Before {
    at: u64,
    bytes: [u8; Meta::LENGTH],
}

impl MetaPages {
    /// LMDB has no locks on this file, which closing it again would free.
    pub(in crate::store) fn open(folder: &Path, page_size: u64) -> io::Result<Self> {
        let file = Dir::reach(folder)?.write_linked(DATA_FILE)?;
        Ok(Self { file, page_size })
    }

    /// The page that a transaction will overwrite; only while it is open.
    pub(in crate::store) fn before(&self, txn: u64) -> io::Result<Before> {
        let at = txn % META_PAGES * self.page_size;
        let mut bytes = [0; Meta::LENGTH];
        read_exact_at(&self.file, &mut bytes, at)?;
        Ok(Before { at, bytes })
    }

    /// Puts a page back that LMDB could not write. Only under the write lock.
    pub(in crate::store) fn put_back(&self, before: &Before) {
        if write_all_at(&self.file, &before.bytes, before.at).is_err() {
            tracing::warn!("a meta page could not be put back");
        }
    }
}

#[cfg(unix)]
pub(in crate::store) fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(not(unix))]
pub(in crate::store) fn write_all_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    use std::io::{Seek as _, SeekFrom, Write as _};
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}
