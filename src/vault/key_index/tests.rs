//! How many rows a lookup in the index reads, however many keys there are.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::crypto::{ApiKey, StoreId, StoreKey};
use crate::vault::Timestamp;

use super::*;

/// Tables in memory that count the rows that are read.
struct Counting {
    rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    read: Cell<u64>,
    scanned: Cell<u64>,
}

impl View for Counting {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        self.read.set(self.read.get() + 1);
        Ok(self.rows.get(&(table, key.to_vec())).map(Vec::as_slice))
    }

    fn each_after(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        row: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let wanted = |of: Table, key: &[u8]| {
            of == table && key.starts_with(prefix) && after.is_none_or(|after| key > after)
        };
        for ((_, key), value) in self.rows.iter().filter(|((of, key), _)| wanted(*of, key)) {
            self.scanned.set(self.scanned.get() + 1);
            if !row(key, value) {
                break;
            }
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn reserve(&self, _: usize) -> Result<(), Error> {
        Ok(())
    }

    fn revision(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn plugin(number: u64) -> Name {
    name(&format!("plugin.{number}"))
}

/// A store with one kept key for each of this many plugins.
fn filled(keys: &StoreKeys, plugins: u64) -> (Counting, Vec<SlotId>) {
    let mut rows = BTreeMap::new();
    let mut slots = Vec::new();
    for number in 1..=plugins {
        let api_key = ApiKey::generate("p", number);
        let slot = keys.slot(&api_key).id();
        let namespace = NamespaceId::generate();
        let mut row = KeyRow::first(namespace);
        row.issue(Timestamp::from_millis(1), None);
        row.plugin = Some(plugin(number).as_str().to_owned());
        row.installation = Some("nvim".to_owned());
        row.keep(&api_key);
        row.set_revision(number);
        rows.insert((Table::Keys, slot.0.to_vec()), row.seal(keys, slot));
        for (name, value) in rows_for(keys, slot, &row) {
            rows.insert((Table::KeyIndex, name.to_vec()), value);
        }
        let list = sealed_list(keys, namespace, &LiveKeys::of_first(slot, &row));
        rows.insert((list.table, list.key), list.value.unwrap());
        slots.push(slot);
    }
    let complete = of_no_keys();
    rows.insert((complete.table, complete.key), complete.value.unwrap());
    (Counting { rows, read: Cell::new(0), scanned: Cell::new(0) }, slots)
}

fn store_keys() -> StoreKeys {
    StoreKeys::derive(StoreId([1; 16]), StoreKey::from_slice(&[2; 32]).unwrap())
}

/// The result of `look`, and how many rows it reads and scans.
fn cost<T>(view: &Counting, look: impl FnOnce(&Counting) -> T) -> (T, u64, u64) {
    view.read.set(0);
    view.scanned.set(0);
    let found = look(view);
    (found, view.read.get(), view.scanned.get())
}

#[test]
fn finding_a_kept_key_reads_no_rows_of_other_keys() {
    let keys = store_keys();
    for plugins in [1, 10, 1_000] {
        let (view, slots) = filled(&keys, plugins);
        let kept = |plugin: Name| {
            let (found, read, scanned) = cost(&view, |view| find_kept(view, &keys, &plugin, &name("nvim")));
            (found.unwrap().map(|(slot, _)| slot), read, scanned)
        };
        // Four reads: whether the index is complete, where the key is, its row, and the list of its namespace.
        assert_eq!(kept(plugin(plugins)), (slots.last().copied(), 4, 0));
        assert_eq!(kept(name("another")), (None, 2, 0));
        let (found, read, scanned) = cost(&view, |view| look(view, &keys, slots[0]));
        assert_eq!((found.unwrap().is_some(), read, scanned), (true, 2, 0));
    }
}

#[test]
fn without_the_index_the_table_of_keys_gives_the_same_result() {
    let keys = store_keys();
    let (mut view, slots) = filled(&keys, 20);
    view.rows.retain(|(table, _), _| *table == Table::Keys);
    for (number, slot) in (1..).zip(&slots) {
        let (found, _, scanned) = cost(&view, |view| find_kept(view, &keys, &plugin(number), &name("nvim")));
        assert_eq!(found.unwrap().map(|(slot, _)| slot), Some(*slot));
        assert!(scanned >= 20);
    }
    assert!(find_kept(&view, &keys, &name("another"), &name("nvim")).unwrap().is_none());
}

#[test]
fn a_sealed_list_of_keys_opens_only_in_its_place() {
    let keys = store_keys();
    let (here, there) = (NamespaceId([3; 16]), NamespaceId([4; 16]));
    let list = LiveKeys((0..40).map(|number| (SlotId([number; 16]), u64::from(number) << 40)).collect());
    for list in [LiveKeys::default(), list] {
        let row = sealed_list(&keys, here, &list);
        let value = row.value.unwrap();
        let open = |namespace, value: &[u8]| LiveKeys::open(&keys, &list_row(&keys, namespace), value);
        assert_eq!(open(here, &value), Some(list));
        assert_eq!(open(there, &value), None);
        assert_eq!(open(here, &value[..value.len() - 1]), None);
        assert_eq!(open(here, &[]), None);
    }
}

#[test]
fn a_row_is_valid_only_at_the_revision_in_the_list() {
    let slot = SlotId([5; 16]);
    let row = |revision| {
        let mut row = KeyRow::first(NamespaceId([6; 16]));
        row.set_revision(revision);
        row
    };
    let list = LiveKeys::of_first(slot, &row(7));
    assert_eq!(list.check(slot, &row(7)), Ok(()));
    assert_eq!(list.check(slot, &row(6)), Err(Error::ApiKeyRevoked));
    assert_eq!(list.check(slot, &row(8)), Err(Error::KEY_DAMAGED));
    assert_eq!(list.check(SlotId([6; 16]), &row(7)), Err(Error::ApiKeyRevoked));
}

#[test]
fn without_a_list_the_newest_owner_is_the_owner() {
    let space = NamespaceId([7; 16]);
    let slot = |number| SlotId([number; 16]);
    let owner = |revision, live: bool| {
        let mut row = KeyRow::first(space);
        row.set_revision(revision);
        if live {
            row
        } else {
            let mut row = row.revoked();
            row.set_revision(revision);
            row
        }
    };
    let shared = |of: u8, revision| {
        let mut row = KeyRow::shared(space, slot(of));
        row.set_revision(revision);
        row
    };
    let live = |rows: Vec<(u8, KeyRow)>| {
        let rows: Vec<_> = rows.into_iter().map(|(number, row)| (slot(number), row)).collect();
        let live = LiveKeys::from_rows(rows.iter().map(|(slot, row)| (*slot, row)));
        live.slots().map(|slot| slot.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(live(vec![(1, owner(5, true)), (2, shared(1, 6))]), [1, 2]);
    assert_eq!(
        live(vec![(1, owner(5, true)), (3, owner(9, true)), (2, shared(1, 6)), (4, shared(3, 8))]),
        [3, 4]
    );
    // The owner has ended, and all keys with it.
    assert_eq!(live(vec![(1, owner(5, true)), (3, owner(9, false)), (2, shared(3, 6))]), [0; 0]);
    // The owner's row can't be read.
    assert_eq!(live(vec![(2, shared(1, 6)), (4, shared(3, 8))]), [2, 4]);
}
