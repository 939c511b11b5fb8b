//! The data folder is moved, deleted or copied back while windows have the store open that only read: they use what lies
//! there then, and say so.

use std::fs;

use serde_json::{Value, json};

use super::backup::{notice, wait_for};
use crate::harness::{Home, Server, copy};

const CHANGED: &str = "persistentData/didChange";
const STATUS: &str = "vault/didChangeStatus";

/// What came unasked may be told once more than a test needs.
fn end(mut server: Server) {
    server.shut_down();
    server.forget_answers();
}

#[test]
fn a_window_that_only_reads_goes_over_to_a_folder_that_was_put_in_its_place() {
    let home = Home::new();
    let (key, first, second, third) = (home.key(), home.object(), home.object(), home.object());
    let mut writer = home.client_with(&key);
    writer.ok("setPersistentData", json!(["user", first]));
    let saved = home.root().join("saved");
    copy(&home.data(), &saved);
    writer.ok("setPersistentData", json!(["user", second]));
    let (mut reader, mut watcher) = (home.client_with(&key), home.client_with(&key));
    assert_eq!(reader.ok("getPersistentData", ["user"]), second);
    let since = watcher.ok("watchPersistentData", json!({}))["revision"].as_u64().unwrap();
    drop(writer);

    fs::rename(home.data(), home.root().join("moved")).unwrap();
    fs::rename(&saved, home.data()).unwrap();
    wait_for(|| reader.ok("getPersistentData", ["user"]) == first);
    // The older copy has fewer revisions: a window that compared them would take itself for up to date.
    let told = notice(&mut watcher, CHANGED);
    assert_eq!(told["resync"], true);
    assert!(told["revision"].as_u64().unwrap() < since, "{told} {since}");
    assert_eq!(watcher.ok("getPersistentData", ["user"]), first);
    notice(&mut reader, STATUS);

    let mut writer = home.client_with(&key);
    let revision = writer.revision("setPersistentData", json!(["user", third]));
    loop {
        let told = notice(&mut watcher, CHANGED);
        if told["revision"] == revision {
            assert_eq!((&told["context"], &told["resync"]), (&json!("user"), &Value::Null));
            break;
        }
        assert_eq!(told["resync"], true);
    }
    assert_eq!(reader.ok("getPersistentData", ["user"]), third);
    drop(writer);
    end(reader);
    end(watcher);
}

#[test]
fn a_folder_that_was_deleted_is_an_empty_place_until_something_is_stored() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut watcher = home.client_with(&key);
    watcher.ok("setPersistentData", json!(["user", {"old": 1}]));
    watcher.ok("watchPersistentData", json!({}));
    let old = watcher.ok("vault/status", Value::Null)["storeId"].clone();
    fs::remove_dir_all(home.data()).unwrap();
    // Both come, in any order.
    let (mut changed, mut status) = (None, None);
    while changed.is_none() || status.is_none() {
        let next = watcher.next();
        changed = next.notice(CHANGED).or(changed);
        status = next.notice(STATUS).or(status);
    }
    let changed = changed.unwrap();
    assert_eq!((&changed["resync"], &changed["revision"]), (&json!(true), &json!(0)));
    assert_eq!(status.unwrap().get("storeId"), None);
    assert!(!home.data().exists(), "a window that only watches makes no store");

    let mut writer = home.client_with(&key);
    let revision = writer.revision("setPersistentData", json!(["user", object]));
    while notice(&mut watcher, CHANGED)["revision"] != revision {}
    assert_eq!(watcher.ok("getPersistentData", ["user"]), object);
    let new = watcher.ok("vault/status", Value::Null)["storeId"].clone();
    assert!(new.is_string() && new != old, "{new} {old}");
    drop(writer);
    end(watcher);
}
