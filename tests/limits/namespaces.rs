//! What goes through a whole namespace: lists, and moves.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Client, MEBIBYTE, batch, key, request};
use crate::rig::Home;

const RECORDS: usize = 10_000;

fn folder() -> String {
    format!("file:///{}", "f".repeat(8 * 1024 - 8))
}

/// A store with as many records as a namespace may have, in a folder whose name is as long as it may be.
fn with_many_records(client: &mut Client) {
    let folder = folder();
    for begin in (0..RECORDS).step_by(100) {
        client.send([batch((begin..begin + 100).map(|at| {
            let data = json!({"n": at});
            let params = json!({"context": "workspace", "workspaceFolder": folder, "name": format!("n{at}"), "data": data});
            request(at as u64, "setPersistentData", &params)
        }))]);
        let answers = client.next();
        assert!(answers.as_array().unwrap().iter().all(|answer| answer["result"].is_object()));
    }
}

fn names(page: &Value) -> Vec<String> {
    page.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_of_ten_thousand_records_in_a_folder_with_a_long_name() {
    let home = Home::new();
    with_many_records(&mut Client::with_key(&home, &key('1')));

    let mut client = Client::with_key(&home, &key('1'));
    let error = client.ask("listPersistentData", &json!({}))["error"].clone();
    assert_eq!((&error["code"], &error["data"]["limit"]), (&json!(2002), &json!(16 * MEBIBYTE)));
    // Behind writes, too.
    client.listen();
    client.send((0..4).flat_map(|at| {
        let write =
            json!({"context": "workspace", "workspaceFolder": folder(), "name": "n0", "data": {"n": at}});
        [request(2 * at, "setPersistentData", &write), request(2 * at + 1, "listPersistentData", &json!({}))]
    }));
    for at in 0..8 {
        let answer = client.next();
        assert_eq!(answer["id"], at);
        assert_eq!(answer["error"]["code"].as_i64(), (at % 2 == 1).then_some(2002));
    }
    client.stayed_small("a list of 10,000 records with 8 KiB folders");

    // With a filter that nothing passes, the list goes through the whole store.
    let mut client = Client::with_key(&home, &key('1'));
    assert_eq!(client.call("listPersistentData", &json!({"context": "user"})), json!([]));
    client.stayed_small("a list with a filter of 10,000 records with 8 KiB folders");

    // What a move changes at once has a limit of its own.
    let mut client = Client::with_key(&home, &key('1'));
    let error = client.ask("movePersistentData", &json!([folder(), "file:///other"]))["error"].clone();
    assert_eq!((&error["code"], &error["data"]["limit"]), (&json!(2002), &json!(24 * MEBIBYTE)));
    client.stayed_small("a move of 10,000 records with 8 KiB folders");

    // Another connection has written each record, and the store keeps its newest 10,000 changes.
    let mut client = Client::with_key(&home, &key('1'));
    let watch = client.call("watchPersistentData", &json!({"since": RECORDS / 2}));
    assert_eq!(watch["watching"], true);
    let mut told = watch["revision"].as_u64().unwrap();
    let last = client_revision(&home);
    while told < last {
        let notice = client.next()["params"].clone();
        assert_eq!(notice["resync"], json!(null));
        told = notice["revision"].as_u64().unwrap();
    }
    client.stayed_small("a watch that gets 5,000 changes in 8 KiB folders");
}

/// The last revision of the store.
fn client_revision(home: &Home) -> u64 {
    Client::with_key(home, &key('1')).call("watchPersistentData", &json!({}))["revision"].as_u64().unwrap()
}

#[test]
fn a_list_in_pages_has_each_record_once() {
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    let mut expected = BTreeSet::new();
    client.send([batch((0..250_u64).map(|at| {
        let name = format!("n{at}");
        expected.insert(name.clone());
        let params = match at % 2 {
            0 => json!({"context": "user", "name": name, "data": {}}),
            _ => json!({"context": "workspace", "workspaceFolder": "file:///a", "name": name, "data": {}}),
        };
        request(at, "setPersistentData", &params)
    }))]);
    client.next();
    let all = names(&client.call("listPersistentData", &json!({})));
    let mut paged = Vec::new();
    let mut after = json!(null);
    loop {
        let page = client.call("listPersistentData", &json!({"limit": 60, "after": after}));
        paged.extend(names(&page));
        let entries = page.as_array().unwrap();
        if entries.len() < 60 {
            break;
        }
        after = entries[59].clone();
        // What is removed meanwhile is still a place in the order.
        let mut gone = after.clone();
        for member in ["revision", "createdAt", "updatedAt", "bytes"] {
            gone.as_object_mut().unwrap().remove(member);
        }
        client.call("deletePersistentData", &gone);
    }
    assert_eq!(paged, all, "the pages have the order of the whole");
    assert_eq!(paged.into_iter().collect::<BTreeSet<_>>(), expected);
    let page = client.call("listPersistentData", &json!({"limit": 5, "context": "user"}));
    assert!(page.as_array().unwrap().iter().all(|entry| entry["context"] == "user"));
    assert_eq!(page.as_array().unwrap().len(), 5);
    for (member, value) in [
        ("limit", json!(0)),
        ("limit", json!(1_001)),
        ("after", json!({"name": "n1"})),
        ("after", json!({"context": "workspace"})),
        ("after", json!({"context": "user", "workspaceFolder": "file:///a"})),
    ] {
        let error = client.ask("listPersistentData", &json!({member: value}))["error"].clone();
        assert_eq!((&error["code"], &error["data"]["parameter"]), (&json!(-32602), &json!(member)));
    }
}
