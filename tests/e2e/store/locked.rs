//! A store that one client locks: every other one loses it in time, and none asks a protector.

use serde_json::{Value, json};

use crate::harness::{Home, Server};

use super::backup::notice;

const CHANGED: &str = "vault/didChangeStatus";

/// The status of the next notice that says this of the lock.
fn told(server: &mut Server, locked: bool) -> Value {
    loop {
        let status = notice(server, CHANGED);
        if status["locked"] == locked {
            return status;
        }
    }
}

#[track_caller]
fn check_locked(server: &mut Server) {
    for (method, params) in [
        ("getPersistentData", json!(["user"])),
        ("getPersistentRecord", json!({"context": "user", "inherit": true})),
        ("setPersistentData", json!(["user", {}])),
        ("listPersistentData", json!({})),
        ("acquireLease", json!(["lease", 1_000])),
    ] {
        let refused = server.refused(method, params);
        assert_eq!((refused.code, &refused.data["reason"]), (4001, &json!("locked")), "{method}");
        assert_eq!(refused.data["protector"], "passphrase");
    }
}

#[test]
fn a_key_file_alone_can_not_be_locked() {
    let home = Home::new();
    let object = home.object();
    let mut client = home.client();
    assert_eq!(client.ok("vault/lock", json!({})), json!({"locked": false, "reason": "noStore"}));
    client.set_key(&home.key());
    client.ok("setPersistentData", json!(["user", object]));
    assert_eq!(client.ok("vault/lock", json!({})), json!({"locked": false, "reason": "keyFile"}));
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    assert_eq!(client.code("vault/lock", json!({"force": true})), -32602);
}

#[test]
fn what_one_client_locks_every_other_one_loses_in_time() {
    let home = Home::new();
    let (key, object, passphrase) = (home.key(), home.object(), home.word());
    let mut clients = [home.client_with(&key), home.client_with(&key)];
    clients[0].ok("setPersistentData", json!(["user", object]));
    assert_eq!(clients[1].ok("getPersistentData", ["user"]), object);
    assert_eq!(home.run(&["protector", "add", "passphrase"], &passphrase).code, 0);
    assert_eq!(
        home.run(&["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"], &passphrase).code,
        0
    );

    let [one, other] = &mut clients;
    // The client gets its own writes first.
    let written = one.begin("setPersistentData", json!(["user", {"n": 1}]));
    let lock = one.begin("vault/lock", json!({}));
    assert!(one.answer(written).is_ok());
    assert_eq!(one.answer(lock).unwrap(), json!({"locked": true}));
    check_locked(one);
    assert_eq!(told(other, true)["keyAvailable"], false);
    check_locked(other);
    assert_eq!(other.ok("vault/lock", json!({})), json!({"locked": true}), "it is locked already");

    let unlock = json!({"passphrase": passphrase});
    for client in [other, one] {
        assert_eq!(client.ok("vault/unlock", unlock.clone()), json!({"keyAvailable": true}));
        assert_eq!(client.ok("getPersistentData", ["user"]), json!({"n": 1}));
    }
    for mut client in clients {
        client.finish_without_notices();
    }
}
