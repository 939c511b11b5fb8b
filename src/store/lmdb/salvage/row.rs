//! One row: which table its checksum says that it belongs to, and which revision it says that it is of.

use std::collections::HashMap;

use crate::rows::checksum::{self, Pieces};
use crate::rows::record;
use crate::rows::{Table, meta};

use super::super::layout::{Entry, Value};
use super::super::pages::{BadRun, Pages};

/// Large values are read for as many bytes as the file has, this many times: the same value may be named on many old
/// pages under names that differ, but a file can't make it last for ever.
const TIMES: u64 = 8;

/// Where a row lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A copy of its value: it is short.
    Here(Vec<u8>),
    /// In overflow pages.
    Big { page: u64, length: u64 },
}

/// What is known of a whole row.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) table: Table,
    pub(super) revision: Option<u64>,
    /// The checksum: two versions of a row are the same if theirs is.
    pub(super) checksum: [u8; checksum::LENGTH],
}

pub(super) struct Reader<'f> {
    pub(super) pages: Pages<'f>,
    /// What was found out about large values.
    runs: HashMap<(u64, u64, Vec<u8>), Option<Known>>,
    budget: u64,
}

impl<'f> Reader<'f> {
    pub(super) fn new(pages: Pages<'f>) -> Self {
        let budget = pages.count().saturating_mul(pages.size() as u64).saturating_mul(TIMES);
        Self { pages, runs: HashMap::new(), budget }
    }

    /// `None` if no table's checksum holds.
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

    /// What is stored in a place.
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

    /// A row's value, once more.
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

/// The tables that could have such a key, the likeliest first.
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

/// Where the fencing token stands in the row of a lease.
const TOKEN: std::ops::Range<usize> = 1..9;

/// As many bytes of a value as its revision needs.
const HEAD: usize = record::REVISION.end;

fn revision(table: Table, key: &[u8], value: &[u8]) -> Option<u64> {
    let bytes = match table {
        Table::Records => value.get(record::REVISION)?,
        Table::Leases => value.get(TOKEN)?,
        Table::Changes => key,
        Table::Meta | Table::Keys | Table::KeyIndex => return None,
    };
    // One that no store reaches is no revision: nothing may be found newer than everything else by it.
    meta::counter(bytes)
}
