//! The life of a key after it was issued: shared with a scope, rotated, revoked.

use serde_json::{Value, json};

use crate::harness::{Home, Server};

/// An owner with one object, and its key.
fn owner(home: &Home, object: &Value) -> (Server, String) {
    let mut owner = home.client();
    let key = owner.ok("issueAPIKey", [home.word()])["apiKey"].as_str().unwrap().to_owned();
    owner.set_key(&key);
    owner.ok("setPersistentData", json!(["user", object]));
    (owner, key)
}

fn share(owner: &mut Server, params: Value) -> (String, Value) {
    let shared = owner.ok("shareAPIKey", params);
    (shared["apiKey"].as_str().unwrap().to_owned(), shared["keyId"].clone())
}

#[test]
fn a_shared_key_may_do_what_the_owner_may_but_share() {
    let home = Home::new();
    let object = home.object();
    let (mut owner, _) = owner(&home, &object);
    let (key, id) = share(&mut owner, json!({"label": home.word()}));
    let mut other = home.client();
    let set = other.ok("setAPIKey", json!({"apiKey": key, "mustExist": true}));
    assert_eq!((&set["keyId"], &set["owner"], &set["known"]), (&id, &json!(false), &json!(true)));
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
    let written = home.object();
    other.ok("setPersistentData", json!(["user", written]));
    assert_eq!(owner.ok("getPersistentData", ["user"]), written);
    assert_eq!(other.code("shareAPIKey", json!({})), 1006);
    assert_eq!(other.ok("listAPIKeys", json!({})).as_array().unwrap().len(), 1);
    assert_eq!(owner.ok("listAPIKeys", json!({})).as_array().unwrap().len(), 2);
}

#[test]
fn outside_its_scope_a_key_may_nothing() {
    let home = Home::new();
    let (folder, other_folder) = (home.folder(), home.folder());
    let (mut owner, _) = owner(&home, &home.object());
    let reading = share(&mut owner, json!({"scope": {"contexts": ["user"], "readOnly": true}})).0;
    let in_folder = share(&mut owner, json!({"scope": {"workspaceFolders": [format!("{folder}/")]}})).0;
    let mut other = home.client();
    let (reading, in_folder) = (other.set_key(&reading), other.set_key(&in_folder));
    let at = |handle: &str, folder: &str| json!({"handle": handle, "context": "workspace", "workspaceFolder": folder});
    other.ok("getPersistentData", json!({"handle": reading, "context": "user"}));
    for (method, more) in [
        ("setPersistentData", json!({"data": {}})),
        ("patchPersistentData", json!({"patch": {}})),
        ("deletePersistentData", json!({})),
    ] {
        let mut params = more.clone();
        params["handle"] = reading.clone().into();
        params["context"] = "user".into();
        assert_eq!(other.code(method, params), 1006, "{method}");
        let mut params = at(&in_folder, &other_folder);
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(other.code(method, params), 1006, "{method}");
    }
    assert_eq!(other.code("getPersistentData", at(&reading, &folder)), 1006);
    assert_eq!(other.code("getPersistentData", at(&in_folder, &other_folder)), 1006);
    // A key for a folder has nothing of what belongs to the user.
    assert_eq!(other.code("getPersistentData", json!({"handle": in_folder, "context": "user"})), 1006);
    let mut params = at(&in_folder, &folder);
    params["data"] = json!({});
    other.ok("setPersistentData", params);
    let mine = json!({"handle": in_folder, "from": folder, "to": other_folder});
    assert_eq!(other.code("movePersistentData", mine), 1006);
}

#[test]
fn the_scope_is_checked_after_the_folder_and_before_the_size() {
    let home = Home::new();
    let mut owner = home.start().arguments(["--max-data-bytes", "20"]).run();
    owner.initialize(&[]);
    owner.set_key(&home.key());
    owner.ok("setPersistentData", json!(["user", {}]));
    let reading = share(&mut owner, json!({"scope": {"readOnly": true}})).0;
    let handle = owner.set_key(&reading);
    let set = |folder: &str| {
        json!({"handle": handle, "context": "workspace", "workspaceFolder": folder,
               "data": {"x": "y".repeat(30)}, "ifRevision": 7})
    };
    assert_eq!(owner.code("setPersistentData", set("no/uri")), 2004);
    assert_eq!(owner.code("setPersistentData", set("file:///a")), 1006);
}

#[test]
fn a_revoked_key_is_refused_everywhere_at_once() {
    let home = Home::new();
    let object = home.object();
    let (mut owner, _) = owner(&home, &object);
    let (key, id) = share(&mut owner, json!({}));
    let mut other = home.client_with(&key);
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
    let revoked = owner.ok("revokeAPIKey", json!({"keyId": id}));
    assert_eq!(revoked, json!({"revoked": true, "destroyed": false}));
    for (method, params) in [
        ("getPersistentData", json!(["user"])),
        ("setPersistentData", json!(["user", {}])),
        ("listAPIKeys", json!({})),
        ("setAPIKey", json!([key])),
        ("setAPIKey", json!({"apiKey": key, "mustExist": true})),
    ] {
        assert_eq!(other.code(method, params), 1004, "{method}");
        // A refused key ends calls without a handle; of these it is the last but one.
        if method == "setAPIKey" {
            assert_eq!(other.code("getPersistentData", ["user"]), 1001);
        }
    }
    assert_eq!(home.client().code("setAPIKey", [key.as_str()]), 1004);
    assert_eq!(owner.ok("getPersistentData", ["user"]), object);
    assert_eq!(owner.ok("listAPIKeys", json!({})).as_array().unwrap().len(), 1);
}

#[test]
fn an_owner_that_revokes_itself_destroys_its_namespace_and_its_shared_keys() {
    let home = Home::new();
    let object = home.object();
    let (mut owner, own) = owner(&home, &object);
    let (key, _) = share(&mut owner, json!({}));
    let mut other = home.client_with(&key);
    let revoked = owner.ok("revokeAPIKey", json!({}));
    assert_eq!(revoked, json!({"revoked": true, "destroyed": true}));
    assert_eq!(owner.code("getPersistentData", ["user"]), 1004);
    assert_eq!(other.code("getPersistentData", ["user"]), 1004);
    for key in [own, key] {
        assert_eq!(home.client().code("setAPIKey", [key]), 1004);
    }
    assert_eq!(home.client().ok("vault/status", Value::Null)["records"], 0);
}

#[test]
fn who_may_revoke_whom() {
    let home = Home::new();
    let (mut owner, _) = owner(&home, &home.object());
    let (one, one_id) = share(&mut owner, json!({}));
    let (_, other_id) = share(&mut owner, json!({}));
    let mut shared = home.client_with(&one);
    assert_eq!(shared.code("revokeAPIKey", json!({"keyId": other_id})), 1006);
    for unknown in ["0".repeat(32), "no id".to_owned()] {
        assert_eq!(owner.code("revokeAPIKey", json!({"keyId": unknown})), 1003);
    }
    assert_eq!(shared.ok("revokeAPIKey", json!({"keyId": one_id}))["destroyed"], false);
    assert_eq!(shared.code("getPersistentData", ["user"]), 1004);
}

#[test]
fn a_rotated_key_opens_the_same_namespace_and_the_old_one_none() {
    let home = Home::new();
    let object = home.object();
    let (mut owner, old) = owner(&home, &object);
    let before = owner.ok("setAPIKey", [old.as_str()]);
    let rotated = owner.ok("rotateAPIKey", json!({}));
    let new = rotated["apiKey"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(rotated["plugin"], before["plugin"]);
    assert_eq!(owner.ok("getPersistentData", ["user"]), object, "the handle goes on");
    let mut other = home.client();
    assert_eq!(other.code("setAPIKey", [old.as_str()]), 1004);
    other.set_key(new);
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_caller_may_bring_its_own_new_key_and_say_so_twice() {
    let home = Home::new();
    let object = home.object();
    let (mut owner, old) = owner(&home, &object);
    let new = home.key();
    let first = owner.ok("rotateAPIKey", json!({"apiKey": new}));
    assert_eq!(first["apiKey"], new);
    assert_eq!(owner.ok("rotateAPIKey", json!({"apiKey": new})), first);
    assert_eq!(owner.code("rotateAPIKey", json!({"apiKey": "no key"})), 1002);
    let mut other = home.client();
    assert_eq!(other.code("setAPIKey", [old]), 1004);
    other.set_key(&new);
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
}
