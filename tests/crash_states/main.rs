//! Crash states: what two processes did to the disk is recorded, call by call, and every moment at which the power may
//! have failed is played again, with what was not synced lost, kept, torn and in another order; see [`disk`]. Each such
//! state must open with the binary, hold what was answered by then, and hold nothing but the state after some first part
//! of the requests.
//!
//! `RIG_SECONDS` is how long, `RIG_SEED` which choices. Linux only: the library that records is.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a rig that can't talk to its processes has failed")]

mod disk;
#[path = "../rig/mod.rs"]
mod rig;
mod script;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use disk::{Disk, Fate};
use rig::{Home, Random};
use script::Recording;

#[test]
fn every_crash_state_opens_and_holds_what_was_answered() {
    let (seed, length) = (rig::seed(), rig::length(20));
    let mut random = Random(seed);
    let recording = Recording::make(&mut random, 60, "");
    let report = crash(&recording, &mut random, length);
    let (events, steps) = (recording.events.len(), recording.states.len() - 1);
    rig::tell(&format!(
        "crash states: seed {seed}, {} s: {steps} answered writes, {events} calls, {} states, {} wrong",
        length.as_secs(),
        report.states,
        report.wrong.len()
    ));
    assert!(report.wrong.is_empty(), "{}", report.wrong[0]);
    assert!(report.states > 50);
}

#[test]
fn a_store_that_is_not_synced_is_noticed() {
    notices("no-sync");
}

#[test]
fn a_write_that_is_answered_before_its_commit_is_noticed() {
    notices("early-answer");
}

fn notices(fault: &str) {
    let seed = rig::seed();
    let mut random = Random(seed);
    let recording = Recording::make(&mut random, 30, fault);
    let report = crash(&recording, &mut random, Duration::from_mins(5));
    let found = report.wrong.first();
    rig::tell(&format!("{fault}: seed {seed}, noticed in {} states: {found:?}", report.states));
    assert!(found.is_some(), "{fault} was not noticed; seed {seed}");
}

#[derive(Default)]
struct Report {
    states: usize,
    wrong: Vec<String>,
}

/// Plays states until the time is over or one is wrong: first each moment in four ways, then any.
fn crash(recording: &Recording, random: &mut Random, length: Duration) -> Report {
    let ways = [(Fate::Lost, false), (Fate::Kept, true), (Fate::Mixed, false), (Fate::Mixed, true)];
    let mut states: Vec<_> =
        (0..=recording.events.len()).flat_map(|event| ways.map(|(fate, half)| (event, fate, half))).collect();
    for at in (1..states.len()).rev() {
        states.swap(at, random.below(at + 1));
    }
    let (next, report) = (AtomicUsize::new(0), Mutex::new(Report::default()));
    let seed = random.next();
    let until = Instant::now() + length;
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while Instant::now() < until && report.lock().unwrap().wrong.is_empty() {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let (event, fate, half) = states[turn % states.len()];
                    let fate = if turn < states.len() { fate } else { Fate::Mixed };
                    let mut random = Random(seed ^ turn as u64);
                    let outcome = play(recording, event, fate, half, &mut random);
                    let mut report = report.lock().unwrap();
                    report.states += 1;
                    if let Err(why) = outcome {
                        let last = event.checked_sub(1).map(|last| &recording.events[last]);
                        let last = format!("{last:?}").chars().take(200).collect::<String>();
                        report
                            .wrong
                            .push(format!("after call {event} ({last}), {fate:?}, half {half}: {why}"));
                    }
                }
            });
        }
    });
    report.into_inner().unwrap()
}

/// The power fails behind a call, or inside of it.
fn play(
    recording: &Recording,
    event: usize,
    fate: Fate,
    half: bool,
    random: &mut Random,
) -> Result<(), String> {
    let mut disk = Disk::new(&recording.root);
    for (at, done) in recording.events[..event].iter().enumerate() {
        disk.apply(done, half && at + 1 == event);
    }
    let home = Home::new();
    disk.materialize(fate, random, home.root());
    let state = recording.ask(&home)?;
    if recording.allows(event, &state) {
        Ok(())
    } else {
        let shown = format!("{state:?}").chars().take(300).collect::<String>();
        Err(format!("it holds something else than was answered: {shown}"))
    }
}
