//! The end of a key: refused from then on, nothing lost by it. That time passes is played by moving the end in the
//! sealed row, as a person could who has the store key.

use serde_json::{Value, json};

use crate::disk::Disk;
use crate::server::{Home, Server, parameter, with};

const PAST: &str = "2001-01-01T00:00:00Z";
const FAR: &str = "2999-01-01T00:00:00.000Z";
const FARTHER: &str = "2999-01-01T00:00:00.001Z";
/// [`PAST`] and [`FAR`] in milliseconds.
const PAST_MILLIS: u64 = 978_307_200_000;
const FAR_MILLIS: u64 = 32_472_144_000_000;

fn data() -> Value {
    json!({"context": "user", "data": {"value": 1}})
}

fn get(server: &mut Server, handle: &Value) -> Value {
    server.ok("getPersistentData", with(handle, json!({"context": "user"})))
}

#[test]
fn a_key_that_was_issued_with_an_end_in_the_past_is_expired_at_once() {
    let home = Home::new();
    let mut server = home.server();
    let issued = server.ok("issueAPIKey", json!({"plugin": "a.b", "expiresAt": PAST}));
    assert_eq!(issued["created"], true);
    assert_eq!(issued["expiresAt"], "2001-01-01T00:00:00.000Z");
    for params in [json!([issued["apiKey"]]), json!({"apiKey": issued["apiKey"], "mustExist": true})] {
        assert_eq!(server.code("setAPIKey", &params), 1005);
    }
    let (_, handle) = server.issue("a.b");
    let shared = server.ok("shareAPIKey", with(&handle, json!({"expiresAt": PAST})));
    assert_eq!(server.code("setAPIKey", json!([shared["apiKey"]])), 1005);
    // Its owner sees it, and can end it.
    let listed = server.ok("listAPIKeys", with(&handle, json!({})));
    assert_eq!(listed.as_array().unwrap().len(), 2);
    server.ok("revokeAPIKey", with(&handle, json!({"keyId": shared["keyId"]})));
    assert_eq!(server.code("setAPIKey", json!([shared["apiKey"]])), 1004);
}

#[test]
fn an_open_handle_is_refused_in_every_process_when_its_key_ends_and_nothing_is_lost() {
    let home = Home::new();
    let (mut one, mut two) = (home.server(), home.server());
    let issued = one.ok("issueAPIKey", json!({"plugin": "a.b", "expiresAt": FAR}));
    let handle = one.handle_of(&issued["apiKey"]);
    one.ok("setPersistentData", with(&handle, data()));
    let shared = one.ok("shareAPIKey", with(&handle, json!({})));
    assert_eq!(shared["expiresAt"], FAR);
    let theirs = two.handle_of(&issued["apiKey"]);
    let guest = two.handle_of(&shared["apiKey"]);
    let disk = Disk::open(&home.data(), &home.keys());
    disk.set_end(&issued["keyId"], PAST_MILLIS);
    for (server, handle) in [(&mut one, &handle), (&mut two, &theirs)] {
        for (method, params) in [
            ("getPersistentData", json!({"context": "user"})),
            ("getPersistentRecord", json!({"context": "user"})),
            ("listPersistentData", json!({})),
            ("setPersistentData", data()),
            ("patchPersistentData", json!({"context": "user", "patch": {}})),
            ("deletePersistentData", json!({"context": "user"})),
            ("movePersistentData", json!({"from": "file:///a", "to": "file:///b"})),
            ("listAPIKeys", json!({})),
            ("shareAPIKey", json!({})),
            ("rotateAPIKey", json!({})),
            ("revokeAPIKey", json!({})),
        ] {
            assert_eq!(server.code(method, with(handle, params)), 1005, "{method}");
        }
        assert_eq!(server.records(), 1);
    }
    assert!(home.slot(&issued["keyId"]).iter().any(|byte| *byte != 0));
    // The shared key's own row says when it ends.
    assert_eq!(get(&mut two, &guest), json!({"value": 1}));
    disk.set_end(&shared["keyId"], PAST_MILLIS);
    assert_eq!(two.code("listPersistentData", with(&guest, json!({}))), 1005);
    // Its user decides otherwise: all is as it was.
    disk.set_end(&issued["keyId"], FAR_MILLIS);
    disk.close();
    assert_eq!(get(&mut one, &handle), json!({"value": 1}));
    assert_eq!(get(&mut two, &theirs), json!({"value": 1}));
}

#[test]
fn an_expired_kept_key_stays_the_one_of_its_installation() {
    let home = Home::new();
    let mut server = home.server();
    let asked = json!({"plugin": "a.b", "installation": "nvim", "expiresAt": PAST});
    let issued = server.ok("issueAPIKey", &asked);
    let with_an_end = json!({"plugin": "a.b", "installation": "nvim", "expiresAt": FAR, "label": "another"});
    for asked in [json!({"plugin": "a.b", "installation": "nvim"}), with_an_end] {
        let again = server.ok("issueAPIKey", &asked);
        assert_eq!(again["apiKey"], issued["apiKey"]);
        assert_eq!((&again["created"], &again["expiresAt"]), (&json!(false), &issued["expiresAt"]));
        assert!(again["label"].is_null());
    }
    assert_eq!(server.code("setAPIKey", json!([issued["apiKey"]])), 1005);
    // Its user goes on with it, or begins anew.
    let id = issued["keyId"].as_str().unwrap();
    home.command(&["--json", "key", "extend", id]);
    assert_eq!(server.ok("setAPIKey", json!([issued["apiKey"]]))["known"], true);
    home.command(&["--json", "key", "revoke", id, "--yes"]);
    let anew = server.ok("issueAPIKey", &asked);
    assert!(anew["created"] == true && anew["apiKey"] != issued["apiKey"]);
}

#[test]
fn a_shared_key_ends_no_later_than_its_owners_and_with_it_if_nothing_is_said() {
    let home = Home::new();
    let mut server = home.server();
    let issued = server.ok("issueAPIKey", json!({"plugin": "a.b", "expiresAt": FAR}));
    let handle = server.handle_of(&issued["apiKey"]);
    let share = |end: Value| with(&handle, json!({"expiresAt": end}));
    assert_eq!(server.ok("shareAPIKey", with(&handle, json!({})))["expiresAt"], FAR);
    assert_eq!(server.ok("shareAPIKey", share(Value::Null))["expiresAt"], FAR);
    assert_eq!(server.ok("shareAPIKey", share(json!(FAR)))["expiresAt"], FAR);
    let earlier = "2998-12-31T23:59:59.999Z";
    assert_eq!(server.ok("shareAPIKey", share(json!(earlier)))["expiresAt"], earlier);
    for later in [FARTHER, "2998-12-31T23:59:59.999-00:01", "9999-12-31T23:59:59Z"] {
        let refused = parameter(server.call("shareAPIKey", share(json!(later))));
        assert_eq!(refused, (json!("expiresAt"), json!("outOfRange")), "{later}");
    }
    let listed = server.ok("listAPIKeys", with(&handle, json!({})));
    assert_eq!(listed.as_array().unwrap().len(), 5);
    // An owner without an end shares as long as it likes.
    let (_, endless) = server.issue("a.b");
    let shared = server.ok("shareAPIKey", with(&endless, json!({"expiresAt": FARTHER})));
    assert_eq!(shared["expiresAt"], FARTHER);
    assert!(server.ok("shareAPIKey", with(&endless, json!({})))["expiresAt"].is_null());
}

#[test]
fn rotation_moves_no_end() {
    let home = Home::new();
    let mut server = home.server();
    let issued = server.ok("issueAPIKey", json!({"plugin": "a.b", "expiresAt": FAR}));
    let handle = server.handle_of(&issued["apiKey"]);
    let rotated = server.ok("rotateAPIKey", with(&handle, json!({})));
    assert_eq!(rotated["expiresAt"], FAR);
    let refused = parameter(server.call("shareAPIKey", with(&handle, json!({"expiresAt": FARTHER}))));
    assert_eq!(refused.0, "expiresAt");
}
