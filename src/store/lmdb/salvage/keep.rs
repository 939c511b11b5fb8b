//! Selects the version of each row that salvage returns.

use std::collections::BTreeMap;

use crate::rows::{Table, meta};

use super::row::{Known, Place};
use super::{Standing, WholeRow};

/// The best version of each row so far.
#[derive(Default)]
pub(super) struct Kept(BTreeMap<(Table, Vec<u8>), Version>);

struct Version {
    known: Known,
    standing: Standing,
    place: Place,
    /// The snapshot had some version of the row.
    was_live: bool,
    /// There is another version, and it is unknown which one is newer.
    unclear: bool,
}

impl Kept {
    /// Takes a version of a row if it is better than the present one.
    pub(super) fn take(&mut self, key: &[u8], known: Known, standing: Standing, place: Place) {
        use std::collections::btree_map::Entry;
        let was_live = standing == Standing::Live;
        let mut version = Version { known, standing, place, was_live, unclear: false };
        match self.0.entry((known.table, key.to_vec())) {
            Entry::Vacant(vacant) => {
                vacant.insert(version);
            }
            Entry::Occupied(mut there) => {
                let old = there.get_mut();
                version.was_live |= old.was_live;
                old.was_live = version.was_live;
                let rank = |version: &Version| (version.standing, version.known.revision);
                if rank(&version) > rank(old) {
                    *old = version;
                } else if rank(&version) == rank(old) && known.checksum != old.known.checksum {
                    old.unclear = true;
                }
            }
        }
    }

    /// The number of rows of a table that the snapshot has and salvage found.
    pub(super) fn live(&self, table: Table) -> u64 {
        let of_table = self.0.iter().filter(|((of, _), _)| *of == table);
        of_table.filter(|(_, version)| version.was_live).count() as u64
    }

    /// The rows to return, and the number of rows that are left out because it is unknown which version is newer.
    pub(super) fn finish(self, newer_than: u64) -> (Vec<WholeRow>, u64) {
        let mut unclear = 0;
        let mut rows = Vec::new();
        for ((table, key), version) in self.0 {
            let Version { known: Known { revision, .. }, standing, place, .. } = version;
            if revision.is_some_and(|revision| revision <= newer_than) {
                continue;
            }
            // What this row says does not matter, but that it was there.
            let is_mark = table == Table::Meta && key == meta::REMOTE;
            if version.unclear && !is_mark {
                unclear += 1;
            } else {
                rows.push(WholeRow { table, key, revision, standing, place });
            }
        }
        (rows, unclear)
    }
}
