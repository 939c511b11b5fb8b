//! What a machine decides about a write, where another machine has written since it last asked the server.

use serde_json::json;

use crate::harness::Server as Sidecar;
use crate::machines::{Shared, joined};

/// Sidecars of two machines. The first one's replica is confirmed, and behind by what the second one does then.
fn two_machines() -> (Shared, Sidecar, Sidecar) {
    let shared = Shared::pushed();
    let (other, _) = joined(&shared, &["--machine", "desk"]);
    let key = shared.first.key();
    other.keep_key(&key);
    let mut one = shared.first.client_with(&key);
    one.ok("setPersistentData", json!({"context": "user", "name": "old", "data": {"a": 1}}));
    (shared, one, other.client_with(&key))
}

#[test]
fn what_a_write_finds_is_what_the_server_has_also_where_it_changes_nothing() {
    let (_shared, mut one, mut other) = two_machines();
    let name = |name: &str| json!({"context": "user", "name": name});
    let set = |name: &str, data: i32, revision: u64| json!({"context": "user", "name": name, "data": {"a": data}, "ifRevision": revision});
    // A record that this machine has not seen yet.
    other.ok("setPersistentData", set("new", 1, 0));
    assert_eq!(one.ok("deletePersistentData", name("new"))["deleted"], true);
    // A revision that this machine has not seen yet.
    let revision = other.ok("setPersistentData", json!({"context": "user", "name": "old", "data": {"a": 2}}));
    let revision = revision["revision"].as_u64().unwrap();
    one.ok("setPersistentData", set("old", 3, revision));
    // A value that is not the one that this machine has seen last.
    let revision = other.ok("setPersistentData", json!({"context": "user", "name": "old", "data": {"a": 4}}));
    let same = one.ok("setPersistentData", json!({"context": "user", "name": "old", "data": {"a": 3}}));
    assert!(same["revision"].as_u64() > revision["revision"].as_u64(), "{same}, {revision}");
    // A lease that another machine has released.
    let lease = json!({"name": "refresh", "ttlMs": 60_000});
    let held = other.ok("acquireLease", lease.clone())["lease"].clone();
    assert_eq!(one.code("acquireLease", lease.clone()), 3001);
    other.ok("releaseLease", json!({"name": "refresh", "lease": held}));
    one.ok("acquireLease", lease);
}
