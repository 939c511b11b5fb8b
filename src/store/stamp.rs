//! `stamp`: what kind of store this is, in one line of text, written before the store is there.
//!
//! LMDB itself compares only the size of its mutexes: two builds that disagree about their shape hang on one
//! folder, with no error. So the stamp says which shape the lock file has, and a process of another shape may use
//! the store only when nobody else does.

use std::fs;
use std::io;
use std::path::Path;

use crate::files;

use super::{Id, StoreError};

/// The disk format that this version writes.
pub const FORMAT: u32 = 1;

const MAGIC: &str = "plugin-vault";

/// The shape of LMDB's lock file. Part of it is LMDB's version: it changes with the pinned `heed`.
fn platform() -> String {
    let libc = if cfg!(target_env = "musl") {
        "musl"
    } else if cfg!(target_env = "gnu") {
        "gnu"
    } else {
        "system"
    };
    let lmdb = heed::lmdb_version();
    format!(
        "{}-{}-{libc}-lmdb{}.{}.{}",
        std::env::consts::OS,
        std::env::consts::ARCH,
        lmdb.major,
        lmdb.minor,
        lmdb.patch
    )
}

/// What the stamp says.
pub(super) struct Stamp {
    pub(super) store: Id,
    platform: String,
    pub(super) page_size: usize,
}

impl Stamp {
    pub(super) fn new(store: Id, page_size: usize) -> Self {
        Self { store, platform: platform(), page_size }
    }

    pub(super) fn read(path: &Path) -> Result<Self, StoreError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(StoreError::Damaged),
            Err(error) => return Err(error.into()),
        };
        let mut words = text.split_ascii_whitespace();
        let mut word = || words.next().ok_or(StoreError::Damaged);
        if word()? != MAGIC {
            return Err(StoreError::Damaged);
        }
        // The format comes first: a later one may say the rest in another way.
        let format: u32 = word()?.parse().map_err(|_| StoreError::Damaged)?;
        if format > FORMAT {
            return Err(StoreError::FormatTooNew);
        }
        let store = super::parse_id(word()?).ok_or(StoreError::Damaged)?;
        let platform = word()?.to_owned();
        let page_size = word()?.parse().map_err(|_| StoreError::Damaged)?;
        Ok(Self { store, platform, page_size })
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let text = format!(
            "{MAGIC} {FORMAT} {} {} {}\n",
            super::id_text(&self.store),
            self.platform,
            self.page_size
        );
        files::replace(path, text.as_bytes())
    }

    /// Whether this build may use the lock file beside those that have the store open.
    pub(super) fn is_ours(&self) -> bool {
        self.platform == platform()
    }

    /// The same store, for this build's lock file.
    pub(super) fn for_this_build(self) -> Self {
        Self { platform: platform(), ..self }
    }
}
