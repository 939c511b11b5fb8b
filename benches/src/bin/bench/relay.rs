//! Calls through a relay, beside calls to a sidecar of the same store.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::contender::{Contender, INITIALIZE, INITIALIZED, Kind, Place};
use crate::numbers::{Rounds, percentile, short};
use crate::placement::Placement;
use crate::report::Section;
use crate::server::Server;
use crate::{Bench, Done};

const STORE: &str = "relay";
const RECORDS: u64 = 1_000;
const CALLS: usize = 4_000;

/// A running relay for the first key of the benchmarks. Dropping this ends it.
struct Relay {
    child: Child,
    socket: PathBuf,
}

impl Relay {
    fn start(place: &Place, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let socket = folder.join("relay");
        let [program, arguments @ ..] = place.vault_on(STORE);
        let mut child = Command::new(program)
            .args(arguments)
            .args(["relay", "--key-fd", "0", "--listen"])
            .arg(&socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().ok_or("the relay has no stdin")?;
        writeln!(input, "{:040x}", 1)?;
        drop(input);
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("the relay has no stdout")?).read_line(&mut line)?;
        if line.is_empty() {
            return Err("the relay does not listen".into());
        }
        Ok(Self { child, socket })
    }

    /// A client of the relay, with the same requests as a direct one.
    fn client(&self, place: &Place, direct: &Contender) -> Result<Contender, Box<dyn Error>> {
        let line = [place.vault.clone().into(), "--connect".into(), self.socket.clone().into()];
        let mut server = Server::spawn(&line)?;
        let answer = String::from_utf8_lossy(server.call(INITIALIZE)?).into_owned();
        let handle = answer.split("\"handle\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let handle = handle.ok_or_else(|| format!("no handle in {answer}"))?.to_owned();
        server.send(INITIALIZED)?;
        let mut requests = direct.requests.with_handle(handle);
        // A write that changes nothing is no write.
        requests.begin_at(1_000_000_000);
        Ok(Contender { server, requests })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // SIGTERM, so that its sidecars end in order.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Reads and writes, one at a time, directly and through a relay.
pub(crate) fn relay(bench: &mut Bench) -> Done {
    let folder = bench.place.work.join("sockets");
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let start = || {
        let direct = Contender::filled(Kind::Vault, &bench.place, STORE, RECORDS, 200)?;
        let relay = Relay::start(&bench.place, &folder)?;
        let relayed = relay.client(&bench.place, &direct)?;
        Ok::<_, Box<dyn Error>>((relay, [direct, relayed]))
    };
    let (started, _settled) = Placement::Apart.settle(start)?;
    let (relay, mut lanes) = started?;
    let (reads, writes) = (bench.effort.count(CALLS), bench.effort.count(CALLS / 10));
    let mut read = [Rounds::default(), Rounds::default()];
    let mut wrote = [Rounds::default(), Rounds::default()];
    for round in 0..=bench.effort.rounds {
        for (at, lane) in lanes.iter_mut().enumerate() {
            read[at].push(percentile(&mut lane.reads(reads)?, 0.5));
            wrote[at].push(percentile(&mut lane.writes(writes)?, 0.5));
        }
        if round == 0 {
            // The first round warms up.
            (read, wrote) = Default::default();
        }
    }
    let mut section = Section::new(
        "Through a relay",
        format!(
            "`plugin-vault --connect` carries the call over a Unix socket to a sidecar that `plugin-vault relay` started. \
             On two processors, one call at a time, objects of 200 bytes; each round has {reads} reads and {writes} writes."
        ),
        &["", "direct, µs", "through a relay, µs", "× direct"],
    );
    for (name, [direct, relayed]) in [("`getPersistentData`", &read), ("`setPersistentData`", &wrote)] {
        let ratio = relayed.over(direct);
        section.row([
            name.to_owned(),
            short(direct.figure().median),
            short(relayed.figure().median),
            ratio.with_spread(),
        ]);
    }
    bench.report.sections.push(section);
    let ratio = read[1].over(&read[0]);
    let work = "`getPersistentData` through a relay, one at a time";
    bench.report.goal(work, "median ≤ 2.5 × a direct one", ratio.with_spread(), ratio.median <= 2.5);
    drop((lanes, relay));
    Ok(())
}
