//! What the program keeps of a store's key in the session's keyring in the kernel. A home that ends takes it along.

use std::path::Path;

use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};

/// The name of the store's key in the session's keyring.
pub(crate) fn name(data: &Path) -> Option<String> {
    let header = std::fs::read_to_string(data.join("header")).ok()?;
    Some(format!("plugin-vault:{}", header.split(' ').nth(2)?))
}

/// What is kept of the key of the store in this folder.
pub(crate) fn find(data: &Path) -> Option<Key> {
    session_keyring()?.search(&name(data)?).ok()
}

/// As after a log-out.
pub(crate) fn forget(data: &Path) {
    if let Some(key) = find(data) {
        key.invalidate().unwrap();
    }
}

/// The session's keyring in the kernel, where there is one that this process may use.
pub(crate) fn session_keyring() -> Option<KeyRing> {
    let ring = KeyRing::from_special_id(KeyRingIdentifier::Session, false).ok()?;
    matches!(ring.search("plugin-vault:no such key"), Err(KeyError::KeyDoesNotExist)).then_some(ring)
}
