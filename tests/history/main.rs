//! A history checker: many sidecars on one store, asked by many threads, while processes are killed, stopped and started
//! at random. Every call is noted with its times and its answer; at the end the whole history must be one that a single
//! store could have given, see [`check`].
//!
//! `RIG_SECONDS` is how long, `RIG_SEED` which choices.

#![allow(clippy::unwrap_used, reason = "a rig that can't talk to its processes has failed")]

mod call;
mod chaos;
mod check;
mod client;
mod crowd;
mod fencing;
#[cfg(all(target_os = "linux", feature = "postgres-tests"))]
mod machines;
mod notices;
#[cfg(all(target_os = "linux", feature = "postgres-tests"))]
mod proxy;
#[path = "../rig/mod.rs"]
mod rig;
mod witness;

use std::time::{Duration, Instant};

use crowd::{Crowd, Options};

/// What happens to the processes while they are asked.
const USUAL: Options = Options {
    machines: 1,
    sidecars: 5,
    threads: 3,
    records: 6,
    kills: true,
    fault: "",
    stalls: false,
    chaos: false,
};

#[test]
fn the_history_of_many_sidecars_is_one_that_a_single_store_could_have_given() {
    let (seed, length) = (rig::seed(), rig::length(20));
    let report = Crowd::run(&USUAL, seed, length);
    rig::tell(&format!("history: seed {seed}, {} s: {report}", length.as_secs()));
    let summary = report.outcome.unwrap();
    assert!(summary.fenced > 0);
    assert!(report.kills > 0 && summary.reads > 0 && summary.conflicts > 0 && summary.changes > 0);
}

/// Few records, so that every read can contradict another.
#[cfg(target_os = "linux")]
const STANDING: Options = Options {
    machines: 1,
    sidecars: 4,
    threads: 2,
    records: 1,
    kills: false,
    fault: "",
    stalls: true,
    chaos: false,
};

/// LMDB's race between publishing a reader's number and copying the meta page, made a million times as likely.
#[cfg(target_os = "linux")]
#[test]
fn it_is_also_where_readers_stand_still_at_the_worst_place() {
    let (seed, length) = (rig::seed(), rig::length(10));
    let report = Crowd::run(&STANDING, seed, length);
    rig::tell(&format!(
        "history with readers that stand still: seed {seed}, {} s: {report}",
        length.as_secs()
    ));
    assert!(report.outcome.unwrap().reads > 0);
}

#[test]
fn another_process_is_told_of_each_change() {
    rig::tell(&format!("notices: {}", notices::measure(rig::length(3))));
}

#[test]
fn writes_that_are_answered_before_their_commit_are_noticed() {
    notices(&Options { fault: "early-answer", ..USUAL });
}

#[test]
fn writes_under_a_lease_that_is_over_are_noticed() {
    notices(&Options { fault: "stale-lease", ..USUAL });
}

#[test]
fn a_lease_that_two_hold_is_noticed() {
    notices(&Options { fault: "two-holders", ..USUAL });
}

/// Without the guard, and where readers stand still: on its own the race comes once in a million reads.
#[cfg(target_os = "linux")]
#[test]
fn reads_without_their_guard_are_noticed() {
    notices(&Options { fault: "no-guard", ..STANDING });
}

/// Runs until the planted bug is found, but not for ever.
fn notices(options: &Options) {
    let (seed, began) = (rig::seed(), Instant::now());
    for round in 0..40 {
        let report = Crowd::run(options, seed + round, Duration::from_secs(3));
        if let Err(wrong) = report.outcome {
            rig::tell(&format!(
                "{}: seed {seed}, noticed after {} s: {}",
                options.fault,
                began.elapsed().as_secs(),
                wrong.0
            ));
            return;
        }
    }
    panic!("{} was not noticed; seed {seed}", options.fault);
}
