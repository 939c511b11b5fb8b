//! Reads: one at a time, many in flight, and how the cost grows with what is pending and with the size.

use std::error::Error;

use crate::contender::{Contender, Kind};
use crate::numbers::{Rounds, percentile, short};
use crate::placement::Placement;
use crate::proc::processor_time;
use crate::report::Section;
use crate::server::Server;
use crate::{Bench, Done};

const RECORDS: u64 = 1_000;
const WINDOW: usize = 64;
const CALLS: usize = 4_000;

/// A contender, and its figures.
struct Lane {
    contender: Contender,
    kind: Kind,
    median: Rounds,
    slow: Rounds,
    processor: Rounds,
    rate: Rounds,
}

impl Lane {
    fn start(bench: &Bench, kind: Kind) -> Result<Self, Box<dyn Error>> {
        let contender = Contender::filled(kind, &bench.place, &format!("reads-{kind:?}"), RECORDS, 200)?;
        let none = Rounds::default;
        Ok(Self { contender, kind, median: none(), slow: none(), processor: none(), rate: none() })
    }

    fn one_at_a_time(&mut self, count: usize) -> Done {
        let process = self.contender.server.id();
        let before = processor_time(process)?;
        let mut took = self.contender.reads(count)?;
        self.processor.push((processor_time(process)? - before) / count as f64);
        self.median.push(percentile(&mut took, 0.5));
        self.slow.push(percentile(&mut took, 0.99));
        Ok(())
    }

    fn in_flight(&mut self, count: usize, window: usize) -> Done {
        let took = self.contender.reads_in_flight(count, window)?;
        self.rate.push(count as f64 / took.as_secs_f64());
        Ok(())
    }
}

/// `getPersistentData` of a 200-byte object beside echoes of as many bytes as its answer has.
pub(crate) fn reads(bench: &mut Bench) -> Done {
    let together = measured(bench, Placement::Together)?;
    table(
        bench,
        "A read of 200 bytes, on one processor",
        "Client and server share a processor: this is work alone.",
        &together,
    );
    let apart = measured(bench, Placement::Apart)?;
    table(
        bench,
        "A read of 200 bytes, on two processors",
        "Client and server have a processor each: they work at the same time, and each has to wake the other.",
        &apart,
    );
    for lane in together.iter().filter(|lane| lane.kind != Kind::Cat) {
        bench.report.bar("read", lane.kind.name(), lane.median.figure().median);
    }
    let median = together[1].median.over(&together[0].median);
    let slow = together[1].slow.over(&together[0].slow);
    let work = "`getPersistentData`, 200 bytes, one at a time";
    bench.report.goal(work, "median ≤ 2 × the echo's", median.with_spread(), median.median <= 2.0);
    bench.report.goal(work, "p99 ≤ 4 × the echo's", slow.with_spread(), slow.median <= 4.0);
    for (work, lanes) in
        [("the same, 64 in flight, on one processor", &together), ("the same, 64 in flight, on two", &apart)]
    {
        let rate = lanes[1].rate.over(&lanes[0].rate);
        bench.report.goal(work, "≥ 0.4 × the echo's rate", rate.with_spread(), rate.median >= 0.4);
    }
    Ok(())
}

/// All contenders, of which the echo is the first and the vault the second.
fn measured(bench: &Bench, placement: Placement) -> Result<Vec<Lane>, Box<dyn Error>> {
    use Kind::{Cat, Echo, LspServer, Sqlite, TowerLsp, Vault};
    let kinds = [Echo, Vault, Cat, LspServer, TowerLsp, Sqlite];
    let start = || kinds.into_iter().map(|kind| Lane::start(bench, kind)).collect::<Result<Vec<_>, _>>();
    let (lanes, _settled) = placement.settle(start)?;
    let mut lanes = lanes?;
    let count = bench.effort.count(CALLS);
    for round in 0..=bench.effort.rounds {
        for lane in &mut lanes {
            lane.one_at_a_time(count)?;
            lane.in_flight(5 * count, WINDOW)?;
            if round == 0 {
                // The first round warms up.
                (lane.median, lane.slow, lane.processor, lane.rate) = Default::default();
            }
        }
    }
    Ok(lanes)
}

fn table(bench: &mut Bench, title: &'static str, placed: &str, lanes: &[Lane]) {
    let count = bench.effort.count(CALLS);
    let mut section = Section::new(
        title,
        format!(
            "{placed} `getPersistentData`, objects of 200 bytes, {RECORDS} records; the echoes answer with as many bytes, \
             and touch no store. Each round has {count} calls one at a time, and {} with {WINDOW} in flight. `cat` knows \
             no frames: what is in flight goes through it in a lump.",
            5 * count
        ),
        &[
            "",
            "median, µs",
            "× echo",
            "p99, µs",
            "× echo",
            "processor, µs a call",
            "64 in flight, calls/s",
            "× echo",
        ],
    );
    let echo = &lanes[0];
    for lane in lanes {
        section.row([
            lane.kind.name().to_owned(),
            short(lane.median.figure().median),
            lane.median.over(&echo.median).with_spread(),
            short(lane.slow.figure().median),
            lane.slow.over(&echo.slow).with_spread(),
            short(lane.processor.figure().median),
            short(lane.rate.figure().median),
            lane.rate.over(&echo.rate).with_spread(),
        ]);
    }
    bench.report.sections.push(section);
}

/// The rate of reads with more and more of them in flight.
pub(crate) fn pending(bench: &mut Bench) -> Done {
    let start =
        || Ok::<_, Box<dyn Error>>([Lane::start(bench, Kind::Echo)?, Lane::start(bench, Kind::Vault)?]);
    let (lanes, _settled) = Placement::Apart.settle(start)?;
    let mut lanes = lanes?;
    let mut section = Section::new(
        "Reads in flight",
        "The same read on two processors, with more and more requests sent before an answer is taken.",
        &["in flight", "plugin-vault, calls/s", "bare echo, calls/s", "ratio"],
    );
    let count = bench.effort.count(20_000);
    // With more in flight, unread echoes fill both pipes, and neither side can continue.
    for window in [1, 4, 16, 64, 128] {
        for _ in 0..bench.effort.rounds.min(5) {
            for lane in &mut lanes {
                lane.in_flight(count, window)?;
            }
        }
        let [echo, vault] = [0, 1].map(|lane| std::mem::take(&mut lanes[lane].rate));
        section.row([
            window.to_string(),
            short(vault.figure().median),
            short(echo.figure().median),
            vault.over(&echo).with_spread(),
        ]);
    }
    bench.report.sections.push(section);
    Ok(())
}

/// Reads of larger objects beside an echo that answers a request with as many bytes as they have.
pub(crate) fn sizes(bench: &mut Bench) -> Done {
    let mut section = Section::new(
        "Larger objects, read",
        "On two processors. The echo answers each request with as many bytes, made beforehand.",
        &["bytes", "plugin-vault, µs", "bare echo, µs", "× echo", "SQLite, µs", "× SQLite"],
    );
    for (bytes, count) in [(200, 2_000), (4 << 10, 2_000), (256 << 10, 200), (4 << 20, 16)] {
        let count = bench.effort.count(count);
        let store = format!("size-{bytes}");
        let mut vault = Contender::filled(Kind::Vault, &bench.place, &store, 4, bytes)?;
        let mut sqlite = Contender::filled(Kind::Sqlite, &bench.place, &store, 4, bytes)?;
        let answer = (bytes + 40).to_string();
        let server = Server::spawn(&[bench.place.program("echo"), answer.into()])?;
        let mut echo =
            Contender { server, requests: Contender::start(Kind::Echo, &bench.place, "")?.requests };
        let mut rounds = [Rounds::default(), Rounds::default(), Rounds::default()];
        for _ in 0..bench.effort.rounds {
            for (contender, rounds) in [&mut vault, &mut echo, &mut sqlite].into_iter().zip(&mut rounds) {
                rounds.push(percentile(&mut contender.reads(count)?, 0.5));
            }
        }
        let [vault, echo, sqlite] = &rounds;
        section.row([
            short(bytes as f64),
            short(vault.figure().median),
            short(echo.figure().median),
            vault.over(echo).with_spread(),
            short(sqlite.figure().median),
            vault.over(sqlite).with_spread(),
        ]);
    }
    bench.report.sections.push(section);
    Ok(())
}
