//! `key-file`: a file of 32 random bytes that only its owner may read. Its folder is not the data folder, so that a
//! copy of either alone opens nothing. It is created once, with the store, and never replaced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, StoreId};
use crate::files::{self, Cause, Dir, Found, Privacy};

use super::Reason;

const PREFIX: &str = "plugin-vault key 1 ";
/// The longest key file, in bytes.
const LONGEST: usize = 1024;

/// The path of a store's key file.
pub(super) fn path(folder: &Path, store: StoreId) -> PathBuf {
    folder.join(store.to_text()).join("key")
}

/// Creates the key file of a new store, and syncs it.
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

/// Reads a store's key file, which may be reached through links.
pub(super) fn read(folder: &Path, store: StoreId) -> Result<ProtectorKey, Reason> {
    let path = path(folder, store);
    let (text, found) = files::read_reached(&path, LONGEST).map_err(|error| {
        let path = files::quoted(&path);
        if error.is_not_found() {
            tracing::error!(
                "the store's key file {path} is missing; put it back, or name its folder with --key-dir; if it is \
                 lost for good, run plugin-vault reset, which moves the store aside and begins a new one"
            );
            return Reason::Missing;
        }
        tracing::error!("the store's key file can't be read: {error}");
        match error.cause() {
            Cause::Kind(_) => Reason::NotAFile,
            Cause::TooLong => Reason::Wrong,
            _ => Reason::Denied,
        }
    })?;
    let text = Zeroizing::new(text);
    check_file(&path, &found)?;
    check_folder(path.parent().unwrap_or(folder))?;
    let digits = text.strip_prefix(PREFIX.as_bytes()).map(<[u8]>::trim_ascii_end);
    let key = digits.and_then(|digits| {
        let bytes = Zeroizing::new(base16ct::mixed::decode_vec(digits).ok()?);
        ProtectorKey::from_slice(&bytes)
    });
    key.ok_or(Reason::Wrong)
}

/// Checks that only this user and the super-user can read or write the key. A file that belongs to the super-user may
/// be readable for this user through its group.
fn check_file(path: &Path, found: &Found) -> Result<(), Reason> {
    let ours = found.privacy != Privacy::NotOurs;
    let too_much = if ours { 0o077 } else { 0o027 };
    if !ours && !found.is_the_super_users {
        tracing::error!("{}", files::Error::at(path, Cause::Owner));
        Err(Reason::NotOurs)
    } else if found.mode & too_much != 0 {
        let command = files::take_rights_away(if ours { "600" } else { "440" }, path);
        tracing::error!("other users may read or write the store's key; run: {command}");
        Err(Reason::OpenToOthers)
    } else {
        Ok(())
    }
}

/// Checks that only this user and the super-user can replace a file in a folder.
pub(super) fn check_folder(folder: &Path) -> Result<(), Reason> {
    let denied = |error| {
        tracing::error!("the folder of the store's key can't be checked: {error}");
        Reason::Denied
    };
    let found = Dir::reach(folder).and_then(|folder| folder.found()).map_err(denied)?;
    if found.privacy == Privacy::NotOurs && !found.is_the_super_users {
        tracing::error!("{}", files::Error::at(folder, Cause::Owner));
        Err(Reason::NotOurs)
    // In a folder with the sticky bit, like /tmp, users can't remove the files of other users.
    } else if found.mode & 0o022 != 0 && found.mode & 0o1000 == 0 {
        tracing::error!(
            "other users may put another file in the place of the store's key; run: {}",
            files::take_rights_away("go-w", folder)
        );
        Err(Reason::OpenToOthers)
    } else {
        Ok(())
    }
}

/// Destroys a store's key file: overwrites it, then removes it. If the path is a link, removes the link as well.
pub(super) fn forget(folder: &Path, store: StoreId) {
    let path = path(folder, store);
    let destroy = || {
        let real = fs::canonicalize(&path)?;
        let is_key =
            |content: &[u8]| content.starts_with(PREFIX.as_bytes()) || content.iter().all(|byte| *byte == 0);
        files::overwrite(&real, LONGEST, is_key)?;
        fs::remove_file(&real)?;
        if fs::symlink_metadata(&path).is_ok() { fs::remove_file(&path) } else { Ok(()) }
    };
    if let Err(error) = destroy() {
        let path = files::quoted(&path);
        tracing::error!(%error, "the key file {path} could not be destroyed; delete it yourself");
    }
}

/// Whether other users may read the key, or may have read it already.
pub(super) fn is_open_to_others(folder: &Path, store: StoreId) -> bool {
    let path = path(folder, store);
    let Ok((text, found)) = files::read_reached(&path, LONGEST) else { return false };
    drop(Zeroizing::new(text));
    check_file(&path, &found).and_then(|()| check_folder(path.parent().unwrap_or(folder))).is_err()
}

/// Whether the key folder is inside the data folder, so that a copy of the data folder contains the keys.
pub fn is_below(keys: &Path, data: &Path) -> bool {
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    whole(keys).starts_with(whole(data))
}
