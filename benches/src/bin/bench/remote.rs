//! A store that several machines share, beside plain statements on the same PostgreSQL server.

mod joining;
mod log;

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::contender::{Contender, Kind};
use crate::floor::BareLmdb;
use crate::numbers::{Rounds, percentile, short};
use crate::placement::Placement;
use crate::postgres::{Connection, Postgres};
use crate::report::Section;
use crate::{Bench, Done};

use log::{Calls, Commits, Plain};

const RECORDS: u64 = 1_000;
const BYTES: usize = 200;

/// Commits, writes and reads of a shared store, its joins, and its notices.
pub(crate) fn remote(bench: &mut Bench) -> Done {
    let calls = |bench: &mut Bench| {
        Ok::<_, Box<dyn Error>>(match Postgres::start(&bench.place.work)? {
            Ok(server) => {
                let mut lanes = Lanes::start(bench, &server)?;
                lanes.measure(bench)?;
                Some((server, lanes))
            }
            Err(reason) => {
                eprintln!("remote: not measured, since {reason}");
                None
            }
        })
    };
    let (measured, settled) = Placement::Together.settle(|| calls(bench))?;
    drop(settled);
    let Some((server, lanes)) = measured? else { return Ok(()) };
    lanes.report(bench);
    drop(lanes);
    joining::joining(bench, &server)
}

/// Runs a command of the program on a store, and returns how long it took and what it printed.
fn command(bench: &Bench, store: &str, words: &[&str]) -> Result<(Duration, String), Box<dyn Error>> {
    let [program, arguments @ ..] = bench.place.vault_on(store);
    let began = Instant::now();
    let ran = Command::new(program).args(arguments).args(words).stdin(Stdio::null()).output()?;
    let took = began.elapsed();
    if !ran.status.success() {
        return Err(format!("{words:?}: {}", String::from_utf8_lossy(&ran.stderr)).into());
    }
    Ok((took, String::from_utf8(ran.stdout)?))
}

/// Makes a store with `records` records, and moves it to a database of its own.
fn shared(
    bench: &Bench,
    server: &Postgres,
    store: &str,
    records: u64,
    bytes: usize,
) -> Result<String, Box<dyn Error>> {
    drop(Contender::filled(Kind::Vault, &bench.place, store, records, bytes)?);
    let url = server.database(store)?;
    command(bench, store, &["remote", "setup", &url])?;
    command(bench, store, &["remote", "push", &url])?;
    Ok(url)
}

/// The median of each round, in microseconds, and of commits also what a tenth of them does not exceed: that is little
/// affected by what else the disk does.
#[derive(Default)]
struct Measured {
    inserted: Rounds,
    inserted_fast: Rounds,
    appended: Rounds,
    appended_fast: Rounds,
    committed: Rounds,
    committed_fast: Rounds,
    wrote: Rounds,
    wrote_fast: Rounds,
    wrote_local: Rounds,
    wrote_local_fast: Rounds,
    read: Rounds,
    read_local: Rounds,
    fresh: Rounds,
    selected: Rounds,
    headed: Rounds,
    insert_work: Rounds,
    append_work: Rounds,
    select_work: Rounds,
    head_work: Rounds,
}

/// What is measured in turn.
struct Lanes {
    shared: Contender,
    local: Contender,
    lmdb: BareLmdb,
    commits: Commits,
    plain: Plain,
    counts: [usize; 2],
    measured: Measured,
}

impl Lanes {
    fn start(bench: &Bench, server: &Postgres) -> Result<Self, Box<dyn Error>> {
        shared(bench, server, "shared", RECORDS, BYTES)?;
        server.database("plain")?;
        let mut shared = Contender::start(Kind::Vault, &bench.place, "shared")?.with_records(RECORDS);
        // A write that changes nothing is no write.
        shared.requests.begin_at(1_000_000_000);
        let local = Contender::filled(Kind::Vault, &bench.place, "alone", RECORDS, BYTES)?;
        let lmdb = BareLmdb::create(&bench.place.work.join("bare"), RECORDS, BYTES)?;
        let commits = Commits::create(server, "shared", RECORDS, BYTES)?;
        let plain = Plain::create(server.connect("plain")?, RECORDS, BYTES)?;
        let counts = [bench.effort.count(400), bench.effort.count(4_000)];
        Ok(Self { shared, local, lmdb, commits, plain, counts, measured: Measured::default() })
    }

    fn measure(&mut self, bench: &Bench) -> Done {
        for round in 0..=bench.effort.rounds {
            if round == 1 {
                // The first round warms up.
                self.measured = Measured::default();
            }
            self.round()?;
        }
        Ok(())
    }

    fn round(&mut self) -> Done {
        let [writes, reads] = self.counts;
        // In short turns, so that what disturbs the disk for a while disturbs all of them.
        let [mut inserts, mut appends] = [Calls::default(), Calls::default()];
        let [mut commits, mut ours, mut alone] = [const { Vec::new() }; 3];
        for _ in 0..writes.div_ceil(20) {
            let count = writes.min(20);
            inserts.extend(self.plain.inserts(count)?);
            appends.extend(self.commits.appends(count)?);
            commits.extend(self.lmdb.latencies(count, RECORDS, BYTES)?);
            ours.extend(self.shared.writes(count)?);
            alone.extend(self.local.writes(count)?);
        }
        let measured = &mut self.measured;
        for (samples, median, fast) in [
            (&mut inserts.took, &mut measured.inserted, &mut measured.inserted_fast),
            (&mut appends.took, &mut measured.appended, &mut measured.appended_fast),
            (&mut commits, &mut measured.committed, &mut measured.committed_fast),
            (&mut ours, &mut measured.wrote, &mut measured.wrote_fast),
            (&mut alone, &mut measured.wrote_local, &mut measured.wrote_local_fast),
        ] {
            median.push(percentile(samples, 0.5));
            fast.push(percentile(samples, 0.1));
        }
        measured.insert_work.push(inserts.processor());
        measured.append_work.push(appends.processor());
        self.reads(reads)
    }

    fn reads(&mut self, reads: usize) -> Done {
        let measured = &mut self.measured;
        measured.read.push(percentile(&mut self.shared.reads(reads)?, 0.5));
        measured.read_local.push(percentile(&mut self.local.reads(reads)?, 0.5));
        let Contender { server, requests } = &mut self.shared;
        let mut fresh = server.latencies(reads / 4, |body| {
            requests.read(body);
            body.truncate(body.len() - 2);
            body.extend_from_slice(br#","fresh":true}}"#);
        })?;
        measured.fresh.push(percentile(&mut fresh, 0.5));
        let (mut selects, mut heads) = (self.plain.selects(reads / 4)?, self.commits.heads(reads / 4)?);
        measured.selected.push(percentile(&mut selects.took, 0.5));
        measured.headed.push(percentile(&mut heads.took, 0.5));
        measured.select_work.push(selects.processor());
        measured.head_work.push(heads.processor());
        Ok(())
    }

    fn report(&self, bench: &mut Bench) {
        let measured = &self.measured;
        let both = measured.inserted.plus(&measured.committed);
        let both_fast = measured.inserted_fast.plus(&measured.committed_fast);
        let mut section = Section::new(
            "A shared store",
            format!(
                "The store is on a PostgreSQL server on the same machine and the same disk, with `fsync` on; client, sidecar \
                 and server are on one processor. Objects of {BYTES} bytes, {RECORDS} records. `INSERT` is one statement, \
                 which is its own transaction and adds two rows with as many bytes as an `append` carries; \
                 `SELECT` returns one such row by its key. Both are sent as the sidecar sends its calls, as an unnamed \
                 statement. The processor time is that of the process that serves the \
                 connection, without the client's. \
                 Each round has {} commits of each kind, and {} reads.",
                self.counts[0], self.counts[1]
            ),
            &["", "µs", "beside", "µs", "ratio"],
        );
        for (name, ours, beside, theirs) in [
            ("`append` of one record", &measured.appended, "`INSERT`", &measured.inserted),
            ("… the fastest tenth", &measured.appended_fast, "`INSERT`, likewise", &measured.inserted_fast),
            ("`setPersistentData`, shared", &measured.wrote, "`INSERT` and a bare commit of LMDB", &both),
            ("… the fastest tenth", &measured.wrote_fast, "both, likewise", &both_fast),
            (
                "`setPersistentData`, shared",
                &measured.wrote,
                "the same, of a store of its own",
                &measured.wrote_local,
            ),
            ("… the fastest tenth", &measured.wrote_fast, "likewise", &measured.wrote_local_fast),
            (
                "`getPersistentData` from the replica",
                &measured.read,
                "the same, from a store of its own",
                &measured.read_local,
            ),
            ("`getPersistentData`, `fresh`", &measured.fresh, "`SELECT`", &measured.selected),
            ("`head`", &measured.headed, "`SELECT`", &measured.selected),
            ("processor time of `append`", &measured.append_work, "of `INSERT`", &measured.insert_work),
            ("processor time of `head`", &measured.head_work, "of `SELECT`", &measured.select_work),
        ] {
            section.row([
                name.to_owned(),
                short(ours.figure().median),
                beside.to_owned(),
                short(theirs.figure().median),
                ours.over(theirs).with_spread(),
            ]);
        }
        bench.report.sections.push(section);
        self.goals(bench);
    }

    fn goals(&self, bench: &mut Bench) {
        let measured = &self.measured;
        let both = measured.inserted.plus(&measured.committed);
        let append = measured.appended.over(&measured.inserted);
        bench.report.goal(
            "`append` of one record",
            "≤ 1.3 × an `INSERT`",
            append.with_spread(),
            append.median <= 1.3,
        );
        let write = measured.wrote.over(&both);
        let work = "`setPersistentData` of a shared store";
        let reach = "≤ 1.3 × (`INSERT` + a bare commit)";
        bench.report.goal(work, reach, write.with_spread(), write.median <= 1.3);
        let read = measured.read.over(&measured.read_local);
        let (work, reach) = ("a read from a replica", "≤ 1.05 × one from a store of its own");
        bench.report.goal(work, reach, read.with_spread(), read.median <= 1.05);
    }
}
