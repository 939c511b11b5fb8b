//! Deleting.

use serde_json::{Value, json};

use crate::harness::Home;

#[test]
fn a_deleted_record_is_gone_and_deleting_nothing_changes_nothing() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let nothing = json!({"deleted": false, "revision": 0});
    assert_eq!(script.ok("deletePersistentData", ["user"]), nothing);
    let set = script.revision("setPersistentData", json!(["user", home.object()]));
    let deleted = script.ok("deletePersistentData", ["user"]);
    assert_eq!(deleted["deleted"], true);
    assert!(deleted["revision"].as_u64().unwrap() > set);
    assert_eq!(script.ok("getPersistentData", ["user"]), Value::Null);
    assert_eq!(script.ok("getPersistentRecord", ["user"]), Value::Null);
    assert_eq!(script.ok("listPersistentData", json!({})), json!([]));
    assert_eq!(script.ok("deletePersistentData", ["user"]), nothing);
    assert_eq!(script.ok("vault/status", json!({}))["records"], 0);
}

#[test]
fn a_delete_takes_only_the_record_that_it_names() {
    let home = Home::new();
    let (name, folder, object) = (home.word(), home.folder(), home.object());
    let mut script = home.script_with_key();
    script.ok("setPersistentData", json!(["user", object]));
    script.ok("setPersistentData", json!({"context": "user", "name": name, "data": object}));
    script
        .ok("setPersistentData", json!({"context": "workspace", "workspaceFolder": folder, "data": object}));
    script.ok("deletePersistentData", json!({"context": "user", "name": name}));
    assert_eq!(script.ok("getPersistentData", ["user"]), object);
    let params = json!({"context": "workspace", "workspaceFolder": folder});
    assert_eq!(script.ok("getPersistentData", params), object);
}

#[test]
fn a_record_that_is_made_again_has_a_new_beginning() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let first = script.revision("setPersistentData", json!(["user", {}]));
    let gone = script.revision("deletePersistentData", ["user"]);
    let again = script.revision("setPersistentData", json!(["user", {}]));
    assert!(first < gone && gone < again);
}
