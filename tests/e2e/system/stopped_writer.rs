//! A process that is stopped while it writes: a debugger, a frozen container, a laptop's lid.

use std::fs::File;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::{read, write};
use crate::harness::{DEADLINE, Framing, Home, Server};

/// Sends writes without end, and stops the process at a moment at which it has the store's lock.
fn stop_inside_a_write(home: &Home, server: &mut Server) -> Vec<u64> {
    let lock = File::open(home.data().join("write.lock")).unwrap();
    let mut sent = Vec::new();
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < DEADLINE, "it never has the lock");
        for _ in 0..20 {
            let n = sent.len();
            let params =
                json!({"context": "user", "name": format!("n{n}"), "data": {"n": n, "x": "y".repeat(4_000)}});
            sent.push(server.begin("setPersistentData", params));
        }
        server.signal(Signal::STOP);
        if lock.try_lock().is_err() {
            return sent;
        }
        lock.unlock().unwrap();
        server.signal(Signal::CONT);
    }
}

#[test]
fn the_others_are_told_who_is_in_the_way_and_nothing_is_lost() {
    let home = Home::new();
    let key = home.key();
    let mut stopped = home.script();
    let mut other = home.start().usual_log().framing(Framing::Lines).run();
    stopped.set_key(&key);
    other.set_key(&key);
    write(&mut other, 1_000_000, &json!({"n": 1})).unwrap();
    let sent = stop_inside_a_write(&home, &mut stopped);

    let began = Instant::now();
    assert_eq!(write(&mut other, 1_000_000, &json!({"n": 2})), Err(5002));
    let waited = began.elapsed();
    assert!(waited > Duration::from_millis(4_900) && waited < Duration::from_secs(10), "{waited:?}");
    assert_eq!(read(&mut other, 1_000_000), json!({"n": 1}));
    let mut late = home.script_with(&key);
    assert_eq!(read(&mut late, 1_000_000), json!({"n": 1}));

    stopped.signal(Signal::CONT);
    // What it had not begun may have waited too long by now.
    let outcomes: Vec<_> = sent.iter().map(|id| stopped.wait(*id).outcome()).collect();
    let refused = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(refused.map(|refused| refused.code).all(|code| code == 5002));
    assert!(outcomes.iter().any(Result::is_ok));
    write(&mut late, 1_000_001, &json!({"n": 3})).unwrap();
    write(&mut other, 1_000_002, &json!({"n": 4})).unwrap();
    assert_eq!(read(&mut other, 1_000_000), json!({"n": 1}), "what was refused was not carried out");
    for (n, outcome) in (0..).zip(outcomes) {
        assert_eq!(read(&mut late, n)["n"].as_u64(), outcome.is_ok().then_some(n));
    }
    let holder = format!("process {}", stopped.pid().as_raw_nonzero());
    let stderr = other.finish().stderr;
    assert!(stderr.contains(&holder), "{holder}: {stderr}");
}

#[test]
fn a_stopped_writer_that_is_killed_lets_the_others_go_on_at_once() {
    let home = Home::new();
    let key = home.key();
    let (mut stopped, mut other) = (home.script(), home.script());
    stopped.set_key(&key);
    other.set_key(&key);
    write(&mut other, 1_000_000, &json!({"n": 1})).unwrap();
    stop_inside_a_write(&home, &mut stopped);
    let params = json!({"context": "user", "name": "n1000000", "data": {"n": 2}});
    let waits = other.begin("setPersistentData", params);
    stopped.kill();
    other.wait(waits).ok();
    assert_eq!(read(&mut other, 1_000_000), json!({"n": 2}));
    stopped.wait_for_end();
    stopped.forget_answers();
}
