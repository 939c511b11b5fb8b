//! What is left of a revoked key for a person who has the data folder as it is then, the key file, and the key itself:
//! every byte string in every file is tried as that key's slot.

use std::path::PathBuf;

use plugin_vault::crypto::{DataKeys, RecordId, SlotKeys};
use plugin_vault::store::SLOT_HEADER;
use serde_json::{Value, json};

use crate::disk::Disk;
use crate::harness::files;
use crate::server::{Home, Server, random_key, with};

/// Nonce, 64 bytes of padded text, tag.
const WRAPPED: usize = 12 + 64 + 16;

/// A copy of the folders in another person's hands.
struct Copy {
    home: Home,
    disk: Disk,
}

impl Copy {
    fn of(home: &Home) -> Self {
        let to = home.copied();
        let disk = Disk::open(&to.data(), &to.keys());
        Self { home: to, disk }
    }

    /// Where something lies that a key opens, and what it opens.
    fn opened_by(&self, api_key: &Value) -> Vec<(PathBuf, DataKeys)> {
        let slot = self.disk.slot(api_key);
        let mut found = Vec::new();
        for (path, content) in files(&self.home.data()) {
            for keys in unwrapped(&self.disk, &slot, &content) {
                found.push((path.strip_prefix(self.home.data()).unwrap().to_owned(), keys));
            }
        }
        found
    }

    /// Whether these bytes stand in a file.
    fn has(&self, bytes: &[u8]) -> bool {
        let found = files(&self.home.data());
        found.iter().any(|(_, content)| content.windows(bytes.len()).any(|window| window == bytes))
    }
}

fn unwrapped(disk: &Disk, slot: &SlotKeys, content: &[u8]) -> Vec<DataKeys> {
    let mut found = Vec::new();
    let mut tried_zeros = false;
    for window in content.windows(WRAPPED) {
        // Zeros are zeros wherever they are.
        let zeros = window.iter().all(|byte| *byte == 0);
        if zeros && tried_zeros {
            continue;
        }
        tried_zeros |= zeros;
        if let Ok((namespace, key)) = slot.unwrap(SLOT_HEADER, window) {
            found.push(DataKeys::derive(disk.store, namespace, &key));
        }
    }
    found
}

/// Whether a data key opens a record that lies there as it was written.
fn opens(keys: &DataKeys, id: &[u8], row: &[u8]) -> bool {
    let (header, rest) = row.split_at(34);
    let (length, rest) = rest.split_at(4);
    let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
    let id = RecordId(id.try_into().unwrap());
    keys.open_record(id, header, rest.to_vec(), length).is_ok()
}

/// A namespace with a secret in it: its owner's key, and its handle.
fn filled(server: &mut Server) -> (Value, Value) {
    let (issued, handle) = server.issue("a.b");
    let params = json!({"context": "user", "data": {"secret": random_key()}});
    server.ok("setPersistentData", with(&handle, params));
    (issued["apiKey"].clone(), handle)
}

#[test]
fn nothing_opens_what_an_owner_has_revoked() {
    let home = Home::new();
    let mut server = home.server();
    let (first, handle) = filled(&mut server);
    let (bystander, _) = filled(&mut server);
    let shared = server.ok("shareAPIKey", with(&handle, json!({})))["apiKey"].clone();
    let brought = random_key();
    server.ok("rotateAPIKey", with(&handle, json!({"apiKey": brought})));
    home.back_up();
    let before = Copy::of(&home);
    assert!(!files(&before.home.data().join("backups")).is_empty(), "there is no backup to look at");
    // The search works: it finds each live slot, once, and it opens the record.
    for key in [&brought, &shared] {
        let found = before.opened_by(key);
        assert_eq!(found.len(), 1, "{:?}", found.iter().map(|(path, _)| path).collect::<Vec<_>>());
        let slot = before.disk.slot(key).id().to_text();
        assert_eq!(found[0].0, PathBuf::from("slots").join(slot));
        let records = before.disk.rows(crate::disk::RECORDS);
        let opened = records.iter().filter(|(id, row)| opens(&found[0].1, id, row)).count();
        assert_eq!((opened, records.len()), (1, 2));
    }
    // The key that was rotated away opens nothing any more.
    assert!(before.opened_by(&first).is_empty());
    server.ok("revokeAPIKey", with(&handle, json!({})));
    let after = Copy::of(&home);
    assert!(!files(&after.home.data().join("backups")).is_empty());
    for key in [&first, &brought, &shared] {
        assert!(after.opened_by(key).is_empty());
    }
    assert_eq!(after.opened_by(&bystander).len(), 1);
    // Nor later, when pages have been used again and the processes have ended.
    server.issue("a.b");
    drop(server);
    let later = Copy::of(&home);
    for key in [&first, &brought, &shared] {
        assert!(later.opened_by(key).is_empty());
    }
}

#[test]
fn nothing_opens_with_a_shared_key_that_was_revoked() {
    let home = Home::new();
    let mut server = home.server();
    let (owner, handle) = filled(&mut server);
    let shared = server.ok("shareAPIKey", with(&handle, json!({})));
    server.ok("revokeAPIKey", with(&handle, json!({"keyId": shared["keyId"]})));
    let copy = Copy::of(&home);
    assert!(copy.opened_by(&shared["apiKey"]).is_empty());
    assert_eq!(copy.opened_by(&owner).len(), 1);
}

#[test]
fn no_key_stands_in_the_data_folder() {
    let home = Home::new();
    let mut server = home.server();
    let kept = server.ok("issueAPIKey", json!({"plugin": "a.b", "installation": "nvim"}));
    let (own, handle) = filled(&mut server);
    let shared = server.ok("shareAPIKey", with(&handle, json!({})));
    let copy = Copy::of(&home);
    for key in [&kept["apiKey"], &own, &shared["apiKey"]] {
        let text = key.as_str().unwrap();
        assert!(!copy.has(text.as_bytes()));
        assert!(!copy.has(&base16ct::lower::decode_vec(text).unwrap()));
    }
    assert!(!copy.has(copy.disk.keys.store_key().expose()));
    // The search finds what is there.
    assert!(copy.has(SLOT_HEADER));
}

/// A rotation to a key that the caller brought did not come through; the caller took another. What the first attempt
/// left behind must not outlive the namespace.
#[cfg(feature = "faults")]
#[test]
fn nothing_opens_with_a_key_whose_rotation_failed() {
    for point in ["before-commit:full:1", "before-commit:kill:1"] {
        let home = Home::new();
        let (owner, _) = filled(&mut home.server());
        let brought = random_key();
        let mut failing = home.failing(point);
        let handle = failing.handle_of(&owner);
        let asked = failing.begin("rotateAPIKey", with(&handle, json!({"apiKey": brought})));
        match failing.answer_or_end(asked) {
            Some(answer) => assert_eq!(answer.unwrap_err().code, 5001),
            None => assert_ne!(failing.wait_for_end().code, Some(0)),
        }
        let mut server = home.server();
        let handle = server.handle_of(&owner);
        server.ok("revokeAPIKey", with(&handle, json!({})));
        let found = Copy::of(&home).opened_by(&brought);
        let places: Vec<_> = found.iter().map(|(path, _)| path).collect();
        assert!(places.is_empty(), "{point}: the data key lies in {places:?}");
    }
}

/// A rotation replaces the key and not the data key: the threat model says so.
#[test]
fn an_old_key_and_its_old_slot_file_open_what_is_written_after_a_rotation() {
    let home = Home::new();
    let mut server = home.server();
    let (old, handle) = filled(&mut server);
    let before = Copy::of(&home);
    let slot = before.disk.slot(&old);
    let kept = std::fs::read(before.home.data().join("slots").join(slot.id().to_text())).unwrap();
    server.ok("rotateAPIKey", with(&handle, json!({})));
    let params = json!({"context": "user", "name": "later", "data": {"secret": random_key()}});
    server.ok("setPersistentData", with(&handle, params));
    let after = Copy::of(&home);
    // Nothing of the old slot is left in the folder. Who has kept a copy of its file has the data key.
    assert!(after.opened_by(&old).is_empty());
    let keys = unwrapped(&after.disk, &slot, &kept);
    let records = after.disk.rows(crate::disk::RECORDS);
    let opened = records.iter().filter(|(id, row)| opens(&keys[0], id, row)).count();
    assert_eq!((keys.len(), opened, records.len()), (1, 2, 2));
}
