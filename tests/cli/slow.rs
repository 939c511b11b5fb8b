//! A program that takes its time: who waits for it can stop waiting, and nothing of it stays behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::home::{Home, KEY, PASSPHRASE};

/// A store whose program says the passphrase while the file `quick` is there, and else nothing, for ever.
fn guarded_by_a_slow_program() -> Home {
    let home = Home::new();
    home.script(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let (quick, pid) = (home.path("quick"), home.path("pid"));
    let script = format!(
        "[ -e '{}' ] && exec echo '{PASSPHRASE}'\necho $$ > '{}'\nexec sleep 100000",
        quick.display(),
        pid.display()
    );
    let program = home.program_that("slow", &script);
    make(&quick);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file"], "").code, 0);
    std::fs::remove_file(quick).unwrap();
    home
}

fn make(path: &Path) {
    plugin_vault::files::open_or_create(path).unwrap();
}

/// The process id that the program has written down, once it runs.
fn program(home: &Home) -> String {
    let end = Instant::now() + Duration::from_mins(1);
    while Instant::now() < end {
        match std::fs::read_to_string(home.path("pid")) {
            Ok(pid) if pid.ends_with('\n') => return pid.trim().to_owned(),
            _ => std::thread::yield_now(),
        }
    }
    panic!("the program was not started");
}

/// Whether it runs; one that nobody has waited for does not any more.
fn runs(pid: &str) -> bool {
    let state = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap().stdout;
    !state.is_empty() && !state.starts_with(b"Z")
}

/// By itself it would run for longer than any test.
fn is_ended(pid: &str) -> bool {
    let end = Instant::now() + Duration::from_mins(1);
    while runs(pid) && Instant::now() < end {
        std::thread::yield_now();
    }
    !runs(pid)
}

#[test]
fn a_request_that_waits_for_a_program_is_cancelled_at_once() {
    for (method, params) in
        [("getPersistentData", json!(["user"])), ("setPersistentData", json!(["user", {}]))]
    {
        let home = guarded_by_a_slow_program();
        let mut child = home.command(&[]).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut send = |message: Value| writeln!(input, "{message}").unwrap();
        send(json!({"jsonrpc": "2.0", "id": 1, "method": "setAPIKey", "params": [KEY]}));
        send(json!({"jsonrpc": "2.0", "id": 2, "method": method, "params": params}));
        let pid = program(&home);
        send(json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 2}}));
        let answer = loop {
            let answer: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            if answer["id"] == 2 {
                break answer;
            }
        };
        assert_eq!(answer["error"]["code"], -32800, "{method}");
        assert!(runs(&pid), "{method} was answered when the program was given up");
        drop(input);
        assert!(child.wait().unwrap().code().is_some());
        assert!(is_ended(&pid), "the program is left behind");
    }
}

#[test]
fn a_program_that_hangs_is_a_deadline_for_reads_and_writes_and_the_next_try_works() {
    let home = guarded_by_a_slow_program();
    for (method, params) in
        [("getPersistentData", json!(["user"])), ("setPersistentData", json!(["user", {}]))]
    {
        let answers = home.script(&[("setAPIKey", json!([KEY])), (method, params)]);
        assert_eq!(answers[1]["error"]["code"], 4001, "{method}: {}", answers[1]);
        let data = &answers[1]["error"]["data"];
        assert_eq!(
            (&data["protector"], &data["reason"], &data["retryable"]),
            (&json!("command"), &json!("deadline"), &json!(true))
        );
        assert!(is_ended(&program(&home)));
    }
    make(&home.path("quick"));
    assert!(!home.is_locked());
}
