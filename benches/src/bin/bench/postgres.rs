//! A PostgreSQL server of the benchmarks' own, and a connection to it that costs as little as one can: messages of the
//! protocol on a socket, one unnamed statement at a time, as the sidecar sends them.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::{BufMut as _, BytesMut};
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend::{self, BindError};

use crate::Done;

/// The user as whom the server runs where the benchmarks run as root: it refuses to be root.
const UNPRIVILEGED: u32 = 65_534;
/// How long a server may take to start.
const START: Duration = Duration::from_mins(1);

/// A running server on loopback, with `fsync` as by default. Dropping this ends it and removes its files.
pub(crate) struct Postgres {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Postgres {
    /// Starts a server whose files are on the same file system as `work`. `Err` names what is missing.
    pub(crate) fn start(work: &Path) -> Result<Result<Self, &'static str>, Box<dyn Error>> {
        let Some(programs) = programs() else { return Ok(Err("PostgreSQL is not installed")) };
        let Some(folder) = folder(work)? else {
            return Ok(Err("/var/tmp is on another file system than the stores"));
        };
        let data = folder.join("data");
        let log = File::create(folder.join("log"))?;
        let made = as_user(&programs.join("initdb"))
            .args(["--no-locale", "--encoding=UTF8", "--username=owner", "--auth=trust", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(log.try_clone()?)
            .status()?;
        if !made.success() {
            return Err(format!("initdb: {}", fs::read_to_string(folder.join("log"))?).into());
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = as_user(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let server = Self { child, port, folder };
        let begun = Instant::now();
        while let Err(error) = server.connect("postgres") {
            if begun.elapsed() > START {
                let log = fs::read_to_string(server.folder.join("log"))?;
                return Err(format!("the server has not started: {error}\n{log}").into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Ok(server))
    }

    /// A connection as the owner of a database.
    pub(crate) fn connect(&self, database: &str) -> Result<Connection, Box<dyn Error>> {
        Connection::open(self.port, database)
    }

    /// A new database, and its URL.
    pub(crate) fn database(&self, name: &str) -> Result<String, Box<dyn Error>> {
        self.connect("postgres")?.run(&format!("create database {name}"))?;
        Ok(format!("postgres://owner@127.0.0.1:{}/{name}", self.port))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The signal that ends it at once, whatever is connected.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder with PostgreSQL's programs: Debian has them in no folder of `PATH`.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    found.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    found.into_iter().find(|folder| folder.join("initdb").exists())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A new folder for the user of the server; `None` if there is none on the file system of `work`. That user can't
/// reach a folder of root.
fn folder(work: &Path) -> Result<Option<PathBuf>, Box<dyn Error>> {
    let parent = if is_root() { Path::new("/var/tmp") } else { work };
    if fs::metadata(parent)?.dev() != fs::metadata(work)?.dev() {
        return Ok(None);
    }
    let folder = parent.join(format!("plugin-vault-bench-{}", std::process::id()));
    fs::create_dir(&folder)?;
    if is_root() {
        chown(&folder, Some(UNPRIVILEGED), Some(UNPRIVILEGED))?;
    }
    Ok(Some(folder))
}

/// A command as the user of the server, which ends with the benchmarks.
fn as_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if is_root() {
        let (user, group) = (format!("--reuid={UNPRIVILEGED}"), format!("--regid={UNPRIVILEGED}"));
        command.args([&user, &group, "--clear-groups"]);
    }
    command.arg(program).current_dir("/").env("LC_ALL", "C");
    command
}

/// An argument of a statement: the number of its type, and its binary form.
pub(crate) struct Argument(u32, Vec<u8>);

const BYTEA: u32 = 17;
const INT8: u32 = 20;
const INT2: u32 = 21;
const BYTEA_ARRAY: u32 = 1001;
const INT2_ARRAY: u32 = 1005;

impl Argument {
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self(BYTEA, bytes.to_vec())
    }

    pub(crate) fn number(number: u64) -> Self {
        Self(INT8, number.to_be_bytes().to_vec())
    }

    pub(crate) fn small_numbers(numbers: &[i16]) -> Self {
        let elements: Vec<_> = numbers.iter().map(|number| number.to_be_bytes()).collect();
        Self(INT2_ARRAY, array(INT2, elements.iter().map(<[u8; 2]>::as_slice)))
    }

    pub(crate) fn byte_strings<'e>(elements: impl ExactSizeIterator<Item = &'e [u8]>) -> Self {
        Self(BYTEA_ARRAY, array(BYTEA, elements))
    }
}

fn array<'e>(element: u32, elements: impl ExactSizeIterator<Item = &'e [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    // One dimension, no nulls, and indexes from 1 on.
    out.put_i32(1);
    out.put_i32(0);
    out.put_u32(element);
    out.put_u32(elements.len() as u32);
    out.put_i32(1);
    for bytes in elements {
        out.put_u32(bytes.len() as u32);
        out.put_slice(bytes);
    }
    out
}

/// A connection on which the server waits for a statement.
pub(crate) struct Connection {
    stream: TcpStream,
    input: BytesMut,
}

impl Connection {
    fn open(port: u16, database: &str) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut connection = Self { stream, input: BytesMut::new() };
        let mut out = BytesMut::new();
        frontend::startup_message([("user", "owner"), ("database", database)], &mut out)?;
        connection.answered(&out)?;
        Ok(connection)
    }

    /// The process that serves this connection.
    pub(crate) fn process(&mut self) -> Result<u32, Box<dyn Error>> {
        let id = self.call("select pg_backend_pid()", &[])?;
        Ok(u32::from_be_bytes(id.as_slice().try_into()?))
    }

    /// Runs statements without arguments.
    pub(crate) fn run(&mut self, sql: &str) -> Done {
        let mut out = BytesMut::new();
        frontend::query(sql, &mut out)?;
        self.answered(&out).map(drop)
    }

    /// Runs one unnamed statement, which has one row as its answer or none. Returns the first column of the row.
    pub(crate) fn call(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut out = BytesMut::new();
        frontend::parse("", sql, arguments.iter().map(|argument| argument.0), &mut out)?;
        let write = |argument: &Argument, out: &mut BytesMut| {
            out.put_slice(&argument.1);
            Ok(IsNull::No)
        };
        frontend::bind("", "", [1], arguments, write, [1], &mut out).map_err(|error| match error {
            BindError::Conversion(error) => std::io::Error::other(error),
            BindError::Serialization(error) => error,
        })?;
        frontend::execute("", 0, &mut out)?;
        frontend::sync(&mut out);
        self.answered(&out)
    }

    /// Sends a request, and reads until the server waits for the next one.
    fn answered(&mut self, request: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        self.stream.write_all(request)?;
        let (mut column, mut failure) = (Vec::new(), None);
        loop {
            match Message::parse(&mut self.input)? {
                Some(Message::DataRow(row)) => {
                    // The ranges begin behind the number of columns and the length of the first one.
                    let bytes = row.buffer();
                    let length = bytes.first_chunk().map_or(0, |length| i32::from_be_bytes(*length).max(0));
                    column = bytes.get(4..4 + length as usize).unwrap_or_default().to_vec();
                }
                Some(Message::ErrorResponse(body)) => failure = Some(body),
                Some(Message::ReadyForQuery(_)) => break,
                Some(_) => {}
                None => {
                    let mut part = [0; 16 << 10];
                    match self.stream.read(&mut part)? {
                        0 => return Err("the server has ended the connection".into()),
                        length => self.input.extend_from_slice(&part[..length]),
                    }
                }
            }
        }
        match failure {
            None => Ok(column),
            Some(body) => {
                let text =
                    body.fields().map(|field| Ok(String::from_utf8_lossy(field.value_bytes()).into_owned()));
                Err(text.collect::<Vec<_>>()?.join(" ").into())
            }
        }
    }
}
