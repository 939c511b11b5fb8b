//! Tests with rows of an attacker who can write to the data file and has none of its keys: every checksum is right, and
//! nothing is sealed. No such row may cause a plugin's data to be overwritten.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::reasons::Full;
use super::sample::{KEY, Sample};
use super::{Error, GetRecord, OneByOne, Opened, Revoke, Target};
use crate::limits;
use crate::rows::{Table, meta};
use crate::store::{Batch, Row, Slot};

const OTHER: &str = "1123456789abcdef0123456789abcdef01234567";
const THIRD: &str = "2123456789abcdef0123456789abcdef01234567";

struct Forged(Sample);

impl Forged {
    fn new() -> Self {
        let place = Self(Sample::new());
        place.set(KEY, r#"{"n":1}"#).unwrap();
        place.set(OTHER, r#"{"n":2}"#).unwrap();
        place
    }

    fn opened(&self) -> Arc<Opened> {
        self.0.opened()
    }

    fn target(key: &str) -> Target {
        Sample::target(key, None)
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Error> {
        self.0.set(Self::target(key), text, None)
    }

    fn get(&self, key: &str) -> Result<Option<String>, Error> {
        let record = self.opened().read(&GetRecord(Self::target(key)), &OneByOne)?;
        Ok(record.map(|record| record.text))
    }

    /// Writes rows without any check.
    fn forge(&self, rows: Vec<Row>, revision: Option<u64>) {
        let opened = self.opened();
        let lock = opened.store().lock().unwrap();
        let expected = opened.store().snapshot().unwrap().revision().unwrap();
        let batch = Batch { expected, revision: revision.unwrap_or(expected), rows };
        opened.store().commit(&lock, &batch).unwrap();
    }

    /// The slot files with their content.
    fn slots(&self) -> Vec<(String, Vec<u8>)> {
        let slots = fs::read_dir(self.0.data().join("slots")).unwrap().map(|entry| entry.unwrap().path());
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut slots: Vec<_> = slots.map(|path| (name(&path), fs::read(&path).unwrap())).collect();
        slots.sort();
        slots
    }

    /// Opens the store again, as another process would.
    fn open_anew(&self) {
        self.0.vault.end();
    }
}

fn row(table: Table, key: &[u8], value: Option<Vec<u8>>) -> Row {
    Row { table, key: key.to_vec(), value }
}

fn number(name: &[u8], number: u64) -> Row {
    row(Table::Meta, name, Some(number.to_be_bytes().to_vec()))
}

/// Each counter, set to a number that no store reaches.
#[test]
fn a_counter_that_no_store_reaches_is_repaired_and_destroys_nothing() {
    let counters = [meta::REVISION, meta::KEYS_REVISION, meta::FORGOTTEN, meta::RESTORED];
    for name in counters {
        for forged in [limits::REVISION + 1, 1 << 63, u64::MAX] {
            for anew in [true, false] {
                let place = Forged::new();
                let slots = place.slots();
                let before = place.opened().store().snapshot().unwrap().revision().unwrap();
                if name == meta::REVISION {
                    place.forge(Vec::new(), Some(forged));
                } else {
                    place.forge(vec![number(name, forged)], None);
                }
                if anew {
                    place.open_anew();
                } else {
                    // A process that has the store open reads the row at its next write.
                    let _ = place.set(OTHER, r#"{"n":3}"#);
                    let _ = place.opened().changes(&Forged::target(KEY).caller, 0);
                }
                let said = format!("{} {forged} {anew}", String::from_utf8_lossy(name));
                assert_eq!(place.get(KEY).unwrap().as_deref(), Some(r#"{"n":1}"#), "{said}");
                assert_eq!(place.slots(), slots, "{said}");
                place.set(KEY, r#"{"n":4}"#).unwrap();
                let opened = place.opened();
                let snapshot = opened.store().snapshot().unwrap();
                let revision = snapshot.revision().unwrap();
                assert!(revision > before && revision <= limits::REVISION, "{said}: {revision}");
                // The counter of restored stores is read only when the store is opened.
                assert_eq!(snapshot.repaired().unwrap().is_some(), anew || name != meta::RESTORED, "{said}");
                assert_eq!(place.slots(), slots, "{said}");
            }
        }
    }
}

/// The last number: no further one is assigned, and nothing overflows.
#[test]
fn after_the_last_revision_the_store_is_read_only() {
    let place = Forged::new();
    place.forge(Vec::new(), Some(limits::REVISION));
    assert_eq!(place.set(KEY, "{}"), Err(Error::StoreFull(Full::Revisions)));
    assert_eq!(place.get(KEY).unwrap().as_deref(), Some(r#"{"n":1}"#));
    // After a repair the revision is still the last one.
    place.forge(vec![number(meta::FORGOTTEN, u64::MAX)], None);
    place.open_anew();
    assert_eq!(place.get(KEY).unwrap().as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(place.opened().store().snapshot().unwrap().revision(), Ok(limits::REVISION));
    assert_eq!(place.set(KEY, "{}"), Err(Error::StoreFull(Full::Revisions)));
}

#[test]
fn a_forged_order_to_destroy_the_slot_of_a_live_key_is_forgotten() {
    for anew in [true, false] {
        let place = Forged::new();
        let slots = place.slots();
        let order = |name: &str| {
            let slot = base16ct::lower::decode_vec(name).unwrap();
            row(Table::Meta, &[meta::DESTROY, &slot].concat(), Some(Vec::new()))
        };
        place.forge(slots.iter().map(|(name, _)| order(name)).collect(), None);
        if anew {
            place.open_anew();
        }
        assert_eq!(place.get(KEY).unwrap().as_deref(), Some(r#"{"n":1}"#));
        place.set(OTHER, r#"{"n":3}"#).unwrap();
        assert_eq!(place.slots(), slots);
        let mut orders = 0;
        let opened = place.opened();
        let snapshot = opened.store().snapshot().unwrap();
        snapshot.scan(Table::Meta, meta::DESTROY, |_, _| orders += 1).unwrap();
        assert_eq!(orders, 0);
    }
}

/// A key's row is removed, as when an older `data.mdb` is put back. The key's data must still exist when the row comes
/// back.
#[test]
fn a_removed_row_does_not_destroy_its_slot() {
    let forged = Forged::new();
    let slots = forged.slots();
    let mut rows = Vec::new();
    let take = |slot: &[u8], value: &[u8]| rows.push((slot.to_vec(), value.to_vec()));
    forged.opened().store().snapshot().unwrap().scan(Table::Keys, &[], take).unwrap();
    assert_eq!(rows.len(), 2);
    let all = |there: bool| {
        let value = |value: &Vec<u8>| there.then(|| value.clone());
        let keys: Vec<_> = rows.iter().map(|(slot, row_of)| row(Table::Keys, slot, value(row_of))).collect();
        let opened = forged.opened();
        let next = opened.store().snapshot().unwrap().revision().unwrap() + 1;
        // This makes every process check its keys again.
        forged.forge(keys.into_iter().chain([number(meta::KEYS_REVISION, next)]).collect(), Some(next));
    };
    all(false);
    for key in [KEY, OTHER] {
        assert_eq!(forged.set(key, "{}"), Err(Error::KEY_DAMAGED), "it is not a new key");
    }
    // Issuing and revoking another key does not destroy their slots.
    forged.set(THIRD, "{}").unwrap();
    let caller = Forged::target(THIRD).caller;
    forged.0.write(Revoke { caller, key_id: None }).unwrap();
    let now = forged.slots();
    assert!(slots.iter().all(|slot| now.contains(slot)));
    assert!(
        now.iter().any(|(_, content)| content.iter().all(|byte| *byte == 0)),
        "the third slot is destroyed"
    );
    all(true);
    assert_eq!(forged.get(KEY).unwrap().as_deref(), Some(r#"{"n":1}"#));
}

/// A process ended between writing the slot file and committing its row.
#[test]
fn a_slot_without_a_commit_is_overwritten_by_the_next_commit_of_a_key() {
    let forged = Forged::new();
    let left_over = [7; 16];
    let opened = forged.opened();
    let store = opened.store();
    store.put_slot(&left_over, &[1; 100]).unwrap();
    // A repeated attempt replaces it.
    store.put_slot(&left_over, &[2; 100]).unwrap();
    forged.set(OTHER, "{}").unwrap();
    assert!(matches!(store.slot(&left_over), Ok(Slot::Wrapped(_))), "no key has changed");
    forged.set(THIRD, "{}").unwrap();
    assert!(matches!(store.slot(&left_over), Ok(Slot::Destroyed)));
    let pending = fs::read(forged.0.data().join("pending-slots")).unwrap();
    assert!(pending.is_empty());
}

/// Changes that this program did not write. They must neither stop a watch nor make it read everything again for ever.
#[test]
fn a_forged_change_with_an_unassigned_revision_is_skipped() {
    let place = Forged::new();
    let opened = place.opened();
    let mut namespaces = Vec::new();
    let take = |id: &[u8], _: &[u8]| namespaces.push(id[..16].to_vec());
    opened.store().snapshot().unwrap().scan(Table::Records, &[], take).unwrap();
    let forged = |at: u64, namespace: &[u8]| {
        row(Table::Changes, &at.to_be_bytes(), Some([&[1], namespace, &[9; 16][..], &[0; 64][..]].concat()))
    };
    let rows =
        namespaces.iter().flat_map(|namespace| [forged(u64::MAX, namespace), forged(1 << 60, namespace)]);
    place.forge(rows.collect(), None);
    let last = opened.store().snapshot().unwrap().revision().unwrap();
    let caller = Forged::target(KEY).caller;
    place.set(KEY, r#"{"n":5}"#).unwrap();
    for after in [last, last + 1] {
        let changed = opened.changes(&caller, after).unwrap();
        assert!(!changed.fell_behind && !changed.more, "after {after}");
        assert_eq!(changed.up_to, last + 1);
    }
}
