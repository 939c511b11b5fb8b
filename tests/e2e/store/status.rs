//! `vault/status`: true in every field, and it makes nothing.

use serde_json::{Value, json};

use crate::harness::Home;

/// Holds a status against what it has to say; it may say more.
#[track_caller]
fn check_members(status: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&status[name], value, "{name}");
    }
    for name in ["storeId", "protector", "repaired"] {
        assert_eq!(status.get(name).is_some(), expected.get(name).is_some(), "{name}");
    }
}

#[test]
fn before_there_is_a_store_the_status_says_so_and_makes_none() {
    let home = Home::new();
    let mut client = home.client();
    let expected = json!({
        "formatVersion": 1,
        "dataDir": home.data(),
        "keyAvailable": false,
        "locked": false,
        "protects": {"copiesOfTheDataFolder": false, "otherUsers": false, "stolenDisk": false},
        "records": 0,
        "bytes": 0,
    });
    check_members(&client.ok("vault/status", Value::Null), &expected);
    assert!(!home.data().exists() && !home.keys().exists());
}

#[test]
fn the_status_of_a_store_is_true() {
    let home = Home::new();
    let mut client = home.client();
    let handles = [client.set_key(&home.key()), client.set_key(&home.key())];
    for handle in &handles {
        for name in ["a", "b"] {
            let params = json!({"context": "user", "name": name, "data": home.object(), "handle": handle});
            client.ok("setPersistentData", params);
        }
    }
    let status = client.ok("vault/status", Value::Null);
    let bytes = status["bytes"].as_u64().unwrap();
    assert!((4_096..10_000_000).contains(&bytes), "{bytes}");
    let id = status["storeId"].as_str().unwrap();
    let expected = json!({
        "storeId": home.key_folders()[0].file_name().unwrap().to_str(),
        "formatVersion": 1,
        "dataDir": home.data(),
        "protector": "key-file",
        "keyAvailable": true,
        "locked": false,
        "protects": {"copiesOfTheDataFolder": true, "otherUsers": true, "stolenDisk": false},
        "records": 4,
        "bytes": bytes,
    });
    check_members(&status, &expected);
    let header = std::fs::read_to_string(home.data().join("header")).unwrap();
    assert!(header.contains(id), "{header} {id}");
    // A process that only asks for the status gets the same.
    assert_eq!(home.client().ok("vault/status", Value::Null), status);
}

#[cfg(unix)]
#[test]
fn a_key_below_the_data_folder_protects_no_copy() {
    let home = Home::new();
    for key_dir in ["data/keys", "data/a/../keys", "link"] {
        let data = home.data();
        let _ = std::fs::remove_dir_all(&data);
        let start = home.start().without_folders().arguments(["--data-dir", "data", "--key-dir", key_dir]);
        if key_dir == "link" {
            std::fs::create_dir(&data).unwrap();
            std::fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
            std::os::unix::fs::symlink(&data, home.root().join("link")).unwrap();
        } else if key_dir.contains("..") {
            std::fs::create_dir_all(data.join("a")).unwrap();
            std::fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        }
        let mut server = start.run();
        server.initialize(&[]);
        server.set_key(&home.key());
        let protects = server.ok("vault/status", Value::Null)["protects"].clone();
        let expected = json!({"copiesOfTheDataFolder": false, "otherUsers": true, "stolenDisk": false});
        assert_eq!(protects, expected, "{key_dir}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_protects_from_no_other_user() {
    let home = Home::new();
    home.client().set_key(&home.key());
    let key = home.key_folders()[0].join("key");
    let set_mode = |mode| {
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    let other_users = || home.client().ok("vault/status", Value::Null)["protects"]["otherUsers"].clone();
    set_mode(0o644);
    assert_eq!(other_users(), false);
    set_mode(0o600);
    assert_eq!(other_users(), true);
}
