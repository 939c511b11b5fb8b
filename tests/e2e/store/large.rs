//! A store that is too large to be checked at each opening: it is taken at its word after an orderly end, and checked after
//! any other.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Framing, Home, Server};

const MEBIBYTE: usize = 1 << 20;

/// A sidecar that has opened the store.
fn opened<'h>(home: &'h Home, key: &str) -> Server<'h> {
    let mut server = home.start().usual_log().framing(Framing::Lines).run();
    server.set_key(key);
    server
}

fn fill(home: &Home, key: &str) {
    let mut server = opened(home, key);
    let data = json!({"x": "y".repeat(7 * MEBIBYTE)});
    for n in 0..10 {
        server.ok("setPersistentData", json!({"context": "user", "name": format!("n{n}"), "data": data}));
    }
}

/// Turns a bit in the middle of the file, which is full of values; it stays as long.
fn damage_a_value(home: &Home) {
    let file = File::options().read(true).write(true).open(home.data().join("data.mdb")).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    assert!(middle > 32 * MEBIBYTE as u64);
    let mut byte = [0];
    file.read_exact_at(&mut byte, middle).unwrap();
    file.write_all_at(&[byte[0] ^ 1], middle).unwrap();
}

fn kill(mut server: Server<'_>) {
    server.signal(Signal::KILL);
    server.wait_for_end();
}

#[test]
fn a_large_store_is_checked_after_an_unclean_end_and_only_then() {
    let home = Home::new();
    let key = home.key();
    fill(&home, &key);
    damage_a_value(&home);
    let told = |mut server: Server<'_>| server.finish().stderr.contains("damaged");
    assert!(!told(opened(&home, &key)), "it was closed in an orderly way");
    kill(opened(&home, &key));
    assert!(told(opened(&home, &key)), "a process was killed");
    assert!(!told(opened(&home, &key)), "it was checked since");
}

#[cfg(target_os = "linux")]
#[test]
fn an_unclean_end_is_remembered_until_the_store_was_checked() {
    let home = Home::new();
    let key = home.key();
    fill(&home, &key);
    damage_a_value(&home);
    kill(opened(&home, &key));
    // It comes as far as to the files of those before it, and cannot map the store.
    let limit = ["prlimit", "--as=250000000"];
    let mut cramped = home.start().usual_log().framing(Framing::Lines).under(limit).run();
    assert_eq!(cramped.code("setAPIKey", [key.as_str()]), 5001);
    assert!(!cramped.finish().stderr.contains("damaged"));
    assert!(opened(&home, &key).finish().stderr.contains("damaged"));
}
