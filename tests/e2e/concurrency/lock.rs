//! Another process that keeps the store's lock: reads go on, writes wait, and say so when they give up.

use std::fs::{self, File};
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Framing, Home};

/// Takes the store's lock away, as another process that writes would.
pub(crate) fn hold(home: &Home) -> File {
    let lock = File::open(home.data().join("write.lock")).unwrap();
    lock.lock().unwrap();
    fs::write(home.data().join("writer"), format!("{:<10}\n", std::process::id())).unwrap();
    lock
}

#[test]
fn a_write_that_cannot_have_the_lock_gives_up_and_is_not_carried_out() {
    let home = Home::new();
    let (one, other) = (home.key(), home.key());
    let mut server = home.start().usual_log().framing(Framing::Lines).run();
    let handles = [server.set_key(&one), server.set_key(&other)];
    let of = |at: usize, mut params: Value| {
        params["handle"] = handles[at].clone().into();
        params["context"] = "user".into();
        params
    };
    server.ok("setPersistentData", of(0, json!({"data": {"n": 1}})));
    server.ok("setPersistentData", of(1, json!({"data": {"n": 2}})));

    let lock = hold(&home);
    let began = Instant::now();
    let write = server.begin("setPersistentData", of(0, json!({"data": {"n": 3}})));
    let same = server.begin("getPersistentData", of(0, json!({})));
    let elsewhere = server.begin("getPersistentData", of(1, json!({})));
    let status = server.begin("vault/status", json!({}));
    // What does not depend on the write is answered before it.
    assert_eq!(server.next().id(), elsewhere.to_string());
    assert_eq!(server.next().id(), status.to_string());
    assert!(began.elapsed() < Duration::from_secs(4), "the lock was waited for");
    let refused = server.wait(write).refused();
    assert_eq!((refused.why(), &refused.data["process"]), ((5002, "lock"), &json!(std::process::id())));
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(4_900), "{waited:?}");
    assert_eq!(server.wait(same).ok(), json!({"n": 1}));
    drop(lock);

    server.ok("setPersistentData", of(1, json!({"data": {"n": 4}})));
    assert_eq!(server.ok("getPersistentData", of(0, json!({}))), json!({"n": 1}));
    let end = server.finish();
    assert_eq!(end.code, Some(0));
    assert!(end.stderr.contains(&format!("process {}", std::process::id())), "{end:?}");
}

#[test]
fn a_holder_of_the_lock_that_is_not_known_is_not_named() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.script();
    server.set_key(&key);
    server.ok("setPersistentData", json!(["user", {"n": 1}]));
    let lock = hold(&home);
    // As the file is between two holders.
    fs::write(home.data().join("writer"), "\n").unwrap();
    let refused = server.refused("setPersistentData", json!(["user", {"n": 2}]));
    assert_eq!((refused.why(), &refused.data["process"]), ((5002, "lock"), &Value::Null));
    drop(lock);
}

#[test]
fn a_store_that_another_process_has_alone_is_busy_until_it_is_opened() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.script();
    server.set_key(&key);
    server.ok("setPersistentData", json!(["user", {"n": 1}]));
    drop(server);
    let alone = File::open(home.data().join("make.lock")).unwrap();
    alone.lock().unwrap();
    let mut server = home.script();
    assert_eq!(server.refused("setAPIKey", [key.as_str()]).why(), (5002, "opening"));
    assert_eq!(server.refused("issueAPIKey", ["plugin"]).why(), (5002, "opening"));
    drop(alone);
    server.set_key(&key);
    assert_eq!(server.ok("getPersistentData", ["user"]), json!({"n": 1}));
}

#[test]
fn a_read_waits_for_the_write_before_it_and_not_for_others() {
    let home = Home::new();
    let (key, other) = (home.key(), home.key());
    let mut script = home.script();
    let handles = [script.set_key(&key), script.set_key(&other)];
    for handle in &handles {
        script.ok("setPersistentData", json!({"context": "user", "data": {"n": 1}, "handle": handle}));
    }
    let lock = hold(&home);
    let get = |handle: &str| json!({"context": "user", "handle": handle});
    let before = script.begin("getPersistentData", get(&handles[0]));
    let write = json!({"context": "user", "data": {"n": 2}, "handle": handles[0]});
    let write = script.begin("setPersistentData", write);
    let after = script.begin("getPersistentData", get(&handles[0]));
    let elsewhere = script.begin("getPersistentData", get(&handles[1]));
    assert_eq!(script.next().id(), before.to_string());
    let answer = script.next();
    assert_eq!((answer.id(), answer.ok()), (&*elsewhere.to_string(), json!({"n": 1})));
    drop(lock);
    assert_eq!(script.next().id(), write.to_string());
    let answer = script.next();
    assert_eq!((answer.id(), answer.ok()), (&*after.to_string(), json!({"n": 2})));
}

#[test]
fn a_process_can_begin_and_read_while_another_writes() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut script = home.script_with(&key);
    script.ok("setPersistentData", json!(["user", object]));
    drop(script);
    let lock = hold(&home);
    let mut script = home.script_with(&key);
    assert_eq!(script.ok("getPersistentData", ["user"]), object);
    drop(lock);
}

#[cfg(unix)]
#[test]
fn a_stopped_writer_keeps_no_reader_from_reading() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let (mut one, mut other) = (home.script(), home.script());
    one.set_key(&key);
    other.set_key(&key);
    one.ok("setPersistentData", json!(["user", object]));
    one.signal(Signal::STOP);
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
    one.signal(Signal::CONT);
}

#[cfg(unix)]
#[test]
fn the_end_comes_within_ten_seconds_though_the_lock_is_kept() {
    let home = Home::new();
    let key = home.key();
    let mut script = home.script_with(&key);
    script.ok("setPersistentData", json!(["user", {"n": 1}]));
    let lock = hold(&home);
    let write = script.begin("setPersistentData", json!(["user", {"n": 2}]));
    let read = script.begin("noSuchMethod", json!({}));
    script.wait(read).refused();
    let began = Instant::now();
    script.signal(Signal::TERM);
    let end = script.wait_for_end();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(end.code, Some(0));
    assert_eq!(script.wait(write).refused().why(), (5002, "lock"));
    drop(lock);
    let mut script = home.script_with(&key);
    assert_eq!(script.ok("getPersistentData", ["user"]), json!({"n": 1}));
}
