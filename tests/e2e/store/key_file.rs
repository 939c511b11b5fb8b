//! A key file that is missing or another's: an error that says so, nothing made in its place, nothing lost.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Home, Server};

/// A home with one record, and its key file.
fn home_with_record(key: &str, object: &Value, home: &Home) -> PathBuf {
    let mut client = home.client_with(key);
    client.ok("setPersistentData", json!(["user", object]));
    drop(client);
    home.key_file()
}

#[track_caller]
fn check_unavailable(server: &mut Server, key: &str, reason: &str) {
    let set = server.ok("setAPIKey", [key]);
    let members: Vec<_> = set.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["handle"], "nothing else can be known of it");
    for (method, params) in [
        ("getPersistentData", json!(["user"])),
        ("getPersistentRecord", json!(["user"])),
        ("setPersistentData", json!(["user", {}])),
        ("patchPersistentData", json!(["user", {}])),
        ("deletePersistentData", json!(["user"])),
        ("listPersistentData", json!({})),
        ("movePersistentData", json!(["file:///a", "file:///b"])),
        ("listAPIKeys", json!({})),
        ("issueAPIKey", json!(["p"])),
        ("issueAPIKey", json!({"plugin": "p", "installation": "i"})),
        ("setAPIKey", json!({"apiKey": key, "mustExist": true})),
    ] {
        let refused = server.refused(method, params);
        assert_eq!(refused.code, 4001, "{method}");
        assert_eq!(
            (&refused.data["protector"], &refused.data["reason"]),
            (&json!("key-file"), &json!(reason))
        );
        // The last of them is a refused key.
        assert_eq!(server.ok("setAPIKey", [key])["handle"], set["handle"]);
    }
    let status = server.ok("vault/status", Value::Null);
    assert_eq!((&status["keyAvailable"], &status["records"]), (&json!(false), &json!(1)));
}

#[test]
fn a_missing_key_file_is_told_and_found_again_when_it_is_put_back() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let file = home_with_record(&key, &object, &home);
    let aside = home.root().join("aside");
    fs::rename(&file, &aside).unwrap();
    let mut client = home.client();
    check_unavailable(&mut client, &key, "missing");
    assert!(!file.exists(), "another key was made");
    assert_eq!(home.key_folders().len(), 1);
    fs::rename(&aside, &file).unwrap();
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    assert_eq!(client.ok("setAPIKey", [key])["known"], true);
}

#[test]
fn a_whole_key_folder_that_is_missing_is_told() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    home_with_record(&key, &object, &home);
    let aside = home.root().join("aside");
    fs::rename(home.keys(), &aside).unwrap();
    let mut client = home.client();
    check_unavailable(&mut client, &key, "missing");
    assert!(!home.keys().exists());
    fs::rename(&aside, home.keys()).unwrap();
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_key_file_of_another_store_is_told_and_kept() {
    let (home, other) = (Home::new(), Home::new());
    let (key, object) = (home.key(), home.object());
    let file = home_with_record(&key, &object, &home);
    let own = fs::read(&file).unwrap();
    let foreign = fs::read(home_with_record(&other.key(), &object, &other)).unwrap();
    let digits = "0".repeat(64);
    let contents: [&[u8]; 5] = [
        &foreign,
        b"",
        b"no key at all\n",
        &own[..own.len() - 2],
        &[b"plugin-vault key 1 ", digits.as_bytes(), b"\n"].concat(),
    ];
    for content in contents {
        fs::write(&file, content).unwrap();
        let mut client = home.client();
        check_unavailable(&mut client, &key, "wrong");
        assert_eq!(fs::read(&file).unwrap(), content, "the file was changed");
        fs::write(&file, &own).unwrap();
        assert_eq!(client.ok("getPersistentData", ["user"]), object);
    }
}

#[test]
fn a_process_that_has_the_key_goes_on_without_its_file() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut client = home.client_with(&key);
    client.ok("setPersistentData", json!(["user", object]));
    let file = home.key_file();
    let aside = home.root().join("aside");
    fs::rename(&file, &aside).unwrap();
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    client.ok("setPersistentData", json!(["user", object]));
    fs::rename(&aside, &file).unwrap();
}

#[test]
fn a_key_file_without_its_store_is_left_alone() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let file = home_with_record(&key, &object, &home);
    let before = fs::read(&file).unwrap();
    fs::remove_dir_all(home.data()).unwrap();
    let mut client = home.client();
    assert_eq!(client.ok("setAPIKey", [key])["known"], false);
    assert_eq!(home.key_folders().len(), 2);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_script_without_the_key_ends_with_3() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let file = home_with_record(&key, &object, &home);
    fs::remove_file(&file).unwrap();
    let mut script = home.script_with(&key);
    assert_eq!(script.code("getPersistentData", ["user"]), 4001);
    assert_eq!(script.finish().code, Some(3));
}
