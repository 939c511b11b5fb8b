//! Machines that share a store: a history of their sidecars is one that a single store could have given, as far as reads
//! are fresh. Other reads never go back on one machine, never miss what the machine has seen or made, and are at most
//! 20 s old. The machines' wall clocks differ by 40 s, and no lease is given to two of them.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::crowd::{Crowd, Options};
use crate::proxy::Proxy;
use crate::rig::postgres::server;
use crate::rig::shared::{joined, push, use_server};
use crate::rig::{Home, Random};
use crate::{notices, rig};

/// The last machine only reads.
const SHARED: Options = Options {
    machines: 3,
    sidecars: 6,
    threads: 2,
    records: 6,
    kills: true,
    fault: "",
    stalls: false,
    chaos: false,
};

/// A folder for each machine, and one store.
pub(crate) fn homes(machines: usize) -> Vec<Home> {
    let first = Home::without_store();
    push(&first);
    let others: Vec<_> = (1..machines).map(|number| joined(&first, &format!("machine {number}"))).collect();
    std::iter::once(first).chain(others).collect()
}

#[test]
fn the_history_of_machines_that_share_a_store_is_one_that_a_single_store_could_have_given() {
    let (seed, length) = (rig::seed(), rig::length(40));
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

/// What happens between the machines and their server, besides what happens to processes.
pub(crate) struct Chaos {
    proxies: Vec<Proxy>,
    random: Mutex<Random>,
    /// How long the server stands still.
    stop: Duration,
}

impl Chaos {
    /// From now on each machine reaches the server through a proxy of its own.
    pub(crate) fn begin(homes: &[Home], random: &mut Random) -> Self {
        let stop = std::env::var("RIG_STOP_SECONDS").map_or(1, |seconds| seconds.parse().unwrap());
        let proxies: Vec<_> = homes.iter().map(|_| Proxy::start(server().port(), random.split())).collect();
        for (home, proxy) in homes.iter().zip(&proxies) {
            use_server(home, Some(proxy.port));
        }
        Self { proxies, random: Mutex::new(random.split()), stop: Duration::from_secs(stop) }
    }

    /// At which append a process ends that has just committed on the server, and not here.
    pub(crate) fn point(&self) -> String {
        format!("after-append:kill:{}", 1 + self.random.lock().unwrap().below(12))
    }

    /// Stops the server now and then, until the deadline. Then everything passes.
    pub(crate) fn rage(&self, until: Instant) {
        let pause = |time: Duration| {
            std::thread::sleep(time.min(until.saturating_duration_since(Instant::now())));
        };
        while Instant::now() < until {
            let time = self.random.lock().unwrap().below(4000) as u64;
            pause(Duration::from_millis(1000 + time));
            server().signal_all(Signal::STOP);
            pause(self.stop);
            server().signal_all(Signal::CONT);
        }
        self.proxies.iter().for_each(Proxy::calm);
    }

    pub(crate) fn done(&self) -> usize {
        self.proxies.iter().map(Proxy::done).sum()
    }
}

const CHAOS: Options = Options { chaos: true, ..SHARED };

#[test]
fn no_answered_write_is_lost_or_made_twice_where_machines_lose_their_server() {
    let (seed, length) = (rig::seed(), rig::length(20));
    let report = Crowd::run(&CHAOS, seed, length);
    rig::tell(&format!("history of three machines in chaos: seed {seed}, {} s: {report}", length.as_secs()));
    let summary = report.outcome.unwrap();
    assert!(report.disturbed > 0 && report.ended > 0);
    assert!(summary.maybe_done > 0 && summary.changes > 0 && summary.plain > 0);
}

#[test]
fn an_append_that_is_repeated_under_another_id_is_noticed() {
    notices(&Options { fault: "new-write-id", ..CHAOS });
}
