//! Merge patches as large as a message: time and memory in proportion.

use serde_json::json;

use crate::client::{Client, MEBIBYTE, key};
use crate::rig::Home;

/// A patch of many members, each with an object of its own.
fn patch(bytes: usize) -> String {
    let members = (0..bytes / 14).map(|at| format!(r#""{at:07x}":{{}}"#)).collect::<Vec<_>>();
    format!("{{{}}}", members.join(","))
}

fn request(id: u64, patch: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"patchPersistentData","params":["user",{patch}]}}"#)
}

#[test]
fn a_patch_as_long_as_a_message() {
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    client.send([request(1, &patch(15 * MEBIBYTE))]);
    let error = client.next()["error"].clone();
    assert_eq!((&error["code"], &error["data"]["limit"]), (&json!(2002), &json!(8 * MEBIBYTE)));
    client.stayed_small("a patch of 15 MiB");
}

#[test]
fn a_patch_as_long_as_an_object_on_an_object_as_long() {
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    // Twice the same: the second time each member is found, and none is another.
    let patch = patch(8 * MEBIBYTE - 1_024);
    for id in [1, 2] {
        client.send([request(id, &patch)]);
        let answer = client.next();
        assert!(answer["result"]["revision"].is_u64(), "{}", answer["error"]);
    }
    let written = client.call("getPersistentRecord", &json!(["user"]));
    assert_eq!(written["data"].as_object().unwrap().len(), (8 * MEBIBYTE - 1_024) / 14);
    client.stayed_small("a patch of 8 MiB, twice");
}
