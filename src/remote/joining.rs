//! A join that is not done yet: what this machine has to remember between showing its code and being approved. A file in
//! the folder of keys, since the store is not known before.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::files::{self, Cause, Privacy};
use crate::store::{Refusal, StoreError};

use super::credentials::destroy;

const VERSION: u32 = 1;
/// The longest file, in bytes.
const LONGEST: usize = 16 << 10;

/// A join that waits for its approval. The type has no `Debug`, so that the secrets get into no log.
pub struct PendingJoin {
    /// The server's URL, without a password.
    pub url: String,
    /// The private key for which the key of the store will be sealed.
    pub key: [u8; 32],
    /// The token of this machine.
    pub token: [u8; 32],
    /// The name of this machine.
    pub machine: String,
}

impl Drop for PendingJoin {
    fn drop(&mut self) {
        self.key.zeroize();
        self.token.zeroize();
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    url: String,
    key: Zeroizing<String>,
    token: Zeroizing<String>,
    machine: String,
}

impl PendingJoin {
    /// Reads the join that waits; `None` if there is none, or if the file is not one that this version has written: then
    /// the next join begins anew.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if other users may read the file.
    pub fn load(keys: &Path) -> Result<Option<Self>, StoreError> {
        let path = path(keys);
        let (text, found) = match files::read_reached(&path, LONGEST) {
            Err(error) if error.is_not_found() => return Ok(None),
            read => read?,
        };
        let text = Zeroizing::new(text);
        if found.privacy == Privacy::NotOurs {
            return Err(files::Error::at(&path, Cause::Owner).into());
        }
        if found.mode & 0o077 != 0 {
            let command = files::take_rights_away("600", &path);
            tracing::error!(
                "other users may read the secrets of a join that is not done yet; run: {command}"
            );
            return Err(StoreError::Refused(Refusal::Permissions));
        }
        Ok(Self::decode(&text))
    }

    fn decode(text: &[u8]) -> Option<Self> {
        let Content { version, url, key, token, machine } = serde_json::from_slice(text).ok()?;
        let mut pending = Self { url, key: [0; 32], token: [0; 32], machine };
        for (into, digits) in [(&mut pending.key, &key), (&mut pending.token, &token)] {
            if base16ct::lower::decode(digits.as_str(), into).ok()?.len() != into.len() {
                return None;
            }
        }
        (version == VERSION).then_some(pending)
    }

    /// Writes the join in place of an earlier one, and syncs it.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn save(&self, keys: &Path) -> Result<(), StoreError> {
        let digits = |bytes: &[u8]| Zeroizing::new(base16ct::lower::encode_string(bytes));
        let content = Content {
            version: VERSION,
            url: self.url.clone(),
            key: digits(&self.key),
            token: digits(&self.token),
            machine: self.machine.clone(),
        };
        let text = Zeroizing::new(serde_json::to_vec_pretty(&content).map_err(|_| StoreError::Failed)?);
        files::create_folder(keys)?;
        files::replace(&path(keys), &text)?;
        Ok(())
    }

    /// Overwrites and removes the file. It is no error if there is none.
    ///
    /// # Errors
    /// If the file can't be removed.
    pub fn remove(keys: &Path) -> Result<(), StoreError> {
        destroy(&path(keys))
    }
}

fn path(keys: &Path) -> PathBuf {
    keys.join("joining")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> PendingJoin {
        PendingJoin { url: "postgres://me@h/db".into(), key: [1; 32], token: [2; 32], machine: "m".into() }
    }

    #[test]
    fn a_join_is_remembered_until_it_is_removed() {
        let keys = tempfile::tempdir().unwrap();
        assert!(PendingJoin::load(keys.path()).unwrap().is_none());
        pending().save(keys.path()).unwrap();
        let read = PendingJoin::load(keys.path()).unwrap().unwrap();
        assert_eq!((read.key, read.token), ([1; 32], [2; 32]));
        assert_eq!((read.url.as_str(), read.machine.as_str()), ("postgres://me@h/db", "m"));
        PendingJoin::remove(keys.path()).unwrap();
        assert!(PendingJoin::load(keys.path()).unwrap().is_none());
    }

    #[test]
    fn a_file_that_is_no_join_is_as_if_there_were_none() {
        let keys = tempfile::tempdir().unwrap();
        pending().save(keys.path()).unwrap();
        let whole = std::fs::read_to_string(path(keys.path())).unwrap();
        for (from, to) in [("0202", "02"), ("\"version\": 1", "\"version\": 2"), ("{", "")] {
            assert!(whole.contains(from));
            files::replace(&path(keys.path()), whole.replacen(from, to, 1).as_bytes()).unwrap();
            assert!(PendingJoin::load(keys.path()).unwrap().is_none(), "{from}");
        }
    }
}
