//! A process of the program that a test talks to, one JSON text a line; and its window that asks for the passphrase.

use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use rustix::process::Pid;
use serde_json::Value;

use crate::harness::{DEADLINE, Server};
use crate::home::{Home, PASSPHRASE};

/// A running process, of which a test sees whole answers. It may end with notifications that nothing asked for.
pub(crate) struct Client(Server);

impl Client {
    pub(crate) fn start(home: &Home, command: Command) -> Self {
        Self(home.serve(command))
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.0.notify(method, params.clone());
    }

    pub(crate) fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.0.begin(method, params)
    }

    pub(crate) fn pid(&self) -> Pid {
        self.0.pid()
    }

    /// How many threads the process has.
    #[cfg(target_os = "linux")]
    pub(crate) fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.pid().as_raw_nonzero())).unwrap().count()
    }

    /// The answer to a request.
    #[track_caller]
    pub(crate) fn wait(&mut self, id: u64) -> Value {
        self.0.wait(id).whole()
    }

    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        self.wait(id)
    }

    /// The params of the next notice of this kind.
    #[track_caller]
    pub(crate) fn notice(&mut self, method: &str) -> Value {
        self.0.notice(method)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.finish_without_notices();
        }
    }
}

/// A program that asks a person for the passphrase, who takes their time: until [`Person::answers`].
pub(crate) struct Person<'h> {
    home: &'h Home,
    askpass: String,
}

impl<'h> Person<'h> {
    pub(crate) fn new(home: &'h Home) -> Self {
        let path = |name: &str| home.path(name).display().to_string();
        assert!(Command::new("mkfifo").arg(path("answer")).status().unwrap().success());
        let script = format!(
            "mkdir '{}' || echo twice >> '{}'\necho asked >> '{}'\nread answer < '{}'\nrmdir '{}'\necho '{PASSPHRASE}'",
            path("window"),
            path("twice"),
            path("asked"),
            path("answer"),
            path("window"),
        );
        Self { home, askpass: home.program_that("person", &script) }
    }

    /// The program, with this person in front of it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command.env("PLUGIN_VAULT_ASKPASS", &self.askpass);
        command
    }

    /// A sidecar with this person in front of it.
    pub(crate) fn client(&self) -> Client {
        Client::start(self.home, self.command(&[]))
    }

    pub(crate) fn was_asked(&self) -> usize {
        std::fs::read_to_string(self.home.path("asked")).unwrap_or_default().lines().count()
    }

    #[track_caller]
    pub(crate) fn wait_until_asked(&self, times: usize) {
        let end = Instant::now() + DEADLINE;
        while self.was_asked() < times {
            assert!(Instant::now() < end, "no question is asked");
            std::thread::yield_now();
        }
    }

    /// Waits for a window, and answers in it.
    pub(crate) fn answers(&self) {
        let mut answer = std::fs::OpenOptions::new().write(true).open(self.home.path("answer")).unwrap();
        writeln!(answer, "yes").unwrap();
    }

    /// Whether a window is there in which a person could answer.
    pub(crate) fn can_answer(&self) -> bool {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = std::fs::OpenOptions::new();
        let at_once = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        options.write(true).custom_flags(at_once).open(self.home.path("answer")).is_ok()
    }

    /// Whether two windows were there at one time.
    pub(crate) fn saw_two_windows(&self) -> bool {
        self.home.path("twice").exists()
    }
}
