//! What the tests of keys ask of a home and of a server, beyond what every test does: servers with room for many handles
//! and one open folder, that are talked to as scripts are.

use std::fs::File;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Framing, Start};
pub(crate) use crate::harness::{Home, Refused, Server};

pub(crate) type Answer = Result<Value, Refused>;

impl Home {
    fn starting(&self) -> Start {
        let arguments = ["--max-handles", "100000", "--workspace-folder", "file:///open"];
        self.start().framing(Framing::Lines).arguments(arguments)
    }

    pub(crate) fn server(&self) -> Server {
        self.starting().run()
    }

    /// A server that fails as `fault` says.
    #[cfg(feature = "faults")]
    pub(crate) fn failing(&self, fault: &str) -> Server {
        self.starting().fault(fault).run()
    }

    /// A server with limits of its own.
    pub(crate) fn limited(&self, arguments: &[&str]) -> Server {
        self.starting().arguments(arguments).run()
    }

    /// What a subcommand shows in JSON.
    pub(crate) fn command(&self, arguments: &[&str]) -> Value {
        self.run(arguments, "").json()
    }

    /// Runs a subcommand with this input.
    pub(crate) fn operate(&self, arguments: &[&str], input: &str) {
        let ran = self.run(arguments, input);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.said);
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
        server.ok("vault/status", json!({}));
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

    /// The slot file of a key.
    pub(crate) fn slot(&self, key_id: &Value) -> Vec<u8> {
        std::fs::read(self.data().join("slots").join(key_id.as_str().unwrap())).unwrap()
    }
}

impl Server {
    /// Sets a key; returns its handle.
    #[track_caller]
    pub(crate) fn handle_of(&mut self, key: &Value) -> Value {
        self.ok("setAPIKey", [key])["handle"].clone()
    }

    /// Issues a key for a plugin, and sets it; returns what was told of it, and its handle.
    #[track_caller]
    pub(crate) fn issue(&mut self, plugin: &str) -> (Value, Value) {
        let issued = self.ok("issueAPIKey", [plugin]);
        let handle = self.handle_of(&issued["apiKey"]);
        (issued, handle)
    }

    /// How many records the store has.
    #[track_caller]
    pub(crate) fn records(&mut self) -> u64 {
        self.ok("vault/status", json!({}))["records"].as_u64().unwrap()
    }
}

/// Parameters with a handle.
pub(crate) fn with(handle: &Value, mut params: Value) -> Value {
    params["handle"] = handle.clone();
    params
}

/// A new random API key.
pub(crate) fn random_key() -> Value {
    base16ct::lower::encode_string(&plugin_vault::crypto::random::<20>()).into()
}

/// For −32602: which parameter, and why.
#[track_caller]
pub(crate) fn parameter(answer: Answer) -> (Value, Value) {
    let refused = answer.unwrap_err();
    let (parameter, reason) = refused.parameter();
    (parameter.clone(), reason.into())
}
