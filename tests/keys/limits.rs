//! How many keys a store and a plugin may have, and how much a namespace: no plugin takes what is there for others.

use serde_json::{Value, json};

use crate::disk::{Disk, KEYS};
use crate::server::{Home, Server, random_key, with};

#[track_caller]
fn over(server: &mut Server, method: &str, params: &Value, limit: u64) {
    let refused = server.call(method, params).unwrap_err();
    assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(limit)), "{method}");
}

#[test]
fn a_store_has_a_limit_of_live_keys() {
    let home = Home::new();
    let mut server = home.limited(&["--max-keys", "3"]);
    let (first, handle) = server.issue("a.b");
    let shared = server.ok("shareAPIKey", with(&handle, json!({})));
    server.issue("c.d");
    over(&mut server, "issueAPIKey", &json!(["e.f"]), 3);
    over(&mut server, "issueAPIKey", &json!({"plugin": "e.f", "installation": "i"}), 3);
    over(&mut server, "shareAPIKey", &with(&handle, json!({})), 3);
    let stranger = server.handle_of(&random_key());
    over(&mut server, "setPersistentData", &with(&stranger, json!({"context": "user", "data": {}})), 3);
    over(&mut server, "acquireLease", &with(&stranger, json!({"name": "n", "ttlMs": 1_000})), 3);
    // What is there goes on, and a key that takes another's place needs no room.
    server.ok("rotateAPIKey", with(&handle, json!({})));
    server.ok("setPersistentData", with(&handle, json!({"context": "user", "data": {}})));
    over(&mut server, "issueAPIKey", &json!(["e.f"]), 3);
    // Ended keys do not count, however many there are.
    server.ok("revokeAPIKey", with(&handle, json!({"keyId": shared["keyId"]})));
    let (_, last) = server.issue("e.f");
    for _ in 0..5 {
        server.ok("rotateAPIKey", with(&last, json!({})));
    }
    over(&mut server, "issueAPIKey", &json!(["g.h"]), 3);
    server.ok("revokeAPIKey", with(&handle, json!({})));
    server.ok("setPersistentData", with(&stranger, json!({"context": "user", "data": {}})));
    over(&mut server, "issueAPIKey", &json!(["g.h"]), 3);
    assert_ne!(first["keyId"], shared["keyId"]);
}

#[test]
fn a_plugin_has_a_limit_of_its_own_and_leaves_the_others_theirs() {
    let home = Home::new();
    let mut server = home.limited(&["--max-keys-per-plugin", "3"]);
    let (_, handle) = server.issue("a.b");
    let asked = json!({"plugin": "a.b", "installation": "i"});
    let kept = server.ok("issueAPIKey", &asked);
    server.ok("shareAPIKey", with(&handle, json!({})));
    over(&mut server, "issueAPIKey", &json!(["a.b"]), 3);
    over(&mut server, "shareAPIKey", &with(&handle, json!({})), 3);
    assert_eq!(server.ok("issueAPIKey", &asked)["apiKey"], kept["apiKey"]);
    let (_, other) = server.issue("a.bc");
    // A key without a plugin's name counts by its namespace.
    let nameless = server.handle_of(&random_key());
    for _ in 0..2 {
        server.ok("shareAPIKey", with(&nameless, json!({})));
    }
    over(&mut server, "shareAPIKey", &with(&nameless, json!({})), 3);
    let another = server.handle_of(&random_key());
    server.ok("setPersistentData", with(&another, json!({"context": "user", "data": {}})));
    server.ok("shareAPIKey", with(&other, json!({})));
    // Requests of one commit count each other.
    let asked: Vec<_> = (0..8).map(|_| server.begin("issueAPIKey", json!(["z.z"]))).collect();
    let made = asked.into_iter().filter_map(|id| server.answer(id).ok()).count();
    assert_eq!(made, 3);
}

#[test]
fn a_namespace_has_a_limit_of_bytes_and_can_make_room() {
    let home = Home::new();
    let limit = 40_000;
    let mut server = home.limited(&["--max-namespace-bytes", "40000"]);
    let (_, handle) = server.issue("a.b");
    let (_, other) = server.issue("c.d");
    let record = |handle: &Value, name: &str, bytes: usize| {
        with(handle, json!({"context": "user", "name": name, "data": {"x": "y".repeat(bytes)}}))
    };
    for name in ["1", "2", "3"] {
        server.ok("setPersistentData", record(&handle, name, 12_000));
    }
    over(&mut server, "setPersistentData", &record(&handle, "4", 12_000), limit);
    over(&mut server, "setPersistentData", &record(&handle, "3", 16_000), limit);
    let patch = with(&handle, json!({"context": "user", "name": "3", "patch": {"z": "y".repeat(4_000)}}));
    over(&mut server, "patchPersistentData", &patch, limit);
    // Another plugin is not held up, and nothing that takes no more room than it had.
    server.ok("setPersistentData", record(&other, "1", 12_000));
    server.ok("setPersistentData", record(&handle, "3", 12_000));
    server.ok("setPersistentData", record(&handle, "3", 11_000));
    server.ok("setPersistentData", record(&handle, "4", 100));
    server.ok("deletePersistentData", with(&handle, json!({"context": "user", "name": "1"})));
    server.ok("setPersistentData", record(&handle, "5", 12_000));
    // Requests of one commit count each other.
    let asked: Vec<_> = ["6", "7", "8", "9"]
        .map(|name| server.begin("setPersistentData", record(&other, name, 12_000)))
        .into();
    let answers: Vec<_> = asked.into_iter().map(|id| server.answer(id)).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2, "{answers:?}");
    // One that is over it, since the limit was another, writes less and is let through.
    drop(server);
    let mut server = home.limited(&["--max-namespace-bytes", "1000"]);
    let listed = home.command(&["--json", "key", "list"]);
    let of = |plugin: &str| {
        listed.as_array().unwrap().iter().find(|key| key["plugin"] == plugin).unwrap()["bytes"].as_u64()
    };
    assert!(of("a.b").is_some_and(|bytes| bytes <= limit && bytes > 35_000), "{:?}", of("a.b"));
    assert!(of("c.d").is_some_and(|bytes| bytes <= limit && bytes > 35_000), "{:?}", of("c.d"));
    server.issue("e.f");
}

/// What a plugin asks for opens no row of another's: they could all be damaged.
#[test]
fn no_call_of_a_plugin_needs_the_rows_of_others() {
    let home = Home::new();
    let mut server = home.server();
    let asked = json!({"plugin": "a.b", "installation": "nvim"});
    let kept = server.ok("issueAPIKey", &asked);
    let handle = server.handle_of(&kept["apiKey"]);
    let shared = server.ok("shareAPIKey", with(&handle, json!({})));
    let others: Vec<_> = (0..5)
        .map(|number| {
            let params = json!({"plugin": format!("other.{number}"), "installation": "nvim"});
            server.ok("issueAPIKey", &params)["keyId"].clone()
        })
        .collect();
    let disk = Disk::open(&home.data(), &home.keys());
    for id in &others {
        let id = base16ct::lower::decode_vec(id.as_str().unwrap()).unwrap();
        disk.put(&[(KEYS, &id, b"no row of keys")]);
    }
    assert_eq!(server.ok("issueAPIKey", &asked)["apiKey"], kept["apiKey"]);
    // It is known that none is kept: a key can be made, and is found the next time.
    let new = json!({"plugin": "n.n", "installation": "nvim"});
    assert_eq!(server.ok("issueAPIKey", &new)["created"], true);
    assert_eq!(server.ok("issueAPIKey", &new)["created"], false);
    assert_eq!(server.ok("listAPIKeys", with(&handle, json!({}))).as_array().unwrap().len(), 2);
    server.ok("rotateAPIKey", with(&handle, json!({})));
    server.ok("revokeAPIKey", with(&handle, json!({"keyId": shared["keyId"]})));
    server.ok("revokeAPIKey", with(&handle, json!({})));
    disk.close();
}
