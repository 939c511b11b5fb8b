//! XXH3-64 over table, key and value at the end of every value. It shows without any key whether a value is whole.
//!
//! It finds accidents, not malice. Against malice every value is sealed.

use std::hash::Hasher as _;

use twox_hash::xxhash3_64::Hasher;

use crate::rows::Table;

/// Bytes of the checksum at the end of every value.
pub(crate) const LENGTH: usize = 8;

/// Bytes below which the input is joined in one buffer first: that is faster than a streaming hasher.
const SHORT: usize = 1024;

pub(crate) fn of(table: Table, key: &[u8], value: &[u8]) -> [u8; LENGTH] {
    if key.len() + value.len() < SHORT {
        let head = head(table, key);
        return Hasher::oneshot(&[&head, key, value].concat()).to_be_bytes();
    }
    let mut hasher = begun(table, key);
    hasher.write(value);
    hasher.finish().to_be_bytes()
}

fn begun(table: Table, key: &[u8]) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.write(&head(table, key));
    hasher.write(key);
    hasher
}

fn head(table: Table, key: &[u8]) -> [u8; 3] {
    let [high, low] = u16::try_from(key.len()).unwrap_or(u16::MAX).to_be_bytes();
    [table as u8, high, low]
}

/// The checksum of a stored value that is read in pieces.
pub(crate) struct Pieces {
    hasher: Hasher,
    value_left: usize,
    checksum: [u8; LENGTH],
    known: usize,
}

impl Pieces {
    /// `stored` is the length of the value in bytes, with its checksum.
    pub(crate) fn new(table: Table, key: &[u8], stored: usize) -> Self {
        let value_left = stored.saturating_sub(LENGTH);
        Self { hasher: begun(table, key), value_left, checksum: [0; LENGTH], known: 0 }
    }

    pub(crate) fn take(&mut self, piece: &[u8]) {
        let (value, rest) = piece.split_at(piece.len().min(self.value_left));
        self.hasher.write(value);
        self.value_left -= value.len();
        for (place, byte) in self.checksum[self.known..].iter_mut().zip(rest) {
            *place = *byte;
            self.known += 1;
        }
    }

    /// Whether the pieces are the value that was written.
    pub(crate) fn hold(&self) -> bool {
        self.value_left == 0 && self.known == LENGTH && self.hasher.finish().to_be_bytes() == self.checksum
    }
}

/// The value without its checksum; `None` if it is damaged.
pub(crate) fn verified<'v>(table: Table, key: &[u8], stored: &'v [u8]) -> Option<&'v [u8]> {
    let (value, checksum) = stored.split_last_chunk::<LENGTH>()?;
    (of(table, key, value) == *checksum).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_make_the_same_checksum() {
        // Lengths around `SHORT`, from which on the streaming hasher is used in any case.
        for (value, lengths) in [(22, 1..31), (SHORT - 4, 7..8), (SHORT - 3, 7..8), (3 * SHORT, 7..8)] {
            let mut stored = vec![b'v'; value];
            stored.extend_from_slice(&of(Table::Keys, b"key", &stored));
            for length in lengths {
                let mut pieces = Pieces::new(Table::Keys, b"key", stored.len());
                assert!(!pieces.hold());
                stored.chunks(length).for_each(|piece| pieces.take(piece));
                assert!(pieces.hold(), "pieces of {length} of {value}");
            }
            let mut pieces = Pieces::new(Table::Keys, b"kez", stored.len());
            pieces.take(&stored);
            assert!(!pieces.hold());
        }
    }

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
