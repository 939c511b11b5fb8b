//! The check against real environments, and against random changes of them.

use proptest::prelude::*;

use crate::limits;
use crate::rows::{Table, meta};
use crate::store::{Batch, Row};

use super::super::engine::Engine;
use super::super::sample::{Chance, Sample, file, own_rows};
use super::*;

/// `PLUGIN_VAULT_CHECK_SEEDS` is the number of seeds.
#[test]
fn whatever_the_engine_writes_is_sound() {
    let seeds = std::env::var("PLUGIN_VAULT_CHECK_SEEDS").map_or(3, |text| text.parse().unwrap());
    for seed in 1..=seeds {
        let sample = Sample::used(200, seed, |checked| {
            assert_eq!((checked.damaged_rows, checked.unlisted_pages), (0, 0));
        });
        let checked = sample.check().unwrap();
        assert_eq!(checked.rows, sample.rows.len() as u64);
        assert!(checked.pages > 100, "{checked:?}");
    }
}

fn checked(bytes: &[u8], page_size: usize) -> Result<Checked, Unsound> {
    check(&file(bytes), page_size, None)
}

#[test]
fn each_bit_of_the_meta_pages_is_told_or_means_nothing() {
    let sample = Sample::used(20, 1, |_| ());
    let whole = sample.bytes();
    let sound = checked(&whole, sample.page_size).unwrap();
    assert_eq!(sound, sample.check().unwrap());
    for page in [0, sample.page_size] {
        for bit in 0..Meta::LENGTH * 8 {
            let mut bytes = whole.clone();
            bytes[page + bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = checked(&bytes, sample.page_size) {
                // Padding, the size of the map, and the content of the older page besides its number.
                assert_eq!(found, sound, "bit {bit} of the page at {page}");
            }
        }
    }
}

/// The headers of tree pages: damage in them is found at both depths.
#[test]
fn the_structure_is_checked_to_every_depth() {
    let sample = Sample::used(15, 3, |_| ());
    let whole = sample.bytes();
    let to = |depth, bytes: &[u8]| check_to(depth, &file(bytes), sample.page_size, None);
    let structure = to(Depth::Structure, &whole).unwrap();
    assert_eq!(structure, sample.check().unwrap());
    let mut noticed = 0;
    for page in (2 * sample.page_size..whole.len()).step_by(sample.page_size) {
        for byte in 0..16 {
            let mut bytes = whole.clone();
            bytes[page + byte] ^= 1 << (byte % 8);
            let all = to(Depth::Rows, &bytes);
            if all.is_ok_and(|found| found.damaged_rows == 0) {
                continue;
            }
            if let Err(Unsound::Damaged(damage)) = all {
                assert_eq!(to(Depth::Structure, &bytes), Err(Unsound::Damaged(damage)), "{page} {byte}");
                noticed += 1;
            }
        }
    }
    assert!(noticed > 50, "{noticed}");
}

/// A number above every possible revision is no counter, even if its row is whole.
#[test]
fn a_counter_that_no_store_reaches_is_damage() {
    let check_with = |row: Row, revision, depth| {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::create(&crate::files::Dir::open(folder.path()).unwrap()).unwrap();
        let page_size = engine.page_size();
        let mut rows = own_rows();
        rows.push(row);
        engine.commit(&Batch { expected: 0, revision, rows }, u64::MAX).unwrap();
        engine.close();
        check_to(depth, &File::open(folder.path().join(super::super::DATA_FILE)).unwrap(), page_size, None)
    };
    let row =
        |name: &[u8], value: Vec<u8>| Row { table: Table::Meta, key: name.to_vec(), value: Some(value) };
    let counters = [meta::KEYS_REVISION, meta::FORGOTTEN, meta::RESTORED];
    for depth in [Depth::Rows, Depth::Structure] {
        for name in counters {
            let counter = |number: u64| row(name, number.to_be_bytes().to_vec());
            check_with(counter(limits::REVISION), 1, depth).unwrap();
            for wrong in [counter(limits::REVISION + 1), counter(u64::MAX), row(name, vec![0; 7])] {
                let found = check_with(wrong, 1, depth);
                assert!(
                    matches!(found, Err(Unsound::Damaged(Damage { what: What::OwnRow, .. }))),
                    "{found:?}"
                );
            }
        }
        let other = || row(b"something else", vec![0xFF; 8]);
        check_with(other(), limits::REVISION, depth).unwrap();
        check_with(other(), limits::REVISION + 1, depth).unwrap_err();
    }
}

#[test]
fn a_snapshot_that_is_not_there_any_more_is_gone() {
    let sample = Sample::used(20, 1, |_| ());
    let data = file(&sample.bytes());
    let newest = sample.check().unwrap().txn;
    assert_eq!(check(&data, sample.page_size, Some(newest)).map(|checked| checked.txn), Ok(newest));
    assert_eq!(check(&data, sample.page_size, Some(newest - 2)), Err(Unsound::Gone));
    assert_eq!(check(&data, sample.page_size, Some(newest + 1)), Err(Unsound::Gone));
}

#[test]
fn a_value_that_is_damaged_is_counted_and_a_key_is_damage() {
    let sample = Sample::used(20, 1, |_| ());
    let whole = sample.bytes();
    let (mut values, mut keys) = (0, 0);
    for ((table, key), value) in sample.rows.iter().filter(|((table, _), _)| *table != Table::Meta) {
        let row = [&key[..], &value[..value.len().min(64)]].concat();
        // Short rows only. A row that occurs more than once is damaged at each place.
        for at in (0..whole.len() - row.len()).filter(|at| whole[*at..].starts_with(&row)) {
            let mut bytes = whole.clone();
            bytes[at + key.len() + 20] ^= 1;
            values += checked(&bytes, sample.page_size).unwrap().damaged_rows;
            let mut bytes = whole.clone();
            bytes[at + key.len() - 1] ^= 1;
            match checked(&bytes, sample.page_size) {
                // The copy was in a free page.
                Ok(found) => assert_eq!(found.damaged_rows, 0),
                Err(Unsound::Damaged(Damage { what: What::Key | What::Order, .. })) => keys += 1,
                Err(other) => panic!("{table:?}: {other:?}"),
            }
        }
    }
    assert!(values > 10 && keys == values, "{values} values, {keys} keys");
}

#[test]
fn pages_of_another_size_and_files_that_are_none_are_damaged() {
    let sample = Sample::used(5, 1, |_| ());
    let whole = sample.bytes();
    for size in [0, 1, 512, 2_048, 4_095, 8_192, 1 << 15, 1 << 16, usize::MAX] {
        assert_eq!(checked(&whole, size).is_ok(), size == sample.page_size, "{size}");
        let _ = checked(&[], size);
    }
    assert!(checked(&whole[..sample.page_size], sample.page_size).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_at_all_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20_000)) {
        prop_assert!(checked(&bytes, 4_096).is_err());
    }
}

/// `PLUGIN_VAULT_FUZZ` is the number of mutations.
#[test]
fn no_mutated_file_is_a_panic() {
    let cases = std::env::var("PLUGIN_VAULT_FUZZ").map_or(3_000, |text| text.parse().unwrap());
    let sample = Sample::used(40, 5, |_| ());
    let whole = sample.bytes();
    for case in 0..cases {
        let mut chance = Chance::new(case);
        let bytes = mutated(&whole, sample.page_size, &mut chance);
        let _ = checked(&bytes, sample.page_size);
        let _ = check_heads(&file(&bytes), sample.page_size);
    }
}

/// Replaces numbers where a tree stores its own numbers.
pub(in crate::store) fn mutated(whole: &[u8], page_size: usize, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=chance.below(6) {
        let page = chance.below(bytes.len() / page_size) * page_size;
        let part = if chance.below(2) == 0 { 200 } else { page_size - 8 };
        let at = page + chance.below(part);
        let number = [0, 1, 2, 3, 0xff, 0xffff, u64::MAX, 1 << 40, chance.below(page_size) as u64];
        let number = number[chance.below(9)].to_ne_bytes();
        let width = [1, 2, 4, 8][chance.below(4)];
        bytes[at..at + width].copy_from_slice(&number[..width]);
    }
    if chance.below(8) == 0 {
        bytes.truncate(chance.below(whole.len()));
    }
    bytes
}
