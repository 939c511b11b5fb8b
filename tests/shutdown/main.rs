//! The file system goes down under running processes, as on a machine that loses its power: what was not synced is not
//! on the disk, in the file system's own way. Then it is mounted again, which replays its journal, and the store must open
//! and hold what was answered, and nothing that was not asked for. Stores that are being made are among them.
//!
//! `RIG_SECONDS` is how long, `RIG_SEED` which choices. Linux, as root: it makes file systems and mounts them; `tests/run`
//! gives it a mount namespace of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a rig that can't mount a disk has failed")]

#[path = "../rig/mod.rs"]
mod rig;
mod volume;
mod writers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rig::{Home, Random, Sidecar};
use serde_json::{Value, json};
use volume::{Flush, Kind, Volume};
use writers::Writer;

const SIDECARS: usize = 3;
/// Threads that write through each sidecar.
const WRITERS: usize = 2;

#[derive(Default)]
struct Report {
    rounds: usize,
    /// Of these, how many began without a store.
    made: usize,
    answered: usize,
    refused: usize,
    /// Requests without a known outcome, and how many of them were carried out.
    open: usize,
    found: usize,
    wrong: Option<String>,
}

#[test]
fn what_was_answered_is_there_after_ext4_went_down() {
    holds(Kind::Ext4);
}

#[test]
fn what_was_answered_is_there_after_xfs_went_down() {
    holds(Kind::Xfs);
}

#[test]
fn a_store_that_is_not_synced_is_noticed_on_ext4() {
    notices(Kind::Ext4);
}

#[test]
fn a_store_that_is_not_synced_is_noticed_on_xfs() {
    notices(Kind::Xfs);
}

fn holds(kind: Kind) {
    let (seed, length) = (rig::seed(), rig::length(10));
    let Report { rounds, made, answered, refused, open, found, wrong } =
        run(kind, &mut Random(seed), length, "");
    rig::tell(&format!(
        "shutdown of {kind:?}: seed {seed}, {} s: {rounds} shutdowns, {made} of them with a store that was being made; \
         {answered} answered writes, {refused} refused, {open} without a known outcome, {found} of these found; \
         {} wrong",
        length.as_secs(),
        usize::from(wrong.is_some())
    ));
    assert!(wrong.is_none(), "seed {seed}: {}", wrong.unwrap());
    assert!(rounds > 3 && answered > 20);
}

fn notices(kind: Kind) {
    let seed = rig::seed();
    let report = run(kind, &mut Random(seed), Duration::from_mins(2), "no-sync");
    rig::tell(&format!(
        "no-sync on {kind:?}: seed {seed}, noticed after {} shutdowns: {:?}",
        report.rounds, report.wrong
    ));
    assert!(report.wrong.is_some(), "no-sync was not noticed; seed {seed}");
}

/// Lets the file system go down until the time is over or something is wrong.
fn run(kind: Kind, random: &mut Random, length: Duration, fault: &str) -> Report {
    let home = Home::new();
    let mut volume = Volume::make(kind, home.root());
    let key = json!([home.key()]);
    let mut writers: Vec<_> = (0..SIDECARS * WRITERS).map(|id| Writer::new(id, random)).collect();
    let mut report = Report::default();
    let until = Instant::now() + length;
    while report.wrong.is_none() && Instant::now() < until {
        if random.one_in(6) {
            volume.empty();
            writers.iter_mut().for_each(Writer::forget);
            report.made += 1;
        }
        go_down(&home, &volume, &mut writers, random, fault, &key);
        volume.mount_again();
        report.rounds += 1;
        report.wrong = check(&home, &key, &mut writers).err();
    }
    for writer in writers {
        report.answered += writer.answered;
        report.refused += writer.refused;
        report.open += writer.open;
        report.found += writer.found;
    }
    report
}

/// Processes write; the file system goes down; they are killed.
fn go_down(
    home: &Home,
    volume: &Volume,
    writers: &mut [Writer],
    random: &mut Random,
    fault: &str,
    key: &Value,
) {
    let sidecars: Vec<_> = (0..SIDECARS)
        .map(|_| {
            let mut command = home.command();
            command.env("PLUGIN_VAULT_FAULT", fault);
            Sidecar::start(command)
        })
        .collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (at, writer) in writers.iter_mut().enumerate() {
            let (sidecar, over) = (&sidecars[at / WRITERS], &over);
            scope.spawn(move || writer.write(sidecar, key, over));
        }
        // From the very making of the store to some hundred commits.
        let longest = [20, 100, 400][random.below(3)];
        std::thread::sleep(Duration::from_millis(random.next() % longest));
        if random.one_in(4) {
            sidecars[random.below(SIDECARS)].kill();
        }
        volume.shut_down(Flush::ALL[random.below(Flush::ALL.len())]);
        // What they are told now has to be true as well.
        std::thread::sleep(Duration::from_millis(random.next() % 50));
        over.store(true, Ordering::Relaxed);
        sidecars.iter().for_each(Sidecar::kill);
    });
}

/// The store opens, holds what it has to, and can be written to.
fn check(home: &Home, key: &Value, writers: &mut [Writer]) -> Result<(), String> {
    let sidecar = Sidecar::start(home.command());
    let call = |method: &str, params: &Value| match sidecar.call(method, params) {
        Some(Ok(result)) => Ok(result),
        other => Err(format!("{method}: {other:?}")),
    };
    call("setAPIKey", key)?;
    for writer in writers {
        writer.check(call)?;
    }
    let after = json!({"context": "user", "name": "after", "data": {"after": "all"}});
    call("setPersistentData", &after)?;
    let read = call("getPersistentData", &json!({"context": "user", "name": "after"}))?;
    if read != after["data"] {
        return Err(format!("{read} is read after it was written"));
    }
    let status = sidecar.end();
    if status.success() { Ok(()) } else { Err(format!("it ends with {status}")) }
}
