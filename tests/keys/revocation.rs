//! Revocation: from its commit on every process refuses the key, and what it opened is gone.

use serde_json::{Value, json};

use crate::server::{Home, parameter, random_key, with};

fn data() -> Value {
    json!({"context": "user", "data": {"value": 1}})
}

#[test]
fn an_owners_revocation_ends_every_key_of_the_namespace_in_every_process() {
    let home = Home::new();
    let (mut owner, mut other, mut guest) = (home.server(), home.server(), home.server());
    let (issued, handle) = owner.issue("a.b");
    let (_, bystander) = owner.issue("c.d");
    owner.ok("setPersistentData", with(&handle, data()));
    owner.ok("setPersistentData", with(&bystander, data()));
    let shared = owner.ok("shareAPIKey", with(&handle, json!({})));
    let theirs = other.handle_of(&issued["apiKey"]);
    let guests = guest.handle_of(&shared["apiKey"]);
    assert_eq!(other.records(), 2);
    let revoked = owner.ok("revokeAPIKey", with(&handle, json!({})));
    assert_eq!(revoked, json!({"revoked": true, "destroyed": true}));
    // The slots are gone when the answer is there.
    for key_id in [&issued["keyId"], &shared["keyId"]] {
        assert!(home.slot(key_id).iter().all(|byte| *byte == 0));
    }
    for (server, handle) in [(&mut owner, &handle), (&mut other, &theirs), (&mut guest, &guests)] {
        for (method, params) in [
            ("setPersistentData", data()),
            ("getPersistentData", json!({"context": "user"})),
            ("listPersistentData", json!({})),
            ("listAPIKeys", json!({})),
            ("rotateAPIKey", json!({})),
            ("revokeAPIKey", json!({})),
            ("shareAPIKey", json!({})),
        ] {
            assert_eq!(server.code(method, with(handle, params)), 1004, "{method}");
        }
        assert_eq!(server.code("setAPIKey", json!([issued["apiKey"]])), 1004);
        assert_eq!(server.code("setAPIKey", json!([shared["apiKey"]])), 1004);
        assert_eq!(server.records(), 1);
    }
    owner.ok("setPersistentData", with(&bystander, json!({"context": "user", "data": {}})));
}

#[test]
fn an_owner_ends_a_key_that_it_shared_and_nothing_else() {
    let home = Home::new();
    let (mut owner, mut guest) = (home.server(), home.server());
    let (_, handle) = owner.issue("a.b");
    let shared = owner.ok("shareAPIKey", with(&handle, json!({})));
    let kept = owner.ok("shareAPIKey", with(&handle, json!({})));
    let ended = guest.handle_of(&shared["apiKey"]);
    let lives = guest.handle_of(&kept["apiKey"]);
    let upper = shared["keyId"].as_str().unwrap().to_ascii_uppercase();
    let revoked = owner.ok("revokeAPIKey", with(&handle, json!({"keyId": upper})));
    assert_eq!(revoked, json!({"revoked": true, "destroyed": false}));
    assert!(home.slot(&shared["keyId"]).iter().all(|byte| *byte == 0));
    assert_eq!(guest.code("setPersistentData", with(&ended, data())), 1004);
    guest.ok("setPersistentData", with(&lives, data()));
    let listed = owner.ok("listAPIKeys", with(&handle, json!({})));
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|key| &key["keyId"]).collect();
    assert_eq!(ids.len(), 2);
    assert!(!ids.contains(&&shared["keyId"]));
}

#[test]
fn a_shared_key_ends_itself_and_names_no_other() {
    let home = Home::new();
    let mut server = home.server();
    let (issued, handle) = server.issue("a.b");
    let shared = server.ok("shareAPIKey", with(&handle, json!({})));
    let sibling = server.ok("shareAPIKey", with(&handle, json!({})));
    let guest = server.handle_of(&shared["apiKey"]);
    for other in [&issued["keyId"], &sibling["keyId"], &random_key()] {
        let call = with(&guest, json!({"keyId": other}));
        assert_eq!(server.code("revokeAPIKey", &call), 1006);
    }
    let own = with(&guest, json!({"keyId": shared["keyId"]}));
    assert_eq!(server.ok("revokeAPIKey", &own), json!({"revoked": true, "destroyed": false}));
    assert_eq!(server.code("revokeAPIKey", &own), 1004);
    server.ok("setPersistentData", with(&handle, data()));
}

#[test]
fn a_key_id_of_another_namespace_is_unknown_and_its_key_lives_on() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    let (foreign, foreign_handle) = server.issue("c.d");
    for key_id in [foreign["keyId"].clone(), json!("0"), json!(""), json!("nothing"), random_key()] {
        let call = with(&handle, json!({"keyId": key_id}));
        assert_eq!(server.code("revokeAPIKey", &call), 1003, "{key_id}");
    }
    let refused = parameter(server.call("revokeAPIKey", with(&handle, json!({"keyId": 1}))));
    assert_eq!(refused, (json!("keyId"), json!("wrongType")));
    server.ok("setPersistentData", with(&foreign_handle, data()));
    server.ok("setPersistentData", with(&handle, data()));
}

#[test]
fn what_is_asked_for_without_waiting_for_a_revocation_is_refused_and_nothing_comes_back() {
    let home = Home::new();
    let (mut server, mut other) = (home.server(), home.server());
    let (issued, handle) = server.issue("a.b");
    let theirs = other.handle_of(&issued["apiKey"]);
    let before = server.begin("setPersistentData", with(&handle, data()));
    let revoked = server.begin("revokeAPIKey", with(&handle, json!({})));
    let after = server.begin("setPersistentData", with(&handle, data()));
    let read = server.begin("getPersistentData", with(&handle, json!({"context": "user"})));
    let set = server.begin("setAPIKey", json!([issued["apiKey"]]));
    server.answer(before).unwrap();
    assert_eq!(server.answer(revoked).unwrap()["destroyed"], true);
    for late in [after, read, set] {
        assert_eq!(server.answer(late).unwrap_err().code, 1004);
    }
    assert_eq!(other.code("setPersistentData", with(&theirs, data())), 1004);
    assert_eq!(server.records(), 0);
}

/// Two processes write with one key while a third revokes it: each write is either before the revocation, and gone
/// with it, or refused.
#[test]
fn writes_of_other_processes_race_with_a_revocation_and_none_survives_it() {
    let home = Home::new();
    let (mut owner, mut one, mut two) = (home.server(), home.server(), home.server());
    for _ in 0..5 {
        let (issued, handle) = owner.issue("a.b");
        let handles = [one.handle_of(&issued["apiKey"]), two.handle_of(&issued["apiKey"])];
        let mut asked = Vec::new();
        for number in 0..30 {
            for (server, handle) in [(&mut one, &handles[0]), (&mut two, &handles[1])] {
                let params = json!({"context": "user", "name": format!("n{number}"), "data": {}});
                asked.push(server.begin("setPersistentData", with(handle, params)));
            }
            if number == 10 {
                owner.ok("revokeAPIKey", with(&handle, json!({})));
            }
        }
        for (position, id) in asked.into_iter().enumerate() {
            let server = if position % 2 == 0 { &mut one } else { &mut two };
            if let Err(refused) = server.answer(id) {
                assert_eq!(refused.code, 1004);
            }
        }
        assert_eq!(owner.records(), 0);
    }
}

#[test]
fn a_key_without_a_namespace_has_nothing_to_revoke() {
    let home = Home::new();
    let mut server = home.server();
    let handle = server.handle_of(&random_key());
    assert_eq!(server.code("revokeAPIKey", with(&handle, json!({}))), 1003);
    assert_eq!(server.ok("listAPIKeys", with(&handle, json!({}))), json!([]));
    server.ok("setPersistentData", with(&handle, data()));
    assert_eq!(server.ok("revokeAPIKey", with(&handle, json!({})))["destroyed"], true);
}
