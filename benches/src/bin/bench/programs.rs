//! The alternatives that a user would pick: the keyring and the programs that people keep secrets in, beside the vault.
//!
//! `benches/run` gives them a home, a bus, a keyring and a key of their own.

use std::error::Error;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::contender::{Contender, Kind};
use crate::numbers::{Rounds, percentile, short};
use crate::report::Section;
use crate::{Bench, Done};

/// A program that is started for each call: its command lines, and what each reads from stdin.
struct Program {
    name: &'static str,
    store: (Vec<OsString>, String),
    look_up: (Vec<OsString>, String),
}

/// Stores and looks up a secret of 200 bytes with each program.
pub(crate) fn programs(bench: &mut Bench) -> Done {
    let programs = all(bench);
    let mut lasting = [
        Contender::filled(Kind::Vault, &bench.place, "programs", 10, 200)?,
        Contender::filled(Kind::Keyring, &bench.place, "", 10, 200)?,
    ];
    let names = lasting.iter().zip([Kind::Vault, Kind::Keyring]).map(|(_, kind)| kind.name());
    let names: Vec<_> = names.chain(programs.iter().map(|program| program.name)).collect();
    let mut stores = vec![Rounds::default(); names.len()];
    let mut look_ups = stores.clone();
    let count = bench.effort.count(10);
    for _ in 0..bench.effort.rounds {
        for (at, contender) in lasting.iter_mut().enumerate() {
            stores[at].push(percentile(&mut contender.writes(10 * count)?, 0.5));
            look_ups[at].push(percentile(&mut contender.reads(10 * count)?, 0.5));
        }
        for (at, program) in programs.iter().enumerate() {
            let at = at + lasting.len();
            stores[at].push(percentile(&mut run(&program.store, count)?, 0.5));
            look_ups[at].push(percentile(&mut run(&program.look_up, count)?, 0.5));
        }
    }
    let mut section = Section::new(
        "What a user would pick instead",
        "A secret of 200 bytes, stored and looked up. The first two are processes that stay; the others are run anew for \
         each call, as their callers do. Of all of these, only plugin-vault answers a write when it is synced.",
        &["", "store, µs", "× plugin-vault", "look up, µs", "× plugin-vault"],
    );
    for (at, name) in names.iter().enumerate() {
        section.row([
            (*name).to_owned(),
            short(stores[at].figure().median),
            stores[at].over(&stores[0]).with_spread(),
            short(look_ups[at].figure().median),
            look_ups[at].over(&look_ups[0]).with_spread(),
        ]);
        if at > 0 {
            bench.report.bar("read", name, look_ups[at].figure().median);
            bench.report.bar("write", name, stores[at].figure().median);
        }
    }
    bench.report.sections.push(section);
    Ok(())
}

fn all(bench: &Bench) -> Vec<Program> {
    let secret = "x".repeat(200);
    let line = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let git = bench.place.work.join("git-credentials").display().to_string();
    let script = |method: &str, data: &str| {
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"setAPIKey\",\"params\":[\"{:040}\"]}}\n\
             {{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"{method}\",\"params\":{{\"context\":\"user\"{data}}}}}\n",
            7
        )
    };
    let vault = bench.place.vault_on("programs-each").to_vec();
    let command = |words: &[&str]| [vault.clone(), line(words)].concat();
    vec![
        Program {
            name: "`plugin-vault get` and `set`",
            store: (command(&["set", "me.bench#/token", "--raw"]), secret.clone()),
            look_up: (command(&["get", "me.bench#/token", "--raw"]), String::new()),
        },
        Program {
            name: "plugin-vault, a sidecar for each call",
            store: (
                vault.clone(),
                script("setPersistentData", &format!(",\"data\":{{\"token\":\"{secret}\"}}")),
            ),
            look_up: (vault.clone(), script("getPersistentData", "")),
        },
        Program {
            name: "`git credential-store`",
            store: (
                line(&["git", "credential-store", "--file", &git, "store"]),
                format!("protocol=https\nhost=example.org\nusername=octocat\npassword={secret}\n"),
            ),
            look_up: (
                line(&["git", "credential-store", "--file", &git, "get"]),
                "protocol=https\nhost=example.org\nusername=octocat\n".to_owned(),
            ),
        },
        Program {
            name: "`secret-tool`",
            store: (line(&["secret-tool", "store", "--label=bench", "bench", "one"]), secret.clone()),
            look_up: (line(&["secret-tool", "lookup", "bench", "one"]), String::new()),
        },
        Program {
            name: "`pass`",
            store: (line(&["pass", "insert", "--multiline", "--force", "bench"]), format!("{secret}\n")),
            look_up: (line(&["pass", "show", "bench"]), String::new()),
        },
        Program {
            name: "`docker-credential-pass`",
            store: (
                line(&["docker-credential-pass", "store"]),
                format!(r#"{{"ServerURL":"https://example.org","Username":"octocat","Secret":"{secret}"}}"#),
            ),
            look_up: (line(&["docker-credential-pass", "get"]), "https://example.org".to_owned()),
        },
    ]
}

/// How long each of `count` runs takes.
fn run((line, input): &(Vec<OsString>, String), count: usize) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        let mut child = Command::new(&line[0])
            .args(&line[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", line[0].display()))?;
        child.stdin.take().ok_or("no stdin")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        took.push(began.elapsed());
        if !output.status.success() {
            return Err(format!("{line:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
    }
    Ok(took)
}
