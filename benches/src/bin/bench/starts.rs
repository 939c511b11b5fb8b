//! From spawn to the first answers, and what memory a server holds.

use std::error::Error;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::contender::{self, Contender, INITIALIZE, INITIALIZED, Kind};
use crate::numbers::{Rounds, percentile, short};
use crate::proc::memory;
use crate::report::Section;
use crate::{Bench, Done};

const READ: &[u8] =
    br#"{"jsonrpc":"2.0","id":"r","method":"getPersistentData","params":{"context":"user","name":"record-0000000"}}"#;

/// The value that `get` prints.
const TOKEN: &str = "me.bench#/token";

/// What a measurement waits for.
#[derive(Clone, Copy, PartialEq)]
enum Until {
    Initialized,
    FirstRead,
    /// The end of `plugin-vault get`.
    Got,
}

/// The store that exists before the start.
#[derive(Clone, Copy, PartialEq)]
enum Store {
    Untouched,
    Warm,
    New,
}

/// From spawn to the first answer, to `initialize` and to a read.
pub(crate) fn starts(bench: &mut Bench) -> Done {
    use Kind::{Cat, Echo, LspServer, TowerLsp, Vault};
    drop(Contender::filled(Vault, &bench.place, "warm", 1_000, 200)?);
    command(bench, "warm", &["set", TOKEN, "--raw"], &"x".repeat(200))?;
    let lanes = [
        (Echo, Until::Initialized, Store::Untouched, "bare echo, first answer"),
        (Vault, Until::Initialized, Store::Untouched, "plugin-vault, `initialize`"),
        (Vault, Until::FirstRead, Store::Warm, "plugin-vault, first read, 1,000 records"),
        (Vault, Until::Got, Store::Warm, "`plugin-vault get`, spawn to exit, 1,000 records"),
        (Vault, Until::FirstRead, Store::New, "plugin-vault, first read, the store is made"),
        (Cat, Until::Initialized, Store::Untouched, "`cat`, first answer"),
        (LspServer, Until::Initialized, Store::Untouched, "lsp-server, `initialize`"),
        (TowerLsp, Until::Initialized, Store::Untouched, "tower-lsp-server, `initialize`"),
    ];
    let mut rounds = lanes.map(|_| Rounds::default());
    let count = bench.effort.count(40);
    let mut made = 0;
    for _ in 0..bench.effort.rounds {
        for ((kind, until, store, _), rounds) in lanes.iter().zip(&mut rounds) {
            let mut took = Vec::with_capacity(count);
            for _ in 0..count {
                made += 1;
                let new = format!("new-{made}");
                let folder = if *store == Store::New { new.as_str() } else { "warm" };
                took.push(start(bench, *kind, *until, folder)?);
                if *store == Store::New {
                    std::fs::remove_dir_all(bench.place.work.join(folder))?;
                }
            }
            rounds.push(percentile(&mut took, 0.5));
        }
    }
    let mut section = Section::new(
        "Start",
        "From before the process is spawned until its answer is read; for `get`, until the process has ended. The first read sends `initialize`, `initialized`, \
         `setAPIKey` and `getPersistentData` at once. Files are in the system's cache.",
        &["", "µs", "× echo"],
    );
    for ((.., name), measured) in lanes.iter().zip(&rounds) {
        section.row([
            (*name).to_owned(),
            short(measured.figure().median),
            measured.over(&rounds[0]).with_spread(),
        ]);
        bench.report.bar("start", name, measured.figure().median);
    }
    bench.report.sections.push(section);
    let (initialize, read) = (rounds[1].over(&rounds[0]), rounds[2].over(&rounds[0]));
    let work = "from spawn to the answer to `initialize`";
    bench.report.goal(work, "≤ 3 × the echo's", initialize.with_spread(), initialize.median <= 3.0);
    bench.report.goal("… to the first `getPersistentData`", "≤ 5 ×", read.with_spread(), read.median <= 5.0);
    let get = rounds[3].over(&rounds[2]);
    let work = "`plugin-vault get`, from spawn to exit";
    bench.report.goal(work, "≤ 1.5 × spawn to the first read", get.with_spread(), get.median <= 1.5);
    Ok(())
}

fn start(
    bench: &Bench,
    kind: Kind,
    until: Until,
    store: &str,
) -> Result<std::time::Duration, Box<dyn Error>> {
    if until == Until::Got {
        return command(bench, store, &["get", TOKEN, "--raw"], "");
    }
    let key = contender::set_key(0);
    let began = Instant::now();
    let mut server = contender::spawn(kind, &bench.place, store)?;
    match until {
        Until::Initialized => drop(server.call(INITIALIZE)?.len()),
        Until::FirstRead => {
            server.send_all(&[INITIALIZE, INITIALIZED, &key, READ])?;
            for _ in 0..3 {
                let answer = server.receive()?;
                if answer.windows(7).any(|part| part == b"\"error\"") {
                    return Err(String::from_utf8_lossy(answer).into_owned().into());
                }
            }
        }
        Until::Got => unreachable!("a command, above"),
    }
    let took = began.elapsed();
    server.end()?;
    Ok(took)
}

/// How long a command takes, from before it is spawned until it has ended.
fn command(
    bench: &Bench,
    store: &str,
    words: &[&str],
    input: &str,
) -> Result<std::time::Duration, Box<dyn Error>> {
    let line = bench.place.vault_on(store);
    let began = Instant::now();
    let mut child = Command::new(&line[0])
        .args(&line[1..])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no stdin")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    let took = began.elapsed();
    if !output.status.success() || output.stdout.is_empty() {
        return Err(format!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(took)
}

/// Resident memory at rest and after calls.
pub(crate) fn memory_of_a_server(bench: &mut Bench) -> Done {
    let mut section = Section::new(
        "Memory",
        "Resident, after `initialize`, `setAPIKey` and one read of a store of 1,000 records of 200 bytes, and after more \
         and more calls, three reads to a write. Its own is what is no file: the rest is the program and the pages of the \
         store that were touched.",
        &["", "resident, MiB", "its own, MiB"],
    );
    drop(Contender::filled(Kind::Vault, &bench.place, "memory", 1_000, 200)?);
    let mut vault = Contender::start(Kind::Vault, &bench.place, "memory")?.with_records(1_000);
    let mut resident = Vec::new();
    let mut called = 0;
    vault.reads(1)?;
    for until in [0, 10_000, 100_000] {
        while called < bench.effort.count(until) && until > 0 {
            vault.reads_in_flight(300, 8)?;
            vault.writes_in_flight(100, 8)?;
            called += 400;
        }
        let (all, own) = memory(vault.server.id())?;
        resident.push(all / 1024.0);
        let name =
            if until == 0 { "at rest".to_owned() } else { format!("after {} calls", short(called as f64)) };
        section.row([name, short(all / 1024.0), short(own / 1024.0)]);
    }
    bench.report.sections.push(section);
    let (rest, later, last) = (resident[0], resident[1], resident[2]);
    let measured = format!("{}, {}; {} after 100,000", short(rest), short(later), short(last));
    bench.report.goal("memory at rest, and after 10,000 calls", "≤ 8 MiB resident", measured, later <= 8.0);
    let growth = last - later;
    bench.report.goal(
        "… from 10,000 calls to 100,000",
        "no growth",
        format!("{} MiB", short(growth)),
        growth < 0.5,
    );
    Ok(())
}

/// The memory of a server, and the size of the program on the disk.
pub(crate) fn memory_and_size(bench: &mut Bench) -> Done {
    memory_of_a_server(bench)?;
    let bytes = std::fs::metadata(&bench.place.vault)?.len() as f64;
    let mut section = Section::new("The binary", "Release profile, stripped.", &["", "MiB"]);
    section.row(["plugin-vault".to_owned(), short(bytes / 1024.0 / 1024.0)]);
    bench.report.sections.push(section);
    Ok(())
}
