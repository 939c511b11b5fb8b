//! The programs that are measured, and how each gets the same requests.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::server::Server;

/// Where the programs are and where their files go.
pub(crate) struct Place {
    pub(crate) vault: PathBuf,
    pub(crate) programs: PathBuf,
    pub(crate) work: PathBuf,
}

/// A program behind frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Cat,
    Echo,
    LspServer,
    TowerLsp,
    Sqlite,
    Keyring,
    Vault,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cat => "`cat`",
            Self::Echo => "bare echo",
            Self::LspServer => "echo on lsp-server",
            Self::TowerLsp => "echo on tower-lsp-server",
            Self::Sqlite => "SQLite, WAL, FULL",
            Self::Keyring => "OS keyring, long-lived client",
            Self::Vault => "plugin-vault",
        }
    }
}

/// A running program, and the requests for it.
pub(crate) struct Contender {
    pub(crate) server: Server,
    pub(crate) requests: Requests,
}

/// Makes requests.
pub(crate) struct Requests {
    kind: Kind,
    next: u64,
    records: u64,
    bytes: usize,
    handles: Vec<String>,
}

impl Contender {
    /// Starts a program. A vault or a database keeps its files in the folder `store` of the place.
    pub(crate) fn start(kind: Kind, place: &Place, store: &str) -> Result<Self, Box<dyn Error>> {
        Self::start_under(&[], kind, place, store)
    }

    /// Like [`Self::start`], run by another program.
    pub(crate) fn start_under(
        wrapper: &[&OsStr],
        kind: Kind,
        place: &Place,
        store: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let server = spawn_under(wrapper, kind, place, store)?;
        let requests = Requests { kind, next: 0, records: 1, bytes: 200, handles: Vec::new() };
        let mut contender = Self { server, requests };
        if matches!(kind, Kind::Vault | Kind::LspServer | Kind::TowerLsp) {
            contender.server.call(INITIALIZE)?;
            contender.server.send(INITIALIZED)?;
        }
        if kind == Kind::Vault {
            contender.use_keys(1)?;
        }
        Ok(contender)
    }

    /// Distributes the records of later requests over `keys` keys.
    pub(crate) fn use_keys(&mut self, keys: u64) -> Result<(), Box<dyn Error>> {
        self.requests.handles.clear();
        for key in 0..keys {
            let answer = String::from_utf8_lossy(self.server.call(&set_key(key))?).into_owned();
            let handle = answer.split("\"handle\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let handle = handle.ok_or_else(|| format!("no handle in {answer}"))?;
            self.requests.handles.push(handle.to_owned());
        }
        Ok(())
    }

    /// Starts a program, and first stores `records` records of `bytes` bytes each in it.
    pub(crate) fn filled(
        kind: Kind,
        place: &Place,
        store: &str,
        records: u64,
        bytes: usize,
    ) -> Result<Self, Box<dyn Error>> {
        let mut contender = Self::start(kind, place, store)?;
        contender.requests.records = records;
        contender.requests.bytes = bytes;
        if matches!(kind, Kind::Vault | Kind::Sqlite | Kind::Keyring) {
            let window = if bytes > 4096 { 1 } else { 64 };
            contender.writes_in_flight(usize::try_from(records)?, window)?;
        }
        Ok(contender)
    }

    /// Makes the requests for a store of `records` records.
    pub(crate) fn with_records(mut self, records: u64) -> Self {
        self.requests.records = records;
        self
    }

    pub(crate) fn reads(&mut self, count: usize) -> Result<Vec<Duration>, Box<dyn Error>> {
        Ok(self.server.latencies(count, |body| self.requests.read(body))?)
    }

    pub(crate) fn writes(&mut self, count: usize) -> Result<Vec<Duration>, Box<dyn Error>> {
        Ok(self.server.latencies(count, |body| self.requests.write(body))?)
    }

    pub(crate) fn reads_in_flight(
        &mut self,
        count: usize,
        window: usize,
    ) -> Result<Duration, Box<dyn Error>> {
        Ok(self.server.pump(count, window, |body| self.requests.read(body))?)
    }

    pub(crate) fn writes_in_flight(
        &mut self,
        count: usize,
        window: usize,
    ) -> Result<Duration, Box<dyn Error>> {
        Ok(self.server.pump(count, window, |body| self.requests.write(body))?)
    }
}

pub(crate) const INITIALIZE: &[u8] = br#"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}"#;
pub(crate) const INITIALIZED: &[u8] = br#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#;

/// Starts a program and sends it nothing.
pub(crate) fn spawn(kind: Kind, place: &Place, store: &str) -> Result<Server, Box<dyn Error>> {
    spawn_under(&[], kind, place, store)
}

fn spawn_under(wrapper: &[&OsStr], kind: Kind, place: &Place, store: &str) -> Result<Server, Box<dyn Error>> {
    let mut line: Vec<OsString> = wrapper.iter().map(|&word| word.to_owned()).collect();
    let folder = place.work.join(store);
    match kind {
        Kind::Cat => line.push("cat".into()),
        Kind::Echo => line.push(place.program("echo")),
        Kind::LspServer => line.push(place.program("echo_lsp_server")),
        Kind::TowerLsp => line.push(place.program("echo_tower_lsp")),
        Kind::Keyring => line.push(place.program("store_keyring")),
        Kind::Sqlite => {
            std::fs::create_dir_all(&folder)?;
            line.extend([place.program("store_sqlite"), folder.join("records.sqlite").into()]);
        }
        Kind::Vault => line.extend(place.vault_on(store)),
    }
    Ok(Server::spawn(&line)?)
}

impl Place {
    /// One of this package's programs.
    pub(crate) fn program(&self, name: &str) -> OsString {
        self.programs.join(name).into()
    }

    /// The command line of a vault on a store of its own.
    pub(crate) fn vault_on(&self, store: &str) -> [OsString; 5] {
        let folder = self.work.join(store);
        [
            self.vault.clone().into(),
            "--data-dir".into(),
            folder.join("data").into(),
            "--key-dir".into(),
            folder.join("keys").into(),
        ]
    }
}

/// The body of a `setAPIKey` with one of the keys of the benchmarks.
pub(crate) fn set_key(key: u64) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":"k","method":"setAPIKey","params":{{"apiKey":"{:040x}"}}}}"#, key + 1)
        .into_bytes()
}

impl Requests {
    /// Continues to count from `number`. Two series that count from different numbers never write the same object.
    pub(crate) fn begin_at(&mut self, number: u64) {
        self.next = number;
    }

    /// The same requests for another connection, with the handle that its key has there.
    pub(crate) fn with_handle(&self, handle: String) -> Self {
        Self {
            kind: self.kind,
            next: self.next,
            records: self.records,
            bytes: self.bytes,
            handles: vec![handle],
        }
    }

    /// A read of the next record, in an order that is spread over the whole store.
    pub(crate) fn read(&mut self, body: &mut Vec<u8>) {
        self.next += 1;
        let id = self.next;
        match self.kind {
            Kind::Cat | Kind::Echo | Kind::LspServer | Kind::TowerLsp => self.echo(body),
            Kind::Sqlite | Kind::Keyring => {
                let record = self.scattered();
                let _ = write!(
                    body,
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"get","params":{{"name":"record-{record:07}"}}}}"#
                );
            }
            Kind::Vault => {
                let (handle, record) = self.handle_of(self.scattered());
                let _ = write!(
                    body,
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"getPersistentData","params":{{"handle":"{handle}","context":"user","name":"record-{record:07}"}}}}"#
                );
            }
        }
    }

    /// A write of the next record, with an object that it did not have before.
    pub(crate) fn write(&mut self, body: &mut Vec<u8>) {
        let record = self.next % self.records;
        self.next += 1;
        let id = self.next;
        let _ = match self.kind {
            Kind::Cat | Kind::Echo | Kind::LspServer | Kind::TowerLsp => return self.echo(body),
            Kind::Sqlite | Kind::Keyring => write!(
                body,
                r#"{{"jsonrpc":"2.0","id":{id},"method":"set","params":{{"name":"record-{record:07}","data":"#
            ),
            Kind::Vault => {
                let (handle, record) = self.handle_of(record);
                write!(
                    body,
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"setPersistentData","params":{{"handle":"{handle}","context":"user","name":"record-{record:07}","data":"#
                )
            }
        };
        self.object(body);
        body.extend_from_slice(b"}}");
    }

    /// A message as long as the answer to a read.
    fn echo(&self, body: &mut Vec<u8>) {
        let _ = write!(body, r#"{{"jsonrpc":"2.0","id":{},"method":"echo","params":"#, self.next);
        self.object(body);
        body.push(b'}');
    }

    /// An object of the chosen size that differs from the one before it.
    fn object(&self, body: &mut Vec<u8>) {
        let start = body.len();
        let _ = write!(body, r#"{{"n":{:012},"token":""#, self.next + 100_000_000_000);
        body.resize(start + self.bytes - 2, b'x');
        body.extend_from_slice(b"\"}");
    }

    fn scattered(&self) -> u64 {
        (self.next.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) % self.records
    }

    /// Each key has the same number of records, and its own numbers for them.
    fn handle_of(&self, record: u64) -> (&str, u64) {
        let each = self.records / self.handles.len() as u64;
        let key = (record / each).min(self.handles.len() as u64 - 1);
        (&self.handles[key as usize], record % each)
    }
}
