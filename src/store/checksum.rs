//! XXH3-64 over table, key and value at the end of every value: so that whoever holds no keys knows what is whole.
//!
//! It finds accidents, not malice; against that every value is sealed.

use twox_hash::xxhash3_64::Hasher;

use super::Table;

/// Bytes at the end of every value.
pub(super) const LENGTH: usize = 8;

pub(super) fn of(table: Table, key: &[u8], value: &[u8]) -> [u8; LENGTH] {
    use std::hash::Hasher as _;
    let mut hasher = Hasher::new();
    hasher.write(&[table as u8]);
    hasher.write(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes());
    hasher.write(key);
    hasher.write(value);
    hasher.finish().to_be_bytes()
}

/// The value without its checksum; `None` if it is damaged.
pub(super) fn verified<'v>(table: Table, key: &[u8], stored: &'v [u8]) -> Option<&'v [u8]> {
    let (value, checksum) = stored.split_last_chunk::<LENGTH>()?;
    (of(table, key, value) == *checksum).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_table_key_or_value_is_noticed() {
        let mut stored = b"value".to_vec();
        stored.extend_from_slice(&of(Table::Records, b"key", b"value"));
        assert_eq!(verified(Table::Records, b"key", &stored), Some(&b"value"[..]));
        assert_eq!(verified(Table::Keys, b"key", &stored), None);
        assert_eq!(verified(Table::Records, b"kez", &stored), None);
        for bit in 0..stored.len() * 8 {
            let mut damaged = stored.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verified(Table::Records, b"key", &damaged), None, "bit {bit}");
        }
        assert_eq!(verified(Table::Records, b"key", b"short"), None);
    }
}
