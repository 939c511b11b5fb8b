//! The check against real environments, and against what chance makes of them.

use proptest::prelude::*;

use super::super::Table;
use super::super::sample::{Chance, Sample, file};
use super::*;

/// `PLUGIN_VAULT_CHECK_SEEDS` is how many.
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
    let sound = sample.check().unwrap();
    for page in [0, sample.page_size] {
        for bit in 0..Meta::LENGTH * 8 {
            let mut bytes = whole.clone();
            bytes[page + bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = checked(&bytes, sample.page_size) {
                // Padding, the size of the map, and what the older page says beyond its number.
                assert_eq!(found, sound, "bit {bit} of the page at {page}");
            }
        }
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
        // Short rows only, and where they lie more than once, all of them.
        for at in (0..whole.len() - row.len()).filter(|at| whole[*at..].starts_with(&row)) {
            let mut bytes = whole.clone();
            bytes[at + key.len() + 20] ^= 1;
            values += checked(&bytes, sample.page_size).unwrap().damaged_rows;
            let mut bytes = whole.clone();
            bytes[at + key.len() - 1] ^= 1;
            match checked(&bytes, sample.page_size) {
                // A page that is free.
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

/// `PLUGIN_VAULT_FUZZ` is how many.
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

/// Numbers in place of others, where a tree's own numbers lie.
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
