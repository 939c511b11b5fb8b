//! One record among a thousand, and among a million.

use std::error::Error;
use std::time::Instant;

use crate::contender::{Contender, Kind};
use crate::numbers::{Rounds, percentile, short};
use crate::placement::Placement;
use crate::report::Section;
use crate::{Bench, Done};

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// The most records that one plugin may have.
const EACH: u64 = 10_000;

/// Reads and writes in a small store and in a large one.
pub(crate) fn records(bench: &mut Bench) -> Done {
    let many = if bench.effort.less > 1 { 10_000 } else { MANY };
    let began = Instant::now();
    let mut writer = Contender::start(Kind::Vault, &bench.place, "many")?;
    writer.use_keys(many.div_ceil(EACH))?;
    writer = writer.with_records(many);
    writer.writes_in_flight(usize::try_from(many)?, 1_024)?;
    let filled = began.elapsed().as_secs_f64();
    drop(writer);
    let start = || {
        let few = Contender::filled(Kind::Vault, &bench.place, "few", FEW, 200)?;
        let began = Instant::now();
        let mut lot = Contender::start(Kind::Vault, &bench.place, "many")?;
        lot.use_keys(many.div_ceil(EACH))?;
        lot = lot.with_records(many);
        lot.reads(1)?;
        Ok::<_, Box<dyn Error>>((few, lot, began.elapsed().as_secs_f64()))
    };
    let (started, _settled) = Placement::Together.settle(start)?;
    let (mut few, mut lot, opened) = started?;
    // Other objects than the stored ones: the same ones would change nothing and commit nothing.
    few.requests.begin_at(2 * MANY);
    lot.requests.begin_at(2 * MANY);
    let count = bench.effort.count(4_000);
    // Rows that were read once are cached: in the small store after its first round, in the large one after many.
    few.reads(count)?;
    lot.reads_in_flight(25 * count, 64)?;
    let [mut reads_few, mut reads_many, mut writes_few, mut writes_many] = [const { Rounds(Vec::new()) }; 4];
    for _ in 0..bench.effort.rounds {
        reads_few.push(percentile(&mut few.reads(count)?, 0.5));
        reads_many.push(percentile(&mut lot.reads(count)?, 0.5));
        writes_few.push(percentile(&mut few.writes(count / 20)?, 0.5));
        writes_many.push(percentile(&mut lot.writes(count / 20)?, 0.5));
    }
    let mut section = Section::new(
        "Records in the store",
        format!(
            "Objects of 200 bytes, on one processor; {} records of each of {} plugins in the large store. It took {} s to write them \
             through the program, with 1,024 in flight; and {} s to start, set all the keys and read one record.",
            short(EACH as f64),
            many.div_ceil(EACH),
            short(filled),
            short(opened)
        ),
        &[
            "",
            &format!("among {}, µs", short(FEW as f64)),
            &format!("among {}, µs", short(many as f64)),
            "ratio",
        ],
    );
    let ratio = reads_many.over(&reads_few);
    for (name, few, many) in [("read", &reads_few, &reads_many), ("durable write", &writes_few, &writes_many)]
    {
        section.row([
            name.to_owned(),
            short(few.figure().median),
            short(many.figure().median),
            many.over(few).with_spread(),
        ]);
    }
    bench.report.sections.push(section);
    bench.report.goal(
        "one record among 1,000,000",
        "median ≤ 1.3 × that among 1,000",
        ratio.with_spread(),
        ratio.median <= 1.3,
    );
    Ok(())
}
