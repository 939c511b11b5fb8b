//! Requests that wait, or are looked up, as many as there may be; and lists of keys with long scopes.

use serde_json::{Value, json};

use crate::client::{Client, MEBIBYTE, key, request};
use crate::rig::Home;

#[test]
fn as_many_requests_as_may_wait_for_leases_with_long_names() {
    const WAITING: u64 = 64;
    let home = Home::new();
    let mut holder = Client::with_key(&home, &key('1'));
    let name = |at: u64| format!("{at:02}{}", "n".repeat(254));
    let tokens: Vec<_> = (0..WAITING)
        .map(|at| holder.call("acquireLease", &json!([name(at), 600_000]))["lease"].clone())
        .collect();
    let mut client = Client::with_key(&home, &key('1'));
    client.listen();
    let acquire = |at: u64| {
        let params = json!({"name": name(at % WAITING), "ttlMs": 600_000, "waitMs": 600_000});
        request(at, "acquireLease", &params)
    };
    client.send((0..=WAITING).map(acquire));
    let refused = client.next();
    assert_eq!(refused["error"]["code"], 5004, "{refused}");
    for (at, token) in tokens.iter().enumerate() {
        holder.call("releaseLease", &json!({"name": name(at as u64), "lease": token}));
    }
    for _ in 0..WAITING {
        let answer = client.next();
        assert!(answer["result"]["lease"].is_u64(), "{answer}");
    }
    client.stayed_small("64 requests that wait for leases with names of 256 bytes");
}

#[test]
fn a_thousand_keys_that_are_set_before_the_store_is_open() {
    const HANDLES: usize = 256;
    let home = Home::new();
    Client::with_key(&home, &key('1')).call("setPersistentData", &json!(["user", {}]));
    let mut client = Client::start(&home);
    client.listen();
    client.send((0..1_000).map(|id| request(id, "setAPIKey", &json!([format!("{id:040x}")]))));
    let answers: Vec<_> = (0..1_000).map(|_| client.next()).collect();
    let count = |is: fn(&Value) -> bool| answers.iter().filter(|answer| is(answer)).count();
    assert_eq!(count(|answer| answer["result"]["handle"].is_string()), HANDLES);
    let is_refused =
        |answer: &Value| answer["error"]["code"] == 2002 && answer["error"]["data"]["limit"] == HANDLES;
    assert_eq!(count(is_refused), 1_000 - HANDLES);
    client.stayed_small("1,000 keys that are set at once");
}

/// A store whose owner, the key `1`, has shared so many keys, each with a scope of 2 MiB.
fn with_long_scopes(keys: usize) -> Home {
    let home = Home::new();
    let mut owner = Client::with_key(&home, &key('1'));
    owner.call("setPersistentData", &json!(["user", {}]));
    let folder = |at: usize| format!("file:///{at:03}{}", "f".repeat(8 * 1024 - 11));
    let scope = json!({"workspaceFolders": (0..256).map(folder).collect::<Vec<_>>()});
    for _ in 0..keys {
        owner.call("shareAPIKey", &json!({"scope": scope}));
    }
    home
}

#[test]
fn a_list_of_keys_whose_scopes_are_long_together() {
    let home = with_long_scopes(5);
    let mut client = Client::with_key(&home, &key('1'));
    let error = client.ask("listAPIKeys", &json!({}))["error"].clone();
    assert_eq!((&error["code"], &error["data"]["limit"]), (&json!(2002), &json!(8 * MEBIBYTE)));
    client.stayed_small("a list of 6 keys with scopes of 2 MiB");
}

#[test]
fn a_list_of_keys_that_is_longer_than_a_message_may_be() {
    let home = with_long_scopes(2);
    let mut command = home.command();
    command.args(["--max-message-bytes", &(3 * MEBIBYTE).to_string()]);
    let mut client = Client::run(command);
    client.call("setAPIKey", &json!([key('1')]));
    let error = client.ask("listAPIKeys", &json!({}))["error"].clone();
    assert_eq!((&error["code"], &error["data"]["limit"]), (&json!(2002), &json!(3 * MEBIBYTE)));
    client.stayed_small("a list of 3 keys with scopes of 2 MiB, and messages of 3 MiB");
}
