//! Machines that share a store: a history of their sidecars is one that a single store could have given, as far as reads
//! are fresh. Other reads never go back on one machine, never miss what the machine has seen or made, and are at most
//! 20 s old. The machines' wall clocks differ by 40 s, and no lease is given to two of them.

use crate::crowd::{Crowd, Options};
use crate::rig::Home;
use crate::rig::shared::{joined, push};
use crate::{notices, rig};

/// The last machine only reads.
const SHARED: Options =
    Options { machines: 3, sidecars: 6, threads: 2, records: 6, kills: true, fault: "", stalls: false };

/// A folder for each machine, and one store.
pub(crate) fn homes(machines: usize) -> Vec<Home> {
    let first = Home::without_store();
    push(&first.data(), &first.keys());
    let others: Vec<_> = (1..machines).map(|number| joined(&first, &format!("machine {number}"))).collect();
    std::iter::once(first).chain(others).collect()
}

#[test]
fn the_history_of_machines_that_share_a_store_is_one_that_a_single_store_could_have_given() {
    let (seed, length) = (rig::seed(), rig::length(45));
    let report = Crowd::run(&SHARED, seed, length);
    rig::tell(&format!("history of three machines: seed {seed}, {} s: {report}", length.as_secs()));
    let summary = report.outcome.unwrap();
    assert!(summary.fenced > 0 && summary.leases > 0 && summary.plain > 0);
    assert!(report.kills > 0 && summary.reads > 0 && summary.conflicts > 0 && summary.changes > 0);
}

#[test]
fn leases_that_end_by_the_clock_of_each_machine_are_noticed() {
    notices(&Options { fault: "local-clock", ..SHARED });
}

#[test]
fn fresh_reads_that_do_not_ask_the_server_are_noticed() {
    notices(&Options { fault: "no-fresh", ..SHARED });
}

#[test]
fn writes_that_are_refused_without_the_server_are_noticed() {
    notices(&Options { fault: "stale-refusal", ..SHARED });
}
