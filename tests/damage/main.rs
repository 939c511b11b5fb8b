//! The damage matrix: thousands of damaged copies of a store that the real program wrote. The check says of each
//! whether it is sound, and the program is then asked for what lies in it. It must never end by a signal, never
//! answer with anything but what was stored, and never say that there is nothing where there was something.
//!
//! `PLUGIN_VAULT_DAMAGE_COPIES` is how many copies, `PLUGIN_VAULT_DAMAGE_SEED` which ones. With the feature `faults`,
//! the same matrix has to find out that nothing is checked.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![allow(clippy::print_stdout, reason = "a person who repeats a run needs its seed")]
#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]

#[path = "../support/harness.rs"]
mod harness;
#[path = "../support/random.rs"]
mod random;

mod harm;
mod large;
mod store;
mod verdict;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use harm::Harm;
use random::Random;
use verdict::Report;

/// As many as take less than a minute on two busy cores.
const COPIES: u64 = 2_000;
/// As many of a large store, each of which takes a second to repair.
const LARGE_COPIES: u64 = 40;
/// As many as are enough to see that nothing is checked.
#[cfg(feature = "faults")]
const FEW: u64 = 280;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn seed() -> u64 {
    number("PLUGIN_VAULT_DAMAGE_SEED", std::process::id().into())
}

/// Damages copies and judges them, two at a time; with a bug that is planted, if any.
fn matrix(copies: u64, seed: u64, fault: &'static str) -> Report {
    println!("seed {seed}, {copies} copies");
    let begun = Instant::now();
    let made = store::make();
    let next = AtomicU64::new(0);
    let worker = || {
        let place = made.place(fault);
        let mut report = Report::default();
        loop {
            let copy = next.fetch_add(1, Ordering::Relaxed);
            if copy >= copies {
                return report;
            }
            let mut chance = Random(seed.wrapping_add(copy));
            let harm = Harm::ALL[usize::try_from(copy).unwrap() % Harm::ALL.len()];
            let damaged = harm.damage(&made.newest, &made.older, made.page_size, &mut chance);
            verdict::judge(&mut report, &made, &place, harm, &damaged, copy);
        }
    };
    let report = std::thread::scope(|scope| {
        let other = scope.spawn(worker);
        let mut report = worker();
        report.add(other.join().unwrap());
        report
    });
    println!("{report}in {} s", begun.elapsed().as_secs());
    report
}

#[test]
fn no_damage_ends_the_process_or_changes_an_answer() {
    let report = matrix(number("PLUGIN_VAULT_DAMAGE_COPIES", COPIES), seed(), "");
    assert!(report.faults.is_empty(), "{:#?}", &report.faults[..report.faults.len().min(20)]);
    // The matrix is none that finds nothing.
    assert!(report.unsound() > 0 && report.sound() > 0);
}

#[cfg(feature = "faults")]
#[test]
fn a_check_that_is_left_out_is_noticed() {
    let (copies, seed) = (number("PLUGIN_VAULT_DAMAGE_COPIES", FEW), seed());
    let report = matrix(copies, seed, "no-check");
    let (signals, faults) = (report.signals, report.faults.len());
    println!(
        "rig: no-check: seed {seed}, noticed in {faults} of {copies} copies, {signals} of them by a signal"
    );
    assert!(signals > 0 && faults > 0, "no-check was not noticed");
}

/// `PLUGIN_VAULT_DAMAGE_LARGE_COPIES` is how many copies.
#[test]
fn a_large_store_that_was_closed_and_changed_since_never_ends_the_process() {
    let (copies, seed) = (number("PLUGIN_VAULT_DAMAGE_LARGE_COPIES", LARGE_COPIES), seed());
    println!("seed {seed}, {copies} copies");
    large::one_field_changed_after_an_orderly_end(copies, seed);
}

#[test]
fn a_store_that_others_write_to_is_sound() {
    assert_eq!(store::refused_beside_a_writer(200), 0);
}
