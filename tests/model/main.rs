//! A model test: random calls of every method for data go to one sidecar, that is killed or ended and started again now
//! and then, and each answer must be the one of a map in memory.
//!
//! `RIG_SECONDS` is how long, `RIG_SEED` repeats a walk exactly.

#![allow(clippy::unwrap_used, reason = "a rig that can't talk to its processes has failed")]

#[path = "model.rs"]
mod model;
#[path = "../rig/mod.rs"]
mod rig;
mod walk;

use std::time::Instant;

use rig::Random;
use walk::Walk;

#[test]
fn every_answer_is_the_one_of_a_map_in_memory() {
    let (seed, began, length) = (rig::seed(), Instant::now(), rig::length(10));
    let mut walk = Walk::new(Random(seed), "");
    while began.elapsed() < length || walk.calls < 100 {
        if let Err(wrong) = walk.step() {
            panic!("seed {seed}, call {}: {wrong}", walk.calls);
        }
    }
    walk.end().unwrap();
    let (calls, restarts) = (walk.calls, walk.restarts);
    rig::tell(&format!("model: seed {seed}, {} s: {calls} calls, {restarts} restarts", length.as_secs()));
}

#[test]
fn a_patch_that_forgets_the_end_of_a_record_is_noticed() {
    let seed = rig::seed();
    let mut walk = Walk::new(Random(seed), "lost-end");
    let wrong = (0..20_000).find_map(|_| walk.step().err());
    let calls = walk.calls;
    rig::tell(&format!("lost-end: seed {seed}, noticed at call {calls}"));
    assert!(wrong.is_some(), "lost-end was not noticed; seed {seed}");
}
