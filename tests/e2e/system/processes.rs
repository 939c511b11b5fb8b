//! Processes that can't see each other: containers that share a home, each with process ids of its own.

use std::collections::BTreeSet;

use serde_json::json;

use super::{read, write};
use crate::harness::{Framing, Home, Server};

/// Starts others before the one that is meant, as what runs in a container does, so that its id is another one there.
const AFTER_OTHERS: &str = r#"others=$1; shift
while [ "$others" -gt 0 ]; do (:); others=$((others - 1)); done
"$@"; exit $?"#;

/// A server in a namespace of its own, and with an id of its own there, after so many others. Its client has only the
/// process that makes the namespace, and ends all of it with that one.
fn in_a_container(home: &Home, others: usize) -> Server {
    let others = others.to_string();
    let namespace = ["unshare", "--pid", "--fork", "--kill-child"];
    let start = home.start().usual_log().framing(Framing::Lines).under(namespace);
    start.under(["sh", "-c", AFTER_OTHERS, "sh", &others]).run()
}

fn with_key(home: &Home, key: &str, others: usize) -> Server {
    let mut server = in_a_container(home, others);
    server.set_key(key);
    server
}

#[test]
fn a_container_with_the_same_process_id_is_refused_and_does_no_harm() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut same) = (with_key(&home, &key, 3), in_a_container(&home, 3));
    write(&mut one, 1, &json!({"n": 1})).unwrap();
    for n in 0..3 {
        let refused = same.refused("setAPIKey", [key.as_str()]);
        assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("platform")));
        write(&mut one, 1, &json!({"n": n})).unwrap();
        assert_eq!(read(&mut one, 1), json!({"n": n}));
    }
    drop(one);
    same.set_key(&key);
    assert_eq!(read(&mut same, 1), json!({"n": 2}));
    let stderr = same.finish().stderr;
    assert!(stderr.contains("another container; give each its own --data-dir"), "{stderr}");
}

#[test]
fn containers_share_a_store_and_keep_their_places() {
    let home = Home::new();
    let key = home.key();
    let outside = home.script_with(&key);
    // Threads have ids too.
    let mut servers: Vec<_> = (0..4).map(|at| with_key(&home, &key, 20 * at)).collect();
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
            drop(with_key(&home, &key, 100));
        }
    }
    // A lock file a process, and what is said about it beside.
    assert_eq!(2 * servers.len(), std::fs::read_dir(home.data().join("live")).unwrap().count());
}

#[test]
fn containers_write_at_once_and_nothing_is_lost() {
    let home = Home::new();
    let key = home.key();
    let write_all = |server: u64| {
        let mut container = with_key(&home, &key, 20 * usize::try_from(server).unwrap());
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
    let mut late = home.script_with(&key);
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
    let (mut holder, mut other) = (with_key(&home, &key, 0), with_key(&home, &key, 20));
    holder.ok("acquireLease", json!({"name": "l", "ttlMs": 600_000}));
    assert_eq!(other.code("acquireLease", json!({"name": "l", "ttlMs": 600_000})), 3001);
    let waiting = other.begin("acquireLease", json!({"name": "l", "ttlMs": 600_000, "waitMs": 60_000}));
    holder.kill();
    other.wait(waiting).ok();
    holder.wait_for_end();
    holder.forget_answers();
}
