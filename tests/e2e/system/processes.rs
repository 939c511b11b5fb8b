//! Processes that can't see each other: containers that share a home, each with process ids of its own.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::json;

use super::{read, write};
use crate::harness::{Framing, Home, Server};

/// The first process of a namespace of its own, of which the test has only the one outside.
const ALONE: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

fn in_a_container<'h>(home: &'h Home, key: &str) -> Server<'h> {
    let mut server = home.start().framing(Framing::Lines).under(ALONE).run();
    server.set_key(key);
    server
}

#[test]
fn containers_with_the_same_process_ids_share_a_store_and_keep_their_places() {
    let home = Home::new();
    let key = home.key();
    let mut outside = home.script();
    outside.set_key(&key);
    // All of them are process 1 where they are.
    let mut servers: Vec<_> = (0..4).map(|_| in_a_container(&home, &key)).collect();
    servers.push(outside);
    let mut revisions = BTreeSet::new();
    for round in 0..25_u64 {
        for at in 0..servers.len() {
            let n = at as u64;
            assert!(revisions.insert(write(&mut servers[at], n, &json!({"round": round})).unwrap()));
            for reader in &mut servers {
                assert_eq!(read(reader, n), json!({"round": round}), "round {round}");
            }
        }
        // One that comes and goes takes nobody else for dead.
        if round % 5 == 0 {
            drop(in_a_container(&home, &key));
        }
    }
    assert_eq!(servers.len() + 1, 1 + std::fs::read_dir(home.data().join("live")).unwrap().count());
}

#[test]
fn containers_write_at_once_and_nothing_is_lost() {
    let home = Home::new();
    let key = home.key();
    let write_all = |server: u64| {
        let mut container = in_a_container(&home, &key);
        for n in 0..60 {
            write(&mut container, 100 * server + n, &json!({"n": n})).unwrap();
            assert_eq!(read(&mut container, 100 * server + n), json!({"n": n}));
        }
    };
    std::thread::scope(|scope| {
        for server in 0..4 {
            scope.spawn(move || write_all(server));
        }
    });
    let mut late = home.script();
    late.set_key(&key);
    for server in 0..4 {
        for n in 0..60 {
            assert_eq!(read(&mut late, 100 * server + n), json!({"n": n}));
        }
    }
}

#[test]
fn a_lease_of_another_container_is_a_live_ones_until_it_is_killed() {
    let home = Home::new();
    let key = home.key();
    let (mut holder, mut other) = (in_a_container(&home, &key), in_a_container(&home, &key));
    holder.ok("acquireLease", json!({"name": "l", "ttlMs": 600_000}));
    assert_eq!(other.code("acquireLease", json!({"name": "l", "ttlMs": 600_000})), 3001);
    let waiting = other.begin("acquireLease", json!({"name": "l", "ttlMs": 600_000, "waitMs": 60_000}));
    holder.signal(Signal::KILL);
    other.wait(waiting).ok();
    holder.wait_for_end();
    holder.forget_answers();
}
