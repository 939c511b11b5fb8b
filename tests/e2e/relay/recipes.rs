//! The recipes of `docs/remote.md`: a tunnel of ssh, and bubblewrap. The bind mount is in `container.rs`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::json;

use super::{PLUGIN, Relay, private, store};
use crate::harness::{BINARY, DEADLINE, Home};

/// A process that ends with this.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// It starts itself anew by its absolute path.
const SSHD: &str = "/usr/sbin/sshd";

/// The user of the remote host, if the test can make one.
const USER: &str = "remote";

/// The remote host: an sshd of a user without rights, who has a folder, the program and nothing else.
struct Host {
    folder: tempfile::TempDir,
    user: String,
    /// The words before each command of that user.
    becomes: Vec<String>,
    port: u16,
    _sshd: Process,
}

impl Host {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let is_root = rustix::process::geteuid().is_root();
        let words = "setpriv --reuid 65534 --regid 65534 --clear-groups";
        let becomes: Vec<String> =
            if is_root { words.split(' ').map(Into::into).collect() } else { Vec::new() };
        let id = Command::new("id").arg("-nu").output().unwrap();
        let own = String::from_utf8(id.stdout).unwrap().trim().to_owned();
        let user = if is_root { USER.to_owned() } else { own };
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("passwd"), format!("{USER}:x:65534:65534::/:/bin/sh\n")).unwrap();
        for key in ["host", "user"] {
            succeeds(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path(key)));
        }
        std::fs::copy(path("user.pub"), path("authorized")).unwrap();
        std::fs::copy(BINARY, path("plugin-vault")).unwrap();
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
            .create(path("run"))
            .unwrap();
        let config = format!(
            "ListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
            path("host").display(),
            path("authorized").display(),
        );
        std::fs::write(path("config"), config).unwrap();
        if is_root {
            for name in ["", "run", "host", "authorized", "config", "plugin-vault"] {
                std::os::unix::fs::chown(path(name), Some(65534), Some(65534)).unwrap();
            }
        }
        let (sshd, port) = sshd(folder.path(), is_root.then_some(&becomes));
        Self { folder, user, becomes, port, _sshd: sshd }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `ssh -N -R /home/me/run/vault.sock:/home/me/.plugin-vault/github.sock me@host`
    fn tunnel(&self, relay: &Path, socket: &Path) -> Process {
        let mut ssh = Command::new("ssh");
        ssh.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "ExitOnForwardFailure=yes",
        ]);
        ssh.args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-i"]);
        ssh.arg(self.path("user")).args(["-p", &self.port.to_string(), "-N", "-R"]);
        ssh.arg(format!("{}:{}", socket.display(), relay.display())).arg(format!("{}@127.0.0.1", self.user));
        Process(ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// The program on that host.
    fn program(&self) -> Command {
        let mut command = start(&self.becomes, self.path("plugin-vault"));
        command.current_dir("/").env_remove("HOME");
        command
    }
}

/// Starts sshd at a port that is free, and waits until it listens. With words that make another user, as that user.
fn sshd(folder: &Path, becomes: Option<&Vec<String>>) -> (Process, u16) {
    // Below the ports that the system gives to connections: one of those may be taken at any moment.
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    for port in (first..first + 100).step_by(7) {
        let mut command = match becomes {
            Some(becomes) => {
                // The system's own users without rights are locked, so this sshd sees a user of the test's.
                let script = "mount --bind \"$1\" /etc/passwd || exit 99; shift; exec \"$@\"";
                let mut namespace = Command::new("unshare");
                namespace
                    .args(["--mount", "sh", "-c", script, "sh"])
                    .arg(folder.join("passwd"))
                    .args(becomes);
                namespace.arg(SSHD);
                namespace
            }
            None => Command::new(SSHD),
        };
        command.args(["-D", "-e", "-p", &port.to_string(), "-f"]).arg(folder.join("config"));
        let mut sshd = Process(command.stderr(Stdio::piped()).spawn().unwrap());
        let mut said = BufReader::new(sshd.0.stderr.take().unwrap());
        let mut line = String::new();
        while said.read_line(&mut line).unwrap() > 0 && !line.contains("Server listening") {}
        if line.contains("Server listening") {
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            return (sshd, port);
        }
        assert!(line.contains("Address already in use"), "{line}");
    }
    panic!("no port is free");
}

/// A program, as the user that these words make.
fn start(becomes: &[String], program: impl AsRef<std::ffi::OsStr>) -> Command {
    match becomes.split_first() {
        None => Command::new(program),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    }
}

#[test]
fn a_tunnel_of_ssh_brings_a_socket_to_another_host() {
    let home = Home::new();
    let word = home.word();
    store(&home, &json!({"token": word}));
    let relay = Relay::start(&home, &[]);
    let host = Host::start();
    let socket = host.path("run/vault.sock");
    let tunnel = host.tunnel(&relay.socket, &socket);
    wait_until("ssh makes no socket", || socket.exists());
    let mut get = host.program();
    get.args(["get", "me.github#/token", "--raw"]).env("PLUGIN_VAULT_CONNECT", &socket);
    let ran = home.finish(get, "");
    assert_eq!((ran.code, ran.shown.as_str()), (0, word.as_str()), "{}", ran.said);
    let mut serve = host.program();
    serve.arg("--connect").arg(&socket);
    let mut client = home.serve(serve);
    client.ok("setPersistentData", json!(["user", {"token": "new"}]));
    // The connection to the host is lost.
    drop(tunnel);
    let end = client.wait_for_end();
    assert_eq!(end.code, Some(1), "{end:?}");
    assert_eq!(home.run(&["get", PLUGIN], "").json(), json!({"token": "new"}));
}

#[test]
fn a_program_in_bubblewrap_has_the_socket_and_no_store() {
    let home = Home::new();
    let word = home.word();
    store(&home, &json!({"token": word}));
    let relay = Relay::start(&home, &["--read-only"]);
    let sandbox = |arguments: &[&str]| {
        let mut bwrap = Command::new("bwrap");
        bwrap.args([
            "--ro-bind",
            "/",
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
            "--unshare-all",
            "--die-with-parent",
        ]);
        // The home folder is empty but for the socket's folder.
        bwrap.arg("--tmpfs").arg(home.root());
        bwrap.arg("--bind").args([relay.socket.parent().unwrap(), relay.socket.parent().unwrap()]);
        bwrap.arg(BINARY).args(arguments).env("PLUGIN_VAULT_CONNECT", &relay.socket);
        bwrap
    };
    let ran = home.finish(sandbox(&["get", "me.github#/token", "--raw"]), "");
    assert_eq!((ran.code, ran.shown.as_str()), (0, word.as_str()), "{}", ran.said);
    let ran = home.finish(sandbox(&["set", "me.github#/token", "--raw"]), "another\n");
    assert_eq!(ran.code, 6, "{}", ran.said);
    let path = |path: PathBuf| path.to_str().unwrap().to_owned();
    let store = ["--data-dir", &path(home.data()), "--key-dir", &path(home.keys()), "get", "me.github"];
    let ran = home.finish(sandbox(&store), "");
    assert_eq!(ran.code, 3, "{}", ran.said);
    drop(private(&home, "sockets"));
}
