//! A process of the program that a test talks to, one JSON text a line; and its window that asks for the passphrase.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::home::{Home, PASSPHRASE};

/// Longer than anything takes that works.
const DEADLINE: Duration = Duration::from_mins(1);

/// A running process, and the client's end of its pipes.
pub(crate) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    /// Came while something else was waited for.
    early: VecDeque<Value>,
    last: u64,
}

impl Client {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (to_us, output) = channel();
        std::thread::spawn(move || {
            for line in lines {
                if to_us.send(serde_json::from_str(&line.unwrap()).unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, input, output, early: VecDeque::new(), last: 0 }
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    pub(crate) fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.last += 1;
        let message = json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params});
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
        self.last
    }

    #[track_caller]
    fn first(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.early.iter().position(&wanted) {
            return self.early.remove(at).unwrap();
        }
        loop {
            let message = self.output.recv_timeout(DEADLINE).expect("a message in time");
            if wanted(&message) {
                return message;
            }
            self.early.push_back(message);
        }
    }

    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// How many threads the process has.
    #[cfg(target_os = "linux")]
    pub(crate) fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().count()
    }

    /// The answer to a request.
    #[track_caller]
    pub(crate) fn wait(&mut self, id: u64) -> Value {
        self.first(|message| message["id"] == id)
    }

    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        self.wait(id)
    }

    /// The params of the next notice of this kind.
    #[track_caller]
    pub(crate) fn notice(&mut self, method: &str) -> Value {
        self.first(|message| message["method"] == method)["params"].clone()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.input.take());
        if std::thread::panicking() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
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

    pub(crate) fn was_asked(&self) -> usize {
        std::fs::read_to_string(self.home.path("asked")).unwrap_or_default().lines().count()
    }

    #[track_caller]
    pub(crate) fn wait_until_asked(&self, times: usize) {
        let end = Instant::now() + DEADLINE;
        while self.was_asked() < times {
            assert!(Instant::now() < end, "nobody asks");
            std::thread::yield_now();
        }
    }

    /// Waits for a window, and answers in it.
    pub(crate) fn answers(&self) {
        let mut answer = std::fs::OpenOptions::new().write(true).open(self.home.path("answer")).unwrap();
        writeln!(answer, "yes").unwrap();
    }

    /// Whether a window is there that somebody could answer in.
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
