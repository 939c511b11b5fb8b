//! A PostgreSQL server of the tests' own: on loopback, as an unprivileged user, in a folder that goes with it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use rustix::process::{Pid, Signal, kill_process};

use plugin_vault::remote::{self, Deadline, Machine, PostgresLog, ServerUrl};

/// Who may log in, and how.
const HBA: &str = "\
host all owner,app 127.0.0.1/32 trust
hostssl all owner,app 10.177.53.0/24 trust
host replication owner 127.0.0.1/32 trust
hostssl all clear 127.0.0.1/32 password
host all clear 127.0.0.1/32 password
host all md5 127.0.0.1/32 md5
host all scram 127.0.0.1/32 scram-sha-256
";
/// The address of a server that machines with addresses of their own reach; see `networks.rs`.
pub(crate) const SERVER_ADDRESS: &str = "10.177.53.1";
const ROLES: &str = "\
create role app login;
create role scram login password 'a pass:word';
create role clear login password 'a pass:word';
set password_encryption = md5;
create role md5 login password 'a pass:word';
";
pub(crate) const PASSWORD: &[u8] = b"a pass:word";
/// An unprivileged user, as whom the server runs where the tests run as root: it refuses to be root.
const UNPRIVILEGED: u32 = 65_534;

/// A server, which ends when this is dropped or this process has ended.
pub(crate) struct Server {
    port: u16,
    pub(crate) folder: PathBuf,
    /// A shell that ends the server, and removes its folder, when its input is closed.
    _keeper: Child,
}

/// The server of this run.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The folder with PostgreSQL's programs: Debian has them in no folder of `PATH`.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<_> = versions.map(|version| version.unwrap().path().join("bin")).collect();
    found.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    found.into_iter().find(|folder| folder.join("initdb").exists()).expect("PostgreSQL is installed")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command as the user of the server.
fn unprivileged(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([
            format!("--reuid={UNPRIVILEGED}"),
            format!("--regid={UNPRIVILEGED}"),
            "--clear-groups".into(),
        ]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").env_clear().env("PATH", env::var_os("PATH").unwrap()).env("LC_ALL", "C");
    command
}

/// A folder that only the user of the server can use.
fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("vault-postgres").tempdir().unwrap().keep();
    if is_root() {
        std::os::unix::fs::chown(&folder, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
    }
    folder
}

/// Runs one of PostgreSQL's programs as the user of the server.
fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) {
    let ran = unprivileged(&programs().join(program)).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
}

impl Server {
    /// A server with an empty cluster.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1")
    }

    /// The same, for machines with addresses of their own as well.
    pub(crate) fn start_on_bridge() -> Self {
        Self::start_at(&format!("127.0.0.1,{SERVER_ADDRESS}"))
    }

    fn start_at(addresses: &str) -> Self {
        let folder = folder();
        let data = folder.join("data");
        let options = ["--no-sync", "--no-locale", "--encoding=UTF8", "--username=owner", "--auth=trust"];
        run("initdb", options.into_iter().chain(["-D", data.to_str().unwrap()]));
        fs::write(data.join("pg_hba.conf"), HBA).unwrap();
        certificate(&data);
        let server = Self::with(folder, addresses);
        server.psql("postgres", ROLES);
        server
    }

    /// A server with a copy of this one's cluster: a standby that follows it, or a server of its own.
    pub(crate) fn copied(&self, is_standby: bool) -> Self {
        let folder = folder();
        let (data, port) = (folder.join("data"), self.port.to_string());
        let options = ["-h", "127.0.0.1", "-U", "owner", "-p", &port, "--checkpoint=fast", "--no-sync", "-D"];
        let standby = is_standby.then_some("--write-recovery-conf");
        run("pg_basebackup", options.into_iter().chain([data.to_str().unwrap()]).chain(standby));
        Self::with(folder, "127.0.0.1")
    }

    fn with(folder: PathBuf, addresses: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let keeper = keeper(&programs(), &folder.join("data"), addresses, port);
        Self { port, folder, _keeper: keeper }
    }

    /// Signals the server and each process that it has made.
    pub(crate) fn signal_all(&self, signal: Signal) {
        let children = || {
            let list = format!("/proc/{0}/task/{0}/children", self.pid().as_raw_nonzero());
            fs::read_to_string(list).unwrap()
        };
        // First the server, which then makes no others.
        let _ = kill_process(self.pid(), signal);
        for child in children().split_whitespace() {
            // It may have ended by now.
            let _ = kill_process(Pid::from_raw(child.parse().unwrap()).unwrap(), signal);
        }
    }

    fn pid(&self) -> Pid {
        let lines = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        Pid::from_raw(lines.lines().next().unwrap().parse().unwrap()).unwrap()
    }

    /// Ends the server as a crash of the machine does: at once.
    pub(crate) fn kill(&self) {
        kill_process(self.pid(), Signal::KILL).unwrap();
    }

    /// Runs statements as the owner, and returns what the last one has printed.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let ran = Command::new(programs().join("psql"))
            .args(["-h", "127.0.0.1", "-U", "owner", "-qAtX", "-v", "ON_ERROR_STOP=1"])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{sql}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// A dump of a database, as text.
    pub(crate) fn dump(&self, database: &str) -> String {
        let ran = Command::new(programs().join("pg_dump"))
            .args(["-h", "127.0.0.1", "-U", "owner", "-p", &self.port.to_string(), database])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    }

    /// Runs a file as the owner, as its head tells people to.
    pub(crate) fn psql_file(&self, database: &str, file: &Path) {
        let ran = Command::new(programs().join("psql"))
            .args(["-h", "127.0.0.1", "-U", "owner", "-p", &self.port.to_string(), "-d", database])
            .args(["--set", "ON_ERROR_STOP=1", "--file"])
            .arg(file)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// A database of one test's own.
    pub(crate) fn database(&self) -> String {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}", LAST.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("create database {name}"));
        name
    }

    pub(crate) fn url(&self, user: &str, database: &str) -> ServerUrl {
        Self::url_at("127.0.0.1", self.port, user, database, "")
    }

    pub(crate) fn url_with(&self, user: &str, database: &str, options: &str) -> ServerUrl {
        Self::url_at("127.0.0.1", self.port, user, database, options)
    }

    pub(crate) fn url_at(host: &str, port: u16, user: &str, database: &str, options: &str) -> ServerUrl {
        ServerUrl::parse(&format!("postgres://{user}@{host}:{port}/{database}{options}")).unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// A certificate for the names `vault.test` and `127.0.0.1`, signed by itself.
fn certificate(data: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=vault.test", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-addext", &format!("subjectAltName=DNS:vault.test,IP:127.0.0.1,IP:{SERVER_ADDRESS}")])
        .arg("-keyout")
        .arg(data.join("server.key"))
        .arg("-out")
        .arg(data.join("server.crt"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    if is_root() {
        for file in ["server.key", "server.crt"] {
            std::os::unix::fs::chown(data.join(file), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        }
    }
}

/// Starts the server, and waits until it is ready.
fn keeper(programs: &Path, data: &Path, addresses: &str, port: u16) -> Child {
    // SIGQUIT ends the server at once; nothing in its folder is needed any more.
    let script = "exec 3<&0 </dev/null; \"$@\" & \
                  read -r _ <&3; kill -QUIT $!; wait $!; rm -rf \"$FOLDER\"";
    let server = unprivileged(&programs.join("postgres"));
    let addresses = format!("listen_addresses={addresses}");
    let options = [
        addresses.as_str(),
        "unix_socket_directories=",
        "max_connections=50",
        "ssl=on",
        "shared_buffers=32MB",
        // No test here ends the machine.
        "fsync=off",
    ];
    let mut keeper = Command::new("sh");
    keeper.args(["-c", script, "keeper"]).arg(server.get_program()).args(server.get_args());
    keeper.arg("-D").arg(data).args(["-p", &port.to_string()]);
    keeper.args(options.iter().flat_map(|option| ["-c", option]));
    keeper.env("FOLDER", data.parent().unwrap()).env("LC_ALL", "C").current_dir("/");
    let mut keeper =
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(keeper.stderr.take().unwrap()).lines();
    let ready = log.find(|line| line.as_ref().unwrap().contains("ready to accept"));
    assert!(ready.is_some(), "the server has not started");
    // It must never wait for its log to be read.
    thread::spawn(move || log.for_each(drop));
    keeper
}

/// Long enough for a busy machine.
pub(crate) fn soon() -> Deadline {
    Deadline::within(Duration::from_mins(1))
}

/// A store of one test's own, in a database of its own.
pub(crate) struct Shared {
    pub(crate) database: String,
    pub(crate) store: [u8; 16],
    pub(crate) token: [u8; 32],
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self::with_quota(256 << 20)
    }

    pub(crate) fn with_quota(bytes: u64) -> Self {
        let shared = Self { database: server().database(), store: [1; 16], token: [2; 32] };
        let url = server().url("owner", &shared.database);
        remote::install(&url, &soon()).unwrap();
        remote::create(&url, &shared.machine(), b"label", bytes, &soon()).unwrap();
        shared
    }

    pub(crate) fn machine(&self) -> Machine {
        Machine { store: self.store, token: self.token }
    }

    /// The log, as a machine with a login that has no rights of its own sees it.
    pub(crate) fn log(&self) -> PostgresLog {
        PostgresLog::new(server().url("app", &self.database), self.machine())
    }

    pub(crate) fn psql(&self, sql: &str) -> String {
        server().psql(&self.database, sql)
    }
}
