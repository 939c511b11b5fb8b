//! A system on which no file can be watched: those who watch and those who wait look now and then instead.

use serde_json::json;

use super::write;
use crate::harness::{Framing, Home, Server};

/// A server that may not watch a single file.
fn deaf(home: &Home, key: &str) -> Server {
    let none = "echo 0 >/proc/sys/user/max_inotify_instances && exec \"$@\"";
    let namespace = ["unshare", "--user", "--map-root-user", "sh", "-c", none, "sh"];
    let mut server = home.start().framing(Framing::Lines).under(namespace).run();
    server.set_key(key);
    server
}

#[test]
fn who_cannot_watch_files_is_told_all_the_same() {
    let home = Home::new();
    let key = home.key();
    let (mut watcher, mut other) = (deaf(&home, &key), home.script());
    other.set_key(&key);
    write(&mut other, 0, &json!({})).unwrap();
    watcher.ok("watchPersistentData", json!({}));
    for n in 1..4 {
        let revision = write(&mut other, n, &json!({"n": n})).unwrap();
        let told = watcher.next().notice("persistentData/didChange").expect("a notice of a change");
        assert_eq!(told["revision"], revision);
    }
    // Somebody who waits for a lease, too, and for one whose holder is killed.
    let lease = json!({"name": "l", "ttlMs": 600_000, "waitMs": 60_000});
    for ends in [false, true] {
        let token = other.ok("acquireLease", lease.clone())["lease"].clone();
        let waits = watcher.begin("acquireLease", lease.clone());
        watcher.ok("getPersistentData", ["user"]);
        if ends {
            other.kill();
            other.wait_for_end();
        } else {
            other.ok("releaseLease", json!({"name": "l", "lease": token}));
        }
        let token = watcher.wait(waits).ok()["lease"].clone();
        watcher.ok("releaseLease", json!({"name": "l", "lease": token}));
    }
}
