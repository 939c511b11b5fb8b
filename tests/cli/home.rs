//! What the tests of the command line ask of a home, beyond what every test does.

#[cfg(unix)]
use std::io::Write as _;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

pub(crate) use crate::harness::Home;
#[cfg(unix)]
pub(crate) use crate::harness::Ran;
use crate::harness::{check_lines, request_lines};

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

impl Home {
    /// What is kept of the store's key in the session's keyring.
    #[cfg(target_os = "linux")]
    pub(crate) fn cached(&self) -> Option<linux_keyutils::Key> {
        crate::harness::cached::find(&self.data())
    }

    /// As after a log-out.
    #[allow(clippy::unused_self, reason = "only Linux has a cache")]
    pub(crate) fn forget_cached(&self) {
        #[cfg(target_os = "linux")]
        crate::harness::cached::forget(&self.data());
    }

    /// The program with these arguments, which logs as it does on its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.start().usual_log().arguments(arguments).command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs with `--json`, and takes what is shown.
    pub(crate) fn json(&self, arguments: &[&str], input: &str) -> Value {
        self.run(&[&["--json"], arguments].concat(), input).json()
    }

    /// Runs a subcommand that has to fail, in one line that says why.
    pub(crate) fn refused(&self, arguments: &[&str], input: &str) -> String {
        let ran = self.run(arguments, input);
        assert!(
            (1..=6).contains(&ran.code) && ran.shown.is_empty(),
            "{arguments:?}: {} {}",
            ran.code,
            ran.shown
        );
        ran.said.lines().last().unwrap().to_owned()
    }

    /// Sends requests as a script, in order and in one go; the answers by position, notifications left out.
    pub(crate) fn answers(&self, requests: &[(&str, Value)]) -> Vec<Value> {
        let lines = request_lines(requests);
        let ran = self.run(&[], &lines);
        check_lines(&lines, &ran.shown);
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
        let answers = self.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
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
    #[cfg(unix)]
    pub(crate) fn program(&self, name: &str, line: &str) -> String {
        self.program_that(name, &format!("printf '%s\\n' '{line}'"))
    }

    #[cfg(unix)]
    pub(crate) fn program_gone(&self, name: &str) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    /// A program of the shell's.
    #[cfg(unix)]
    pub(crate) fn program_that(&self, name: &str, script: &str) -> String {
        let path = self.path(name);
        let mut file = std::fs::File::options().write(true).create_new(true).mode(0o700).open(&path).unwrap();
        write!(file, "#!/bin/sh\n{script}\n").unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// A store with one object, guarded by a passphrase alone.
pub(crate) fn guarded_by_a_passphrase() -> Home {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    assert_eq!(
        home.run(&["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"], PASSPHRASE).code,
        0
    );
    home
}

/// A store that a program opens, which writes a line for each run.
#[cfg(unix)]
pub(crate) fn guarded_by_a_counting_program() -> Home {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let script = format!("echo run >> '{}'\necho '{PASSPHRASE}'", home.path("runs").display());
    let program = home.program_that("count", &script);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    std::fs::remove_file(home.path("runs")).unwrap();
    home
}

/// How often the program was run.
#[cfg(unix)]
pub(crate) fn runs(home: &Home) -> usize {
    std::fs::read_to_string(home.path("runs")).unwrap_or_default().lines().count()
}
