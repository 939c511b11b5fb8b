//! Durable writes, beside the cost of the disk alone.

use std::error::Error;

use crate::contender::{Contender, Kind};
use crate::floor::{BareLmdb, SyncedPages};
use crate::numbers::{Rounds, percentile, short};
use crate::placement::Placement;
use crate::report::Section;
use crate::{Bench, Done};

const RECORDS: u64 = 1_000;
const WINDOW: usize = 64;

/// `setPersistentData`, one at a time and many in flight, in several sizes.
pub(crate) fn writes(bench: &mut Bench) -> Done {
    let mut section = Section::new(
        "A durable write",
        "`setPersistentData`, each answered when it is committed and synced. The bare commit puts rows of the same \
         lengths into the same tables of LMDB, from inside the load program: no pipe, no lock, nothing sealed. Two \
         synced pages are what a commit of LMDB asks of the disk at least; SQLite syncs its log once. On one processor \
         the waking of another is not measured with it.",
        &[
            "bytes",
            "processors",
            "plugin-vault, µs",
            "bare commit, µs",
            "× commit",
            "two synced pages, µs",
            "× pages",
            "SQLite, µs",
            "× SQLite",
        ],
    );
    for placement in [Placement::Together, Placement::Apart] {
        for (bytes, records, count) in
            [(200, RECORDS, 200), (4 << 10, RECORDS, 100), (256 << 10, 8, 20), (4 << 20, 4, 4)]
        {
            one_at_a_time(bench, &mut section, placement, bytes, records, count)?;
        }
    }
    bench.report.sections.push(section);
    in_flight(bench)
}

fn one_at_a_time(
    bench: &mut Bench,
    section: &mut Section,
    placement: Placement,
    bytes: usize,
    records: u64,
    count: usize,
) -> Done {
    let count = bench.effort.count(count);
    let store = format!("writes-{placement:?}-{bytes}");
    let start = || {
        let filled = |kind| Contender::filled(kind, &bench.place, &store, records, bytes);
        Ok::<_, Box<dyn Error>>((filled(Kind::Vault)?, filled(Kind::Sqlite)?))
    };
    let (started, _settled) = placement.settle(start)?;
    let (mut vault, mut sqlite) = started?;
    let folder = bench.place.work.join(&store);
    let mut lmdb = BareLmdb::create(&folder.join("bare"), records, bytes)?;
    let mut pages = SyncedPages::create(&folder.join("pages"))?;
    let [mut ours, mut bare, mut synced, mut theirs] = [const { Rounds(Vec::new()) }; 4];
    for _ in 0..bench.effort.rounds {
        ours.push(percentile(&mut vault.writes(count)?, 0.5));
        bare.push(percentile(&mut lmdb.latencies(count, records, bytes)?, 0.5));
        synced.push(percentile(&mut pages.latencies(count)?, 0.5));
        theirs.push(percentile(&mut sqlite.writes(count)?, 0.5));
    }
    section.row([
        short(bytes as f64),
        if placement == Placement::Together { "one" } else { "two" }.to_owned(),
        short(ours.figure().median),
        short(bare.figure().median),
        ours.over(&bare).with_spread(),
        short(synced.figure().median),
        ours.over(&synced).with_spread(),
        short(theirs.figure().median),
        ours.over(&theirs).with_spread(),
    ]);
    if bytes == 200 && placement == Placement::Together {
        let (commit, pages) = (ours.over(&bare), ours.over(&synced));
        let work = "`setPersistentData`, 200 bytes, one at a time";
        bench.report.goal(work, "median ≤ 1.2 × a bare commit", commit.with_spread(), commit.median <= 1.2);
        bench.report.goal(work, "≤ 1.5 × two synced pages", pages.with_spread(), pages.median <= 1.5);
        bench.report.bar("write", Kind::Vault.name(), ours.figure().median);
        bench.report.bar("write", "bare LMDB commit", bare.figure().median);
        bench.report.bar("write", "two synced page writes", synced.figure().median);
        bench.report.bar("write", Kind::Sqlite.name(), theirs.figure().median);
    }
    Ok(())
}

fn in_flight(bench: &mut Bench) -> Done {
    let mut section = Section::new(
        "Durable writes in flight",
        "The rate of writes of 200 bytes with more and more of them in flight: those that wait together share a commit.",
        &["in flight", "plugin-vault, writes/s", "× one at a time", "SQLite, writes/s", "× SQLite"],
    );
    let mut vault = Contender::filled(Kind::Vault, &bench.place, "flight", RECORDS, 200)?;
    let mut sqlite = Contender::filled(Kind::Sqlite, &bench.place, "flight", RECORDS, 200)?;
    let windows = [1, 4, 16, WINDOW, 256, 1024];
    let mut ours = windows.map(|_| Rounds::default());
    let mut theirs = windows.map(|_| Rounds::default());
    let count = bench.effort.count(200);
    for _ in 0..bench.effort.rounds {
        for (at, window) in windows.into_iter().enumerate() {
            let count = count * window.min(32);
            let took = vault.writes_in_flight(count, window)?;
            ours[at].push(count as f64 / took.as_secs_f64());
            let count = bench.effort.count(200);
            let took = sqlite.writes_in_flight(count, window)?;
            theirs[at].push(count as f64 / took.as_secs_f64());
        }
    }
    for (at, window) in windows.into_iter().enumerate() {
        let gain = ours[at].over(&ours[0]);
        section.row([
            window.to_string(),
            short(ours[at].figure().median),
            gain.with_spread(),
            short(theirs[at].figure().median),
            ours[at].over(&theirs[at]).with_spread(),
        ]);
        if window == WINDOW {
            bench.report.goal(
                "the same, 64 in flight",
                "≥ 15 × the rate of one at a time",
                gain.with_spread(),
                gain.median >= 15.0,
            );
        }
    }
    bench.report.sections.push(section);
    Ok(())
}
