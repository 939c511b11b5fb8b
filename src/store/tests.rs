//! What the store does without being asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use super::*;
use crate::files;
use crate::rows::id_text;

const ID: Id = [7; 16];
/// The size of one of the two blocks of a protector file.
const BLOCK: usize = 4096;

/// A store that begins with one protector and no rows.
struct Empty;

impl NewStore for Empty {
    type Error = StoreError;

    fn may_be_made(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), StoreError> {
        Ok(([1; 16], (ID, b"a row".to_vec()), Vec::new()))
    }
}

/// Opens the store in a folder, as a new process does.
fn open(folder: &Path) -> Store {
    let location = Location::new(folder.to_owned(), true, [2; 16]);
    location.open(u64::MAX, || 0, Some(&Empty)).unwrap().unwrap()
}

fn protector_file(folder: &Path) -> PathBuf {
    folder.join("protectors").join(id_text(&ID))
}

#[test]
fn opening_finishes_a_removal_that_a_process_did_not_finish() {
    let folder = tempfile::tempdir().unwrap();
    let file = protector_file(folder.path());
    let store = open(folder.path());
    let whole = fs::read(&file).unwrap();
    let lock = store.lock().unwrap();
    store.change_protector(&lock, &ProtectorChange::Add(([8; 16], b"another row".to_vec()))).unwrap();
    store.change_protector(&lock, &ProtectorChange::Remove(ID)).unwrap();
    let removed = fs::read(&file).unwrap();
    drop(lock);
    store.close();
    files::replace(&file, &[&removed[..BLOCK], &whole[BLOCK..]].concat()).unwrap();
    let _store = open(folder.path());
    assert_eq!(fs::read(&file).unwrap(), removed);
}

#[test]
fn the_first_write_lock_repairs_the_protector_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = protector_file(folder.path());
    open(folder.path()).close();
    let whole = fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    damaged[BLOCK + 20] ^= 1;
    files::replace(&file, &damaged).unwrap();
    let store = open(folder.path());
    assert_eq!(fs::read(&file).unwrap(), damaged, "reading repairs nothing");
    drop(store.lock().unwrap());
    assert_eq!(fs::read(&file).unwrap(), whole);
    files::replace(&file, &damaged).unwrap();
    drop(store.lock().unwrap());
    assert_eq!(fs::read(&file).unwrap(), damaged, "each opening looks once");
}

#[test]
fn a_process_hears_of_its_own_repair_when_it_begins_to_watch() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    store.was_repaired = true;
    let (heard, events) = channel();
    let _watcher = store.watch(move |event| heard.send(event).unwrap(), || ());
    assert_eq!(events.try_recv(), Ok(StoreEvent::StateChanged));
}

// Windows renames no file that is open.
#[cfg(unix)]
#[test]
fn a_slot_is_not_damaged_where_another_store_took_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert!(matches!(store.slot(&ID), Ok(Slot::Absent)));
    fs::rename(folder.path().join("data.mdb"), folder.path().join("moved.mdb")).unwrap();
    assert!(matches!(store.slot(&ID), Err(StoreError::Busy(BusyReason::Replaced))));
    assert!(!store.is_usable());
}
