//! Environments for tests of the check and of salvage. They are made and used through the engine, and come with
//! everything that was ever written in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};

use crate::rows::{Table, meta};
use crate::store::{Batch, Row};

use super::DATA_FILE;
use super::check::{Checked, Unsound, check};
use super::engine::Engine;
use super::pages::Pages;

/// The table and key of a row.
pub(in crate::store) type Name = (Table, Vec<u8>);

/// An environment that was used and then closed.
pub(in crate::store) struct Sample {
    folder: tempfile::TempDir,
    pub(in crate::store) page_size: usize,
    /// The rows that it holds now.
    pub(in crate::store) rows: BTreeMap<Name, Vec<u8>>,
    /// Every row that was ever written in it.
    pub(in crate::store) ever: BTreeSet<(Name, Vec<u8>)>,
}

/// Pseudo-random numbers. The same seed gives the same numbers.
pub(in crate::store) struct Chance(u64);

impl Chance {
    pub(in crate::store) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(in crate::store) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 20).unwrap() % limit
    }
}

impl Sample {
    /// An environment after some commits. `each` receives the result of a check after every commit.
    pub(in crate::store) fn used(commits: u64, seed: u64, each: impl Fn(Checked)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::create(&crate::files::Dir::open(folder.path()).unwrap()).unwrap();
        let page_size = engine.page_size();
        let mut sample = Self { folder, page_size, rows: BTreeMap::new(), ever: BTreeSet::new() };
        let mut chance = Chance::new(seed);
        sample.commit(&engine, 0, own_rows());
        let mut held = None;
        for revision in 1..=commits {
            // While a reader holds an old snapshot, the pages freed since are kept, and the tree of free pages grows.
            match chance.below(60) {
                0 => held = Some(engine.snapshot().unwrap()),
                1 => held = None,
                _ => {}
            }
            let rows = changes(revision, &mut chance);
            sample.commit(&engine, revision, rows);
            each(sample.check().unwrap());
        }
        drop(held);
        engine.close();
        sample
    }

    fn commit(&mut self, engine: &Engine, revision: u64, rows: Vec<Row>) {
        let written = Row {
            table: Table::Meta,
            key: meta::REVISION.to_vec(),
            value: Some(revision.to_be_bytes().to_vec()),
        };
        for Row { table, key, value } in rows.iter().chain([&written]) {
            let name = (*table, key.clone());
            match value {
                Some(value) => {
                    self.ever.insert((name.clone(), value.clone()));
                    self.rows.insert(name, value.clone());
                }
                None => drop(self.rows.remove(&name)),
            }
        }
        let batch = Batch { expected: revision.saturating_sub(1), revision, rows };
        engine.commit(&batch, u64::MAX).unwrap();
    }

    /// The bytes of its file, up to its last page. On Windows the file may be longer than that.
    pub(in crate::store) fn bytes(&self) -> Vec<u8> {
        let path = self.folder.path().join(DATA_FILE);
        let data = File::open(&path).unwrap();
        let metas = Pages::new(&data, self.page_size).unwrap().unwrap().metas().unwrap();
        let last = metas.into_iter().map(|meta| meta.unwrap().last).max().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate((usize::try_from(last).unwrap() + 1) * self.page_size);
        bytes
    }

    pub(in crate::store) fn check(&self) -> Result<Checked, Unsound> {
        check(&File::open(self.folder.path().join(DATA_FILE)).unwrap(), self.page_size, None)
    }
}

/// A temporary file with these bytes. It is deleted when the handle is closed.
pub(in crate::store) fn file(bytes: &[u8]) -> File {
    use std::io::Write as _;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub(in crate::store) fn own_rows() -> Vec<Row> {
    let row = |key: &[u8], value: Vec<u8>| Row { table: Table::Meta, key: key.to_vec(), value: Some(value) };
    vec![row(meta::STORE_ID, vec![7; 16]), row(meta::KEYS_REVISION, vec![0; 8])]
}

/// The changes of one commit: mostly few, sometimes many, and for a while mostly removals.
fn changes(revision: u64, chance: &mut Chance) -> Vec<Row> {
    let mut rows = Vec::new();
    let shrinks = revision % 40 > 30;
    for _ in 0..=chance.below(if revision.is_multiple_of(10) { 60 } else { 3 }) {
        let table = [Table::Records, Table::Records, Table::Keys, Table::Leases][chance.below(4)];
        let length = [100, 700, 1_900, 2_100, 9_000, 40_000][chance.below(6)];
        let removed = chance.below(10) < if shrinks { 9 } else { 3 };
        let value = (!removed).then(|| value(table, revision, length, chance));
        rows.push(Row { table, key: key(table, chance.below(300)), value });
    }
    let key = revision.to_be_bytes().to_vec();
    rows.push(Row { table: Table::Changes, key, value: Some(value(Table::Changes, revision, 100, chance)) });
    rows
}

fn key(table: Table, number: usize) -> Vec<u8> {
    let scattered = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut key = scattered.to_be_bytes().to_vec();
    key.resize(if table == Table::Keys { 16 } else { 32 }, 7);
    key
}

/// A format byte, for a record also the generation of its key, a revision, and random bytes.
fn value(table: Table, revision: u64, length: usize, chance: &mut Chance) -> Vec<u8> {
    let mut value = if table == Table::Records { vec![1, 0] } else { vec![1] };
    value.extend_from_slice(&revision.to_be_bytes());
    value.resize(length, u8::try_from(chance.below(256)).unwrap());
    value
}
