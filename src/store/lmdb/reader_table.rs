//! The file of LMDB's reader table. LMDB itself would create it with holes.

use crate::files::{self, Dir};
use crate::store::StoreError;

use super::READERS_FILE;

/// Size in bytes of the lock file that LMDB creates, rounded up: its head and one cache line for each reader.
const READER_TABLE: u64 = crate::limits::READERS as u64 * 64 + 4096;

/// Allocates the lock file fully. A lock file with holes would end the process with a signal when the disk is full.
/// This runs before LMDB opens the file, because closing it again releases the locks that this process has on it.
pub(in crate::store) fn allocate_reader_table(folder: &Dir) -> Result<(), StoreError> {
    Ok(files::allocate(&folder.open_or_create(READERS_FILE)?, READER_TABLE)?)
}
