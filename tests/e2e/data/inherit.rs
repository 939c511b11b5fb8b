//! Reads that inherit: the folder's record, else the nearest parent folder's, else the user's.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Home, Server};

/// The address of a record of a folder, to read with `inherit`.
fn inherited(folder: &str) -> Value {
    json!({"context": "workspace", "workspaceFolder": folder, "inherit": true})
}

fn set(client: &mut Server, folder: &str, data: &Value) {
    let record = json!({"context": "workspace", "workspaceFolder": folder, "data": data});
    client.ok("setPersistentData", record);
}

/// Reads with both methods, which have to agree; returns the data, and where it was found.
#[track_caller]
fn read(client: &mut Server, address: &Value) -> (Value, Value) {
    let data = client.ok("getPersistentData", address.clone());
    let record = client.ok("getPersistentRecord", address.clone());
    assert_eq!(record.get("data").unwrap_or(&Value::Null), &data);
    (data, record.get("foundIn").cloned().unwrap_or_default())
}

#[test]
fn the_nearest_folder_that_has_a_record_gives_it_and_at_last_the_user() {
    let home = Home::new();
    let top = home.folder();
    let (middle, bottom) = (format!("{top}/a"), format!("{top}/a/b/c"));
    let (own, above, users) = (home.object(), home.object(), home.object());
    let mut client = home.client_with(&home.key());
    let found_in = |folder: &str| json!({"context": "workspace", "workspaceFolder": folder});
    assert_eq!(read(&mut client, &inherited(&bottom)), (Value::Null, Value::Null));
    client.ok("setPersistentData", json!(["user", users]));
    assert_eq!(read(&mut client, &inherited(&bottom)), (users.clone(), json!({"context": "user"})));
    set(&mut client, &middle, &above);
    assert_eq!(read(&mut client, &inherited(&bottom)), (above.clone(), found_in(&middle)));
    set(&mut client, &bottom, &own);
    assert_eq!(read(&mut client, &inherited(&bottom)), (own, found_in(&bottom)));

    assert_eq!(read(&mut client, &inherited(&top)), (users.clone(), json!({"context": "user"})));
    let user = json!({"context": "user", "inherit": true});
    assert_eq!(read(&mut client, &user), (users, json!({"context": "user"})));
    let without = json!({"context": "workspace", "workspaceFolder": top, "inherit": false});
    assert_eq!(read(&mut client, &without), (Value::Null, Value::Null));
    let plain = client.ok("getPersistentRecord", json!({"context": "workspace", "workspaceFolder": middle}));
    assert!(plain.get("foundIn").is_none(), "only a read that inherits says where");
}

#[test]
fn only_a_record_with_the_same_name_is_inherited() {
    let home = Home::new();
    let (folder, name, object) = (home.folder(), home.word(), home.object());
    let mut client = home.client_with(&home.key());
    client.ok("setPersistentData", json!(["user", home.object()]));
    let mut address = inherited(&folder);
    address["name"] = json!(name);
    assert_eq!(read(&mut client, &address).0, Value::Null);
    client.ok("setPersistentData", json!({"context": "user", "name": name, "data": object}));
    assert_eq!(read(&mut client, &address), (object, json!({"context": "user"})));
}

#[test]
fn segments_make_a_parent_and_an_opaque_folder_has_none() {
    let home = Home::new();
    let top = home.folder();
    let (data, users) = (home.object(), home.object());
    let mut client = home.client_with(&home.key());
    client.ok("setPersistentData", json!(["user", users]));
    set(&mut client, &top, &data);
    for (folder, expected) in [
        (format!("{top}/x/"), &data),
        (format!("{top}//x"), &data),
        (format!("{top}x/y"), &users),
        (format!("{top}%2Fx"), &users),
    ] {
        assert_eq!(read(&mut client, &inherited(&folder)).0, *expected, "{folder}");
    }
    let word = home.word();
    set(&mut client, &format!("x-y:{word}"), &data);
    assert_eq!(read(&mut client, &inherited(&format!("x-y:{word}/part"))).0, users, "an opaque folder");
}

#[test]
fn sixty_four_folders_above_are_looked_in() {
    let home = Home::new();
    let top = home.folder();
    let (data, users) = (home.object(), home.object());
    let mut client = home.client_with(&home.key());
    client.ok("setPersistentData", json!(["user", users]));
    set(&mut client, &top, &data);
    let below = |levels: usize| format!("{top}{}", "/d".repeat(levels));
    assert_eq!(read(&mut client, &inherited(&below(64))).0, data);
    assert_eq!(read(&mut client, &inherited(&below(65))).0, users);
}

#[test]
fn a_folder_outside_of_the_scope_counts_as_empty() {
    let home = Home::new();
    let top = home.folder();
    let bottom = format!("{top}/part");
    let (above, users) = (home.object(), home.object());
    let mut owner = home.client();
    let key = owner.ok("issueAPIKey", [home.word()])["apiKey"].as_str().unwrap().to_owned();
    owner.set_key(&key);
    owner.ok("setPersistentData", json!(["user", users]));
    set(&mut owner, &top, &above);
    for (scope, expected) in [
        (json!({}), above.clone()),
        (json!({"contexts": ["user"]}), users.clone()),
        (json!({"contexts": ["user", "workspace"], "workspaceFolders": [bottom]}), users),
        (json!({"workspaceFolders": [bottom]}), Value::Null),
        (json!({"workspaceFolders": [top]}), above),
    ] {
        let shared = owner.ok("shareAPIKey", json!({"scope": scope}))["apiKey"].as_str().unwrap().to_owned();
        let mut other = home.client_with(&shared);
        assert_eq!(read(&mut other, &inherited(&bottom)).0, expected, "{scope}");
    }
}

#[test]
fn an_expired_record_counts_as_empty_and_the_connections_own_writes_count() {
    let home = Home::new();
    let top = home.folder();
    let bottom = format!("{top}/part");
    let (above, own) = (home.object(), home.object());
    let mut client = home.client_with(&home.key());
    set(&mut client, &top, &above);
    let expired = json!({"context": "workspace", "workspaceFolder": bottom, "data": home.object(),
        "expiresAt": "2001-01-01T00:00:00Z"});
    client.ok("setPersistentData", expired);
    assert_eq!(read(&mut client, &inherited(&bottom)).0, above);
    // Both are sent before the first is answered.
    let write = client
        .begin("setPersistentData", json!({"context": "workspace", "workspaceFolder": bottom, "data": own}));
    let read_behind = client.begin("getPersistentData", inherited(&bottom));
    assert!(client.answer(write).is_ok());
    assert_eq!(client.answer(read_behind).unwrap(), own);
}

#[test]
fn a_folder_that_is_missing_or_wrong_is_refused_as_ever() {
    let home = Home::new();
    let mut client = home.client_with(&home.key());
    client.ok("setPersistentData", json!(["user", home.object()]));
    for method in ["getPersistentData", "getPersistentRecord"] {
        assert_eq!(client.code(method, inherited("no-uri")), 2004);
        assert_eq!(client.code(method, json!({"context": "user", "inherit": "yes"})), -32602);
    }
    let mut nowhere = home.client_in(&[]);
    nowhere.set_key(&home.key());
    assert_eq!(nowhere.code("getPersistentData", json!({"context": "workspace", "inherit": true})), 2003);
}

#[test]
fn a_damaged_record_on_the_way_is_an_error_and_not_skipped() {
    const BYTES: usize = 400_000;
    let home = Home::new();
    let top = home.folder();
    let (middle, bottom) = (format!("{top}/a"), format!("{top}/a/b"));
    let (key, above) = (home.key(), home.object());
    let path = home.data().join("data.mdb");
    let mut client = home.client_with(&key);
    client.ok("setPersistentData", json!(["user", home.object()]));
    set(&mut client, &top, &above);
    let before = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    set(&mut client, &middle, &json!({"x": "y".repeat(BYTES)}));
    drop(client);
    let mut damaged = fs::read(&path).unwrap();
    // The record is most of what the file has grown by.
    let at = before.midpoint(damaged.len());
    damaged[at] ^= 1;
    fs::write(&path, damaged).unwrap();

    let mut client = home.client_with(&key);
    assert_eq!(read(&mut client, &inherited(&top)).0, above);
    for method in ["getPersistentData", "getPersistentRecord"] {
        assert_eq!(client.code(method, inherited(&bottom)), 4002, "{method}");
    }
    set(&mut client, &bottom, &above);
    assert_eq!(read(&mut client, &inherited(&bottom)).0, above, "what is nearer is not damaged");
}
