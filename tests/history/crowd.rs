//! Many sidecars, the threads that ask them, and what becomes of both.

use std::fmt;
use std::process::Command;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::call::{Ask, Call, Time};
use crate::chaos::{self, Done};
use crate::check::{self, Summary, Wrong};
use crate::client::{Client, World};
use crate::fencing::{self, Held};
use crate::rig::{self, Home, Random, Sidecar};
use crate::witness::Witness;

/// How a run is.
pub(crate) struct Options {
    pub(crate) sidecars: usize,
    /// Threads that ask each of them.
    pub(crate) threads: usize,
    pub(crate) records: usize,
    /// Whether processes are killed and stopped.
    pub(crate) kills: bool,
    /// The bug that is planted.
    pub(crate) fault: &'static str,
    /// Whether readers stand still between publishing their number and copying the meta page.
    pub(crate) stalls: bool,
}

/// What became of a run.
pub(crate) struct Report {
    pub(crate) calls: usize,
    pub(crate) kills: usize,
    pub(crate) stops: usize,
    pub(crate) outcome: Result<Summary, Wrong>,
}

/// The processes, each of which may be another one soon.
pub(crate) struct Seats {
    home: Home,
    key: String,
    fault: &'static str,
    stalls: bool,
    sitting: Vec<RwLock<(Arc<Sidecar>, usize)>>,
    /// Of each process that was killed, by seat and turn: when it was there for the last time, and when it was certainly
    /// gone.
    gone: Mutex<Vec<Vec<(Instant, Instant)>>>,
}

impl Seats {
    fn new(options: &Options) -> Self {
        let gone = Mutex::new(vec![Vec::new(); options.sidecars]);
        let home = Home::new();
        let key = home.key();
        let first = Sidecar::start(home.command());
        first.ok("setAPIKey", &json!([key]));
        // The namespace begins: a key's row takes a revision.
        first.ok("setPersistentData", &json!({"context": "user", "data": {}}));
        assert!(first.end().success());
        let (fault, stalls) = (options.fault, options.stalls);
        let mut seats = Self { home, key, fault, stalls, sitting: Vec::new(), gone };
        seats.sitting = (0..options.sidecars).map(|_| RwLock::new((seats.start(true), 0))).collect();
        seats
    }

    /// A process with its key; `harmed`: with the planted bug, or with readers that stand still.
    fn start(&self, harmed: bool) -> Arc<Sidecar> {
        let mut command: Command = self.home.command();
        if harmed {
            command.env("PLUGIN_VAULT_FAULT", self.fault);
        }
        if self.stalls && harmed {
            command
                .env("LD_PRELOAD", rig::preload())
                .env("RIG_MODE", "stall")
                .env("RIG_ROOT", self.home.root())
                .env("RIG_EVERY", "8")
                .env("RIG_MICROS", "1500");
        }
        let sidecar = Sidecar::start(command);
        drop(sidecar.begin("setAPIKey", &json!([self.key])));
        Arc::new(sidecar)
    }

    pub(crate) fn len(&self) -> usize {
        self.sitting.len()
    }

    /// The process in a seat, and how many sat there before.
    pub(crate) fn sidecar(&self, seat: usize) -> (Arc<Sidecar>, usize) {
        self.sitting[seat].read().unwrap().clone()
    }

    /// Kills a process, and starts another in its place.
    pub(crate) fn replace(&self, seat: usize) {
        let there = Instant::now();
        self.sidecar(seat).0.kill();
        self.gone.lock().unwrap()[seat].push((there, Instant::now()));
        let mut sits = self.sitting[seat].write().unwrap();
        *sits = (self.start(true), sits.1 + 1);
    }

    /// Asks one process after the other until the deadline.
    fn ask(&self, seat: usize, world: &World, random: Random, until: Instant) -> (Vec<Call>, Vec<Held>) {
        let mut client = Client::new(world, random);
        let mut sidecar;
        (sidecar, client.turn) = self.sidecar(seat);
        let mut cut_off = Vec::new();
        while Instant::now() < until {
            if !client.step(&sidecar) {
                let dead = client.turn;
                cut_off.extend(client.cut_off.take().map(|call| (call, dead)));
                while client.turn == dead && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(1));
                    (sidecar, client.turn) = self.sidecar(seat);
                }
            }
        }
        let Client { mut calls, mut leases, .. } = client;
        let gone = self.gone.lock().unwrap();
        for (call, turn) in cut_off {
            calls[call].ended = gone[seat].get(turn).map_or(Time::MAX, |(_, gone)| world.time(*gone));
        }
        for lease in &mut leases {
            if let Some((there, _)) = gone[seat].get(lease.turn) {
                lease.give_up(world.time(*there));
            }
        }
        (calls, leases)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, kills, stops, outcome } = self;
        write!(formatter, "{calls} calls, {kills} kills, {stops} stops: ")?;
        match outcome {
            Ok(Summary { changes, reads, conflicts, maybe_done, maybe_not, leases, fenced }) => write!(
                formatter,
                "{changes} answered changes, {reads} reads, {conflicts} conflicts, \
                 {leases} leases, {fenced} writes under one, \
                 {} calls without an answer, {maybe_done} of them carried out",
                maybe_done + maybe_not
            ),
            Err(Wrong(wrong)) => write!(formatter, "WRONG: {wrong}"),
        }
    }
}

pub(crate) struct Crowd;

impl Crowd {
    pub(crate) fn run(options: &Options, seed: u64, length: Duration) -> Report {
        let mut random = Random(seed);
        let seats = Seats::new(options);
        let last_number = AtomicU64::new(0);
        let world = World { began: Instant::now(), records: options.records, last_number };
        let witness = Witness::new(seats.start(false));
        let until = Instant::now() + length;
        let randoms: Vec<_> = (0..options.sidecars * options.threads).map(|_| random.split()).collect();
        let (mut calls, leases, done) = std::thread::scope(|scope| {
            let (seats, world) = (&seats, &world);
            let clients: Vec<_> = randoms
                .into_iter()
                .enumerate()
                .map(|(at, random)| scope.spawn(move || seats.ask(at % seats.len(), world, random, until)))
                .collect();
            let done = if options.kills { chaos::rage(seats, &mut random, until) } else { Done::default() };
            let mut all = (Vec::new(), Vec::new());
            for client in clients {
                let (calls, leases) = client.join().unwrap();
                all.0.extend(calls);
                all.1.extend(leases);
            }
            (all.0, all.1, done)
        });
        for seat in 0..seats.len() {
            assert!(seats.sidecar(seat).0.end().success());
        }
        let (looked, last) = seats.last_look(&world, random.split());
        calls.extend(looked);
        let outcome = witness.told(&world, last).and_then(|told| {
            let summary = check::check(&calls, &told)?;
            let fenced = fencing::check(&calls, &leases)?;
            Ok(Summary { leases: leases.len(), fenced, ..summary })
        });
        Report { calls: calls.len(), kills: done.kills, stops: done.stops, outcome }
    }
}

impl Seats {
    /// What a process finds that is started after all others have ended; and the revision of a change that it makes last,
    /// to a record of its own.
    fn last_look(&self, world: &World, random: Random) -> (Vec<Call>, u64) {
        let sidecar = self.start(false);
        let mut client = Client::new(world, random);
        for record in 0..world.records {
            assert!(client.ask(&sidecar, record, Ask::Get, None));
        }
        let last = sidecar.ok("setPersistentData", &json!(["user", {"last": true}]));
        assert!(sidecar.end().success());
        (client.calls, last["revision"].as_u64().unwrap())
    }
}
