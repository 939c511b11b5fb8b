//! A store of a test's own, and the program run in it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// A store of its own.
pub(crate) struct Home(TempDir);

/// What a run of the program gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) shown: String,
    pub(crate) said: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The name of the store's key in the session's keyring.
    #[cfg(target_os = "linux")]
    pub(crate) fn cache_name(&self) -> Option<String> {
        let header = std::fs::read_to_string(self.data().join("header")).ok()?;
        Some(format!("plugin-vault:{}", header.split(' ').nth(2)?))
    }

    /// What is kept of the store's key in the session's keyring.
    #[cfg(target_os = "linux")]
    pub(crate) fn cached(&self) -> Option<linux_keyutils::Key> {
        session_keyring()?.search(&self.cache_name()?).ok()
    }

    /// As after a log-out.
    pub(crate) fn forget_cached(&self) {
        #[cfg(target_os = "linux")]
        if let Some(key) = self.cached() {
            key.invalidate().unwrap();
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plugin-vault"));
        command.arg("--data-dir").arg(self.data()).arg("--key-dir").arg(self.0.path().join("keys"));
        command.args(arguments).env_remove("PLUGIN_VAULT_ASKPASS");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Ran {
        finish(self.command(arguments), input)
    }

    /// Runs with `--json`, and takes what is shown.
    pub(crate) fn json(&self, arguments: &[&str], input: &str) -> Value {
        let ran = self.run(&[&["--json"], arguments].concat(), input);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.said);
        serde_json::from_str(&ran.shown).unwrap()
    }

    /// Runs a subcommand that has to fail, in one line that says why.
    pub(crate) fn refused(&self, arguments: &[&str], input: &str) -> String {
        let ran = self.run(arguments, input);
        assert_eq!((ran.code, ran.shown.as_str()), (1, ""), "{arguments:?}");
        ran.said.lines().last().unwrap().to_owned()
    }

    /// Sends requests as a script, in order and in one go; the answers by position, notifications left out.
    pub(crate) fn script(&self, requests: &[(&str, Value)]) -> Vec<Value> {
        let lines = requests.iter().enumerate().map(|(id, (method, params))| {
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
        });
        let ran = self.run(&[], &lines.collect::<String>());
        let mut answers = vec![Value::Null; requests.len()];
        for line in ran.shown.lines() {
            let answer: Value = serde_json::from_str(line).unwrap();
            if let Some(id) = answer["id"].as_u64() {
                answers[usize::try_from(id).unwrap()] = answer;
            }
        }
        answers
    }

    pub(crate) fn is_locked(&self) -> bool {
        let answers = self.script(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
        assert!(answers[0]["result"]["handle"].is_string());
        match answers[1]["error"]["code"].as_i64() {
            None => false,
            Some(code) => {
                assert_eq!(code, 4001);
                let data = &answers[1]["error"]["data"];
                assert_eq!((&data["reason"], &data["retryable"]), (&json!("locked"), &json!(true)));
                assert_eq!(answers[0]["result"].as_object().unwrap().len(), 1, "a handle, and nothing else");
                true
            }
        }
    }

    /// A program that prints a line.
    pub(crate) fn program(&self, name: &str, line: &str) -> String {
        self.program_that(name, &format!("printf '%s\\n' '{line}'"))
    }

    pub(crate) fn program_gone(&self, name: &str) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    /// A program of the shell's.
    pub(crate) fn program_that(&self, name: &str, script: &str) -> String {
        let path = self.path(name);
        let mut file = std::fs::File::options().write(true).create_new(true).mode(0o700).open(&path).unwrap();
        write!(file, "#!/bin/sh\n{script}\n").unwrap();
        path.to_str().unwrap().to_owned()
    }
}

pub(crate) fn finish(mut command: Command, input: &str) -> Ran {
    let mut child = command.spawn().unwrap();
    // A program that reads nothing may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap(), shown: text(stdout), said: text(stderr) }
}

/// A store with one object, guarded by a passphrase alone.
pub(crate) fn guarded_by_a_passphrase() -> Home {
    let home = Home::new();
    home.script(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--passphrase-fd", "0"], PASSPHRASE).code, 0);
    home
}

/// The session's keyring in the kernel, where there is one that this process may use.
#[cfg(target_os = "linux")]
pub(crate) fn session_keyring() -> Option<linux_keyutils::KeyRing> {
    use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};
    let ring = KeyRing::from_special_id(KeyRingIdentifier::Session, false).ok()?;
    matches!(ring.search("plugin-vault:no such key"), Err(KeyError::KeyDoesNotExist)).then_some(ring)
}

impl Drop for Home {
    fn drop(&mut self) {
        self.forget_cached();
    }
}
