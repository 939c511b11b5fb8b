//! No plugin keeps another out, however much it asks for: a write is answered before 512 more requests of a flood. Revisions
//! count them: each write of the flood takes one.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::client::{Client, batch, key, request};
use crate::rig::{Home, tell};

const RECORDS: u64 = 3_000;

/// Keeps a process busy with a thousand requests in flight, while another one writes: how many requests of the flood came
/// between two of its writes, each asked for when the one before it was answered.
fn waits(flood: impl Fn(u64) -> Vec<String> + Sync, requests_per_write: u64) -> Vec<u64> {
    let home = Home::new();
    let mut flooding = Client::with_key(&home, &key('1'));
    // So many that a list of them takes its time.
    for begin in (0..RECORDS).step_by(500) {
        let write = |at| {
            let params = json!({"context": "user", "name": format!("n{at}"), "data": {}});
            request(at, "setPersistentData", &params)
        };
        flooding.send([batch((begin..begin + 500).map(write))]);
        flooding.next();
    }
    let mut other = Client::with_key(&home, &key('2'));
    other.call("setPersistentData", &json!(["user", {}]));
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        flooding.listen();
        let sender = scope.spawn(|| {
            for round in 0.. {
                if enough.load(Ordering::Relaxed) {
                    return flooding;
                }
                flooding.send(flood(round));
            }
            unreachable!("rounds go on for ever")
        });
        let mut write = |n: usize| {
            let answer = other.ask("setPersistentData", &json!(["user", {"n": n}]));
            answer["result"]["revision"].as_u64().unwrap_or_else(|| panic!("{}", answer["error"]))
        };
        let revisions: Vec<_> = (0..40).map(&mut write).collect();
        enough.store(true, Ordering::Relaxed);
        // What it still answers is of no interest.
        drop(sender.join().unwrap());
        revisions.windows(2).map(|pair| (pair[1] - pair[0] - 1) * requests_per_write).collect()
    })
}

/// One wait in ten may be longer: the system may let the other process wait for a processor.
#[track_caller]
fn check(what: &str, mut waits: Vec<u64>) {
    waits.sort_unstable();
    let (median, most) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    tell(&format!("{what}: {median} requests before another plugin's write, {most} at most"));
    assert!(most > 0, "there was no flood");
    assert!(waits[waits.len() * 9 / 10] < 512, "{waits:?}");
}

#[test]
fn a_flood_of_writes_lets_other_plugins_write() {
    let flood = |round: u64| {
        let write = |at| {
            let params =
                json!({"context": "user", "name": format!("n{}", at % 50), "data": {"n": [round, at]}});
            request(at, "setPersistentData", &params)
        };
        (0..500).map(write).collect()
    };
    check("writes", waits(flood, 1));
}

#[test]
fn a_flood_of_writes_and_lists_lets_other_plugins_write() {
    let flood = |round: u64| {
        let pair = |at| {
            let params = json!({"context": "user", "name": format!("n{at}"), "data": {"n": round}});
            [request(at, "setPersistentData", &params), request(at, "listPersistentData", &json!({}))]
        };
        (0..500).flat_map(pair).collect()
    };
    check("writes and lists in turn", waits(flood, 2));
}

/// On one connection each request stands in the order in which it came.
#[test]
fn a_flood_on_the_same_connection_lets_another_key_write() {
    const MIDDLE: u64 = 1_500;
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    let other = client.call("setAPIKey", &json!([key('2')]))["handle"].clone();
    let flood = client.call("setAPIKey", &json!([key('1')]))["handle"].clone();
    let write = |id: u64, handle: &serde_json::Value| {
        let params =
            json!({"context": "user", "name": format!("n{}", id % 50), "data": {"n": id}, "handle": handle});
        request(id, "setPersistentData", &params)
    };
    client.listen();
    client.send((0..2 * MIDDLE).map(|id| write(id, if id == MIDDLE { &other } else { &flood })));
    let mut later = 0;
    loop {
        let id = client.next()["id"].as_u64().unwrap();
        if id == MIDDLE {
            break;
        }
        later += u64::from(id > MIDDLE);
    }
    assert!(later < 512, "{later}");
}
