//! A limit on processes (`ulimit -u`), which also counts threads.

use std::process::Command;

use rustix::fs::{Gid, Uid, chown};
use rustix::process::geteuid;
use serde_json::json;

use super::{read, write};
use crate::harness::{Framing, Home};

/// A user that has no other process, so that the limit counts the server's own threads. One for each test.
fn user(test: u32) -> u32 {
    1_000_000 + 4 * std::process::id() + test
}

/// With these it works.
const ENOUGH: u32 = 12;

/// A home that the other user owns, with a copy of the program that this user may run.
fn home(user: u32) -> (Home, String) {
    let home = Home::new();
    let program = home.root().join("program");
    std::fs::copy(crate::harness::BINARY, &program).unwrap();
    if geteuid().is_root() {
        chown(home.root(), Some(Uid::from_raw(user)), Some(Gid::from_raw(user))).unwrap();
    }
    let program = program.to_str().unwrap().to_owned();
    (home, program)
}

/// What goes before the program's own name, which is the first word behind it and is dropped: the limit, for a user whom
/// it binds. It does not bind the super-user.
fn limited(program: &str, threads: u32, user: u32) -> Vec<String> {
    let mut words = vec!["prlimit".to_owned(), format!("--nproc={threads}:{threads}")];
    if geteuid().is_root() {
        words.extend(["setpriv".into(), format!("--reuid={user}"), "--clear-groups".into()]);
    }
    words.extend(["sh", "-c", r#"shift; exec "$0" "$@""#, program].map(str::to_owned));
    words
}

/// The numbers of threads with which to try. A user who has processes already is over each of them.
fn limits() -> std::ops::RangeInclusive<u32> {
    if geteuid().is_root() { 1..=ENOUGH } else { 1..=1 }
}

#[test]
fn a_server_that_gets_too_few_threads_says_so_and_is_no_fault() {
    let user = user(0);
    let mut worked = Vec::new();
    for threads in limits() {
        let (home, program) = home(user);
        let key = home.key();
        let start = home.start().usual_log().framing(Framing::Lines);
        let mut server = start.under(limited(&program, threads, user)).run();
        let text = server.request_text("setAPIKey", &json!([key]).to_string()).1;
        server.send_ignoring_a_closed_pipe(&text);
        server.close_input();
        let end = server.wait_for_end();
        assert_eq!(end.signal, None, "{threads}: {end:?}");
        assert!(!end.stderr.contains("fault"), "{threads}: {end:?}");
        let answer = server.last_words().map(|answer| answer.outcome());
        match answer {
            Some(Ok(_)) => {
                worked.push(threads);
                assert_eq!(end.code, Some(0), "{threads}: {end:?}");
            }
            Some(Err(refused)) => {
                assert_eq!((refused.why(), end.code), ((5002, "threads"), Some(3)), "{threads}: {end:?}");
                assert!(end.stderr.contains("ulimit -u"), "{threads}: {end:?}");
            }
            None => {
                assert_eq!(end.code, Some(1), "{threads}: {end:?}");
                assert!(end.stderr.contains("ulimit -u"), "{threads}: {end:?}");
            }
        }
    }
    assert!(!worked.contains(&1), "{worked:?}");
    if geteuid().is_root() {
        // One for the log, one that reads, one that writes, and the first: the store is not watched then.
        assert_eq!(worked.first(), Some(&4), "{worked:?}");
        assert_eq!(worked.last(), Some(&ENOUGH), "{worked:?}");
    }
}

#[test]
fn a_server_without_a_thread_to_spare_reads_writes_and_answers_at_length() {
    if !geteuid().is_root() {
        return;
    }
    let user = user(1);
    let (home, program) = home(user);
    let key = home.key();
    let start = home.start().usual_log().framing(Framing::Lines);
    let mut server = start.under(limited(&program, 4, user)).run();
    server.set_key(&key);
    // Longer than a pipe: with a thread to spare, that one would wait until the client takes it.
    let data = json!({"x": "y".repeat(1_000_000)});
    write(&mut server, 1, &data).unwrap();
    assert_eq!(read(&mut server, 1), data);
    server.begin("watchPersistentData", json!({}));
    server.next().ok();
}

#[test]
fn a_subcommand_that_gets_too_few_threads_says_so() {
    let user = user(2);
    for threads in limits() {
        let (home, program) = home(user);
        let words = limited(&program, threads, user);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("plugin-vault");
        command.arg("--data-dir").arg(home.data()).arg("--key-dir").arg(home.keys());
        let output = command.args(["key", "issue", "a.b", "--installation", "x"]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("fault"), "{threads}: {stderr}");
        if threads < 3 {
            assert_eq!(output.status.code(), Some(1), "{threads}: {stderr}");
            assert!(stderr.contains("ulimit -u") && output.stdout.is_empty(), "{threads}: {stderr}");
        } else {
            assert_eq!(output.status.code(), Some(0), "{threads}: {stderr}");
        }
    }
}
