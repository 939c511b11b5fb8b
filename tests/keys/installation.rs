//! Keys that the vault keeps for a plugin's installation: one for each pair, however many ask, and always the one that
//! is good.

use std::fs::File;

use serde_json::json;

use crate::server::{Home, with};

#[test]
fn twenty_processes_that_ask_at_once_get_one_key_that_was_made_once() {
    let home = Home::new();
    let mut servers: Vec<_> = (0..20).map(|_| home.server()).collect();
    for server in &mut servers {
        // It runs, and has not touched the store.
        assert!(server.ok("vault/status", json!({}))["storeId"].is_null());
    }
    let asked: Vec<_> = servers
        .iter_mut()
        .map(|server| server.begin("issueAPIKey", json!({"plugin": "a.b", "installation": "nvim"})))
        .collect();
    let answers: Vec<_> =
        servers.iter_mut().zip(asked).map(|(server, id)| server.answer(id).unwrap()).collect();
    let made = answers.iter().filter(|answer| answer["created"] == true).count();
    assert_eq!(made, 1, "{answers:#?}");
    for answer in &answers {
        assert_eq!(answer["apiKey"], answers[0]["apiKey"]);
        assert_eq!(answer["keyId"], answers[0]["keyId"]);
        assert_eq!(answer["owner"], true);
    }
    let server = &mut servers[19];
    let handle = server.handle_of(&answers[0]["apiKey"]);
    assert_eq!(server.ok("listAPIKeys", with(&handle, json!({}))).as_array().unwrap().len(), 1);
}

#[test]
fn requests_of_one_connection_that_are_not_waited_for_get_one_key_too() {
    let home = Home::new();
    let mut server = home.server();
    let asked: Vec<_> = (0..20)
        .map(|_| server.begin("issueAPIKey", json!({"plugin": "a.b", "installation": "nvim"})))
        .collect();
    let answers: Vec<_> = asked.into_iter().map(|id| server.answer(id).unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer["created"] == true).count(), 1);
    assert!(answers.iter().all(|answer| answer["apiKey"] == answers[0]["apiKey"]));
}

#[test]
fn another_plugin_another_installation_and_none_have_keys_of_their_own() {
    let home = Home::new();
    let mut server = home.server();
    let mut keys = Vec::new();
    for params in [
        json!({"plugin": "a.b", "installation": "nvim"}),
        json!({"plugin": "a.b", "installation": "vscode"}),
        json!({"plugin": "a.c", "installation": "nvim"}),
        json!({"plugin": "a.b"}),
        json!({"plugin": "a.b"}),
    ] {
        let issued = server.ok("issueAPIKey", &params);
        assert_eq!(issued["created"], true);
        keys.push(issued["apiKey"].as_str().unwrap().to_owned());
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);
}

#[test]
fn after_a_rotation_the_new_key_is_the_kept_one_in_every_process() {
    let home = Home::new();
    let (mut one, mut two) = (home.server(), home.server());
    let asked = json!({"plugin": "a.b", "installation": "nvim", "label": "first"});
    let issued = one.ok("issueAPIKey", &asked);
    let handle = one.handle_of(&issued["apiKey"]);
    assert_eq!(two.ok("issueAPIKey", &asked)["apiKey"], issued["apiKey"]);
    let rotated = one.ok("rotateAPIKey", with(&handle, json!({})));
    assert_ne!(rotated["apiKey"], issued["apiKey"]);
    assert_eq!(rotated["installation"], "nvim");
    for server in [&mut one, &mut two] {
        let kept = server.ok("issueAPIKey", &asked);
        assert_eq!(kept["apiKey"], rotated["apiKey"]);
        assert_eq!(kept["keyId"], rotated["keyId"]);
        assert_eq!(kept["created"], false);
        assert_eq!(kept["label"], "first");
    }
}

#[test]
fn after_its_revocation_a_kept_key_is_made_anew_and_finds_nothing() {
    let home = Home::new();
    let (mut one, mut two) = (home.server(), home.server());
    let asked = json!({"plugin": "a.b", "installation": "nvim"});
    let issued = one.ok("issueAPIKey", &asked);
    let handle = one.handle_of(&issued["apiKey"]);
    one.ok("setPersistentData", with(&handle, json!({"context": "user", "data": {"old": 1}})));
    one.ok("revokeAPIKey", with(&handle, json!({})));
    let again = two.ok("issueAPIKey", &asked);
    assert_eq!(again["created"], true);
    assert_ne!(again["apiKey"], issued["apiKey"]);
    let handle = two.handle_of(&again["apiKey"]);
    assert!(two.ok("getPersistentData", with(&handle, json!({"context": "user"}))).is_null());
    assert_eq!(one.ok("issueAPIKey", &asked)["apiKey"], again["apiKey"]);
}

/// The lock is held by the test while both requests are read, so that the first has certainly not been carried out
/// when the second is looked at.
#[test]
fn a_request_for_the_kept_key_comes_after_what_the_same_connection_asked_for_before() {
    for method in ["rotateAPIKey", "revokeAPIKey"] {
        let home = Home::new();
        let mut server = home.server();
        let asked = json!({"plugin": "a.b", "installation": "nvim"});
        let issued = server.ok("issueAPIKey", &asked);
        let handle = server.handle_of(&issued["apiKey"]);
        let lock = File::open(home.data().join("write.lock")).unwrap();
        lock.lock().unwrap();
        let first = server.begin(method, with(&handle, json!({})));
        let second = server.begin("issueAPIKey", &asked);
        // Answered without the lock, and read after the others.
        server.ok("vault/status", json!({}));
        lock.unlock().unwrap();
        let changed = server.answer(first).unwrap();
        let kept = server.answer(second).unwrap();
        assert_ne!(kept["apiKey"], issued["apiKey"], "after {method} the kept key is one that is refused");
        if method == "rotateAPIKey" {
            assert_eq!(kept["apiKey"], changed["apiKey"]);
        }
    }
}
