//! Answers: made only where there is room for them, in batches, behind writes, and before the store is open.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Client, MEBIBYTE, batch, key, request};
use crate::rig::Home;

/// An object of this many bytes.
fn object(bytes: usize) -> Value {
    json!({"x": "y".repeat(bytes - r#"{"x":""}"#.len())})
}

/// A store with an object of 8 MiB for the key `1`, and one for `2`.
fn with_long_objects() -> Home {
    let home = Home::new();
    for digit in ['1', '2'] {
        Client::with_key(&home, &key(digit))
            .call("setPersistentData", &json!(["user", object(8 * MEBIBYTE)]));
    }
    home
}

#[test]
fn a_thousand_writes_in_each_of_many_batches() {
    const BATCHES: u64 = 700;
    // Only some of them change the store, since each commit waits for the disk; the others pass the same way all the same.
    const CHANGE: u64 = 20;
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    let text = |number: u64| {
        batch((0..1_000).map(|at| {
            let params = json!({"context": "user", "name": format!("n{}", at % 50), "data": {"n": [at % 50, number / CHANGE]}});
            request(number * 1_000 + at, "setPersistentData", &params)
        }))
    };
    client.listen();
    client.send((0..BATCHES).map(text));
    for number in 0..BATCHES {
        let answers = client.next();
        let answers = answers.as_array().unwrap();
        assert_eq!(answers.len(), 1_000);
        assert_eq!((&answers[999]["id"], answers[999].get("error")), (&json!(number * 1_000 + 999), None));
    }
    client.stayed_small("700 batches of 1,000 writes");
}

/// A write that waits, and behind it reads of another key, which do not wait for it.
#[test]
fn a_batch_of_reads_by_another_key_beside_a_write() {
    let home = with_long_objects();
    let mut client = Client::with_key(&home, &key('1'));
    let other = client.call("setAPIKey", &json!([key('2')]))["handle"].clone();
    let one = client.call("setAPIKey", &json!([key('1')]))["handle"].clone();
    let write = json!({"context": "user", "name": "n", "data": {}, "handle": one});
    let read = json!({"context": "user", "handle": other});
    let requests = std::iter::once(request(0, "setPersistentData", &write))
        .chain((1..=150).map(|id| request(id, "getPersistentData", &read)));
    client.send([batch(requests)]);
    let answers = client.next();
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 151);
    assert!(answers[0]["result"]["revision"].is_u64());
    let read = answers.iter().filter(|answer| answer["result"]["x"].is_string()).count();
    let refused = answers.iter().filter(|answer| {
        answer["error"]["code"] == 2002 && answer["error"]["data"]["limit"] == 16 * MEBIBYTE
    });
    assert_eq!((read, refused.count()), (1, 149));
    client.stayed_small("a batch of a write and 150 reads of 8 MiB by another key");
}

/// The same by the same key: each waits for the write.
#[test]
fn batches_of_reads_behind_a_write_of_their_own() {
    let home = with_long_objects();
    let mut client = Client::with_key(&home, &key('1'));
    let read = json!({"context": "user"});
    let text = |number: u64| {
        let write = json!({"context": "user", "name": "n", "data": {"number": number}});
        let requests = std::iter::once(request(0, "setPersistentData", &write))
            .chain((1..=20).map(|id| request(id, "getPersistentData", &read)));
        batch(requests)
    };
    client.listen();
    // So few at a time that none of their writes waits for seconds, however slow the machine is.
    client.send((0..4).map(text));
    for number in 0..20 {
        let answers = client.next();
        let answers = answers.as_array().unwrap();
        assert_eq!(answers.len(), 21);
        assert!(answers[0]["result"]["revision"].is_u64(), "{}", answers[0]["error"]);
        assert!(answers[1]["result"]["x"].is_string(), "{}", answers[1]["error"]);
        assert!(
            answers[2..].iter().all(|answer| answer["error"]["code"] == 2002),
            "{}",
            answers[20]["error"]
        );
        client.send((number < 16).then(|| text(number + 4)));
    }
    client.stayed_small("20 batches of a write and 20 reads of 8 MiB");
}

/// So many reads of 8 MiB are more than 128 MiB, and few enough for a slow machine to make them in time.
const READS: u64 = 24;

/// Each request is answered once, with what was asked for.
#[track_caller]
fn check_all(client: &mut Client, last: u64) {
    let mut answered = BTreeSet::new();
    for _ in 0..=last {
        let answer = client.next();
        assert!(answer.get("result").is_some(), "{}: {}", answer["id"], answer["error"]);
        answered.insert(answer["id"].as_u64().unwrap());
    }
    assert_eq!(answered, (0..=last).collect());
}

#[test]
fn reads_behind_a_write_wait_for_a_client_that_reads_late() {
    let home = with_long_objects();
    let mut client = Client::with_key(&home, &key('1'));
    client.listen();
    client.send([request(0, "setPersistentData", &json!({"context": "user", "name": "n", "data": {}}))]);
    client.send((1..=READS).map(|id| request(id, "getPersistentData", &json!(["user"]))));
    check_all(&mut client, READS);
    client.stayed_small("24 reads of 8 MiB behind a write");
}

#[test]
fn reads_that_come_before_the_store_is_open() {
    let home = with_long_objects();
    let mut client = Client::start(&home);
    client.listen();
    client.send([request(0, "setAPIKey", &json!([key('1')]))]);
    client.send((1..=READS).map(|id| request(id, "getPersistentData", &json!(["user"]))));
    check_all(&mut client, READS);
    client.stayed_small("24 reads of 8 MiB before the store is open");
}

#[test]
fn many_long_objects_are_written_at_once() {
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    client.listen();
    client.send((0..12).map(|id| {
        let params = json!({"context": "user", "name": format!("n{id}"), "data": object(8 * MEBIBYTE)});
        request(id, "setPersistentData", &params)
    }));
    for id in 0..12 {
        let answer = client.next();
        assert_eq!((&answer["id"], answer.get("error")), (&json!(id), None));
    }
    // Each of these is short, and takes a row of megabytes; those that wait for too long are taken back.
    client.send((0..24).map(|id| {
        let params = json!({"context": "user", "name": format!("n{}", id % 12), "patch": {"n": id}});
        request(id, "patchPersistentData", &params)
    }));
    for _ in 0..24 {
        let code = client.next()["error"]["code"].as_i64().unwrap();
        assert!([2002, 5002].contains(&code), "{code}");
    }
    client.stayed_small("12 writes of 8 MiB, and 24 patches of such objects");
}
