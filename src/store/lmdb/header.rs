//! `header`: the kind of this store, in one line of text. It is written before the data file.
//!
//! LMDB compares only the size of its mutexes. Two builds whose mutexes have one size and different contents hang on
//! one folder, with no error. So the header records the shape of the lock file, and a process with another shape uses
//! the store only when no other process has it open. It records nothing else of a build: builds that can share a lock
//! file can share the store.

use std::io;
use std::path::Path;

use crate::files;
use crate::process;
use crate::rows::{Id, id_text, parse_id};
use crate::store::StoreError;

use super::layout::is_page_size;

/// The disk format that this version writes.
pub const FORMAT: u32 = 1;

/// The largest size of a header, in bytes.
pub(in crate::store) const LONGEST: usize = 1024;
const MAGIC: &str = "plugin-vault";

/// The contents of the header.
pub(in crate::store) struct StoreHeader {
    pub(in crate::store) store: Id,
    lock_shape: String,
    pub(in crate::store) page_size: usize,
}

impl StoreHeader {
    /// The header of a store whose lock file has this build's shape.
    pub(in crate::store) fn new(store: Id, page_size: usize) -> Self {
        Self { store, lock_shape: process::shared_mutex(), page_size }
    }

    pub(in crate::store) fn read(path: &Path) -> Result<Self, StoreError> {
        match files::read_whole(path, LONGEST) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Damaged),
            text => Self::parse(&text?),
        }
    }

    /// Decodes a header.
    pub(in crate::store) fn parse(text: &[u8]) -> Result<Self, StoreError> {
        let text = std::str::from_utf8(text).map_err(|_| StoreError::Damaged)?;
        let mut words = text.split_ascii_whitespace();
        let mut word = || words.next().ok_or(StoreError::Damaged);
        if word()? != MAGIC {
            return Err(StoreError::Damaged);
        }
        // The format comes first: a later format may encode the rest in another way.
        let format: u32 = word()?.parse().map_err(|_| StoreError::Damaged)?;
        if format > FORMAT {
            return Err(StoreError::FormatTooNew);
        }
        let store = parse_id(word()?).ok_or(StoreError::Damaged)?;
        let lock_shape = word()?.to_owned();
        let page_size = word()?.parse().map_err(|_| StoreError::Damaged)?;
        // Every length is counted in pages, so a page size that LMDB does not have would give wrong numbers everywhere.
        if !is_page_size(page_size) {
            return Err(StoreError::Damaged);
        }
        Ok(Self { store, lock_shape, page_size })
    }

    pub(in crate::store) fn write(&self, path: &Path) -> io::Result<()> {
        let text =
            format!("{MAGIC} {FORMAT} {} {} {}\n", id_text(&self.store), self.lock_shape, self.page_size);
        files::replace(path, text.as_bytes())
    }

    /// Whether this build may use the lock file together with the processes that have the store open.
    pub(in crate::store) fn is_ours(&self) -> bool {
        self.lock_shape == process::shared_mutex()
    }

    /// The same store, with this build's lock file.
    pub(in crate::store) fn for_this_build(self) -> Self {
        Self { lock_shape: process::shared_mutex(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("header");
        StoreHeader::new([0xAB; 16], 16_384).write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let expected = format!("plugin-vault 1 {} {} 16384\n", "ab".repeat(16), process::shared_mutex());
        assert_eq!(text, expected);
        let read = StoreHeader::read(&path).unwrap();
        assert_eq!((read.store, read.page_size, read.is_ours()), ([0xAB; 16], 16_384, true));
    }

    #[test]
    fn a_page_size_that_lmdb_has_not_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("header");
        let header = StoreHeader::new([0xAB; 16], 4_096);
        header.write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for (size, is_read) in
            [("512", true), ("32768", true), ("0", false), ("256", false), ("4097", false), ("65536", false)]
                .into_iter()
                .chain([("9223372036854775808", false), ("18446744073709551615", false), ("-1", false)])
        {
            files::replace(&path, text.replace("4096", size).as_bytes()).unwrap();
            assert_eq!(StoreHeader::read(&path).is_ok(), is_read, "{size}");
        }
    }
}
