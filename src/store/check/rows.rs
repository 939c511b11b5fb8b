//! Rows: their checksums, and whose key is not the one that was written.

use super::super::layout::{Entry, Value};
use super::super::{Id, Table, checksum, meta};
use super::walk::Walk;
use super::{Damage, Unsound, What};

/// Keys are tried against a damaged value up to this length, and no more of them than this in one file: so that a
/// file can't make the check long.
const TRIED_LENGTH: u64 = 64 * 1024;
const TRIED_ROWS: u64 = 64;

/// What was seen of the rows.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) count: u64,
    pub(super) damaged: u64,
    /// How many of the store's own rows are there.
    own: usize,
}

/// The rows without which the store is none, and their lengths.
const OWN: [(&[u8], usize); 3] = [
    (meta::REVISION, size_of::<u64>()),
    (meta::KEYS_REVISION, size_of::<u64>()),
    (meta::STORE_ID, size_of::<Id>()),
];

impl Rows {
    pub(super) fn own_are_there(&self) -> Result<(), Unsound> {
        if self.own == OWN.len() { Ok(()) } else { Err(Damage::at(0, What::OwnRow)) }
    }
}

impl Walk<'_> {
    /// Takes note of a row. How many pages its value takes beside its leaf.
    pub(super) fn row(&mut self, number: u64, table: Table, entry: Entry<'_>) -> Result<u64, Unsound> {
        let Entry { key, value } = entry;
        let mut kept = Vec::new();
        let (whole, length, run) = match value {
            Value::Inline(value) => (checksum::verified(table, key, value).is_some(), value.len() as u64, 0),
            Value::Big { page, length } => {
                let stored = usize::try_from(length).unwrap_or(usize::MAX);
                let mut pieces = checksum::Pieces::new(table, key, stored);
                let run = self.value(page, length, |piece| {
                    pieces.take(piece);
                    if length <= TRIED_LENGTH {
                        kept.extend_from_slice(piece);
                    }
                })?;
                (pieces.hold(), length, run)
            }
            Value::Named(_) => return Err(Damage::at(number, What::Tables)),
        };
        self.rows.count += 1;
        let own = OWN.iter().find(|(name, _)| table == Table::Meta && key == *name);
        if let Some((_, wanted)) = own {
            if !whole || length != (wanted + checksum::LENGTH) as u64 {
                return Err(Damage::at(number, What::OwnRow));
            }
            self.rows.own += 1;
        }
        if !whole {
            self.rows.damaged += 1;
            let stored = if let Value::Inline(value) = value { value } else { &kept };
            if self.rows.damaged <= TRIED_ROWS && !stored.is_empty() && another_key(table, key, stored) {
                return Err(Damage::at(number, What::Key));
            }
        }
        Ok(run)
    }
}

/// Whether the value is that of a key with one bit turned over: then it is the key that is damaged, and whoever looks
/// for the row would be told that there is none.
fn another_key(table: Table, key: &[u8], stored: &[u8]) -> bool {
    let mut key = key.to_vec();
    (0..key.len() * 8).any(|bit| {
        key[bit / 8] ^= 1 << (bit % 8);
        let holds = checksum::verified(table, &key, stored).is_some();
        key[bit / 8] ^= 1 << (bit % 8);
        holds
    })
}
