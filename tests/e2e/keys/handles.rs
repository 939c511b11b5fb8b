//! Handles: which key a call means.

use serde_json::json;

use crate::harness::Home;

#[test]
fn without_a_key_nothing_that_needs_one_goes() {
    let home = Home::new();
    let mut script = home.script();
    for (method, params) in [
        ("setPersistentData", json!(["user", {}])),
        ("getPersistentData", json!(["user"])),
        ("getPersistentRecord", json!(["user"])),
        ("patchPersistentData", json!(["user", {}])),
        ("deletePersistentData", json!(["user"])),
        ("listPersistentData", json!({})),
        ("movePersistentData", json!(["file:///a", "file:///b"])),
        ("listAPIKeys", json!({})),
    ] {
        assert_eq!(script.code(method, params), 1001, "{method}");
    }
    assert!(!home.data().exists(), "a call without a key makes no store");
}

#[test]
fn the_same_key_has_the_same_handle() {
    let home = Home::new();
    let key = home.key();
    let mut client = home.client();
    let handle = client.set_key(&key);
    assert_eq!(handle.len(), 32);
    assert_eq!(client.set_key(&key), handle);
    assert_eq!(client.set_key(&key.to_ascii_uppercase()), handle);
    let other = client.set_key(&home.key());
    assert_ne!(other, handle);
    assert_eq!(client.set_key(&key), handle);
}

#[test]
fn handles_of_two_connections_are_not_the_same() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut other) = (home.client(), home.client());
    let (first, second) = (one.set_key(&key), other.set_key(&key));
    assert_ne!(first, second);
    assert_eq!(one.code("getPersistentData", json!({"context": "user", "handle": second})), 1001);
}

#[test]
fn with_two_keys_a_call_needs_a_handle_and_each_has_its_own_data() {
    let home = Home::new();
    let keys = [home.key(), home.key()];
    let mut client = home.client();
    let handles = keys.clone().map(|key| client.set_key(&key));
    let objects = [home.object(), home.object()];
    for (handle, object) in handles.iter().zip(&objects) {
        client.ok("setPersistentData", json!({"context": "user", "data": object, "handle": handle}));
    }
    for (handle, object) in handles.iter().zip(&objects) {
        let params = json!({"context": "user", "handle": handle});
        assert_eq!(client.ok("getPersistentData", params), *object);
    }
    for method in ["getPersistentData", "deletePersistentData"] {
        assert_eq!(client.code(method, ["user"]), 1001);
    }
    // For the rest of the connection: the first key again changes nothing.
    client.set_key(&keys[0]);
    assert_eq!(client.code("getPersistentData", ["user"]), 1001);
}

#[test]
fn an_unknown_handle_is_refused() {
    let home = Home::new();
    let mut client = home.client();
    let handle = client.set_key(&home.key());
    for wrong in ["", "x", &handle[1..], &handle.to_ascii_uppercase(), &"0".repeat(32)] {
        // A handle without letters has no upper case.
        if wrong != handle {
            assert_eq!(client.code("getPersistentData", json!({"context": "user", "handle": wrong})), 1001);
        }
    }
    client.ok("getPersistentData", json!({"context": "user", "handle": handle}));
}

#[test]
fn upper_and_lower_case_are_one_key() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut one = home.script_with(&key);
    one.ok("setPersistentData", json!(["user", object]));
    let mut other = home.script();
    let set = other.ok("setAPIKey", [key.to_ascii_uppercase()]);
    assert_eq!(set["known"], true);
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_connection_has_no_more_handles_than_the_limit() {
    let home = Home::new();
    let keys: Vec<_> = (0..3).map(|_| home.key()).collect();
    let mut server = home.start().arguments(["--max-handles", "2"]).run();
    server.initialize(&[]);
    let handle = server.set_key(&keys[0]);
    server.set_key(&keys[1]);
    let refused = server.refused("setAPIKey", [keys[2].as_str()]);
    assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(2)));
    assert_eq!(server.set_key(&keys[0]), handle);
    server.ok("getPersistentData", json!({"context": "user", "handle": handle}));
}

#[test]
fn a_key_over_the_limit_of_one_ends_calls_without_a_handle() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.start().arguments(["--max-handles", "1"]).run();
    server.initialize(&[]);
    server.set_key(&key);
    assert_eq!(server.code("setAPIKey", [home.key()]), 2002);
    assert_eq!(server.code("getPersistentData", ["user"]), 1001);
    server.set_key(&key);
    server.ok("getPersistentData", ["user"]);
}
