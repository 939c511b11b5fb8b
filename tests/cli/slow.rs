//! A program that takes its time: who waits for it can stop waiting, and nothing of it stays behind.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::home::{Home, KEY, PASSPHRASE};

/// A store whose program says the passphrase while the file `quick` is there, and else nothing, for ever.
fn guarded_by_a_slow_program() -> Home {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let (quick, pid) = (home.path("quick"), home.path("pid"));
    let script = format!(
        "[ -e '{}' ] && exec echo '{PASSPHRASE}'\necho $$ > '{}'\nexec sleep 100000",
        quick.display(),
        pid.display()
    );
    let program = home.program_that("slow", &script);
    make(&quick);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
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

/// Whether it runs. A process that has ended, and that its parent has not waited for, does not.
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
        let mut client = Client::start(&home, home.command(&[]));
        client.call("setAPIKey", &json!([KEY]));
        let id = client.send(method, &params);
        let pid = program(&home);
        client.notify("$/cancelRequest", &json!({"id": id}));
        assert_eq!(client.wait(id)["error"]["code"], -32800, "{method}");
        assert!(runs(&pid), "{method} was answered when the program was given up");
        drop(client);
        assert!(is_ended(&pid), "the program is left behind");
    }
}

#[test]
fn a_program_that_hangs_is_a_deadline_for_reads_and_writes_and_the_next_try_works() {
    let home = guarded_by_a_slow_program();
    for (method, params) in
        [("getPersistentData", json!(["user"])), ("setPersistentData", json!(["user", {}]))]
    {
        let answers = home.answers(&[("setAPIKey", json!([KEY])), (method, params)]);
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
