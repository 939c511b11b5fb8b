//! The rows that salvage returns, against everything that was ever written.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::check::check;
use super::super::layout::{BRANCH, LEAF, Page};
use super::super::sample::{Chance, Name, Sample, file};
use super::*;

/// Salvages a damaged file, and checks that each returned row was once written.
fn salvaged(sample: &Sample, bytes: &[u8], newer_than: u64) -> (BTreeMap<Name, (Standing, Vec<u8>)>, Lost) {
    let data = file(bytes);
    let mut salvaged = salvage(&data, sample.page_size, newer_than).unwrap();
    let mut rows = BTreeMap::new();
    for row in salvaged.rows.clone() {
        let value = salvaged.value(&row).unwrap().unwrap();
        let name = (row.table, row.key);
        assert!(sample.ever.contains(&(name.clone(), value.clone())), "{:?} was never written", row.table);
        assert!(row.revision.is_none_or(|revision| revision > newer_than));
        rows.insert(name, (row.standing, value));
    }
    (rows, salvaged.lost)
}

/// The numbers of the pages of one kind, including free ones.
fn pages(bytes: &[u8], size: usize, kind: u16) -> impl Iterator<Item = usize> {
    let is_kind = move |number: &usize| {
        let page = Page::new(&bytes[number * size..][..size]);
        page.flags() == Some(kind) && page.number() == Some(*number as u64)
    };
    (2..bytes.len() / size).filter(is_kind)
}

/// Checks that every live row has its last written value. Returns the number of live rows.
fn live_rows_are_right(sample: &Sample, rows: &BTreeMap<Name, (Standing, Vec<u8>)>) -> usize {
    let live = rows.iter().filter(|(_, (standing, _))| *standing == Standing::Live);
    live.map(|(name, (_, value))| assert_eq!(sample.rows.get(name), Some(value), "{:?}", name.0)).count()
}

#[test]
fn a_whole_file_gives_each_row_and_nothing_else() {
    let sample = Sample::used(100, 1, |_| ());
    let (rows, lost) = salvaged(&sample, &sample.bytes(), 0);
    assert_eq!(lost, Lost { missing: Some(0), ..Lost::default() });
    assert_eq!(live_rows_are_right(&sample, &rows), sample.rows.len());
    assert_eq!(rows.len(), sample.rows.len());
}

#[test]
fn only_what_is_newer_is_given_where_rows_say_how_new_they_are() {
    let sample = Sample::used(100, 1, |_| ());
    let (rows, lost) = salvaged(&sample, &sample.bytes(), 90);
    assert_eq!(lost.missing, Some(0));
    assert_eq!(rows.keys().filter(|(table, _)| *table == Table::Changes).count(), 10);
    let (rows, _) = salvaged(&sample, &sample.bytes(), 100);
    assert!(rows.keys().all(|(table, _)| matches!(table, Table::Meta | Table::Keys)));
}

#[test]
fn rows_below_a_broken_branch_are_live_all_the_same() {
    let sample = Sample::used(100, 2, |_| ());
    let whole = sample.bytes();
    let mut broken = 0;
    for number in pages(&whole, sample.page_size, BRANCH) {
        let mut bytes = whole.clone();
        bytes[number * sample.page_size..][..sample.page_size].fill(0);
        let is_used = check(&file(&bytes), sample.page_size, None).is_err();
        let (rows, lost) = salvaged(&sample, &bytes, 0);
        let live = live_rows_are_right(&sample, &rows);
        assert_eq!((live, lost.missing), (sample.rows.len(), Some(0)), "page {number}");
        assert_eq!(lost.pages, u64::from(is_used));
        broken += u64::from(is_used);
    }
    assert!(broken >= 2, "{broken} branches");
}

#[test]
fn of_a_lost_leaf_the_count_is_told_and_nothing_is_live_that_is_not() {
    let sample = Sample::used(100, 3, |_| ());
    let whole = sample.bytes();
    let mut missing = 0;
    for number in pages(&whole, sample.page_size, LEAF) {
        let mut bytes = whole.clone();
        bytes[number * sample.page_size..][..sample.page_size].fill(0);
        let (rows, lost) = salvaged(&sample, &bytes, 0);
        let live = live_rows_are_right(&sample, &rows);
        if let Some(known) = lost.missing {
            assert_eq!(known, (sample.rows.len() - live) as u64, "page {number}");
            missing += known;
        }
    }
    assert!(missing > 100, "{missing}");
}

#[test]
fn without_the_newest_meta_page_the_last_commit_is_later_and_the_one_before_live() {
    let sample = Sample::used(60, 4, |_| ());
    let whole = sample.bytes();
    let newest = check(&file(&whole), sample.page_size, None).unwrap().txn;
    let mut bytes = whole.clone();
    bytes[usize::from(newest % 2 == 1) * sample.page_size..][..sample.page_size].fill(0);
    let data = file(&bytes);
    let salvaged = salvage(&data, sample.page_size, 0).unwrap();
    assert_eq!(salvaged.txn, Some(newest - 1));
    assert_eq!(salvaged.lost.missing, Some(0));
    let later = || salvaged.rows.iter().filter(|row| row.standing == Standing::Later);
    assert!(later().all(|row| row.revision == Some(60)));
    assert!(later().any(|row| row.table == Table::Changes && row.key == 60_u64.to_be_bytes()));
    let last_records = sample
        .rows
        .iter()
        .filter(|((table, _), value)| *table == Table::Records && value[2..10] == 60_u64.to_be_bytes());
    let names: Vec<_> = last_records.map(|((_, key), _)| key.clone()).collect();
    assert!(!names.is_empty());
    let given: Vec<_> =
        later().filter(|row| row.table == Table::Records).map(|row| row.key.clone()).collect();
    assert_eq!(given, names);
    // Without either meta page, every row is stale.
    bytes[..2 * sample.page_size].fill(0);
    let data = file(&bytes);
    let salvaged = super::salvage(&data, sample.page_size, 0).unwrap();
    assert_eq!((salvaged.txn, salvaged.lost.missing), (None, None));
    assert!(salvaged.rows.len() > 50 && salvaged.rows.iter().all(|row| row.standing == Standing::Stale));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_at_all_are_a_panic_or_a_row(bytes in proptest::collection::vec(any::<u8>(), 0..20_000)) {
        let data = file(&bytes);
        prop_assert!(salvage(&data, 4_096, 0).unwrap().rows.is_empty());
    }
}

/// `PLUGIN_VAULT_FUZZ` is the number of mutations.
#[test]
fn damage_of_any_kind_gives_no_row_that_was_not_written() {
    let cases = std::env::var("PLUGIN_VAULT_FUZZ").map_or(200, |text| text.parse().unwrap());
    let sample = Sample::used(60, 5, |_| ());
    let whole = sample.bytes();
    for case in 0..cases {
        let mut chance = Chance::new(case);
        let mut bytes = super::super::check::mutated(&whole, sample.page_size, &mut chance);
        if case % 3 == 0 {
            let page = |chance: &mut Chance| chance.below(whole.len() / sample.page_size) * sample.page_size;
            let (one, other) = (page(&mut chance), page(&mut chance));
            bytes.resize(whole.len(), 0);
            bytes[one..one + sample.page_size].copy_from_slice(&whole[other..other + sample.page_size]);
        }
        let (rows, _) = salvaged(&sample, &bytes, 0);
        if bytes[..2 * sample.page_size] == whole[..2 * sample.page_size] {
            live_rows_are_right(&sample, &rows);
        }
    }
}
