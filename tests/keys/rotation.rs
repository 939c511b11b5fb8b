//! Rotation: one commit in which the new key takes the old one's place, for its holder without a gap, for everybody
//! else at their next call.

use serde_json::{Value, json};

use crate::server::{Home, Server, parameter, random_key, with};

/// What a user keeps.
fn data() -> Value {
    json!({"context": "user", "data": {"value": 1}})
}

fn get(server: &mut Server, handle: &Value) -> Value {
    server.ok("getPersistentData", with(handle, json!({"context": "user"})))
}

#[test]
fn every_call_with_a_handle_that_another_process_opened_earlier_is_refused_at_once() {
    let calls = [
        ("getPersistentData", json!({"context": "user"})),
        ("getPersistentRecord", json!({"context": "user"})),
        ("listPersistentData", json!({})),
        ("setPersistentData", json!({"context": "user", "data": {"late": true}})),
        ("patchPersistentData", json!({"context": "user", "patch": {"late": true}})),
        ("deletePersistentData", json!({"context": "user"})),
        ("movePersistentData", json!({"from": "file:///a", "to": "file:///b"})),
        ("listAPIKeys", json!({})),
        ("shareAPIKey", json!({})),
        ("rotateAPIKey", json!({})),
        ("rotateAPIKey", json!({"apiKey": random_key()})),
        ("revokeAPIKey", json!({})),
    ];
    let home = Home::new();
    let mut holder = home.server();
    let (issued, mut handle) = holder.issue("a.b");
    holder.ok("setPersistentData", with(&handle, data()));
    let mut old = issued["apiKey"].clone();
    for (method, params) in calls {
        let mut other = home.server();
        let theirs = other.handle_of(&old);
        assert_eq!(get(&mut other, &theirs), json!({"value": 1}));
        let rotated = holder.ok("rotateAPIKey", with(&handle, json!({})));
        assert_eq!(other.code(method, with(&theirs, params)), 1004, "{method}");
        assert_eq!(other.code("setAPIKey", json!([old])), 1004);
        assert_eq!(other.code("setAPIKey", json!({"apiKey": old, "mustExist": true})), 1004);
        old = rotated["apiKey"].clone();
        handle = holder.handle_of(&old);
        assert_eq!(get(&mut holder, &handle), json!({"value": 1}));
    }
}

#[test]
fn the_handle_that_rotated_goes_on_and_names_the_new_key() {
    let home = Home::new();
    let mut server = home.server();
    let (issued, handle) = server.issue("a.b");
    server.ok("setPersistentData", with(&handle, data()));
    let rotated = server.ok("rotateAPIKey", with(&handle, json!({})));
    assert_ne!(rotated["apiKey"], issued["apiKey"]);
    assert_ne!(rotated["keyId"], issued["keyId"]);
    assert_eq!((&rotated["plugin"], &rotated["owner"]), (&json!("a.b"), &json!(true)));
    assert_eq!(get(&mut server, &handle), json!({"value": 1}));
    assert_eq!(server.handle_of(&rotated["apiKey"]), handle);
    let listed = server.ok("listAPIKeys", with(&handle, json!({})));
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed[0]["keyId"], rotated["keyId"]);
    assert_eq!(listed[0]["current"], true);
    assert_eq!(server.code("setAPIKey", json!([issued["apiKey"]])), 1004);
}

#[test]
fn what_is_asked_for_without_waiting_for_a_rotation_is_meant_for_the_new_key() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    for round in 0..10 {
        let write = |value| with(&handle, json!({"context": "user", "data": {"value": value}}));
        let mut asked = vec![server.begin("setPersistentData", write(round * 10))];
        for step in 1..4 {
            let params = if step == 2 { json!({"apiKey": random_key()}) } else { json!({}) };
            asked.push(server.begin("rotateAPIKey", with(&handle, params)));
            asked.push(server.begin("setPersistentData", write(round * 10 + step)));
        }
        let read = server.begin("getPersistentData", with(&handle, json!({"context": "user"})));
        let listed = server.begin("listAPIKeys", with(&handle, json!({})));
        let mut rotated = Value::Null;
        for id in asked {
            let answer = server.answer(id).unwrap();
            if answer["keyId"].is_string() {
                rotated = answer["keyId"].clone();
            }
        }
        assert_eq!(server.answer(read).unwrap(), json!({"value": round * 10 + 3}));
        assert_eq!(server.answer(listed).unwrap()[0]["keyId"], rotated);
    }
}

#[test]
fn the_same_call_again_gives_the_same_answer() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    server.ok("setPersistentData", with(&handle, data()));
    let new = random_key();
    let call = with(&handle, json!({"apiKey": new}));
    let first = server.ok("rotateAPIKey", &call);
    assert_eq!(first["apiKey"], new);
    assert_eq!(server.ok("rotateAPIKey", &call), first);
    let upper = new.as_str().unwrap().to_ascii_uppercase();
    assert_eq!(server.ok("rotateAPIKey", with(&handle, json!({"apiKey": upper}))), first);
    // In another process too, where only the new key was saved.
    let mut other = home.server();
    let theirs = other.handle_of(&new);
    assert_eq!(other.ok("rotateAPIKey", with(&theirs, json!({"apiKey": new}))), first);
    assert_eq!(get(&mut other, &theirs), json!({"value": 1}));
    let asked = [server.begin("rotateAPIKey", &call), server.begin("rotateAPIKey", &call)];
    assert!(asked.into_iter().all(|id| server.answer(id).unwrap() == first));
}

#[test]
fn two_calls_with_the_same_brought_key_at_once_both_get_the_answer() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    let call = with(&handle, json!({"apiKey": random_key()}));
    let asked = [server.begin("rotateAPIKey", &call), server.begin("rotateAPIKey", &call)];
    let answers = asked.map(|id| server.answer(id).unwrap());
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn of_two_processes_that_rotate_at_once_one_does_and_the_other_is_refused() {
    let home = Home::new();
    let (mut one, mut two) = (home.server(), home.server());
    for _ in 0..10 {
        let (issued, handle) = one.issue("a.b");
        let theirs = two.handle_of(&issued["apiKey"]);
        let first = one.begin("rotateAPIKey", with(&handle, json!({})));
        let second = two.begin("rotateAPIKey", with(&theirs, json!({})));
        let answers = [one.answer(first), two.answer(second)];
        let codes: Vec<_> = answers.iter().filter_map(|answer| Some(answer.as_ref().err()?.code)).collect();
        assert_eq!(codes, [1004], "{answers:?}");
    }
}

#[test]
fn a_key_that_is_in_use_or_was_can_not_be_brought() {
    let home = Home::new();
    let mut server = home.server();
    let (foreign, foreign_handle) = server.issue("c.d");
    let (first, handle) = server.issue("a.b");
    let shared = server.ok("shareAPIKey", with(&handle, json!({})));
    let dropped = server.ok("shareAPIKey", with(&handle, json!({})));
    server.ok("revokeAPIKey", with(&handle, json!({"keyId": dropped["keyId"]})));
    let ended = server.ok("issueAPIKey", json!({"plugin": "a.b", "expiresAt": "2001-01-01T00:00:00Z"}));
    server.ok("rotateAPIKey", with(&handle, json!({})));
    let shared_handle = server.handle_of(&shared["apiKey"]);
    for (what, taken) in [
        ("another plugin's", &foreign["apiKey"]),
        ("a shared one", &shared["apiKey"]),
        ("a revoked one", &dropped["apiKey"]),
        ("an expired one", &ended["apiKey"]),
        ("one that was rotated away", &first["apiKey"]),
    ] {
        let call = with(&handle, json!({"apiKey": taken}));
        let refused = parameter(server.call("rotateAPIKey", &call));
        assert_eq!(refused, (json!("apiKey"), json!("outOfRange")), "{what}");
    }
    // No data was lost.
    for handle in [&handle, &shared_handle, &foreign_handle] {
        server.ok("setPersistentData", with(handle, data()));
    }
    assert_eq!(server.code("rotateAPIKey", with(&handle, json!({"apiKey": "0123"}))), 1002);
    assert_eq!(server.code("rotateAPIKey", with(&handle, json!({"apiKey": 7}))), -32602);
}

#[test]
fn shared_keys_outlive_their_owners_rotation_and_die_with_its_new_key() {
    let home = Home::new();
    let (mut owner, mut guest) = (home.server(), home.server());
    let (_, handle) = owner.issue("a.b");
    owner.ok("setPersistentData", with(&handle, data()));
    let shared = owner.ok("shareAPIKey", with(&handle, json!({"label": "guest"})));
    let theirs = guest.handle_of(&shared["apiKey"]);
    for _ in 0..3 {
        owner.ok("rotateAPIKey", with(&handle, json!({})));
        assert_eq!(get(&mut guest, &theirs), json!({"value": 1}));
        guest.ok("setPersistentData", with(&theirs, data()));
    }
    let listed = owner.ok("listAPIKeys", with(&handle, json!({})));
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let later = owner.ok("shareAPIKey", with(&handle, json!({})));
    let later = guest.handle_of(&later["apiKey"]);
    assert_eq!(owner.ok("revokeAPIKey", with(&handle, json!({})))["destroyed"], true);
    for handle in [&theirs, &later] {
        assert_eq!(guest.code("getPersistentData", with(handle, json!({"context": "user"}))), 1004);
    }
    assert_eq!(guest.records(), 0);
}

#[test]
fn a_shared_key_rotates_itself_with_its_scope_and_its_owner() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    server.ok("setPersistentData", with(&handle, data()));
    let params = json!({
        "label": "guest", "expiresAt": "2999-01-01T00:00:00Z", "scope": {"readOnly": true},
    });
    let shared = server.ok("shareAPIKey", with(&handle, params));
    let mut guest = home.server();
    let theirs = guest.handle_of(&shared["apiKey"]);
    let rotated = guest.ok("rotateAPIKey", with(&theirs, json!({})));
    for member in ["label", "expiresAt", "scope", "owner", "plugin"] {
        assert_eq!(rotated[member], shared[member], "{member}");
    }
    assert_eq!(guest.code("setPersistentData", with(&theirs, data())), 1006);
    assert_eq!(get(&mut guest, &theirs), json!({"value": 1}));
    // The owner knows it by its new id, and no key has the old id.
    let revoked = server.ok("revokeAPIKey", with(&handle, json!({"keyId": rotated["keyId"]})));
    assert_eq!(revoked["destroyed"], false);
    assert_eq!(guest.code("listPersistentData", with(&theirs, json!({}))), 1004);
}

#[test]
fn a_key_without_a_namespace_has_nothing_to_rotate() {
    let home = Home::new();
    let mut server = home.server();
    let key = random_key();
    let handle = server.handle_of(&key);
    assert_eq!(server.code("rotateAPIKey", with(&handle, json!({}))), 1003);
    server.ok("setPersistentData", with(&handle, data()));
    let new = random_key();
    // A handle that was opened when the key had no namespace means the namespace that it gets.
    let mut other = home.server();
    let early = other.handle_of(&new);
    server.ok("rotateAPIKey", with(&handle, json!({"apiKey": new})));
    assert_eq!(get(&mut other, &early), json!({"value": 1}));
}

#[test]
fn two_handles_that_a_rotation_made_mean_one_key_until_one_of_them_rotates() {
    let home = Home::new();
    let mut server = home.server();
    let new = random_key();
    let early = server.handle_of(&new);
    let (_, handle) = server.issue("a.b");
    server.ok("setPersistentData", with(&handle, data()));
    server.ok("rotateAPIKey", with(&handle, json!({"apiKey": new})));
    assert_ne!(early, handle);
    for handle in [&early, &handle] {
        assert_eq!(get(&mut server, handle), json!({"value": 1}));
    }
    server.ok("rotateAPIKey", with(&early, json!({})));
    assert_eq!(get(&mut server, &early), json!({"value": 1}));
    assert_eq!(server.code("getPersistentData", with(&handle, json!({"context": "user"}))), 1004);
    // What ends the key ends every handle of it.
    let newer = random_key();
    let late = server.handle_of(&newer);
    server.ok("rotateAPIKey", with(&early, json!({"apiKey": newer})));
    server.ok("revokeAPIKey", with(&late, json!({})));
    for handle in [&early, &late] {
        assert_eq!(server.code("getPersistentData", with(handle, json!({"context": "user"}))), 1004);
    }
}
