//! The protectors of a replica whose data folder may vanish: a copy of their rows beside the credentials, from which the
//! replica is made again. Only for a user who asks for it: with the copy, the key folder and a login on the server open
//! the store together.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::files;
use crate::rows::{Id, id_text, parse_id};
use crate::store::{ProtectorRow, StoreError};

use super::credentials::{LONGEST, check, destroy};

const VERSION: u32 = 1;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    protectors: Vec<Kept>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    id: String,
    row: String,
}

/// The kept rows of a store's protectors; `None` if none are kept.
///
/// # Errors
/// [`StoreError::Refused`] if other users may read the file; [`StoreError::Damaged`] if it has another form.
pub fn kept_protectors(keys: &Path, store: &Id) -> Result<Option<Vec<ProtectorRow>>, StoreError> {
    let path = path(keys, store);
    let (text, found) = match files::read_reached(&path, LONGEST) {
        Err(error) if error.is_not_found() => return Ok(None),
        read => read?,
    };
    let text = Zeroizing::new(text);
    check(&path, &found)?;
    decode(&text).map(Some).ok_or_else(|| {
        let path = files::quoted(&path);
        tracing::error!("the file {path} does not contain protectors that this version can read");
        StoreError::Damaged
    })
}

/// Keeps these rows in place of earlier ones, and syncs them.
///
/// # Errors
/// If the file can't be written. Earlier rows are intact then, unless one of them must not stay.
pub fn keep_protectors(keys: &Path, store: &Id, rows: &[ProtectorRow]) -> Result<(), StoreError> {
    let path = path(keys, store);
    let kept = |(id, row): &ProtectorRow| Kept { id: id_text(id), row: base16ct::lower::encode_string(row) };
    let content = Content { version: VERSION, protectors: rows.iter().map(kept).collect() };
    let text = Zeroizing::new(serde_json::to_vec_pretty(&content).map_err(|_| StoreError::Failed)?);
    files::create_folder(path.parent().unwrap_or(&path))?;
    let stay =
        |earlier: Option<Vec<ProtectorRow>>| earlier.into_iter().flatten().all(|row| rows.contains(&row));
    if !kept_protectors(keys, store).is_ok_and(stay) {
        // Of a protector that is removed, nothing may stay on the disk.
        destroy(&path)?;
    }
    files::replace(&path, &text)?;
    Ok(())
}

/// Overwrites and removes the kept rows. It is no error if there are none.
///
/// # Errors
/// If the file can't be removed.
pub fn forget_protectors(keys: &Path, store: &Id) -> Result<(), StoreError> {
    destroy(&path(keys, store))
}

fn decode(text: &[u8]) -> Option<Vec<ProtectorRow>> {
    let Content { version, protectors } = serde_json::from_slice(text).ok()?;
    let row = |kept: &Kept| Some((parse_id(&kept.id)?, base16ct::lower::decode_vec(&kept.row).ok()?));
    if version == VERSION { protectors.iter().map(row).collect() } else { None }
}

fn path(keys: &Path, store: &Id) -> PathBuf {
    keys.join(id_text(store)).join("protectors")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: Id = [7; 16];

    #[test]
    fn rows_are_read_as_they_were_kept_until_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path();
        assert_eq!(kept_protectors(keys, &STORE).unwrap(), None);
        let rows = [([1; 16], b"a row".to_vec()), ([2; 16], vec![0, 255])];
        for some in [&rows[..], &rows[1..]] {
            keep_protectors(keys, &STORE, some).unwrap();
            assert_eq!(kept_protectors(keys, &STORE).unwrap().as_deref(), Some(some));
        }
        assert_eq!(kept_protectors(keys, &[8; 16]).unwrap(), None);
        for _ in 0..2 {
            forget_protectors(keys, &STORE).unwrap();
        }
        assert_eq!(kept_protectors(keys, &STORE).unwrap(), None);
    }

    #[test]
    fn a_file_of_another_form_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        keep_protectors(folder.path(), &STORE, &[([1; 16], b"a row".to_vec())]).unwrap();
        let path = path(folder.path(), &STORE);
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to) in [("\"version\": 1", "\"version\": 2"), ("0101", "01"), ("6120", "612"), ("{", "")] {
            assert!(text.contains(from), "{text}");
            files::replace(&path, text.replace(from, to).as_bytes()).unwrap();
            assert_eq!(kept_protectors(folder.path(), &STORE), Err(StoreError::Damaged), "{from}");
        }
    }
}
