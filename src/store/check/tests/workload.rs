//! Whatever the engine writes is sound.

use super::*;

/// Small numbers that look random, the same ones from the same seed.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit
    }
}

fn key(table: Table, number: usize) -> Vec<u8> {
    let scattered = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut key = scattered.to_be_bytes().to_vec();
    key.resize(if table == Table::Keys { 16 } else { 32 }, 7);
    key
}

/// An environment after some commits, with what `each` says to every one of them.
pub(super) fn used(commits: u64, seed: u64, each: impl Fn(Checked)) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::create(folder.path()).unwrap();
    let page_size = engine.page_size();
    let made = Made { folder, page_size };
    let mut chance = Chance(seed);
    engine.commit(Batch { expected: 0, revision: 0, rows: own_rows() }, u64::MAX).unwrap();
    for revision in 1..=commits {
        let mut rows = Vec::new();
        let shrinks = revision % 40 > 30;
        for _ in 0..=chance.below(if revision % 10 == 0 { 60 } else { 3 }) {
            let table = [Table::Records, Table::Records, Table::Keys, Table::Leases][chance.below(4)];
            let length = [100, 700, 1_900, 2_100, 9_000, 40_000][chance.below(6)];
            let removed = chance.below(10) < if shrinks { 9 } else { 3 };
            let value = (!removed).then(|| vec![u8::try_from(chance.below(256)).unwrap(); length]);
            rows.push(Row { table, key: key(table, chance.below(300)), value });
        }
        rows.push(Row {
            table: Table::Changes,
            key: revision.to_be_bytes().to_vec(),
            value: Some(vec![1; 100]),
        });
        engine.commit(Batch { expected: revision - 1, revision, rows }, u64::MAX).unwrap();
        each(made.check().unwrap());
    }
    engine.close();
    made
}

#[test]
fn whatever_the_engine_writes_is_sound() {
    for seed in 1..=4 {
        let made = used(300, seed, |checked| {
            assert_eq!((checked.damaged_rows, checked.unlisted_pages), (0, 0));
        });
        let checked = made.check().unwrap();
        assert!(checked.pages > 100 && checked.rows > 300, "{checked:?}");
    }
}
