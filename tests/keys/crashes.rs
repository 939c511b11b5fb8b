//! The process dies, or the disk is full, while keys are revoked and rotated: afterwards either nothing of it happened,
//! or all of it.

use serde_json::{Value, json};

use crate::server::{Answer, Home, Server, random_key, with};

fn data() -> Value {
    json!({"context": "user", "data": {"value": 1}})
}

/// A namespace with three records, an owner's key and two shared ones.
struct Family {
    home: Home,
    keys: Vec<Value>,
}

impl Family {
    fn new() -> Self {
        let home = Home::new();
        let mut server = home.server();
        let (owner, handle) = server.issue("a.b");
        for name in ["one", "two", "three"] {
            let params = json!({"context": "user", "name": name, "data": {"value": name}});
            server.ok("setPersistentData", with(&handle, params));
        }
        let mut keys = vec![owner];
        for _ in 0..2 {
            keys.push(server.ok("shareAPIKey", with(&handle, json!({}))));
        }
        Self { home, keys }
    }

    fn is_destroyed(&self, key: usize) -> bool {
        self.home.slot(&self.keys[key]["keyId"]).iter().all(|byte| *byte == 0)
    }

    /// A server that fails at the `turn`-th commit; the earlier ones are writes of another plugin.
    fn failing(&self, fault: &str, turn: usize) -> (Server, Value) {
        let mut server = self.home.failing(&format!("{fault}:{turn}"));
        let other = server.handle_of(&random_key());
        for number in 1..turn {
            let params = json!({"context": "user", "data": {"number": number}});
            server.ok("setPersistentData", with(&other, params));
        }
        let handle = server.handle_of(&self.keys[0]["apiKey"]);
        (server, handle)
    }
}

fn dies_of(mut server: Server, method: &str, params: &Value) {
    let id = server.begin(method, params);
    assert_eq!(server.answer_or_end(id), None, "the server was to die");
    assert!(server.finish().code != Some(0));
}

#[test]
fn a_revocation_that_was_cut_off_before_its_commit_has_not_happened() {
    for point in ["before-begin", "before-commit"] {
        for turn in 1..=3 {
            let family = Family::new();
            let (server, handle) = family.failing(&format!("{point}:kill"), turn);
            dies_of(server, "revokeAPIKey", &with(&handle, json!({})));
            let mut next = family.home.server();
            for (position, key) in family.keys.iter().enumerate() {
                let handle = next.handle_of(&key["apiKey"]);
                let listed = next.ok("listPersistentData", with(&handle, json!({})));
                assert_eq!(listed.as_array().unwrap().len(), 3, "{point} {turn}");
                assert!(!family.is_destroyed(position));
            }
            // And it can be asked for again.
            let handle = next.handle_of(&family.keys[0]["apiKey"]);
            assert_eq!(next.ok("revokeAPIKey", with(&handle, json!({})))["destroyed"], true);
            assert!((0..3).all(|position| family.is_destroyed(position)));
        }
    }
}

#[test]
fn a_revocation_cut_off_after_its_commit_is_finished_at_the_next_opening() {
    for turn in 1..=3 {
        let family = Family::new();
        let (server, handle) = family.failing("after-commit:kill", turn);
        dies_of(server, "revokeAPIKey", &with(&handle, json!({})));
        let mut next = family.home.server();
        let others = u64::from(turn > 1);
        // No key is set, nothing is written: the store is opened, and that is enough.
        assert_eq!(next.records(), others);
        assert!((0..3).all(|position| family.is_destroyed(position)), "turn {turn}");
        for key in &family.keys {
            assert_eq!(next.code("setAPIKey", json!([key["apiKey"]])), 1004);
        }
        next.issue("c.d");
    }
}

#[test]
fn a_process_that_has_the_store_open_finishes_the_revocation_of_one_that_died() {
    let family = Family::new();
    let mut witness = family.home.server();
    let theirs = witness.handle_of(&family.keys[1]["apiKey"]);
    let bystander = witness.handle_of(&random_key());
    let (server, handle) = family.failing("after-commit:kill", 1);
    dies_of(server, "revokeAPIKey", &with(&handle, json!({})));
    assert_eq!(witness.code("listPersistentData", with(&theirs, json!({}))), 1004);
    assert_eq!(witness.records(), 0);
    witness.ok("setPersistentData", with(&bystander, data()));
    assert!((0..3).all(|position| family.is_destroyed(position)));
}

#[test]
fn the_revocation_of_a_shared_key_is_cut_off_as_a_whole_too() {
    for (point, happened) in [("before-commit:kill", false), ("after-commit:kill", true)] {
        let family = Family::new();
        let (server, handle) = family.failing(point, 1);
        let params = with(&handle, json!({"keyId": family.keys[1]["keyId"]}));
        dies_of(server, "revokeAPIKey", &params);
        let mut next = family.home.server();
        assert_eq!(next.records(), 3);
        assert_eq!(family.is_destroyed(1), happened);
        assert_eq!(next.call("setAPIKey", json!([family.keys[1]["apiKey"]])).is_err(), happened);
        for key in [0, 2] {
            next.handle_of(&family.keys[key]["apiKey"]);
            assert!(!family.is_destroyed(key));
        }
    }
}

#[test]
fn a_rotation_that_was_cut_off_leaves_exactly_one_of_the_two_keys() {
    for (point, happened) in
        [("before-begin:kill", false), ("before-commit:kill", false), ("after-commit:kill", true)]
    {
        let family = Family::new();
        let (server, handle) = family.failing(point, 1);
        let new = random_key();
        dies_of(server, "rotateAPIKey", &with(&handle, json!({"apiKey": new})));
        let mut next = family.home.server();
        let old = &family.keys[0]["apiKey"];
        let (good, bad) = if happened { (&new, old) } else { (old, &new) };
        let handle = next.handle_of(good);
        let listed = next.ok("listPersistentData", with(&handle, json!({})));
        assert_eq!(listed.as_array().unwrap().len(), 3, "{point}");
        assert_eq!(family.is_destroyed(0), happened);
        match next.call("setAPIKey", json!([bad])) {
            Ok(unknown) => assert_eq!((&unknown["known"], happened), (&json!(false), false)),
            Err(refused) => assert_eq!((refused.code, happened), (1004, true)),
        }
        // The caller saved the new key first; it asks again with whichever is good.
        let rotated = next.ok("rotateAPIKey", with(&handle, json!({"apiKey": new})));
        assert_eq!(rotated["apiKey"], new);
        assert_eq!(next.code("setAPIKey", json!([old])), 1004);
        let guest = next.handle_of(&family.keys[2]["apiKey"]);
        next.ok("setPersistentData", with(&guest, data()));
        // Shared keys know their owner by its new key.
        assert_eq!(next.ok("revokeAPIKey", with(&handle, json!({})))["destroyed"], true);
        assert_eq!(next.code("listPersistentData", with(&guest, json!({}))), 1004);
    }
}

#[test]
fn a_full_disk_refuses_a_revocation_a_rotation_and_a_share_and_nothing_has_happened() {
    for point in ["before-begin:full", "before-commit:full"] {
        for method in ["revokeAPIKey", "rotateAPIKey", "shareAPIKey"] {
            let family = Family::new();
            let (mut server, handle) = family.failing(point, 1);
            assert_eq!(server.code(method, with(&handle, json!({}))), 5001, "{point} {method}");
            assert!(!(0..3).any(|position| family.is_destroyed(position)));
            let listed = server.ok("listAPIKeys", with(&handle, json!({})));
            assert_eq!(listed.as_array().unwrap().len(), 3);
            assert_eq!(server.records(), 3);
            server.ok(method, with(&handle, json!({})));
        }
    }
}

/// A caller that is told that the outcome is unknown asks again: that is what the key that it brought is for.
#[test]
fn a_rotation_whose_outcome_is_unknown_is_answered_when_the_same_call_comes_again() {
    let family = Family::new();
    let (mut server, handle) = family.failing("after-commit:eio", 1);
    let call = with(&handle, json!({"apiKey": random_key()}));
    let failed = server.call("rotateAPIKey", &call).unwrap_err();
    assert_eq!((failed.code, &failed.data["outcome"]), (5006, &json!("unknown")));
    let again: Answer = server.call("rotateAPIKey", &call);
    assert_eq!(again.unwrap()["apiKey"], call["apiKey"]);
    server.ok("listPersistentData", with(&handle, json!({})));
}

/// The same for a key that ends: no key gets its data, whether or not the commit is known.
#[test]
fn a_revocation_whose_outcome_is_unknown_is_in_force() {
    let family = Family::new();
    let (mut server, handle) = family.failing("after-commit:eio", 1);
    let failed = server.call("revokeAPIKey", with(&handle, json!({}))).unwrap_err();
    assert_eq!((failed.code, &failed.data["outcome"]), (5006, &json!("unknown")));
    assert_eq!(server.code("revokeAPIKey", with(&handle, json!({}))), 1004);
    assert_eq!(server.records(), 0);
    assert!((0..3).all(|position| family.is_destroyed(position)));
}
