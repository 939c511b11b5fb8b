//! Many sidecars, the threads that ask them, and what becomes of both.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::call::{Ask, Call, Time};
use crate::chaos::{self, Done};
use crate::check::{self, Machine, Summary, Wrong};
use crate::client::{Client, Role, World};
use crate::fencing::{self, Held};
#[cfg(all(target_os = "linux", feature = "postgres-tests"))]
use crate::machines::Chaos;
use crate::rig::{self, Home, Random, Sidecar};
use crate::witness::Witness;

/// How a run is.
pub(crate) struct Options {
    /// With more than one, they share a store on a server. Clients of the last one then only read.
    pub(crate) machines: usize,
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
    /// Whether machines lose their server, and their processes end between a commit there and here.
    pub(crate) chaos: bool,
}

/// What became of a run.
pub(crate) struct Report {
    pub(crate) calls: usize,
    pub(crate) kills: usize,
    pub(crate) stops: usize,
    /// Pieces of connections that were lost, delayed or doubled.
    pub(crate) disturbed: usize,
    /// Processes that have ended between a commit on the server and their own.
    pub(crate) ended: usize,
    pub(crate) outcome: Result<Summary, Wrong>,
}

/// The processes, each of which may be another one soon.
pub(crate) struct Seats {
    /// One for each machine; the seats are on them by turns.
    homes: Vec<Home>,
    key: String,
    fault: &'static str,
    stalls: bool,
    chaos: Option<Chaos>,
    sitting: Vec<RwLock<(Arc<Sidecar>, usize)>>,
    /// Of each process that was killed, by seat and turn: when it was there for the last time, and when it was certainly
    /// gone.
    gone: Mutex<Vec<Vec<(Instant, Instant)>>>,
    /// When at the earliest a process ended that left a call without an answer, by seat and turn.
    died: Mutex<BTreeMap<(usize, usize), Instant>>,
    /// How many processes have ended by themselves.
    ended: AtomicUsize,
}

impl Seats {
    fn new(options: &Options, random: &mut Random) -> Self {
        let gone = Mutex::new(vec![Vec::new(); options.sidecars]);
        let homes = homes(options.machines);
        let key = homes[0].key();
        for home in &homes {
            home.keep_key(&key);
        }
        let first = Sidecar::start(homes[0].command());
        first.ok("setAPIKey", &json!([key]));
        // The namespace begins: a key's row takes a revision.
        first.ok("setPersistentData", &json!({"context": "user", "data": {}}));
        assert!(first.end().success());
        let (fault, stalls, died) = (options.fault, options.stalls, Mutex::default());
        let ended = AtomicUsize::new(0);
        let chaos = options.chaos.then(|| Chaos::begin(&homes, random));
        let mut seats = Self { homes, key, fault, stalls, chaos, sitting: Vec::new(), gone, died, ended };
        seats.sitting = (0..options.sidecars).map(|seat| RwLock::new((seats.start(seat, true), 0))).collect();
        seats
    }

    /// A process with its key; `harmed`: with the planted bug, or with readers that stand still.
    fn start(&self, seat: usize, harmed: bool) -> Arc<Sidecar> {
        let machine = seat % self.homes.len();
        let mut command: Command = self.homes[machine].command();
        // No two machines of a shared store have the same wall clock.
        command.env("PLUGIN_VAULT_CLOCK_OFFSET", CLOCKS[machine].to_string());
        if harmed {
            let point = self.chaos.as_ref().filter(|_| self.fault.is_empty()).map(Chaos::point);
            command.env("PLUGIN_VAULT_FAULT", point.unwrap_or_else(|| self.fault.to_owned()));
        }
        if self.stalls && harmed {
            command
                .env("LD_PRELOAD", rig::preload())
                .env("RIG_MODE", "stall")
                .env("RIG_ROOT", self.homes[machine].root())
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
        let (there, sidecar) = (Instant::now(), self.sidecar(seat).0);
        self.ended.fetch_add(usize::from(sidecar.has_ended()), Ordering::Relaxed);
        sidecar.kill();
        self.gone.lock().unwrap()[seat].push((there, Instant::now()));
        let mut sits = self.sitting[seat].write().unwrap();
        *sits = (self.start(seat, true), sits.1 + 1);
    }

    fn are_shared(&self) -> bool {
        self.homes.len() > 1
    }

    /// Whether commits are made on a server.
    fn are_on_server(&self) -> bool {
        #[cfg(all(target_os = "linux", feature = "postgres-tests"))]
        if rig::shared::is_chosen() {
            return true;
        }
        self.are_shared()
    }

    /// Who asks in a seat.
    fn role(&self, seat: usize) -> Role {
        match self.homes.len() {
            1 => Role::Alone,
            machines => match seat % machines {
                0 => Role::Sharing,
                machine if machine == machines - 1 => Role::Reader,
                _ => Role::Seldom,
            },
        }
    }

    /// Asks one process after the other until the deadline.
    fn ask(&self, seat: usize, world: &World, random: Random, until: Instant) -> Asked {
        let mut client = Client::new(world, self.role(seat), random);
        let mut sidecar;
        (sidecar, client.turn) = self.sidecar(seat);
        let mut cut_off = Vec::new();
        while Instant::now() < until {
            let began = Instant::now();
            if !client.step(&sidecar) {
                let dead = client.turn;
                let mut died = self.died.lock().unwrap();
                let first = died.entry((seat, dead)).or_insert(began);
                *first = began.min(*first);
                drop(died);
                cut_off.extend(client.cut_off.take().map(|call| (call, dead)));
                while client.turn == dead && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(1));
                    (sidecar, client.turn) = self.sidecar(seat);
                }
            }
        }
        let Client { mut calls, plain, leases, .. } = client;
        let gone = self.gone.lock().unwrap();
        // What was on its way to a server is carried out there at any time.
        for (call, turn) in cut_off.into_iter().filter(|_| !self.are_on_server()) {
            calls[call].ended = gone[seat].get(turn).map_or(Time::MAX, |(_, gone)| world.time(*gone));
        }
        Asked { seat, calls, plain, leases }
    }

    /// The leases that a thread has acquired, each of which may have ended with its process.
    fn ended(&self, seat: usize, mut leases: Vec<Held>, world: &World) -> Vec<Held> {
        let (gone, died) = (self.gone.lock().unwrap(), self.died.lock().unwrap());
        for lease in &mut leases {
            let killed = gone[seat].get(lease.turn).map(|(there, _)| there);
            if let Some(there) = killed.into_iter().chain(died.get(&(seat, lease.turn))).min() {
                lease.give_up(world.time(*there));
            }
        }
        leases
    }
}

/// The wall clocks of the machines, as milliseconds by which they are wrong.
const CLOCKS: [i64; 3] = [0, 40_000, -40_000];

/// What one thread has asked.
struct Asked {
    seat: usize,
    calls: Vec<Call>,
    plain: Vec<Call>,
    leases: Vec<Held>,
}

/// Without a server there is none.
#[cfg(not(all(target_os = "linux", feature = "postgres-tests")))]
enum Chaos {}

#[cfg(not(all(target_os = "linux", feature = "postgres-tests")))]
impl Chaos {
    fn begin(_: &[Home], _: &mut Random) -> Self {
        panic!("machines share a store with the feature postgres-tests")
    }

    fn point(&self) -> String {
        match *self {}
    }

    fn rage(&self, _: Instant) {
        match *self {}
    }

    fn done(&self) -> usize {
        match *self {}
    }
}

fn homes(machines: usize) -> Vec<Home> {
    #[cfg(all(target_os = "linux", feature = "postgres-tests"))]
    if machines > 1 {
        return crate::machines::homes(machines);
    }
    assert_eq!(machines, 1, "stores are shared with the feature postgres-tests");
    vec![Home::new()]
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, kills, stops, disturbed, ended, outcome } = self;
        write!(
            formatter,
            "{calls} calls, {kills} kills, {stops} stops, {disturbed} disturbed connections, {ended} ends after an append: "
        )?;
        match outcome {
            Ok(Summary { changes, reads, conflicts, maybe_done, maybe_not, leases, fenced, plain }) => {
                write!(
                    formatter,
                    "{changes} answered changes, {reads} reads, {plain} reads of replicas, {conflicts} conflicts, \
                 {leases} leases, {fenced} writes under one, \
                 {} calls without an answer, {maybe_done} of them carried out",
                    maybe_done + maybe_not
                )
            }
            Err(Wrong(wrong)) => write!(formatter, "WRONG: {wrong}"),
        }
    }
}

pub(crate) struct Crowd;

impl Crowd {
    pub(crate) fn run(options: &Options, seed: u64, length: Duration) -> Report {
        let mut random = Random(seed);
        let seats = Seats::new(options, &mut random);
        let world = World::new(options.records);
        let witness = Witness::new(seats.start(0, false));
        let until = Instant::now() + length;
        let randoms: Vec<_> = (0..options.sidecars * options.threads).map(|_| random.split()).collect();
        let (asked, done) = std::thread::scope(|scope| {
            let (seats, world) = (&seats, &world);
            let clients: Vec<_> = randoms
                .into_iter()
                .enumerate()
                .map(|(at, random)| scope.spawn(move || seats.ask(at % seats.len(), world, random, until)))
                .collect();
            let chaos = seats.chaos.as_ref().map(|chaos| scope.spawn(move || chaos.rage(until)));
            let done = if options.kills { chaos::rage(seats, &mut random, until) } else { Done::default() };
            let asked: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
            if let Some(chaos) = chaos {
                chaos.join().unwrap();
            }
            (asked, done)
        });
        if options.chaos {
            // Some have ended by themselves.
            for seat in 0..seats.len() {
                seats.replace(seat);
            }
        }
        for seat in 0..seats.len() {
            assert!(seats.sidecar(seat).0.end().success());
        }
        let mut machines: Vec<_> = (0..options.machines).map(|_| Machine::default()).collect();
        let mut leases = Vec::new();
        for asked in asked {
            let machine = &mut machines[asked.seat % options.machines];
            machine.calls.extend(asked.calls);
            machine.plain.extend(asked.plain);
            leases.extend(seats.ended(asked.seat, asked.leases, &world));
        }
        for (at, machine) in machines.iter_mut().enumerate() {
            machine.calls.extend(seats.last_look(at, &world, random.split()));
        }
        let last = seats.last_change();
        let count = machines.iter().map(|machine| machine.calls.len() + machine.plain.len()).sum();
        let outcome = witness.told(&world, last).and_then(|told| {
            let summary = check::check_machines(&machines, &told, !options.chaos)?;
            let calls: Vec<_> = machines.into_iter().flat_map(|machine| machine.calls).collect();
            let fenced = fencing::check(&calls, &leases)?;
            Ok(Summary { leases: leases.len(), fenced, ..summary })
        });
        let disturbed = seats.chaos.as_ref().map_or(0, Chaos::done);
        let ended = seats.ended.load(Ordering::Relaxed);
        Report { calls: count, ended, kills: done.kills, stops: done.stops, disturbed, outcome }
    }
}

impl Seats {
    /// What a process of a machine finds that is started after all others have ended.
    fn last_look(&self, machine: usize, world: &World, random: Random) -> Vec<Call> {
        let sidecar = self.start(machine, false);
        let role = if self.are_shared() { Role::Sharing } else { Role::Alone };
        let mut client = Client::new(world, role, random);
        for record in 0..world.records {
            assert!(client.ask(&sidecar, record, Ask::Get, None));
        }
        assert!(sidecar.end().success());
        client.calls
    }

    /// The revision of a change to a record of its own, after all others.
    fn last_change(&self) -> u64 {
        let sidecar = self.start(0, false);
        let last = sidecar.ok("setPersistentData", &json!(["user", {"last": true}]));
        assert!(sidecar.end().success());
        last["revision"].as_u64().unwrap()
    }
}
