//! The protectors' keys that this login session has got already, in the kernel's keyring: fifteen sidecars ask once.
//!
//! What lies there is the key of a protector's row, not the store key: so it is held against the row's commitment each
//! time like a key that was just asked for, and one that is wrong, or whose protector is gone, opens nothing. One entry
//! a store. Never the key of a key file, which costs nothing to read. Where there is no such keyring, or it may not be
//! used, each process asks for itself.

#[cfg(target_os = "linux")]
#[path = "cache/session_keyring.rs"]
mod keyring;
#[cfg(not(target_os = "linux"))]
#[path = "cache/none.rs"]
mod keyring;

use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, StoreId};

use keyring::Keyring;

const FORMAT: u8 = 1;
const ROW: usize = 16;
/// Format, row, key.
const LENGTH: usize = 1 + ROW + 32;

type Entry = Zeroizing<[u8; LENGTH]>;

/// The cache of one store's key.
pub(super) struct Cache {
    keyring: Keyring,
    name: String,
}

impl Cache {
    /// `None` where there is none that works.
    pub(super) fn of(store: StoreId) -> Option<Self> {
        let name = format!("plugin-vault:{}", store.to_text());
        Some(Self { keyring: Keyring::of_this_session(&name)?, name })
    }

    /// The protector's row whose key is kept, and the key.
    pub(super) fn recall(&self) -> Option<([u8; ROW], ProtectorKey)> {
        parse(&self.keyring.read(&self.name)?)
    }

    /// Keeps the key of a row, in the place of what was kept.
    pub(super) fn keep(&self, row: [u8; ROW], key: &ProtectorKey) {
        self.keyring.write(&self.name, &entry(row, key));
    }

    /// Drops what is kept.
    pub(super) fn drop_entry(&self) {
        self.keyring.remove(&self.name);
    }
}

fn entry(row: [u8; ROW], key: &ProtectorKey) -> Entry {
    let mut entry = Zeroizing::new([FORMAT; LENGTH]);
    entry[1..=ROW].copy_from_slice(&row);
    entry[1 + ROW..].copy_from_slice(key.expose());
    entry
}

fn parse(entry: &Entry) -> Option<([u8; ROW], ProtectorKey)> {
    let (row, key) = entry.strip_prefix(&[FORMAT])?.split_first_chunk::<ROW>()?;
    Some((*row, ProtectorKey::from_slice(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_whose_key_it_is_and_another_format_is_none() {
        let key = ProtectorKey::generate();
        let mut kept = entry([7; ROW], &key);
        let (row, found) = parse(&kept).unwrap();
        assert!(row == [7; ROW] && found.expose() == key.expose());
        kept[0] = 2;
        assert!(parse(&kept).is_none());
    }

    /// On a system without such a keyring, or where it may not be used, there is no cache, and that is all.
    #[test]
    fn what_was_kept_comes_back_until_it_is_dropped() {
        let store = StoreId::generate();
        let Some(cache) = Cache::of(store) else {
            assert!(Cache::of(StoreId::generate()).is_none());
            return;
        };
        assert!(cache.recall().is_none());
        let keys = [ProtectorKey::generate(), ProtectorKey::generate()];
        for (row, key) in [[1; ROW], [2; ROW]].into_iter().zip(&keys) {
            cache.keep(row, key);
            let (kept_row, kept) = Cache::of(store).unwrap().recall().unwrap();
            assert!(kept_row == row && kept.expose() == key.expose());
        }
        assert!(Cache::of(StoreId::generate()).unwrap().recall().is_none());
        cache.drop_entry();
        assert!(cache.recall().is_none());
        cache.drop_entry();
    }
}
