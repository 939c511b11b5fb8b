//! What `docs/threat-model.md` says of a person with a copy of the folders, or who can write to them: what they get, as
//! plainly as what they do not.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::disk::{Disk, KEYS, RECORDS};
use crate::harness::{copy, files};
use crate::server::{Home, Server, random_key, with};

/// A store with one object, and the key that opens it.
fn stored() -> (Home, Value, Value) {
    let (home, key, object) = (Home::new(), random_key(), json!({"secret": random_key()}));
    let mut server = home.server();
    server.handle_of(&key);
    server.ok("setPersistentData", json!(["user", object]));
    drop(server);
    (home, key, object)
}

fn read(server: &mut Server) -> Value {
    server.ok("getPersistentData", json!(["user"]))
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_copy_of_the_data_folder_opens_nothing_even_with_the_api_key() {
    let (home, key, _) = stored();
    let thief = Home::without_store();
    copy(&home.data(), &thief.data());
    let mut server = thief.server();
    assert_eq!(server.ok("setAPIKey", json!([key])).as_object().unwrap().len(), 1, "a handle, and no more");
    for (method, params) in [
        ("getPersistentData", json!(["user"])),
        ("getPersistentRecord", json!(["user"])),
        ("listPersistentData", json!({})),
        ("listAPIKeys", json!({})),
        ("setPersistentData", json!(["user", {}])),
        ("issueAPIKey", json!({"plugin": "a.b", "installation": "nvim"})),
    ] {
        let refused = server.call(method, &params).unwrap_err();
        assert_eq!((refused.code, &refused.data["reason"]), (4001, &json!("missing")), "{method}");
    }
    assert_eq!(server.finish().code, Some(3));
    assert!(!thief.keys().exists(), "a key was made");
}

#[test]
fn a_copy_of_the_key_folder_holds_no_data() {
    let (home, key, object) = stored();
    let found = files(&home.keys());
    assert_eq!(found.len(), 1);
    let secret = object["secret"].as_str().unwrap();
    for (_, content) in &found {
        assert!(!has(content, secret.as_bytes()) && !has(content, key.as_str().unwrap().as_bytes()));
    }
    let thief = Home::without_store();
    copy(&home.keys(), &thief.keys());
    let mut server = thief.server();
    assert_eq!(server.ok("setAPIKey", json!([key]))["known"], false);
    assert_eq!(read(&mut server), Value::Null);
}

#[test]
fn an_api_key_opens_nothing_without_its_store() {
    let (_home, key, _) = stored();
    let (elsewhere, _, _) = stored();
    let mut server = elsewhere.server();
    assert_eq!(server.ok("setAPIKey", json!([key]))["known"], false);
    assert_eq!(server.code("setAPIKey", json!({"apiKey": key, "mustExist": true})), 1003);
    server.handle_of(&key);
    assert_eq!(read(&mut server), Value::Null);
    assert_eq!(server.ok("listPersistentData", json!({})), json!([]));
}

#[test]
fn names_on_the_disk_are_derived_and_say_nothing() {
    let key = random_key();
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let home = Home::new();
        let mut server = home.server();
        let kept =
            server.ok("issueAPIKey", json!({"plugin": "acme.words", "installation": "installation-of-mine"}));
        for key in [&key, &kept["apiKey"]] {
            let handle = server.handle_of(key);
            for params in [
                json!({"context": "user", "name": "refresh-token", "data": {}}),
                json!({"context": "workspace", "workspaceFolder": "file:///home/me/thesis", "data": {}}),
            ] {
                server.ok("setPersistentData", with(&handle, params));
            }
        }
        drop(server);
        let disk = Disk::open(&home.data(), &home.keys());
        let rows = [KEYS, RECORDS].into_iter().flat_map(|table| disk.rows(table));
        let slots = files(&home.data().join("slots")).into_iter();
        let slots = slots.map(|(path, _)| path.file_name().unwrap().as_encoded_bytes().to_vec());
        // The same key, plugin, folder and names have other names in another store.
        for name in rows.map(|(name, _)| name).chain(slots) {
            assert!(seen.insert(name), "two stores have a name in common");
        }
        disk.close();
        for (path, content) in files(&home.data()) {
            let path = path.strip_prefix(home.data()).unwrap().to_str().unwrap();
            for word in ["acme.words", "installation-of-mine", "refresh-token", "thesis", "workspace"] {
                assert!(!path.contains(word) && !has(&content, word.as_bytes()), "{word}");
            }
        }
    }
    // Two keys, their slots, and four records, twice.
    assert_eq!(seen.len(), 2 * (2 + 2 + 4));
}

#[test]
fn a_process_of_the_same_user_gets_a_kept_key() {
    let home = Home::new();
    let pair = json!({"plugin": "a.b", "installation": "nvim"});
    let mut plugin = home.server();
    let kept = plugin.ok("issueAPIKey", &pair)["apiKey"].clone();
    plugin.handle_of(&kept);
    plugin.ok("setPersistentData", json!(["user", {"a": 1}]));
    let (own, _) = plugin.issue("a.b");
    // Another process says that it is that plugin.
    let mut claimant = home.server();
    let given = claimant.ok("issueAPIKey", &pair);
    assert_eq!((&given["created"], &given["apiKey"]), (&json!(false), &kept));
    claimant.handle_of(&given["apiKey"]);
    assert_eq!(read(&mut claimant), json!({"a": 1}));
    // What the vault does not keep it can't give to anybody.
    let other = claimant.ok("issueAPIKey", json!(["a.b"]));
    assert!(other["apiKey"] != own["apiKey"] && other["keyId"] != own["keyId"]);
}

#[test]
fn both_folders_together_open_what_the_vault_keeps_where_there_is_a_key_file() {
    let home = Home::new();
    let pair = json!({"plugin": "a.b", "installation": "nvim"});
    let mut server = home.server();
    let kept = server.ok("issueAPIKey", &pair);
    server.handle_of(&kept["apiKey"]);
    server.ok("setPersistentData", json!(["user", {"a": 1}]));
    drop(server);
    let stolen = home.copied();
    let mut server = stolen.server();
    assert_eq!(server.ok("vault/status", json!({}))["protects"]["stolenDisk"], false);
    let given = server.ok("issueAPIKey", &pair);
    assert_eq!(given["apiKey"], kept["apiKey"]);
    server.handle_of(&given["apiKey"]);
    assert_eq!(read(&mut server), json!({"a": 1}));
}

#[test]
fn a_copy_that_was_made_before_a_revocation_opens_what_it_opened() {
    let (home, key, object) = stored();
    let before = home.copied();
    let mut server = home.server();
    server.handle_of(&key);
    server.ok("revokeAPIKey", json!({}));
    assert_eq!(server.code("setAPIKey", json!([key])), 1004);
    let mut old = before.server();
    old.handle_of(&key);
    assert_eq!(read(&mut old), object);
}

#[test]
fn a_folder_that_was_put_back_is_taken_for_the_store_that_it_was() {
    let (home, key, object) = stored();
    let before = home.copied();
    let mut server = home.server();
    server.handle_of(&key);
    server.ok("setPersistentData", json!(["user", {"later": true}]));
    server.ok("revokeAPIKey", json!({}));
    drop(server);
    fs::remove_dir_all(home.data()).unwrap();
    copy(&before.data(), &home.data());
    let mut server = home.server();
    server.handle_of(&key);
    assert_eq!(read(&mut server), object);
}

#[test]
fn an_older_value_in_its_old_place_authenticates() {
    let (home, key, object) = stored();
    let disk = Disk::open(&home.data(), &home.keys());
    let older = disk.rows(RECORDS);
    let mut server = home.server();
    server.handle_of(&key);
    server.ok("setPersistentData", json!(["user", {"later": true}]));
    disk.put(&[(RECORDS, &older[0].0, &older[0].1)]);
    assert_eq!(read(&mut server), object);
    disk.close();
}

#[test]
fn a_row_that_was_taken_away_is_not_missed() {
    let (home, key, _) = stored();
    let disk = Disk::open(&home.data(), &home.keys());
    let row = disk.rows(RECORDS).remove(0);
    disk.remove(RECORDS, &row.0);
    let mut server = home.server();
    server.handle_of(&key);
    assert_eq!(read(&mut server), Value::Null);
    // Nor is the whole folder.
    drop(server);
    disk.close();
    fs::remove_dir_all(home.data()).unwrap();
    let mut server = home.server();
    assert_eq!(server.ok("setAPIKey", json!([key]))["known"], false);
}

#[test]
fn sizes_dates_and_counts_can_be_seen() {
    let home = Home::new();
    let mut server = home.server();
    let handles = [random_key(), random_key()].map(|key| server.handle_of(&key));
    for (handle, lengths) in handles.iter().zip([&[1, 30, 1_000][..], &[1]]) {
        for (number, length) in lengths.iter().enumerate() {
            let params =
                json!({"context": "user", "name": format!("n{number}"), "data": {"x": "y".repeat(*length)}});
            server.ok("setPersistentData", with(handle, params));
        }
    }
    drop(server);
    let disk = Disk::open(&home.data(), &home.keys());
    let rows = disk.rows(RECORDS);
    disk.close();
    // Which rows belong together, and so how many there are of each.
    let namespaces: BTreeSet<_> = rows.iter().map(|(id, _)| id[..16].to_vec()).collect();
    let mut counts: Vec<_> =
        namespaces.iter().map(|one| rows.iter().filter(|(id, _)| id.starts_with(one)).count()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 3]);
    // Lengths, in steps of 64: those of 1 and of 30 are alike.
    let mut lengths: Vec<_> = rows.iter().map(|(_, row)| row.len()).collect();
    lengths.sort_unstable();
    assert!(lengths[0] == lengths[1] && lengths[1] == lengths[2] && lengths[2] < lengths[3], "{lengths:?}");
    assert_eq!((lengths[3] - lengths[0]) % 64, 0);
    // Revisions, and the times of writing.
    let revisions: BTreeSet<_> = rows.iter().map(|(_, row)| row[2..10].to_vec()).collect();
    assert_eq!(revisions.len(), 4);
    assert!(
        rows.iter().all(|(_, row)| u64::from_be_bytes(row[10..18].try_into().unwrap()) > 1_700_000_000_000)
    );
}

#[test]
fn deleted_data_stays_in_free_pages_and_is_sealed() {
    let (home, key, object) = stored();
    let disk = Disk::open(&home.data(), &home.keys());
    let (_, row) = disk.rows(RECORDS).remove(0);
    let mut server = home.server();
    server.handle_of(&key);
    server.ok("deletePersistentData", json!(["user"]));
    assert!(disk.rows(RECORDS).is_empty());
    let file = fs::read(home.data().join("data.mdb")).unwrap();
    assert!(has(&file, &row), "it is gone already");
    assert!(!has(&file, object["secret"].as_str().unwrap().as_bytes()));
    disk.close();
}

#[test]
fn every_client_sees_the_stores_counts_and_revisions() {
    let home = Home::new();
    let mut plugin = home.server();
    plugin.issue("a.b");
    let mut other = home.server();
    let (_, handle) = other.issue("c.d");
    let write = |server: &mut Server, handle: &Value| {
        let params = with(handle, json!({"context": "user", "data": {"a": 1}}));
        server.ok("setPersistentData", &params)["revision"].as_u64().unwrap()
    };
    let records = |server: &mut Server| server.ok("vault/status", json!({}))["records"].as_u64().unwrap();
    let (before, first) = (records(&mut other), write(&mut other, &handle));
    let (_, plugins) = plugin.issue("a.b");
    write(&mut plugin, &plugins);
    // One record is its own, the other is not; and between its own two revisions there is another's.
    assert_eq!(records(&mut other), before + 2);
    let params = with(&handle, json!({"context": "user", "data": {"a": 2}}));
    let second = other.ok("setPersistentData", &params)["revision"].as_u64().unwrap();
    assert!(second > first + 1, "{first}, {second}");
}
