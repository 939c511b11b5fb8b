//! Instructions of a read and of a write: the only figure that does not vary between runs.

use std::error::Error;
use std::ffi::OsStr;

use crate::contender::{Contender, Kind, Requests};
use crate::numbers::short;
use crate::report::Section;
use crate::{Bench, Done};

const FEW: usize = 200;
const MORE: usize = 1_200;

/// Counts with callgrind. The difference between two lengths of the same work excludes what starting and ending cost.
pub(crate) fn instructions(bench: &mut Bench) -> Done {
    drop(Contender::filled(Kind::Vault, &bench.place, "counted", 1_000, 200)?);
    let mut section = Section::new(
        "Instructions",
        format!(
            "`valgrind --tool=callgrind`, the instructions of {MORE} calls less those of {FEW}, one at a time, objects of \
             200 bytes, 1,000 records."
        ),
        &["", "instructions a call"],
    );
    let reads = each(bench, "read", Requests::read)?;
    let writes = each(bench, "write", Requests::write)?;
    section.row(["`getPersistentData`".to_owned(), short(reads)]);
    section.row(["`setPersistentData`".to_owned(), short(writes)]);
    bench.report.sections.push(section);
    Ok(())
}

fn each(
    bench: &Bench,
    work: &str,
    request: impl Fn(&mut Requests, &mut Vec<u8>),
) -> Result<f64, Box<dyn Error>> {
    let (few, more) = (bench.effort.count(FEW), bench.effort.count(MORE));
    let counted = |count| count_of(bench, work, count, &request);
    Ok((counted(more)? - counted(few)?) / (more - few) as f64)
}

fn count_of(
    bench: &Bench,
    work: &str,
    count: usize,
    request: &impl Fn(&mut Requests, &mut Vec<u8>),
) -> Result<f64, Box<dyn Error>> {
    let log = bench.place.work.join(format!("{work}-{count}.log"));
    let log_flag = format!("--log-file={}", log.display());
    let wrapper =
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", &log_flag].map(OsStr::new);
    let mut vault =
        Contender::start_under(&wrapper, Kind::Vault, &bench.place, "counted")?.with_records(1_000);
    for _ in 0..count {
        let mut body = Vec::new();
        request(&mut vault.requests, &mut body);
        vault.server.call(&body)?;
    }
    drop(vault);
    let log = std::fs::read_to_string(log)?;
    let collected =
        log.lines().find_map(|line| line.split("Collected : ").nth(1)).ok_or("callgrind counted nothing")?;
    Ok(collected.trim().parse()?)
}
