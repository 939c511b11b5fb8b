//! The file of LMDB's reader table. LMDB itself would create it with holes.

use crate::files::Dir;
use crate::store::StoreError;

use super::READERS_FILE;

/// Size in bytes of the lock file that LMDB creates, rounded up: its head and one cache line for each reader.
const READER_TABLE: u64 = crate::limits::READERS as u64 * 64 + 4096;

/// Allocates the lock file fully. A lock file with holes would end the process with a signal when the disk is full.
/// This runs before LMDB opens the file, because closing it again releases the locks that this process has on it.
pub(in crate::store) fn allocate_reader_table(folder: &Dir) -> Result<(), StoreError> {
    let file = folder.open_or_create(READERS_FILE)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::FallocateFlags;
        use rustix::io::Errno;
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, READER_TABLE) {
            // Not every file system can allocate.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(std::io::Error::from(error).into()),
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let written = file.metadata()?.len();
        if written < READER_TABLE {
            let zeros = vec![0; usize::try_from(READER_TABLE - written).unwrap_or(0)];
            std::io::Write::write_all(&mut &file, &zeros)?;
        }
        Ok(())
    }
}
