//! One row of the table of keys can't be read. Its own key is told so; every other key goes on.

use std::path::Path;

use serde_json::{Value, json};

use crate::disk::{Disk, KEYS, META};
use crate::server::{Answer, Home, Server, with};

/// Damages the row of a key, or cuts it off.
fn damage(home: &Home, key_id: &Value, content: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let disk = Disk::open(&home.data(), &home.keys());
    let id = base16ct::lower::decode_vec(key_id.as_str().unwrap()).unwrap();
    let row = disk.rows(KEYS).into_iter().find(|(found, _)| *found == id).unwrap().1;
    disk.put(&[(KEYS, &id, &content(row))]);
    disk.close();
}

fn flip(mut row: Vec<u8>) -> Vec<u8> {
    *row.last_mut().unwrap() ^= 1;
    row
}

fn code(answer: Answer) -> i64 {
    answer.unwrap_err().code
}

fn kept(server: &mut Server, plugin: &str) -> Answer {
    server.call("issueAPIKey", json!({"plugin": plugin, "installation": "nvim"}))
}

fn read(server: &mut Server, handle: &Value) -> Answer {
    server.call("getPersistentData", with(handle, json!({"context": "user"})))
}

fn slot_is_empty(path: &Path) -> bool {
    std::fs::read(path).unwrap().iter().all(|byte| *byte == 0)
}

#[test]
fn others_list_share_rotate_and_revoke_as_before() {
    for content in [flip, |_| Vec::new()] {
        let home = Home::new();
        let mut server = home.server();
        let (broken, broken_handle) = server.issue("a.b");
        let (_, handle) = server.issue("c.d");
        let shared = server.ok("shareAPIKey", with(&handle, json!({})));
        damage(&home, &broken["keyId"], content);
        assert_eq!(code(read(&mut server, &broken_handle)), 4002);
        assert_eq!(server.ok("listAPIKeys", with(&handle, json!({}))).as_array().unwrap().len(), 2);
        server.ok("rotateAPIKey", with(&handle, json!({})));
        let shared_handle = server.handle_of(&shared["apiKey"]);
        assert!(read(&mut server, &shared_handle).unwrap().is_null());
        let other = json!({"keyId": shared["keyId"]});
        server.ok("revokeAPIKey", with(&handle, other));
        assert_eq!(code(read(&mut server, &shared_handle)), 1004);
        let own = server.ok("revokeAPIKey", with(&handle, json!({})));
        assert_eq!(own["destroyed"], true);
        assert_eq!(code(read(&mut server, &broken_handle)), 4002);
    }
}

#[test]
fn a_damaged_row_is_in_no_list_and_its_owner_alone_ends_it() {
    let home = Home::new();
    let mut server = home.server();
    let (_, owner) = server.issue("a.b");
    let (_, stranger) = server.issue("c.d");
    let shared = server.ok("shareAPIKey", with(&owner, json!({})));
    damage(&home, &shared["keyId"], flip);
    let shared_handle = server.call("setAPIKey", json!([shared["apiKey"]]));
    assert_eq!(code(shared_handle), 4002);
    assert_eq!(server.ok("listAPIKeys", with(&owner, json!({}))).as_array().unwrap().len(), 1);
    let slot = home.slot(&shared["keyId"]);
    let key_id = json!({"keyId": shared["keyId"]});
    for handle in [&owner, &stranger] {
        let unknown = json!({"keyId": "00000000000000000000000000000000"});
        assert_eq!(server.code("revokeAPIKey", with(handle, unknown)), 1003);
    }
    assert_eq!(code(server.call("revokeAPIKey", with(&stranger, key_id.clone()))), 4002);
    assert_eq!(home.slot(&shared["keyId"]), slot);
    // The list of its namespace's keys has it, so its owner can end it.
    let ended = server.ok("revokeAPIKey", with(&owner, key_id.clone()));
    assert_eq!(ended, json!({"revoked": true, "destroyed": false}));
    assert!(slot_is_empty(&home.data().join("slots").join(shared["keyId"].as_str().unwrap())));
    assert_eq!(code(server.call("setAPIKey", json!([shared["apiKey"]]))), 1004);
}

#[test]
fn a_namespace_that_is_destroyed_takes_the_keys_along_whose_rows_can_not_be_read() {
    let home = Home::new();
    let mut server = home.server();
    let (_, owner) = server.issue("a.b");
    let shared = server.ok("shareAPIKey", with(&owner, json!({})));
    damage(&home, &shared["keyId"], flip);
    assert_eq!(server.ok("revokeAPIKey", with(&owner, json!({})))["destroyed"], true);
    assert!(slot_is_empty(&home.data().join("slots").join(shared["keyId"].as_str().unwrap())));
    assert_eq!(code(server.call("setAPIKey", json!([shared["apiKey"]]))), 1004);
}

#[test]
fn a_kept_key_is_found_beside_a_damaged_row_and_none_is_made_in_its_place() {
    let home = Home::new();
    let mut server = home.server();
    let broken = kept(&mut server, "a.b").unwrap();
    let whole = kept(&mut server, "c.d").unwrap();
    // Their rows lie before and behind the damaged one.
    let others: Vec<_> = (0..16).map(|n| kept(&mut server, &format!("other.{n}")).unwrap()).collect();
    damage(&home, &broken["keyId"], flip);
    assert_eq!(kept(&mut server, "c.d").unwrap()["apiKey"], whole["apiKey"]);
    for (n, other) in others.iter().enumerate() {
        assert_eq!(kept(&mut server, &format!("other.{n}")).unwrap()["apiKey"], other["apiKey"]);
    }
    // A second key would be another namespace, and what is stored would seem lost.
    assert_eq!(code(kept(&mut server, "a.b")), 4002);
    // The index of keys says that no key is kept for this one.
    assert_eq!(kept(&mut server, "c.e").unwrap()["created"], true);
    // Without the index it may be the damaged one, also after the index was made anew.
    let disk = Disk::open(&home.data(), &home.keys());
    disk.remove(META, b"key index");
    disk.put(&[]);
    disk.close();
    for _ in 0..2 {
        assert_eq!(code(kept(&mut server, "a.b")), 4002);
        assert_eq!(code(kept(&mut server, "e.f")), 4002);
        // The store does not keep this one.
        server.ok("issueAPIKey", json!(["e.f"]));
    }
    // The same, where the request is decided by the writer.
    let (_, handle) = server.issue("g.h");
    let write = server.begin("setPersistentData", with(&handle, json!({"context": "user", "data": {}})));
    let asked = ["c.d", "e.f"]
        .map(|plugin| server.begin("issueAPIKey", json!({"plugin": plugin, "installation": "nvim"})));
    server.answer(write).unwrap();
    assert_eq!(server.answer(asked[0]).unwrap()["apiKey"], whole["apiKey"]);
    assert_eq!(code(server.answer(asked[1])), 4002);
}

#[test]
fn the_user_of_the_store_sees_a_damaged_row_and_can_end_it() {
    let home = Home::new();
    let mut server = home.server();
    let broken = kept(&mut server, "a.b").unwrap();
    let whole = kept(&mut server, "c.d").unwrap();
    damage(&home, &broken["keyId"], flip);
    let listed = home.command(&["--json", "key", "list"]);
    let state = |id: &Value| {
        let found = listed.as_array().unwrap().iter().find(|key| key["keyId"] == *id);
        found.unwrap()["state"].clone()
    };
    assert_eq!((state(&broken["keyId"]), state(&whole["keyId"])), (json!("damaged"), json!("live")));
    let id = broken["keyId"].as_str().unwrap();
    let ended = home.command(&["--json", "key", "revoke", id, "--yes"]);
    assert_eq!(ended, json!({"revoked": true, "destroyed": false}));
    assert!(slot_is_empty(&home.data().join("slots").join(id)));
    let handle = server.call("setAPIKey", json!([broken["apiKey"]]));
    assert_eq!(code(handle), 1004);
    assert_eq!(kept(&mut server, "a.b").unwrap()["created"], true);
    assert_eq!(home.command(&["--json", "key", "list"]).as_array().unwrap().len(), 2);
}
