//! `key-file`: a file of 32 random bytes that only its owner may read, in a folder apart from the data's, so that
//! a copy of either alone opens nothing. Made once, with the store; never replaced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, StoreId};
use crate::files::{self, Privacy};

use super::Reason;

const PREFIX: &str = "plugin-vault key 1 ";

/// Where a store's key file lies.
pub(super) fn path(folder: &Path, store: StoreId) -> PathBuf {
    folder.join(store.to_text()).join("key")
}

/// Makes the key file of a new store, synced before this returns.
pub(super) fn make(folder: &Path, store: StoreId) -> io::Result<ProtectorKey> {
    let path = path(folder, store);
    let own = path.parent().unwrap_or(folder);
    files::create_folder(own)?;
    files::sync_folder(folder)?;
    let key = ProtectorKey::generate();
    let digits = Zeroizing::new(base16ct::lower::encode_string(key.expose()));
    let text = Zeroizing::new(format!("{PREFIX}{}\n", digits.as_str()));
    files::create_whole(&path, text.as_bytes())?;
    Ok(key)
}

/// Reads a store's key file.
pub(super) fn read(folder: &Path, store: StoreId) -> Result<ProtectorKey, Reason> {
    let path = path(folder, store);
    let reason = |error: io::Error| {
        let path = path.display();
        if error.kind() == io::ErrorKind::NotFound {
            tracing::error!(
                "the store's key file '{path}' is missing; put it back, or name its folder with --key-dir; if it is \
                 lost for good, plugin-vault reset puts the store aside, and a new one begins"
            );
            Reason::Missing
        } else {
            tracing::error!(error = %error, "the store's key file '{path}' can't be read");
            Reason::Denied
        }
    };
    if files::privacy(&path).map_err(reason)? == Privacy::OpenToOthers {
        tracing::error!("others may read the store's key; run: chmod 600 '{}'", path.display());
        return Err(Reason::OpenToOthers);
    }
    let text = Zeroizing::new(fs::read(&path).map_err(reason)?);
    let digits = text.strip_prefix(PREFIX.as_bytes()).map(<[u8]>::trim_ascii_end);
    let key = digits.and_then(|digits| {
        let bytes = Zeroizing::new(base16ct::mixed::decode_vec(digits).ok()?);
        ProtectorKey::from_slice(&bytes)
    });
    key.ok_or(Reason::Wrong)
}

/// Destroys a store's key file: it is overwritten before its name goes.
pub(super) fn forget(folder: &Path, store: StoreId) {
    let path = path(folder, store);
    if files::overwrite(&path).and_then(|()| fs::remove_file(&path)).is_err() {
        tracing::error!("the key file '{}' could not be destroyed; delete it yourself", path.display());
    }
}

/// Whether other users may read the key, or could have by now.
pub(super) fn is_open_to_others(folder: &Path, store: StoreId) -> bool {
    matches!(files::privacy(&path(folder, store)), Ok(Privacy::OpenToOthers | Privacy::NotOurs))
}

/// Whether whoever copies the data folder copies the keys with it.
pub(super) fn lies_below(keys: &Path, data: &Path) -> bool {
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    whole(keys).starts_with(whole(data))
}
