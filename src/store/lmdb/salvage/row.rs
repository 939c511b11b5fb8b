//! One row: the table that its checksum proves, and the revision that it contains.

use std::collections::HashMap;

use crate::rows::checksum::{self, Pieces};
use crate::rows::record;
use crate::rows::{Table, meta};

use super::super::layout::{Entry, Value};
use super::super::pages::{BadRun, Pages};

/// The total size of large values that are read, as a multiple of the file's size. Many old pages may refer to the same
/// value under different keys, but a file must not make salvage run without end.
const TIMES: u64 = 8;

/// The place of a row's value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A copy of its value, which is short.
    Here(Vec<u8>),
    /// In overflow pages.
    Big { page: u64, length: u64 },
}

/// The facts about a whole row.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) table: Table,
    pub(super) revision: Option<u64>,
    /// The checksum. Two versions of a row are the same if their checksums are equal.
    pub(super) checksum: [u8; checksum::LENGTH],
}

pub(super) struct Reader<'f> {
    pub(super) pages: Pages<'f>,
    /// The results for the large values that were already read.
    runs: HashMap<(u64, u64, Vec<u8>), Option<Known>>,
    budget: u64,
}

impl<'f> Reader<'f> {
    pub(super) fn new(pages: Pages<'f>) -> Self {
        let budget = pages.count().saturating_mul(pages.size() as u64).saturating_mul(TIMES);
        Self { pages, runs: HashMap::new(), budget }
    }

    /// The facts about a row; `None` if the checksum matches for no table.
    pub(super) fn known(&mut self, entry: Entry<'_>) -> Option<Known> {
        match entry.value {
            Value::Inline(stored) => known(entry.key, stored),
            Value::Big { page, length } => self.known_run(entry.key, page, length),
            Value::Named(_) => None,
        }
    }

    fn known_run(&mut self, key: &[u8], page: u64, length: u64) -> Option<Known> {
        let name = (page, length, key.to_vec());
        if let Some(known) = self.runs.get(&name) {
            return *known;
        }
        self.budget = self.budget.checked_sub(length)?;
        let stored = usize::try_from(length).ok()?;
        let mut sums: Vec<_> = tables(key).map(|table| (table, Pieces::new(table, key, stored))).collect();
        let (mut head, mut tail) = (Vec::new(), [0; checksum::LENGTH]);
        let read = self.pages.value(page, length, |piece| {
            for (_, sum) in &mut sums {
                sum.take(piece);
            }
            head.extend_from_slice(&piece[..piece.len().min(HEAD - head.len())]);
            for byte in &piece[piece.len().saturating_sub(tail.len())..] {
                tail.rotate_left(1);
                tail[tail.len() - 1] = *byte;
            }
        });
        let table = sums.iter().find(|(_, sum)| sum.hold()).map(|(table, _)| *table);
        let known = table.filter(|_| read.is_ok()).map(|table| Known {
            table,
            revision: revision(table, key, &head),
            checksum: tail,
        });
        self.runs.insert(name, known);
        known
    }

    /// The stored bytes in a place, with the checksum.
    pub(super) fn stored(&mut self, place: &Place) -> Result<Vec<u8>, BadRun> {
        let mut stored = Vec::new();
        match place {
            Place::Here(value) => stored.extend_from_slice(value),
            Place::Big { page, length } => {
                self.pages.value(*page, *length, |piece| stored.extend_from_slice(piece))?;
            }
        }
        Ok(stored)
    }

    /// Reads a row's value again.
    pub(super) fn value(&mut self, table: Table, key: &[u8], place: &Place) -> Result<Vec<u8>, BadRun> {
        let mut stored = self.stored(place)?;
        let length = checksum::verified(table, key, &stored).ok_or(BadRun::Damaged)?.len();
        stored.truncate(length);
        Ok(stored)
    }
}

impl Place {
    pub(super) fn of(value: Value<'_>) -> Self {
        match value {
            Value::Inline(stored) | Value::Named(stored) => Self::Here(stored.to_vec()),
            Value::Big { page, length } => Self::Big { page, length },
        }
    }
}

fn known(key: &[u8], stored: &[u8]) -> Option<Known> {
    let table = tables(key).find(|table| checksum::verified(*table, key, stored).is_some())?;
    let checksum = *stored.last_chunk()?;
    Some(Known { table, revision: revision(table, key, stored), checksum })
}

/// The tables that could have such a key, the most likely first.
fn tables(key: &[u8]) -> impl Iterator<Item = Table> {
    let likely: &[Table] = match key.len() {
        8 => &[Table::Changes],
        16 => &[Table::Keys],
        32 => &[Table::Records, Table::Leases],
        33 => &[Table::KeyIndex],
        _ => &[],
    };
    likely.iter().copied().chain([Table::Meta])
}

/// Bytes of a lease's row that hold the fencing token.
const TOKEN: std::ops::Range<usize> = 1..9;

/// Bytes at the beginning of a value that include its revision.
const HEAD: usize = record::REVISION.end;

fn revision(table: Table, key: &[u8], value: &[u8]) -> Option<u64> {
    let bytes = match table {
        Table::Records => value.get(record::REVISION)?,
        Table::Leases => value.get(TOKEN)?,
        Table::Changes => key,
        Table::Meta | Table::Keys | Table::KeyIndex => return None,
    };
    // A number above the highest revision is no revision. Otherwise such a row would count as newer than every other.
    meta::counter(bytes)
}
