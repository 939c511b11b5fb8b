//! What `setAPIKey` says of a key.

use serde_json::{Value, json};

use crate::harness::Home;

#[test]
fn a_key_is_known_once_something_was_written_with_it() {
    let home = Home::new();
    let key = home.key();
    let mut script = home.script();
    let set = script.ok("setAPIKey", [key.as_str()]);
    assert_eq!((&set["known"], &set["owner"]), (&json!(false), &json!(true)));
    script.ok("getPersistentData", ["user"]);
    assert_eq!(script.ok("setAPIKey", [key.as_str()])["known"], false);
    assert_eq!(script.code("setAPIKey", json!({"apiKey": key, "mustExist": true})), 1003);
    script.set_key(&key);
    script.ok("setPersistentData", json!(["user", {}]));
    let set = script.ok("setAPIKey", json!({"apiKey": key, "mustExist": true}));
    let id = set["keyId"].as_str().unwrap().to_owned();
    assert_eq!((&set["known"], &set["owner"]), (&json!(true), &json!(true)));
    // It was never issued, so there is nothing to tell.
    for member in ["plugin", "installation", "label", "issuedAt", "expiresAt", "scope"] {
        assert_eq!(set.get(member), None);
    }
    assert_eq!(home.client().ok("setAPIKey", [key.as_str()])["keyId"], id);
}

#[test]
fn a_delete_or_a_move_of_nothing_begins_no_namespace() {
    let home = Home::new();
    let key = home.key();
    let mut script = home.script_with(&key);
    script.ok("deletePersistentData", ["user"]);
    script.ok("movePersistentData", json!([home.folder(), home.folder()]));
    assert_eq!(
        script.code("setPersistentData", json!({"context": "user", "data": {}, "ifRevision": 1})),
        2001
    );
    assert_eq!(script.ok("setAPIKey", [key.as_str()])["known"], false);
    assert_eq!(script.ok("listAPIKeys", json!({})), json!([]));
}

#[test]
fn a_namespace_outlives_its_records() {
    let home = Home::new();
    let key = home.key();
    let mut script = home.script_with(&key);
    script.ok("setPersistentData", json!(["user", {}]));
    script.ok("deletePersistentData", ["user"]);
    assert_eq!(script.ok("setAPIKey", [key])["known"], true);
}

#[test]
fn a_key_that_another_process_has_used_is_known_at_once() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let (mut one, mut other) = (home.script(), home.script());
    assert_eq!(other.ok("setAPIKey", [key.as_str()])["known"], false);
    one.set_key(&key);
    one.ok("setPersistentData", json!(["user", object]));
    assert_eq!(other.ok("setAPIKey", [key.as_str()])["known"], true);
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
}

#[test]
fn the_key_of_an_issued_key_says_what_was_said_when_it_was_issued() {
    let home = Home::new();
    let (plugin, label) = (home.word(), home.word());
    let mut script = home.script();
    let params = json!({"plugin": plugin, "label": label, "expiresAt": "2100-01-01T00:00:00+00:00"});
    let issued = script.ok("issueAPIKey", params);
    let mut set = script.ok("setAPIKey", json!({"apiKey": issued["apiKey"], "mustExist": true}));
    let mut expected = issued.clone();
    for member in ["apiKey", "created"] {
        expected.as_object_mut().unwrap().remove(member);
    }
    for member in ["handle", "known"] {
        assert_ne!(set.as_object_mut().unwrap().remove(member), None::<Value>);
    }
    assert_eq!(set, expected);
    assert_eq!((&set["plugin"], &set["label"]), (&json!(plugin), &json!(label)));
    assert_eq!(set["expiresAt"], "2100-01-01T00:00:00.000Z");
}
