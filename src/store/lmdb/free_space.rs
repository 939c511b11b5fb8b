//! Whether there is room for more. Asked when a write failed and LMDB does not say why.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use heed::{Env, WithoutTls};

use crate::store::error::is_full;

use super::DATA_FILE;

/// What LMDB may need besides for its tree.
const TREE: u64 = 256 << 10;

/// Whether the data file could grow by so many bytes, as another file of its length shows. Only a lack of room counts: of
/// anything else the failed write tells more.
pub(in crate::store) fn is_there(env: &Env<WithoutTls>, added: u64) -> bool {
    let grow = || -> io::Result<()> {
        let length = crate::files::open(&env.path().join(DATA_FILE))?.metadata()?.len();
        let mut other = tempfile::tempfile_in(env.path())?;
        // Where it is no larger than the data file, it takes no room.
        other.set_len(length)?;
        other.seek(SeekFrom::Start(length))?;
        io::copy(&mut io::repeat(0).take(added + TREE), &mut other)?;
        Ok(())
    };
    !grow().is_err_and(|error| is_full(&error))
}
