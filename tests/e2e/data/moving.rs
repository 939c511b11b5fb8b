//! Moving a folder's records: all of them, or none.

use serde_json::{Value, json};

use crate::harness::{Home, Server};

fn set(server: &mut Server, folder: &str, name: Option<&str>, data: &Value) -> u64 {
    let params = json!({"context": "workspace", "workspaceFolder": folder, "name": name, "data": data});
    server.revision("setPersistentData", params)
}

fn get(server: &mut Server, folder: &str, name: Option<&str>) -> Value {
    let params = json!({"context": "workspace", "workspaceFolder": folder, "name": name});
    server.ok("getPersistentData", params)
}

#[test]
fn all_records_of_a_folder_move_in_one_commit() {
    let home = Home::new();
    let (from, to, name) = (home.folder(), home.folder(), home.word());
    let (one, other, user) = (home.object(), home.object(), home.object());
    let mut script = home.script_with_key();
    set(&mut script, &from, None, &one);
    let address = json!({"context": "workspace", "workspaceFolder": from, "name": name});
    let mut params = address.clone();
    params["data"] = other.clone();
    params["expiresAt"] = "2100-01-01T00:00:00Z".into();
    script.ok("setPersistentData", params);
    let last = script.revision("setPersistentData", json!(["user", user]));
    let before = script.ok("getPersistentRecord", address);

    let moved = script.ok("movePersistentData", json!([from, to]));
    assert_eq!(moved, json!({"moved": 2, "revision": last + 4}));
    assert_eq!(
        (get(&mut script, &from, None), get(&mut script, &from, Some(&name))),
        (Value::Null, Value::Null)
    );
    assert_eq!((get(&mut script, &to, None), get(&mut script, &to, Some(&name))), (one, other));
    assert_eq!(script.ok("getPersistentData", ["user"]), user);
    let after = json!({"context": "workspace", "workspaceFolder": to, "name": name});
    let after = script.ok("getPersistentRecord", after);
    assert_eq!(after["createdAt"], before["createdAt"]);
    assert_eq!(after["expiresAt"], before["expiresAt"]);
    assert!(after["revision"].as_u64() > before["revision"].as_u64());
    assert_eq!(script.ok("listPersistentData", json!({})).as_array().unwrap().len(), 3);
}

#[test]
fn moving_nothing_changes_nothing() {
    let home = Home::new();
    let (from, to) = (home.folder(), home.folder());
    let mut script = home.script_with_key();
    let nothing = json!({"moved": 0, "revision": 0});
    assert_eq!(script.ok("movePersistentData", json!([from, to])), nothing);
    let revision = set(&mut script, &to, None, &home.object());
    assert_eq!(script.ok("movePersistentData", json!([from, to])), nothing);
    // Two spellings of one folder: nothing has to move.
    assert_eq!(script.ok("movePersistentData", json!([to, format!("{to}/")])), nothing);
    let record = script.ok("getPersistentRecord", json!({"context": "workspace", "workspaceFolder": to}));
    assert_eq!(record["revision"], revision);
}

#[test]
fn nothing_moves_onto_a_record() {
    let home = Home::new();
    let (from, to, name) = (home.folder(), home.folder(), home.word());
    let (one, other, there) = (home.object(), home.object(), home.object());
    let mut script = home.script_with_key();
    set(&mut script, &from, None, &one);
    set(&mut script, &from, Some(&name), &other);
    set(&mut script, &to, Some(&name), &there);
    assert_eq!(script.code("movePersistentData", json!([from, to])), 2005);
    assert_eq!(
        (get(&mut script, &from, None), get(&mut script, &from, Some(&name))),
        (one.clone(), other.clone())
    );
    assert_eq!((get(&mut script, &to, None), get(&mut script, &to, Some(&name))), (Value::Null, there));
    script.ok("deletePersistentData", json!({"context": "workspace", "workspaceFolder": to, "name": name}));
    assert_eq!(script.ok("movePersistentData", json!([from, to]))["moved"], 2);
    assert_eq!((get(&mut script, &to, None), get(&mut script, &to, Some(&name))), (one, other));
}

#[test]
fn records_move_at_the_limit_of_records_and_below_a_record_that_has_expired() {
    let home = Home::new();
    let (from, to, object) = (home.folder(), home.folder(), home.object());
    let mut server = home.start().arguments(["--max-records", "2"]).run();
    server.initialize(&[]);
    server.set_key(&home.key());
    set(&mut server, &from, None, &object);
    let expired = json!({"context": "workspace", "workspaceFolder": to, "data": {}, "expiresAt": "2001-01-01T00:00:00Z"});
    server.ok("setPersistentData", expired);
    assert_eq!(server.ok("movePersistentData", json!([from, to]))["moved"], 1);
    assert_eq!(get(&mut server, &to, None), object);
}

#[test]
fn a_move_touches_no_other_namespace() {
    let home = Home::new();
    let (from, to, object) = (home.folder(), home.folder(), home.object());
    let mut one = home.script_with_key();
    let mut other = home.script_with_key();
    set(&mut one, &from, None, &object);
    set(&mut other, &from, None, &object);
    one.ok("movePersistentData", json!([from, to]));
    assert_eq!(get(&mut other, &from, None), object);
    assert_eq!(get(&mut other, &to, None), Value::Null);
}
