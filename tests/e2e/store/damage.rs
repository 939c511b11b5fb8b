//! Damaged files: an error, never the end of the process, never another store in their place.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::Home;

/// A home with one record; returns the path of its data file.
fn data_file(home: &Home, key: &str, object: &Value) -> PathBuf {
    let mut client = home.client_with(key);
    client.ok("setPersistentData", json!(["user", object]));
    home.data().join("data.mdb")
}

#[track_caller]
fn check_damaged(home: &Home, key: &str, content: &[u8]) {
    let path = home.data().join("data.mdb");
    fs::write(&path, content).unwrap();
    let keys = home.key_folders();
    let mut client = home.client();
    for _ in 0..2 {
        assert_eq!(client.code("setAPIKey", [key]), 4003, "{} bytes", content.len());
    }
    assert_eq!(client.code("vault/status", Value::Null), 4003);
    drop(client);
    assert!(fs::read(&path).unwrap() == content, "the file was changed");
    assert_eq!(home.key_folders(), keys);
}

#[test]
fn garbage_in_the_place_of_a_store_is_damage() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let path = data_file(&home, &key, &object);
    let whole = fs::read(&path).unwrap();
    let mut random = vec![0; 64 * 1024];
    getrandom::fill(&mut random).unwrap();
    for content in [&b"not a store at all\n"[..], &vec![0; 64 * 1024], &random, &whole[..100]] {
        check_damaged(&home, &key, content);
    }
    fs::write(&path, whole).unwrap();
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
}

#[test]
fn an_empty_file_in_the_place_of_a_store_is_damage() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    data_file(&home, &key, &object);
    check_damaged(&home, &key, b"");
}

#[test]
fn a_key_slot_that_is_damaged_is_told_and_kept() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    data_file(&home, &key, &object);
    let slots: Vec<_> =
        fs::read_dir(home.data().join("slots")).unwrap().map(|slot| slot.unwrap().path()).collect();
    assert_eq!(slots.len(), 1);
    let whole = fs::read(&slots[0]).unwrap();
    for at in [0, whole.len() / 2, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&slots[0], &damaged).unwrap();
        let code = home.client().code("setAPIKey", [key.as_str()]);
        assert!([4002, 4003].contains(&code), "byte {at}: {code}");
        assert_eq!(fs::read(&slots[0]).unwrap(), damaged);
    }
    fs::write(&slots[0], whole).unwrap();
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_record_that_is_damaged_is_told_and_kept_until_it_is_written_anew() {
    const BYTES: usize = 400_000;
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let path = data_file(&home, &key, &object);
    let before = fs::metadata(&path).unwrap().len();
    let mut client = home.client_with(&key);
    let large = json!({"context": "user", "name": "large", "data": {"x": "y".repeat(BYTES)}});
    client.ok("setPersistentData", large.clone());
    drop(client);
    let mut damaged = fs::read(&path).unwrap();
    // The record is most of what the file has grown by.
    let middle = usize::try_from(before).unwrap().midpoint(damaged.len());
    damaged[middle] ^= 1;
    fs::write(&path, damaged).unwrap();

    let mut client = home.client_with(&key);
    let address = json!({"context": "user", "name": "large"});
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    for method in ["getPersistentData", "getPersistentRecord"] {
        assert_eq!(client.code(method, address.clone()), 4002, "{method}");
    }
    let change = json!({"context": "user", "name": "large", "patch": {"x": 1}});
    assert_eq!(client.code("patchPersistentData", change), 4002);
    assert_eq!(client.code("getPersistentData", address.clone()), 4002);
    client.ok("setPersistentData", large.clone());
    assert_eq!(client.ok("getPersistentData", address), large["data"]);
}
