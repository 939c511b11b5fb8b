//! Processes of the binary on one store, and the client's ends of their pipes: one JSON text a line, no `initialize`.
//! Every wait has a deadline. A server that goes out of scope is ended by the end of its input, and must then end with
//! exit code 0 and with nothing that nobody read.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything takes that works.
const DEADLINE: Duration = Duration::from_mins(2);

/// A temporary folder with room for one store and its keys.
pub(crate) struct Home(TempDir);

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) data: Value,
}

pub(crate) type Answer = Result<Value, Refused>;

/// A running server.
pub(crate) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    /// Came while another answer was waited for.
    early: VecDeque<Value>,
    last_id: u64,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("vault-keys-").tempdir().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.path().join("keys")
    }

    pub(crate) fn server(&self) -> Server {
        self.failing("")
    }

    /// A server that fails as `fault` says, if the binary has points of failure.
    pub(crate) fn failing(&self, fault: &str) -> Server {
        self.started(&[], fault)
    }

    /// A server with limits of its own.
    pub(crate) fn limited(&self, arguments: &[&str]) -> Server {
        self.started(arguments, "")
    }

    fn started(&self, arguments: &[&str], fault: &str) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plugin-vault"))
            .arg("--data-dir")
            .arg(self.data())
            .arg("--key-dir")
            .arg(self.keys())
            .args(["--max-handles", "100000", "--workspace-folder", "file:///open"])
            .args(arguments)
            .env("PLUGIN_VAULT_FAULT", fault)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
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
        Server { child, input, output, early: VecDeque::new(), last_id: 0 }
    }

    /// What a subcommand shows in JSON.
    pub(crate) fn command(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plugin-vault"));
        command.arg("--data-dir").arg(self.data()).arg("--key-dir").arg(self.keys()).args(arguments);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits for a backup that stays in the data folder: an idle process takes one.
    pub(crate) fn back_up(&self) {
        let there = self.backups();
        // As if the others were of yesterday: one is taken a day.
        let yesterday = SystemTime::now() - Duration::from_hours(25);
        for entry in std::fs::read_dir(self.data().join("backups")).into_iter().flatten() {
            let file = File::options().write(true).open(entry.unwrap().path()).unwrap();
            file.set_modified(yesterday).unwrap();
        }
        let mut server = self.limited(&["--backup-idle-seconds", "1"]);
        server.ok("vault/status", &json!({}));
        let deadline = Instant::now() + DEADLINE;
        while self.backups() == there {
            assert!(Instant::now() < deadline, "no backup was taken");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn backups(&self) -> usize {
        let Ok(folder) = std::fs::read_dir(self.data().join("backups")) else { return 0 };
        let is_whole = |entry: &std::fs::DirEntry| entry.path().extension().is_some();
        folder.map(Result::unwrap).filter(is_whole).count()
    }

    /// Runs a subcommand with this input.
    pub(crate) fn operate(&self, arguments: &[&str], input: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plugin-vault"));
        command.arg("--data-dir").arg(self.data()).arg("--key-dir").arg(self.keys()).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        // One that asks for nothing may have ended by now.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    }

    /// The slot file of a key.
    pub(crate) fn slot(&self, key_id: &Value) -> Vec<u8> {
        std::fs::read(self.data().join("slots").join(key_id.as_str().unwrap())).unwrap()
    }
}

impl Server {
    /// Sends a request and waits for nothing.
    pub(crate) fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        let message = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
        self.last_id
    }

    /// `None` when the server is gone.
    pub(crate) fn try_wait(&mut self, id: u64) -> Option<Answer> {
        let early = self.early.iter().position(|message| message["id"] == id);
        let message = match early.and_then(|position| self.early.remove(position)) {
            Some(message) => message,
            None => loop {
                match self.output.recv_timeout(DEADLINE) {
                    Ok(message) if message["id"] == id => break message,
                    Ok(message) => self.early.push_back(message),
                    Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
                    Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("no answer in time"),
                }
            },
        };
        Some(match message.get("error") {
            Some(error) => {
                Err(Refused { code: error["code"].as_i64().unwrap(), data: error["data"].clone() })
            }
            None => Ok(message["result"].clone()),
        })
    }

    #[track_caller]
    pub(crate) fn wait(&mut self, id: u64) -> Answer {
        self.try_wait(id).expect("the server is gone")
    }

    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Answer {
        let id = self.send(method, params);
        self.wait(id)
    }

    #[track_caller]
    pub(crate) fn ok(&mut self, method: &str, params: &Value) -> Value {
        self.call(method, params).unwrap()
    }

    /// The code of the refusal.
    #[track_caller]
    pub(crate) fn refused(&mut self, method: &str, params: &Value) -> i64 {
        self.call(method, params).unwrap_err().code
    }

    /// Sets a key; returns its handle.
    #[track_caller]
    pub(crate) fn set_key(&mut self, key: &Value) -> Value {
        self.ok("setAPIKey", &json!([key]))["handle"].clone()
    }

    /// Issues a key for a plugin, and sets it; returns what was told of it, and its handle.
    #[track_caller]
    pub(crate) fn issue(&mut self, plugin: &str) -> (Value, Value) {
        let issued = self.ok("issueAPIKey", &json!([plugin]));
        let handle = self.set_key(&issued["apiKey"]);
        (issued, handle)
    }

    /// How many records the store has.
    #[track_caller]
    pub(crate) fn records(&mut self) -> u64 {
        self.ok("vault/status", &json!({}))["records"].as_u64().unwrap()
    }

    /// The server has ended, or is about to, by itself.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.input = None;
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let polite = self.input.take().is_some();
        if std::thread::panicking() {
            // A test that has failed says enough, and its server may hang.
            let _ = self.child.kill();
            let _ = self.child.wait();
        } else if polite {
            assert!(self.child.wait().unwrap().success());
            let late: Vec<_> = self.output.iter().collect();
            let unread = self.early.iter().chain(&late).filter(|message| message["id"].is_u64());
            assert_eq!(unread.count(), 0, "answers that nobody read");
        }
    }
}

/// Parameters with a handle.
pub(crate) fn with(handle: &Value, mut params: Value) -> Value {
    params["handle"] = handle.clone();
    params
}

/// An API key that nobody has had.
pub(crate) fn random_key() -> Value {
    base16ct::lower::encode_string(&plugin_vault::crypto::random::<20>()).into()
}

/// For −32602: which parameter, and why.
#[track_caller]
pub(crate) fn parameter(answer: Answer) -> (Value, Value) {
    let refused = answer.unwrap_err();
    assert_eq!(refused.code, -32602, "{refused:?}");
    (refused.data["parameter"].clone(), refused.data["reason"].clone())
}
