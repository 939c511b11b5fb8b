//! When the server last confirmed what a replica holds, for the next process: a file beside the credentials.

use std::path::{Path, PathBuf};

use crate::files;
use crate::rows::{Id, id_text};
use crate::store::StoreError;

/// The longest file, in bytes.
const LONGEST: usize = 32;

/// The time of the last confirmation by the server's clock, in milliseconds since 1970; `None` if none is known.
///
/// # Errors
/// If there is a file, and it can't be read.
pub fn confirmed(keys: &Path, store: &Id) -> Result<Option<u64>, StoreError> {
    match files::read_reached(&path(keys, store), LONGEST) {
        Err(error) if error.is_not_found() => Ok(None),
        read => Ok(std::str::from_utf8(&read?.0).ok().and_then(|text| text.trim_end().parse().ok())),
    }
}

/// Keeps the time of a confirmation.
///
/// # Errors
/// If the file can't be written. The earlier one is intact then.
pub fn keep_confirmed(keys: &Path, store: &Id, millis: u64) -> Result<(), StoreError> {
    Ok(files::replace(&path(keys, store), format!("{millis}\n").as_bytes())?)
}

fn path(keys: &Path, store: &Id) -> PathBuf {
    keys.join(id_text(store)).join("confirmed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_kept_and_a_damaged_file_knows_none() {
        let keys = tempfile::tempdir().unwrap();
        let store = [7; 16];
        assert_eq!(confirmed(keys.path(), &store), Ok(None));
        files::create_folder(path(keys.path(), &store).parent().unwrap()).unwrap();
        for millis in [0, 1_800_000_000_000] {
            keep_confirmed(keys.path(), &store, millis).unwrap();
            assert_eq!(confirmed(keys.path(), &store), Ok(Some(millis)));
        }
        files::replace(&path(keys.path(), &store), b"soon").unwrap();
        assert_eq!(confirmed(keys.path(), &store), Ok(None));
    }
}
