//! The load program: measures the vault beside the floor and beside the alternatives that a user would pick, all in
//! turn, and writes `results.md` and `chart.svg`. `benches/run` builds and runs it.

mod calls;
mod chart;
mod contender;
mod floor;
mod instructions;
mod numbers;
mod placement;
mod postgres;
mod proc;
mod processes;
mod programs;
mod records;
mod relay;
mod remote;
mod report;
mod server;
mod starts;
mod writes;

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use contender::Place;
use report::Report;

/// How much is measured.
struct UnlockMode {
    rounds: usize,
    /// Every count is divided by this.
    less: usize,
}

impl UnlockMode {
    fn count(&self, full: usize) -> usize {
        (full / self.less).max(2)
    }
}

struct Bench {
    place: Place,
    effort: UnlockMode,
    report: Report,
}

type Done = Result<(), Box<dyn Error>>;
type Part = (&'static str, fn(&mut Bench) -> Done);

const PARTS: &[Part] = &[
    ("reads", calls::reads),
    ("pending", calls::pending),
    ("sizes", calls::sizes),
    ("writes", writes::writes),
    ("starts", starts::starts),
    ("memory", starts::memory_and_size),
    ("records", records::records),
    ("processes", processes::processes),
    ("relay", relay::relay),
    ("remote", remote::remote),
    ("instructions", instructions::instructions),
    ("programs", programs::programs),
];

const USAGE: &str = "usage: bench --vault PROGRAM --work FOLDER --out FOLDER [--rounds N] [--smoke] [PART]…";

fn main() -> Done {
    let (mut vault, mut work, mut out) = (None, None, None);
    let (mut rounds, mut less) = (7, 1);
    let mut wanted = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(USAGE);
        match argument.as_str() {
            "--vault" => vault = Some(PathBuf::from(value()?)),
            "--work" => work = Some(PathBuf::from(value()?)),
            "--out" => out = Some(PathBuf::from(value()?)),
            "--rounds" => rounds = value()?.parse()?,
            "--smoke" => (rounds, less) = (2, 200),
            part if PARTS.iter().any(|(name, _)| *name == part) => wanted.push(part.to_owned()),
            _ => return Err(USAGE.into()),
        }
    }
    let (vault, work, out) = (vault.ok_or(USAGE)?, work.ok_or(USAGE)?, out.ok_or(USAGE)?);
    let programs = std::env::current_exe()?.parent().ok_or("this program lies nowhere")?.to_owned();
    // The files of an earlier run must not affect this one.
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    std::fs::create_dir_all(&work)?;
    let place = Place { vault: vault.canonicalize()?, programs, work: work.canonicalize()? };
    let mut bench = Bench { place, effort: UnlockMode { rounds, less }, report: Report::default() };
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            let began = Instant::now();
            part(&mut bench)?;
            eprintln!("{name}: {:.0} s", began.elapsed().as_secs_f64());
        }
    }
    let page = bench.report.page(&machine());
    println!("{page}");
    std::fs::create_dir_all(&out)?;
    std::fs::write(out.join("results.md"), page)?;
    if !bench.report.bars.is_empty() {
        chart::write(&out.join("chart.svg"), &bench.report.bars)?;
        chart::write_short(&out.join("short.svg"), &bench.report.bars)?;
    }
    Ok(std::fs::remove_dir_all(&bench.place.work)?)
}

/// The machine and the software that the figures were measured on.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned()))
        .unwrap_or_else(|| "an unknown processor".to_owned());
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{} {}, {count} × {processor}.", std::env::consts::OS, kernel.trim())
}
