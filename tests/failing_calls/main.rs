//! The n-th call fails: for each kind of system call on the store's files, for each way in which it can fail, the first
//! one fails, then the second, and so on until none is left to fail; and the same with all from the n-th on. Each run
//! must end with right answers or right errors, and afterwards everything works again and nothing answered is lost.
//!
//! `RIG_SEED` is which requests; with `RIG_SECONDS`, other requests follow for as long. Linux only: the library is that
//! makes calls fail.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a rig that can't talk to its processes has failed")]

#[path = "../rig/mod.rs"]
mod rig;
mod script;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use rig::log::{self, Event};
use rig::{Home, Random, Sidecar};
use rustix::io::Errno;
use script::{Errors, Script};
use serde_json::json;

/// How many requests follow the key in a run. Most calls are made while the store is opened, so few are enough.
const STEPS: usize = 6;

/// A short write is no error.
const SHORT: Option<Errno> = None;
const EIO: Option<Errno> = Some(Errno::IO);
const FULL: Option<Errno> = Some(Errno::NOSPC);
const INTERRUPTED: Option<Errno> = Some(Errno::INTR);

/// Which calls fail, how, and whether all later ones do too.
#[derive(Clone, Copy, Debug)]
struct Failure {
    kind: &'static str,
    errno: Option<Errno>,
    for_ever: bool,
}

fn failures() -> Vec<Failure> {
    let kinds: [(&str, &[Option<Errno>]); 9] = [
        ("write", &[EIO, FULL, INTERRUPTED, SHORT]),
        ("sync", &[EIO, FULL, INTERRUPTED]),
        ("map", &[EIO, Some(Errno::NOMEM)]),
        ("allocate", &[EIO, FULL, INTERRUPTED]),
        ("open", &[EIO, FULL, INTERRUPTED, Some(Errno::MFILE)]),
        ("rename", &[EIO, FULL]),
        ("lock", &[EIO, INTERRUPTED, Some(Errno::NOLCK)]),
        ("folder", &[EIO, FULL]),
        ("remove", &[EIO]),
    ];
    let mut failures = Vec::new();
    for (kind, errnos) in kinds {
        for errno in errnos {
            failures.push(Failure { kind, errno: *errno, for_ever: false });
            // Who is interrupted tries again, for ever if need be.
            if *errno != INTERRUPTED && *errno != SHORT {
                failures.push(Failure { kind, errno: *errno, for_ever: true });
            }
        }
    }
    failures
}

#[derive(Default)]
struct Report {
    runs: usize,
    failed_calls: usize,
    errors: Errors,
    by_kind: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

#[test]
fn each_call_that_fails_is_answered_with_the_truth() {
    let (seed, began, length) = (rig::seed(), Instant::now(), rig::length(0));
    let mut random = Random(seed);
    let mut report = Report::default();
    while report.runs == 0 || report.wrong.is_empty() && began.elapsed() < length {
        let script = Script::new(&mut random, STEPS);
        try_all(&script, "", failures(), &mut report);
    }
    let Report { runs, failed_calls, errors, by_kind, wrong } = report;
    rig::tell(&format!(
        "failing calls: seed {seed}, {} s: {runs} runs, {failed_calls} failed calls {by_kind:?}, \
         requests refused {errors:?}, {} wrong",
        began.elapsed().as_secs(),
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Every kind of call was met.
    assert_eq!(by_kind.len(), 9);
}

#[test]
fn a_commit_that_failed_and_is_answered_with_success_is_noticed() {
    let seed = rig::seed();
    let mut report = Report::default();
    let script = Script::new(&mut Random(seed), STEPS);
    let failures = vec![Failure { kind: "sync", errno: EIO, for_ever: false }];
    try_all(&script, "deaf-commit", failures, &mut report);
    rig::tell(&format!(
        "deaf-commit: seed {seed}, noticed in {} of {} runs",
        report.wrong.len(),
        report.runs
    ));
    assert!(!report.wrong.is_empty(), "deaf-commit was not noticed; seed {seed}");
}

/// Lets each call of each failure fail, on all processors.
fn try_all(script: &Script, fault: &str, failures: Vec<Failure>, report: &mut Report) {
    let (left, shared) = (Mutex::new(failures), Mutex::new(report));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(failure) = left.lock().unwrap().pop() else { return };
                    for turn in 1.. {
                        let (calls, outcome) = try_one(script, fault, failure, turn);
                        if calls == 0 {
                            break;
                        }
                        let mut report = shared.lock().unwrap();
                        report.runs += 1;
                        report.failed_calls += calls;
                        *report.by_kind.entry(failure.kind).or_default() += calls;
                        match outcome {
                            Ok(errors) => {
                                for (code, count) in errors {
                                    *report.errors.entry(code).or_default() += count;
                                }
                            }
                            Err(why) => report.wrong.push(format!("{failure:?}, turn {turn}: {why}")),
                        }
                    }
                }
            });
        }
    });
}

/// How many calls failed, and what became of it.
fn try_one(script: &Script, fault: &str, failure: Failure, turn: usize) -> (usize, Result<Errors, String>) {
    let home = Home::new();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = home.command();
    command
        .env("PLUGIN_VAULT_FAULT", fault)
        .env("LD_PRELOAD", rig::preload())
        .env("RIG_MODE", "fail")
        .env("RIG_ROOT", home.root().canonicalize().unwrap())
        .env("RIG_LOG", log.path())
        .env("RIG_KIND", failure.kind)
        .env("RIG_ERROR", failure.errno.map_or(0, Errno::raw_os_error).to_string())
        .env("RIG_TURN", turn.to_string());
    if failure.for_ever {
        command.env("RIG_ALL", "1");
    }
    let outcome = script.run(&home, command, !failure.for_ever);
    let failed: Vec<_> = log::read(log.path())
        .into_iter()
        .filter_map(|event| match event {
            Event::Failed { path } => Some(path),
            _ => None,
        })
        .collect();
    let outcome = outcome.map_err(|why| {
        let path = failed.first().and_then(|path| path.strip_prefix(home.root().to_str().unwrap()));
        format!("{why}; first at {path:?}")
    });
    (failed.len(), outcome)
}

/// LMDB tells the other processes of a commit in the lock file, after it has written the meta page. The next writer
/// finds a commit that it has not read.
#[test]
fn a_writer_killed_after_its_meta_page_blocks_no_other_writer() {
    let home = Home::new();
    let key = home.key();
    let other = Sidecar::start(home.command());
    other.ok("setAPIKey", &json!([key]));
    other.ok("setPersistentData", &json!(["user", {"n": 0}]));
    for turn in 1..4 {
        let mut command = home.command();
        command
            .env("LD_PRELOAD", rig::preload())
            .env("RIG_MODE", "die")
            .env("RIG_ROOT", home.root().canonicalize().unwrap())
            .env("RIG_TURN", turn.to_string());
        let killed = Sidecar::start(command);
        killed.ok("setAPIKey", &json!([key]));
        let writes = |n: u64| killed.call("setPersistentData", &json!(["user", {"turn": turn, "n": n}]));
        let answered = (1..10).take_while(|n| writes(*n).is_some()).count();
        assert_eq!(answered, turn - 1);
        killed.kill();
        other.ok("setPersistentData", &json!({"context": "user", "name": "n", "data": {"turn": turn}}));
        // The write in progress is there: it was never answered, and the disk has it.
        assert_eq!(other.ok("getPersistentData", &json!(["user"])), json!({"turn": turn, "n": turn}));
    }
    assert!(other.end().success());
}
