//! The writer fails at each point of a commit: what was answered is there, what is said not to be done is not, and the
//! next request works. With the feature `failpoints` only.

#![allow(clippy::unwrap_used, reason = "a test that can't talk to its server has failed")]
#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

/// A server that fails as `fault` says, and the client's ends of its pipes.
struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last_id: u64,
}

impl Server {
    fn start(folder: &Path, fault: &str) -> Self {
        let mut server = Self::spawn(folder, fault);
        server.send("setAPIKey", &json!([KEY]));
        assert!(server.answer().unwrap()["result"]["handle"].is_string());
        server
    }

    fn spawn(folder: &Path, fault: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plugin-vault"))
            .arg("--data-dir")
            .arg(folder.join("data"))
            .arg("--key-dir")
            .arg(folder.join("keys"))
            .env("PLUGIN_VAULT_FAULT", fault)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output, last_id: 0 }
    }

    fn send(&mut self, method: &str, params: &Value) {
        self.last_id += 1;
        let message = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        writeln!(self.input, "{message}").unwrap();
    }

    /// The next answer, `None` when the server is gone. Notices are passed over.
    fn answer(&mut self) -> Option<Value> {
        loop {
            let mut line = String::new();
            let length = self.output.read_line(&mut line).unwrap();
            let message: Option<Value> = (length > 0).then(|| serde_json::from_str(&line).unwrap());
            if message.as_ref().is_none_or(|message| message["method"].is_null()) {
                return message;
            }
        }
    }

    fn call(&mut self, method: &str, params: &Value) -> Option<Value> {
        self.send(method, params);
        self.answer()
    }

    fn stored(&mut self) -> Value {
        self.call("getPersistentData", &json!(["user"])).unwrap()["result"].clone()
    }

    fn end(mut self) {
        drop(self.input);
        self.child.wait().unwrap();
    }
}

/// A store in which `{"value":"before"}` lies, and a server that is about to fail.
fn about_to_fail(fault: &str) -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Server::start(folder.path(), "");
    let stored = first.call("setPersistentData", &json!(["user", {"value": "before"}])).unwrap();
    assert!(stored["result"]["revision"].is_u64());
    first.end();
    let server = Server::start(folder.path(), fault);
    (folder, server)
}

#[test]
fn a_process_that_dies_before_the_commit_has_changed_nothing() {
    for point in ["before-begin", "before-commit"] {
        let (folder, mut server) = about_to_fail(&format!("{point}:kill:1"));
        assert_eq!(server.call("setPersistentData", &json!(["user", {"value": "after"}])), None, "{point}");
        server.child.wait().unwrap();
        let mut next = Server::start(folder.path(), "");
        assert_eq!(next.stored(), json!({"value": "before"}), "{point}");
        next.end();
    }
}

#[test]
fn a_process_that_dies_after_the_commit_has_changed_all() {
    let (folder, mut server) = about_to_fail("after-commit:kill:1");
    assert_eq!(server.call("setPersistentData", &json!(["user", {"value": "after"}])), None);
    server.child.wait().unwrap();
    let mut next = Server::start(folder.path(), "");
    assert_eq!(next.stored(), json!({"value": "after"}));
    next.end();
}

#[test]
fn a_full_disk_is_said_and_changes_nothing_and_the_next_write_works() {
    for point in ["before-begin", "before-commit"] {
        let (_folder, mut server) = about_to_fail(&format!("{point}:full:1"));
        let refused = server.call("setPersistentData", &json!(["user", {"value": "after"}])).unwrap();
        assert_eq!(refused["error"]["code"], 5001, "{point}");
        assert_eq!(refused["error"]["data"]["retryable"], true);
        assert_eq!(server.stored(), json!({"value": "before"}));
        let stored = server.call("setPersistentData", &json!(["user", {"value": "again"}])).unwrap();
        assert!(stored["result"]["revision"].is_u64());
        assert_eq!(server.stored(), json!({"value": "again"}));
        server.end();
    }
}

#[test]
fn an_outcome_that_is_not_known_is_said_to_be_unknown_and_the_store_is_opened_anew() {
    let (folder, mut server) = about_to_fail("after-commit:eio:1");
    let failed = server.call("setPersistentData", &json!(["user", {"value": "after"}])).unwrap();
    assert_eq!(failed["error"]["code"], 5006);
    assert_eq!(failed["error"]["data"]["outcome"], "unknown");
    assert_eq!(server.stored(), json!({"value": "after"}));
    let stored = server.call("setPersistentData", &json!(["user", {"value": "again"}])).unwrap();
    assert!(stored["result"]["revision"].is_u64());
    server.end();
    let mut next = Server::start(folder.path(), "");
    assert_eq!(next.stored(), json!({"value": "again"}));
    next.end();
}

/// The lock is held by the test while the requests queue up, so that they go into one commit.
#[test]
fn a_group_that_fails_is_tried_one_by_one_and_each_gets_its_own_outcome() {
    let (folder, mut server) = about_to_fail("before-commit:full:1");
    let lock = std::fs::File::open(folder.path().join("data/write.lock")).unwrap();
    lock.lock().unwrap();
    for number in 0..20 {
        server
            .send("setPersistentData", &json!({"context": "user", "data": {"number": number}, "name": "n"}));
    }
    // Read after the others and answered without the lock: when it is answered, they are all queued.
    let status = server.call("vault/status", &json!({})).unwrap();
    assert_eq!(status["id"], server.last_id);
    lock.unlock().unwrap();
    let mut revisions = Vec::new();
    for _ in 0..20 {
        let answer = server.answer().unwrap();
        revisions.push(answer["result"]["revision"].as_u64().unwrap());
    }
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
    server.end();
}

/// A store that is damaged, and that can be mended.
fn damaged() -> (tempfile::TempDir, Vec<u8>) {
    let (folder, server) = about_to_fail("");
    server.end();
    let path = folder.path().join("data/data.mdb");
    let mut file = std::fs::read(&path).unwrap();
    // The first page is one of the two that say where everything lies.
    file[..100].fill(0xff);
    std::fs::write(&path, &file).unwrap();
    (folder, file)
}

#[test]
fn a_repair_that_is_cut_off_has_changed_nothing_and_is_done_by_the_next_process() {
    for action in ["kill", "full", "eio"] {
        let (folder, file) = damaged();
        let fault = format!("before-replacing:{action}:1");
        let mut server = Server::spawn(folder.path(), &fault);
        let answer = server.call("setAPIKey", &json!([KEY]));
        let code = answer.map(|answer| answer["error"]["code"].clone());
        assert_eq!(
            code,
            match action {
                "kill" => None,
                "full" => Some(json!(5001)),
                _ => Some(json!(5006)),
            }
        );
        assert!(std::fs::read(folder.path().join("data/data.mdb")).unwrap() == file, "{action}");
        server.end();
        let mut next = Server::start(folder.path(), "");
        assert_eq!(next.stored(), json!({"value": "before"}), "{action}");
        next.end();
        let quarantined: Vec<_> = std::fs::read_dir(folder.path().join("data/quarantine")).unwrap().collect();
        assert_eq!(quarantined.len(), 1, "{action}");
    }
}
