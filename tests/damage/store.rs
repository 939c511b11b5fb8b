//! The store that is damaged: written by the real program, and asked by it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
#[cfg(unix)]
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::harness::Home;
use crate::harness::contract::Conversation;
use crate::random::Random;

/// Namespaces.
const KEYS: [&str; 3] = [
    "0123456789abcdef0123456789abcdef01234567",
    "1123456789abcdef0123456789abcdef01234567",
    "2123456789abcdef0123456789abcdef01234567",
];
const RECORDS: usize = 300;

/// A store, as it was at two moments.
pub(crate) struct Made {
    home: Home,
    pub(crate) page_size: usize,
    pub(crate) newest: Vec<u8>,
    /// The file before its last third was written.
    pub(crate) older: Vec<u8>,
    /// What lies in each record in the end.
    pub(crate) last: Vec<Option<Value>>,
    /// What lay there before.
    pub(crate) before: Vec<Option<Value>>,
    /// Everything that ever lay there.
    pub(crate) ever: Vec<Vec<Value>>,
    /// The revision of the older file.
    older_revision: u64,
}

/// A copy of the store's folder, for one damaged file after another.
pub(crate) struct Place {
    home: Home,
    fault: &'static str,
}

/// How an attempt to read everything ended.
pub(crate) struct Outcome {
    pub(crate) signal: Option<i32>,
    /// An answer for each record that was asked for; fewer if the process ended before.
    pub(crate) answers: Vec<Value>,
    /// The state of the store, after that.
    pub(crate) status: Value,
}

pub(crate) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    handles: Vec<Value>,
    /// The answer to a key that was not taken.
    refusal: Option<Value>,
    last_id: u64,
    /// Without a planted bug: what was asked, since every refusal has to be in the contract.
    conversation: Option<Conversation>,
}

impl Server {
    /// Starts one, and registers the keys.
    pub(crate) fn start(home: &Home) -> Self {
        Self::planted(home, "")
    }

    /// The same, with a bug that is planted.
    fn planted(home: &Home, fault: &str) -> Self {
        let mut command = home.start().usual_log().fault(fault).command();
        // A process with a planted bug may say and do anything.
        let stderr = if fault.is_empty() { home.stderr_file().into() } else { Stdio::null() };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let conversation = fault.is_empty().then(Conversation::default);
        let (handles, last_id) = (Vec::new(), 0);
        let mut server = Self { child, input, output, handles, refusal: None, last_id, conversation };
        for key in KEYS {
            home.keep_key(key);
            server.send("setAPIKey", &json!([key]));
            let answer = server.answer().unwrap_or_default();
            server.handles.push(answer["result"]["handle"].clone());
            if answer["error"].is_object() {
                server.refusal = Some(answer);
            }
        }
        server
    }

    /// A process that has ended takes nothing, which shows when it is waited for.
    pub(crate) fn send(&mut self, method: &str, params: &Value) {
        self.last_id += 1;
        let mut message = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method});
        if !params.is_null() {
            message["params"] = params.clone();
        }
        let message = message.to_string();
        if let Some(conversation) = &mut self.conversation {
            conversation.sent(&message);
        }
        let _ = writeln!(self.input.as_ref().unwrap(), "{message}");
    }

    /// The next answer; notices are passed over.
    pub(crate) fn answer(&mut self) -> Option<Value> {
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).ok().filter(|length| *length > 0)?;
            let message: Value = serde_json::from_str(&line).ok()?;
            if let Some(conversation) = self.conversation.as_ref().filter(|_| message["result"].is_null()) {
                conversation.heard(&line);
            }
            if message["method"].is_null() {
                return Some(message);
            }
        }
    }

    pub(crate) fn address(&self, record: usize) -> Value {
        let handle = &self.handles[record % KEYS.len()];
        json!({"context": "user", "name": format!("record-{record}"), "handle": handle})
    }

    pub(crate) fn end(mut self) -> Option<i32> {
        drop(self.input.take());
        let status = self.child.wait().unwrap();
        #[cfg(unix)]
        return status.signal();
        // A process that the system ended for a fault has no code of ours.
        #[cfg(not(unix))]
        return status.code().filter(|code| !(0..=255).contains(code));
    }
}

/// Opens a store while another process writes to it, and says how often it was not let in.
pub(crate) fn refused_beside_a_writer(openings: usize) -> usize {
    let home = Home::new();
    let mut writer = Server::start(&home);
    let mut chance = Random(1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let written = scope.spawn(|| {
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                let record = chance.below(RECORDS);
                let value = value(record, written, &mut chance);
                set(&mut writer, record, &value);
                written += 1;
            }
            assert_eq!(writer.end(), None);
            written
        });
        let refused = (0..openings).filter(|_| {
            let server = Server::start(&home);
            let refused = server.refusal.is_some() || server.handles.iter().any(Value::is_null);
            server.end().is_some() || refused
        });
        let refused = refused.count();
        done.store(true, Ordering::Relaxed);
        assert!(written.join().unwrap() > openings as u64, "the writer had no part in it");
        refused
    })
}

/// A value that says whose it is, of 50 bytes to 40 KB.
fn value(record: usize, version: u64, chance: &mut Random) -> Value {
    let longest = [50, 400, 1_500, 4_000, 12_000, 40_000][chance.below(6)];
    let fill = "x".repeat(chance.below(longest));
    json!({"record": record, "version": version, "fill": fill})
}

pub(crate) fn make() -> Made {
    let home = Home::new();
    let mut chance = Random(1);
    let (mut last, mut ever) = (vec![None; RECORDS], vec![Vec::new(); RECORDS]);
    let mut older_revision = 0;
    let mut server = Server::start(&home);
    for (record, place) in last.iter_mut().enumerate() {
        let value = value(record, 0, &mut chance);
        set(&mut server, record, &value);
        ever[record].push(value.clone());
        *place = Some(value);
    }
    for version in 1..=RECORDS as u64 {
        older_revision = change(&mut server, &mut last, &mut ever, version, &mut chance);
    }
    assert_eq!(server.end(), None);
    let data = home.data().join("data.mdb");
    let (older, before) = (fs::read(&data).unwrap(), last.clone());
    let mut server = Server::start(&home);
    for version in 0..RECORDS as u64 / 2 {
        change(&mut server, &mut last, &mut ever, 1_000 + version, &mut chance);
    }
    assert_eq!(server.end(), None);
    let newest = fs::read(&data).unwrap();
    let header = fs::read_to_string(home.data().join("header")).unwrap();
    let page_size = header.split_ascii_whitespace().last().unwrap().parse().unwrap();
    Made { home, page_size, newest, older, last, before, ever, older_revision }
}

/// Writes one record anew, or removes it; returns the revision.
fn change(
    server: &mut Server,
    last: &mut [Option<Value>],
    ever: &mut [Vec<Value>],
    version: u64,
    chance: &mut Random,
) -> u64 {
    let record = chance.below(RECORDS);
    if chance.below(5) == 0 {
        server.send("deletePersistentData", &server.address(record));
        last[record] = None;
        server.answer().unwrap()["result"]["revision"].as_u64().unwrap()
    } else {
        let value = value(record, version, chance);
        ever[record].push(value.clone());
        last[record] = Some(value.clone());
        set(server, record, &value)
    }
}

pub(crate) fn set(server: &mut Server, record: usize, value: &Value) -> u64 {
    let mut params = server.address(record);
    params["data"] = value.clone();
    server.send("setPersistentData", &params);
    server.answer().unwrap()["result"]["revision"].as_u64().unwrap()
}

impl Made {
    /// A copy, for processes with a bug that is planted.
    pub(crate) fn place(&self, fault: &'static str) -> Place {
        Place { home: self.home.copied(), fault }
    }
}

impl Place {
    pub(crate) fn data_file(&self) -> PathBuf {
        self.home.data().join("data.mdb")
    }

    /// Puts a damaged file there, with the older one as a backup or with none. LMDB's table of readers is made anew.
    pub(crate) fn put(&self, data: &[u8], made: &Made, with_backup: bool) {
        let folder = self.home.data();
        for name in ["quarantine", "backups"] {
            let _ = fs::remove_dir_all(folder.join(name));
        }
        // A repaired file is another one than that in quarantine.
        fs::write(self.data_file(), data).unwrap();
        let _ = fs::remove_file(folder.join("lock.mdb"));
        if with_backup {
            fs::create_dir(folder.join("backups")).unwrap();
            fs::write(folder.join(format!("backups/{:020}.mdb", made.older_revision)), &made.older).unwrap();
        }
    }

    /// Asks a process for the first records.
    pub(crate) fn ask(&self, records: usize) -> Outcome {
        let mut server = Server::planted(&self.home, self.fault);
        for record in 0..records {
            server.send("getPersistentRecord", &server.address(record));
        }
        // Each is read, but where a key was refused that answer tells more.
        let mut answers: Vec<_> = (0..records).map_while(|_| server.answer()).collect();
        if let Some(refusal) = &server.refusal {
            answers.fill(refusal.clone());
        }
        server.send("vault/status", &Value::Null);
        let status = server.answer().unwrap_or_default()["result"].clone();
        Outcome { signal: server.end(), answers, status }
    }
}
