//! Leases of a namespace with several keys: names are common to them, a lease is its key's.

use serde_json::{Value, json};

use crate::server::{Home, Server, with};

/// Longer than any of these tests.
const LONG: u64 = 600_000;

fn named(handle: &Value, name: &str) -> Value {
    with(handle, json!({"name": name, "ttlMs": LONG}))
}

fn own(handle: &Value, token: &Value) -> Value {
    with(handle, json!({"name": "n", "lease": token}))
}

#[track_caller]
fn acquire(server: &mut Server, handle: &Value) -> Value {
    server.ok("acquireLease", named(handle, "n"))["lease"].clone()
}

/// A shared key, and its handle.
fn shared(server: &mut Server, owner: &Value, scope: &Value) -> (Value, Value) {
    let shared = server.ok("shareAPIKey", with(owner, json!({"scope": scope})));
    let handle = server.handle_of(&shared["apiKey"]);
    (shared, handle)
}

#[test]
fn the_keys_of_a_namespace_exclude_each_other_and_touch_no_lease_of_another_key() {
    let home = Home::new();
    let (mut server, mut other) = (home.server(), home.server());
    let (_, owner) = server.issue("a.b");
    let (_, helper) = shared(&mut server, &owner, &json!({"contexts": ["user"]}));
    for (holder, rival) in [(&owner, &helper), (&helper, &owner)] {
        let token = acquire(&mut server, holder);
        assert_eq!(server.code("acquireLease", named(rival, "n")), 3001);
        for method in ["renewLease", "releaseLease"] {
            assert_eq!(server.code(method, own(rival, &token)), 1006, "{method}");
            // Whether the token is right comes first: a wrong one is a lost lease for every key.
            let wrong = json!(token.as_u64().unwrap() + 1);
            assert_eq!(server.code(method, own(rival, &wrong)), 3002, "{method}");
        }
        // A token is a condition and gives no rights: every key that may write may name it.
        let write = |handle, context: &str| {
            let mut place = json!({"context": context, "data": {}, "lease": token});
            if context == "workspace" {
                place["workspaceFolder"] = json!("file:///f");
            }
            with(handle, place)
        };
        for handle in [holder, rival] {
            server.ok("setPersistentData", write(handle, "user"));
        }
        assert_eq!(server.code("setPersistentData", write(&helper, "workspace")), 1006);
        server.ok("renewLease", own(holder, &token));
        server.ok("releaseLease", own(holder, &token));
    }
    // The same key in another process is the same key.
    let (issued, _) = shared(&mut server, &owner, &Value::Null);
    let (here, there) = (server.handle_of(&issued["apiKey"]), other.handle_of(&issued["apiKey"]));
    let token = acquire(&mut server, &here);
    other.ok("renewLease", own(&there, &token));
    other.ok("releaseLease", own(&there, &token));
}

#[test]
fn a_key_that_may_change_nothing_has_no_leases_and_waits_for_none() {
    let home = Home::new();
    let mut server = home.server();
    let (_, owner) = server.issue("a.b");
    let token = acquire(&mut server, &owner);
    for scope in [
        json!({"readOnly": true}),
        json!({"contexts": []}),
        json!({"contexts": [], "workspaceFolders": ["file:///f"]}),
        json!({"workspaceFolders": []}),
        json!({"contexts": ["workspace"], "workspaceFolders": []}),
    ] {
        let (_, handle) = shared(&mut server, &owner, &scope);
        let mut waiting = named(&handle, "n");
        waiting["waitMs"] = json!(LONG);
        for params in [named(&handle, "n"), named(&handle, "free"), waiting] {
            assert_eq!(server.code("acquireLease", &params), 1006, "{scope}");
        }
        for method in ["renewLease", "releaseLease"] {
            assert_eq!(server.code(method, own(&handle, &token)), 1006, "{scope} {method}");
        }
    }
    server.ok("renewLease", own(&owner, &token));
}

#[test]
fn a_shared_key_holds_a_hundred_leases_and_leaves_the_others_to_its_owner() {
    let home = Home::new();
    let mut server = home.server();
    let (_, owner) = server.issue("a.b");
    let (_, one) = shared(&mut server, &owner, &Value::Null);
    let (_, two) = shared(&mut server, &owner, &Value::Null);
    let take = |server: &mut Server, handle: &Value, prefix: &str, count: u32| {
        for number in 0..count {
            server.ok("acquireLease", named(handle, &format!("{prefix}{number}")));
        }
    };
    take(&mut server, &one, "one", 100);
    let refused = server.call("acquireLease", named(&one, "over")).unwrap_err();
    assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(100)));
    // Each key has its own hundred, and an owner what the namespace has.
    take(&mut server, &two, "two", 100);
    take(&mut server, &owner, "owner", 101);
    assert_eq!(server.code("acquireLease", named(&two, "over")), 2002);
    // Those of a process that is gone make room at once.
    let mut dying = home.server();
    let (issued, third) = shared(&mut server, &owner, &Value::Null);
    let handle = dying.handle_of(&issued["apiKey"]);
    take(&mut dying, &handle, "third", 100);
    assert_eq!(server.code("acquireLease", named(&third, "over")), 2002);
    assert!(dying.finish().code == Some(0));
    take(&mut server, &third, "over", 100);
}

#[test]
fn a_lease_goes_on_with_the_key_that_takes_its_keys_place() {
    let home = Home::new();
    let (mut server, mut other) = (home.server(), home.server());
    let (issued, owner) = server.issue("a.b");
    let old = other.handle_of(&issued["apiKey"]);
    let (_, helper) = shared(&mut server, &owner, &Value::Null);
    for handle in [owner.clone(), helper.clone()] {
        let token = acquire(&mut server, &handle);
        server.ok("rotateAPIKey", with(&handle, json!({})));
        assert_eq!(server.code("acquireLease", named(&handle, "n")), 3001);
        server.ok("renewLease", own(&handle, &token));
        let write = with(&handle, json!({"context": "user", "data": {}, "lease": token}));
        server.ok("setPersistentData", &write);
        // The old key is refused as a key, before anything is said of the lease.
        assert_eq!(other.code("renewLease", own(&old, &token)), 1004);
        server.ok("rotateAPIKey", with(&handle, json!({})));
        server.ok("releaseLease", own(&handle, &token));
    }
    assert_eq!(other.code("acquireLease", named(&old, "n")), 1004);
}

#[test]
fn a_lease_is_free_when_its_key_ends() {
    let home = Home::new();
    let mut server = home.server();
    let (_, owner) = server.issue("a.b");
    let end = |server: &mut Server, by: &str| {
        let (issued, helper) = shared(server, &owner, &Value::Null);
        let token = acquire(server, &helper);
        match by {
            "itself" => drop(server.ok("revokeAPIKey", with(&helper, json!({})))),
            "its owner" => {
                drop(server.ok("revokeAPIKey", with(&owner, json!({"keyId": issued["keyId"]}))));
            }
            _ => drop(home.command(&["--json", "key", "revoke", issued["keyId"].as_str().unwrap(), "--yes"])),
        }
        // What was written under it is over as well.
        let write = with(&owner, json!({"context": "user", "data": {}, "lease": token}));
        assert_eq!(server.code("setPersistentData", &write), 3002, "{by}");
        let next = acquire(server, &owner);
        server.ok("releaseLease", own(&owner, &next));
    };
    for by in ["itself", "its owner", "the user"] {
        end(&mut server, by);
    }
}
