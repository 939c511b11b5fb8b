//! Setting and getting: one object for each context, folder and name.

use serde_json::{Value, json};

use crate::harness::Home;

#[test]
fn what_was_set_is_what_one_gets() {
    let home = Home::new();
    let object = home.object();
    let mut script = home.script_with_key();
    assert_eq!(script.ok("getPersistentData", ["user"]), Value::Null);
    assert_eq!(script.ok("getPersistentRecord", ["user"]), Value::Null);
    let revision = script.revision("setPersistentData", json!(["user", object]));
    assert!(revision > 0);
    assert_eq!(script.ok("getPersistentData", json!({"context": "user"})), object);
    let record = script.ok("getPersistentRecord", ["user"]);
    assert_eq!((&record["data"], &record["revision"]), (&object, &revision.into()));
    let members: Vec<_> = record.as_object().unwrap().keys().collect();
    assert_eq!(members, ["createdAt", "data", "revision", "updatedAt"]);
}

#[test]
fn each_address_has_an_object_of_its_own() {
    let home = Home::new();
    let (folder, other, name) = (home.folder(), home.folder(), home.word());
    let addresses = [
        json!({"context": "user"}),
        json!({"context": "user", "name": name}),
        json!({"context": "user", "name": home.word()}),
        json!({"context": "user", "name": folder}),
        json!({"context": "workspace", "workspaceFolder": folder}),
        json!({"context": "workspace", "workspaceFolder": folder, "name": name}),
        json!({"context": "workspace", "workspaceFolder": other}),
        json!({"context": "workspace", "workspaceFolder": other, "name": name}),
    ];
    let mut client = home.client_with(&home.key());
    let objects: Vec<_> = addresses.iter().map(|_| home.object()).collect();
    for (address, object) in addresses.iter().zip(&objects) {
        let mut params = address.clone();
        params["data"] = object.clone();
        client.ok("setPersistentData", params);
    }
    for (address, object) in addresses.iter().zip(&objects) {
        assert_eq!(client.ok("getPersistentData", address.clone()), *object);
    }
}

#[test]
fn a_later_write_takes_the_place_of_an_earlier_one_and_keeps_its_beginning() {
    let home = Home::new();
    let mut script = home.script_with_key();
    script.ok("setPersistentData", json!(["user", home.object()]));
    let first = script.ok("getPersistentRecord", ["user"]);
    let object = home.object();
    script.ok("setPersistentData", json!(["user", object]));
    let second = script.ok("getPersistentRecord", ["user"]);
    assert_eq!(second["data"], object);
    assert_eq!(first["createdAt"], second["createdAt"]);
    let time = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    assert!(time(&second, "updatedAt") >= time(&first, "updatedAt"));
    for name in ["createdAt", "updatedAt"] {
        let text = time(&second, name);
        assert!(text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T', "{text}");
    }
}

#[test]
fn data_is_there_after_a_restart() {
    let home = Home::new();
    let (key, object, name) = (home.key(), home.object(), home.word());
    let address = json!({"context": "user", "name": name});
    let mut client = home.client_with(&key);
    client.ok("setPersistentData", json!({"context": "user", "name": name, "data": object}));
    let before = client.ok("getPersistentRecord", address.clone());
    drop(client);
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentRecord", address), before);
}

#[test]
fn two_keys_have_two_namespaces() {
    let home = Home::new();
    let mut one = home.script_with_key();
    let mut other = home.script_with_key();
    one.ok("setPersistentData", json!(["user", home.object()]));
    assert_eq!(other.ok("getPersistentData", ["user"]), Value::Null);
    assert_eq!(other.ok("listPersistentData", json!({})), json!([]));
}

#[test]
fn a_write_may_be_a_notification() {
    let home = Home::new();
    let object = home.object();
    let mut script = home.script_with_key();
    script.notify("setPersistentData", json!(["user", object]));
    assert_eq!(script.ok("getPersistentData", ["user"]), object);
}
