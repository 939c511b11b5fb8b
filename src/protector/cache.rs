//! Caches protectors' keys in the kernel's keyring of this login session, so that fifteen sidecars ask the user once.
//!
//! An entry contains the key of a protector's row, not the store key. So each use compares it with the row's
//! commitment, like a key that was just entered; a wrong key, or one whose protector was removed, opens nothing. There
//! is one entry for each store, and never for a key file, which costs nothing to read. Without such a keyring, each
//! process asks for itself.

use zeroize::Zeroizing;

use crate::crypto::{ProtectorKey, StoreId};

use super::system::session_keyring::Keyring;

pub(super) const FORMAT: u8 = 1;
const ROW: usize = 16;
/// Format, row, key.
pub(super) const LENGTH: usize = 1 + ROW + 32;

pub(super) type Entry = Zeroizing<[u8; LENGTH]>;

/// The cache of one store's key.
pub(super) struct Cache {
    keyring: Keyring,
    name: String,
}

impl Cache {
    /// `None` if this session has no kernel keyring that works.
    pub(super) fn of(store: StoreId) -> Option<Self> {
        let name = format!("plugin-vault:{}", store.to_text());
        Some(Self { keyring: Keyring::of_this_session(&name)?, name })
    }

    /// The id of the protector's row, and its cached key.
    pub(super) fn recall(&self) -> Option<([u8; ROW], ProtectorKey)> {
        parse(&self.keyring.read(&self.name)?)
    }

    /// Caches the key of a row, and replaces the previous entry.
    pub(super) fn keep(&self, row: [u8; ROW], key: &ProtectorKey) {
        self.keyring.write(&self.name, &entry(row, key));
    }

    /// Removes the entry.
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
    fn an_entry_names_its_row_and_another_format_is_refused() {
        let key = ProtectorKey::generate();
        let mut kept = entry([7; ROW], &key);
        let (row, found) = parse(&kept).unwrap();
        assert!(row == [7; ROW] && found.expose() == key.expose());
        kept[0] = 2;
        assert!(parse(&kept).is_none());
    }

    /// Where the kernel's keyring can't be used, the test ends early: there is no cache to test.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_cached_key_is_returned_until_it_is_dropped() {
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
