//! Whether the disk has room for more. Used when a write failed and LMDB does not report the reason.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use heed::{Env, WithoutTls};

use crate::store::error::is_full;

use super::DATA_FILE;

/// Bytes that LMDB may need in addition, for its tree.
const TREE: u64 = 256 << 10;

/// Whether the data file could grow by `added` bytes. A test file of its length shows that. Only a lack of room counts:
/// for any other error, the failed write itself is more precise.
pub(in crate::store) fn is_there(env: &Env<WithoutTls>, added: u64) -> bool {
    let grow = || -> io::Result<()> {
        let length = crate::files::open(&env.path().join(DATA_FILE))?.metadata()?.len();
        let mut other = tempfile::tempfile_in(env.path())?;
        // Up to the size of the data file, the test file is a hole and takes no room.
        other.set_len(length)?;
        other.seek(SeekFrom::Start(length))?;
        io::copy(&mut io::repeat(0).take(added + TREE), &mut other)?;
        Ok(())
    };
    !grow().is_err_and(|error| is_full(&error))
}
