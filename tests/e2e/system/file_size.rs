//! A limit on the size of files (`ulimit -f`), whose signal would end the process.

use std::process::Command;

use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::json;

use super::{read, write};
use crate::harness::{Framing, Home, Server};

fn limit(server: &Server, bytes: Option<u64>) {
    prlimit(Some(server.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

/// One that starts with the limit, which can be lifted later.
fn started_with(home: &Home, bytes: u64) -> Server {
    home.start().framing(Framing::Lines).under(["prlimit", &format!("--fsize={bytes}:")]).run()
}

#[test]
fn a_store_that_may_not_grow_to_its_least_size_is_told_to_be_full_until_it_may() {
    // Nothing at all; less than the table of readers; less than that and the data.
    for bytes in [0, 1_000, 100_000, 270_000] {
        let home = Home::new();
        let key = home.key();
        let mut server = started_with(&home, bytes);
        let answer = server.call("setAPIKey", json!([key]));
        if bytes < 270_000 {
            assert_eq!(answer.unwrap_err().code, 5001, "{bytes}");
        }
        limit(&server, None);
        server.set_key(&key);
        write(&mut server, 1, &json!({"n": 1})).unwrap();
        assert_eq!(read(&mut server, 1), json!({"n": 1}));
    }
}

#[test]
fn what_would_make_the_store_too_large_a_file_is_refused_and_the_rest_goes_on() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.script_with(&key);
    write(&mut server, 0, &json!({"n": 0})).unwrap();
    let size = std::fs::metadata(home.data().join("data.mdb")).unwrap().len();
    for more in [0, 4_096, 50_000] {
        limit(&server, Some(size + more));
        assert_eq!(write(&mut server, 1, &json!({"x": "y".repeat(1_000_000)})), Err(5001), "{more}");
        assert_eq!(read(&mut server, 0), json!({"n": 0}));
        assert!(read(&mut server, 1).is_null());
    }
    limit(&server, None);
    write(&mut server, 1, &json!({"n": 1})).unwrap();
    drop(server);
    let mut server = home.script_with(&key);
    assert_eq!((read(&mut server, 0), read(&mut server, 1)), (json!({"n": 0}), json!({"n": 1})));
}

#[test]
fn many_writes_under_a_limit_lose_nothing_that_was_answered() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.script_with(&key);
    let size = std::fs::metadata(home.data().join("data.mdb")).unwrap().len();
    limit(&server, Some(size + 100_000));
    let mut answered = Vec::new();
    let mut refused = 0;
    for n in 0..40_u64 {
        match write(&mut server, n, &json!({"n": n, "x": "y".repeat(8_000)})) {
            Ok(_) => answered.push(n),
            Err(code) => {
                assert_eq!(code, 5001);
                refused += 1;
            }
        }
    }
    assert!(!answered.is_empty() && refused > 0, "{answered:?}, {refused}");
    drop(server);
    let mut server = home.script_with(&key);
    for n in 0..40 {
        let there = read(&mut server, n);
        assert_eq!(there["n"].as_u64(), answered.contains(&n).then_some(n));
    }
}

#[test]
fn an_operation_ends_with_an_error_and_not_by_the_signal() {
    let home = Home::new();
    let mut server = home.script_with_key();
    server.ok("setPersistentData", json!(["user", {"x": 1}]));
    drop(server);
    for limit in ["--fsize=0", "--fsize=10000"] {
        let mut command = Command::new("prlimit");
        command.arg(limit).arg(crate::harness::BINARY);
        command.arg("--data-dir").arg(home.data()).arg("--key-dir").arg(home.keys());
        let output = command.arg("backup").arg(home.root().join("copy")).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{limit}: {output:?}");
        assert!(!output.stderr.is_empty());
    }
}
