//! Another machine: how long it takes to join, and when it hears of a change.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::contender::{Contender, Kind};
use crate::numbers::{Rounds, percentile, short};
use crate::postgres::Postgres;
use crate::report::Section;
use crate::{Bench, Done};

use super::command;

const STORE: &str = "first_machine";
const RECORDS: u64 = 200;
const BYTES: usize = 1_536;
/// How often a sidecar with a watch asks the server: `docs/decisions/0156-each-sidecar-asks-the-server-itself.md`.
const ASKS_EVERY: Duration = Duration::from_secs(10);

/// A join, and a notice to another machine.
pub(super) fn joining(bench: &mut Bench, server: &Postgres) -> Done {
    let url = super::shared(bench, server, STORE, RECORDS, BYTES)?;
    let count = bench.effort.count(5);
    let [mut whole, mut behind] = [const { Rounds(Vec::new()) }; 2];
    for round in 0..bench.effort.rounds {
        let (mut joins, mut takes) = (Vec::new(), Vec::new());
        for at in 0..count {
            let (join, take) = join(bench, &url, &format!("machine-{round}-{at}"))?;
            joins.push(join);
            takes.push(take);
        }
        whole.push(percentile(&mut joins, 0.5) / 1e3);
        behind.push(percentile(&mut takes, 0.5) / 1e3);
    }
    let (mut heard, mut late) = (Rounds::default(), Rounds::default());
    notices(bench, &mut heard, &mut late)?;
    let mut section = Section::new(
        "Another machine",
        format!(
            "A store with {RECORDS} records of {BYTES} bytes on the same server. The join is approved as soon as it has shown \
             its code, by a command on the first machine; it asks the server for the approval with pauses. A sidecar with a \
             watch asks the server every {} s, and \
             hears of a change when it asks next; the changes come at times that are spread over that interval. \
             Only the server is placed on a processor.",
            ASKS_EVERY.as_secs()
        ),
        &["", "ms"],
    );
    for (name, rounds) in [
        ("`remote join`, from its start to its end", &whole),
        ("… from the end of `remote approve` on", &behind),
        ("from the answer to a write until another machine hears of it", &heard),
        ("… from the time at which that machine asks", &late),
    ] {
        section.row([name.to_owned(), rounds.figure().with_spread()]);
    }
    bench.report.sections.push(section);
    let greatest = heard.figure().greatest / 1e3;
    let (work, reach) = ("a notice to another machine", "within some 10 s");
    bench.report.goal(work, reach, format!("at most {} s", short(greatest)), greatest <= 11.0);
    Ok(())
}

/// Joins a new machine, and returns how long the command took, and how much of that after it was approved.
fn join(bench: &Bench, url: &str, machine: &str) -> Result<(Duration, Duration), Box<dyn Error>> {
    let [program, arguments @ ..] = bench.place.vault_on(machine);
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .args(["remote", "join", url, "--machine", machine])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = BufReader::new(child.stdout.take().ok_or("the join has no stdout")?);
    let mut code = String::new();
    output.read_line(&mut code)?;
    command(bench, STORE, &["remote", "approve", code.trim(), "--yes"])?;
    let approved = Instant::now();
    let mut printed = String::new();
    output.read_to_string(&mut printed)?;
    if !child.wait()?.success() || !printed.contains(&format!("{RECORDS} records")) {
        return Err(format!("the join has failed: {printed}").into());
    }
    Ok((began.elapsed(), approved.elapsed()))
}

/// How long a change takes to reach a watch on another machine: after the answer to the write, and after that machine
/// asked the server.
fn notices(bench: &Bench, heard: &mut Rounds, late: &mut Rounds) -> Done {
    let mut first = Contender::start(Kind::Vault, &bench.place, STORE)?.with_records(RECORDS);
    first.requests.begin_at(1_000_000_000);
    let mut other = Contender::start(Kind::Vault, &bench.place, "machine-0-0")?.with_records(RECORDS);
    let watch = br#"{"jsonrpc":"2.0","id":"w","method":"watchPersistentData","params":{}}"#;
    let answer = String::from_utf8_lossy(other.server.call(watch)?).into_owned();
    if !answer.contains("\"watching\":true") {
        return Err(answer.into());
    }
    // The first change shows when the other machine asks.
    let (written, mut asked) = notice(&mut first, &mut other)?;
    heard.push((asked - written).as_secs_f64() * 1e3);
    let rounds = if bench.effort.less > 1 { 0 } else { bench.effort.rounds };
    for round in 0..rounds {
        let until = asked + ASKS_EVERY * round as u32 / rounds as u32;
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        let (written, arrived) = notice(&mut first, &mut other)?;
        let asks = (asked + ASKS_EVERY).max(written);
        heard.push((arrived - written).as_secs_f64() * 1e3);
        late.push(arrived.saturating_duration_since(asks).as_secs_f64() * 1e3);
        asked = arrived;
    }
    Ok(())
}

/// Writes on the first machine, and returns when that was answered and when the other machine told of it.
fn notice(first: &mut Contender, other: &mut Contender) -> Result<(Instant, Instant), Box<dyn Error>> {
    first.writes(1)?;
    let written = Instant::now();
    let message = other.server.receive()?;
    if !message.windows(24).any(|part| part == b"persistentData/didChange") {
        return Err(String::from_utf8_lossy(message).into_owned().into());
    }
    Ok((written, Instant::now()))
}
