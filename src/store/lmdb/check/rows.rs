//! Rows: their checksums, and keys that are not the written ones.

use crate::rows::{Id, Table, checksum, meta};

use super::super::layout::{Entry, Value};
use super::walk::{Rows, Walk};
use super::{Damage, Depth, Unsound, What};

/// Limits of the search for a damaged key: the longest value in bytes, and the number of rows in one file. A file can't
/// make the check take long.
const TRIED_LENGTH: u64 = 64 * 1024;
const TRIED_ROWS: u64 = 64;

/// The content of one of the store's own rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    /// A counter; never above the highest revision.
    Counter,
    Identity,
    Text,
}

/// The store's own rows. The last field says whether every store must have the row.
const OWN: [(&[u8], Own, bool); 6] = [
    (meta::REVISION, Own::Counter, true),
    (meta::KEYS_REVISION, Own::Counter, true),
    (meta::STORE_ID, Own::Identity, true),
    (meta::FORGOTTEN, Own::Counter, false),
    (meta::RESTORED, Own::Counter, false),
    (meta::REPAIRED, Own::Text, false),
];

impl Own {
    fn is_held_by(self, value: &[u8]) -> bool {
        match self {
            Self::Counter => meta::counter(value).is_some(),
            Self::Identity => value.len() == size_of::<Id>(),
            Self::Text => true,
        }
    }
}

impl Rows {
    pub(super) fn own_are_there(&self) -> Result<(), Unsound> {
        let needed = OWN.iter().filter(|(_, _, needed)| *needed).count();
        if self.own == needed { Ok(()) } else { Err(Damage::at(0, What::OwnRow)) }
    }
}

impl Walk<'_> {
    /// Counts and checks a row. Returns the number of pages that its value takes besides its leaf.
    pub(super) fn row(&mut self, number: u64, table: Table, entry: Entry<'_>) -> Result<u64, Unsound> {
        let Entry { key, value } = entry;
        self.rows.count += 1;
        // The damage of one row affects only the reads of that row. The store's own rows are few, so they are always
        // checked.
        if self.depth == Depth::Structure && table != Table::Meta {
            return match value {
                Value::Inline(_) => Ok(0),
                Value::Big { page, length } => self.unread_value(page, length),
                Value::Named(_) => Err(Damage::at(number, What::Tables)),
            };
        }
        let mut kept = Vec::new();
        let (whole, run) = match value {
            Value::Inline(value) => (checksum::verified(table, key, value).is_some(), 0),
            Value::Big { page, length } => {
                let stored = usize::try_from(length).unwrap_or(usize::MAX);
                let mut pieces = checksum::Pieces::new(table, key, stored);
                let run = self.value(page, length, |piece| {
                    pieces.take(piece);
                    if length <= TRIED_LENGTH {
                        kept.extend_from_slice(piece);
                    }
                })?;
                (pieces.hold(), run)
            }
            Value::Named(_) => return Err(Damage::at(number, What::Tables)),
        };
        if let Some((_, own, needed)) = OWN.iter().find(|(name, ..)| table == Table::Meta && key == *name) {
            let is_held =
                |stored| checksum::verified(table, key, stored).is_some_and(|value| own.is_held_by(value));
            if !matches!(value, Value::Inline(stored) if is_held(stored)) {
                return Err(Damage::at(number, What::OwnRow));
            }
            self.rows.own += usize::from(*needed);
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

/// Whether the checksum matches a key with one bit flipped. Then the key is damaged, and a search for the written key
/// would find no row.
fn another_key(table: Table, key: &[u8], stored: &[u8]) -> bool {
    let mut key = key.to_vec();
    (0..key.len() * 8).any(|bit| {
        key[bit / 8] ^= 1 << (bit % 8);
        let holds = checksum::verified(table, &key, stored).is_some();
        key[bit / 8] ^= 1 << (bit % 8);
        holds
    })
}
