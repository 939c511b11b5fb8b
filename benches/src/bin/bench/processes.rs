//! Many processes on one store, each with one call at a time.

use std::error::Error;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::contender::{Contender, Kind};
use crate::numbers::{Figure, Rounds, percentile, short};
use crate::report::Section;
use crate::{Bench, Done};

const RECORDS: u64 = 1_000;
const LEVELS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

#[derive(Clone, Copy)]
enum Work {
    Reads,
    Writes,
}

/// The rate of all processes together.
pub(crate) fn processes(bench: &mut Bench) -> Done {
    drop(Contender::filled(Kind::Vault, &bench.place, "shared", RECORDS, 200)?);
    let most = LEVELS[LEVELS.len() - 1];
    let mut all = Vec::with_capacity(most);
    for number in 0..most {
        let mut contender = Contender::start(Kind::Vault, &bench.place, "shared")?.with_records(RECORDS);
        // No two processes write the same object in turn, because that would change nothing and commit nothing.
        contender.requests.begin_at(number as u64 * 1_000_000_000);
        contender.reads(1)?;
        all.push(contender);
    }
    let span = Duration::from_millis(if bench.effort.less > 1 { 20 } else { 400 });
    let mut reads = LEVELS.map(|_| Rounds::default());
    let mut writes = LEVELS.map(|_| (Rounds::default(), Rounds::default()));
    for _ in 0..bench.effort.rounds {
        for (at, level) in LEVELS.into_iter().enumerate() {
            reads[at].push(load(&mut all[..level], span, Work::Reads)?.0);
            let (rate, slow) = load(&mut all[..level], span, Work::Writes)?;
            writes[at].0.push(rate);
            writes[at].1.push(slow);
        }
    }
    let mut section = Section::new(
        "Processes on one store",
        "Each process has one call in flight. The rate is that of all of them together.",
        &["processes", "writes/s", "× one process", "slowest 1 % of writes, ms", "reads/s", "× one process"],
    );
    for (at, level) in LEVELS.into_iter().enumerate() {
        let gain: Figure = writes[at].0.over(&writes[0].0);
        section.row([
            level.to_string(),
            short(writes[at].0.figure().median),
            gain.with_spread(),
            short(writes[at].1.figure().median),
            short(reads[at].figure().median),
            reads[at].over(&reads[0]).with_spread(),
        ]);
        if level == 32 {
            bench.report.goal(
                "32 processes writing at once",
                "total rate ≥ 0.8 × that of one",
                gain.with_spread(),
                gain.median >= 0.8,
            );
        }
    }
    bench.report.sections.push(section);
    Ok(())
}

/// The calls a second of all processes together, and the 99th percentile of a call in milliseconds.
fn load(servers: &mut [Contender], span: Duration, work: Work) -> Result<(f64, f64), Box<dyn Error>> {
    let (ready, over) = (Barrier::new(servers.len() + 1), AtomicBool::new(false));
    let (ready, over) = (&ready, &over);
    let outcome: Result<(Duration, Vec<Duration>), String> = thread::scope(|scope| {
        let threads: Vec<_> = servers
            .iter_mut()
            .map(|server| {
                scope.spawn(move || {
                    ready.wait();
                    let mut took = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        let calls = match work {
                            Work::Reads => server.reads(1),
                            Work::Writes => server.writes(1),
                        };
                        took.extend(calls.map_err(|error| error.to_string())?);
                    }
                    Ok::<_, String>(took)
                })
            })
            .collect();
        ready.wait();
        let began = Instant::now();
        thread::sleep(span);
        over.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a client panicked".to_owned())??);
        }
        Ok((began.elapsed(), all))
    });
    let (span, mut took) = outcome?;
    Ok((took.len() as f64 / span.as_secs_f64(), percentile(&mut took, 0.99) / 1e3))
}
