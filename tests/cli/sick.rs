//! A prepared sick installation: a store in the usual places of a home of its own, and a shell whose `PATH` has the
//! program.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::check_lines;
use crate::home::{Home, KEY, Ran};
use crate::shapes::valid;
use crate::terminal::Terminal;

/// What the one record holds, which no report may show.
pub(crate) const VALUE: &str = "canary-value-in-the-record";
/// The name of that record.
pub(crate) const NAME: &str = "canary-name-of-the-record";

/// An installation, in which a test makes something wrong.
pub(crate) struct Sick {
    pub(crate) home: Home,
    environment: Vec<(&'static str, String)>,
}

/// A finding of `doctor`.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) check: String,
    pub(crate) level: String,
    pub(crate) text: String,
    pub(crate) command: Option<String>,
}

impl Sick {
    /// A healthy installation, without a store.
    pub(crate) fn empty() -> Self {
        let home = Home::new();
        let program = home.command(&[]).get_program().to_owned();
        for folder in ["bin", "home"] {
            fs::create_dir(home.path(folder)).unwrap();
        }
        symlink(program, home.path("bin/plugin-vault")).unwrap();
        Self { home, environment: Vec::new() }
    }

    /// A healthy installation, with one record and a backup of it.
    pub(crate) fn filled() -> Self {
        let sick = Self::empty();
        sick.write(1);
        sick.run("plugin-vault doctor --fix --only backups");
        sick
    }

    /// Sets a variable for everything that runs from now on.
    pub(crate) fn set(&mut self, name: &'static str, value: impl AsRef<Path>) {
        self.environment.push((name, value.as_ref().to_str().unwrap().to_owned()));
    }

    pub(crate) fn user(&self, name: &str) -> PathBuf {
        self.home.path("home").join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.user(".local/share/plugin-vault")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.user(".local/state/plugin-vault")
    }

    /// The only entry of a folder.
    pub(crate) fn only(folder: &Path) -> PathBuf {
        let entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [only] = entries.as_slice() else { panic!("{entries:?}") };
        only.clone()
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        Self::only(&self.keys()).join("key")
    }

    pub(crate) fn protector_file(&self) -> PathBuf {
        Self::only(&self.data().join("protectors"))
    }

    /// Writes the record.
    pub(crate) fn write(&self, revision: u64) {
        self.write_by("plugin-vault", revision);
    }

    /// Writes the record, by a sidecar with these words on its command line.
    pub(crate) fn write_by(&self, script: &str, revision: u64) {
        let lines = Self::requests(&format!(
            r#"{{"jsonrpc":"2.0","id":2,"method":"setPersistentData","params":["user",{{"v":"{VALUE}","n":{revision}}}]}}"#
        ));
        let ran = self.home.finish(self.shell(script), &lines);
        assert!(ran.shown.contains(r#""revision""#), "{} {}", ran.shown, ran.said);
    }

    /// Whether the record can be read.
    pub(crate) fn has_record(&self) -> bool {
        let lines =
            Self::requests(r#"{"jsonrpc":"2.0","id":2,"method":"getPersistentData","params":["user"]}"#);
        let ran = self.home.finish(self.shell("plugin-vault"), &lines);
        check_lines(&lines, &ran.shown);
        ran.shown.contains(VALUE)
    }

    fn requests(last: &str) -> String {
        let named = format!(
            r#"{{"jsonrpc":"2.0","id":3,"method":"setPersistentData","params":{{"context":"user","name":"{NAME}","data":{{}}}}}}"#
        );
        let set = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"setAPIKey","params":["{KEY}"]}}"#);
        let named = if last.contains("setPersistentData") { named + "\n" } else { String::new() };
        format!("{set}\n{last}\n{named}")
    }

    /// A shell with this script, in the home folder of the installation.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).env_clear().current_dir(self.home.path("home"));
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.home.path("bin").display()));
        command.env("HOME", self.home.path("home")).env("TERM", "xterm");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a script to its end.
    pub(crate) fn run(&self, script: &str) -> Ran {
        self.home.finish(self.shell(script), "")
    }

    /// What `doctor` finds, and its exit code.
    #[track_caller]
    pub(crate) fn doctor(&self) -> (Vec<Finding>, i32) {
        let ran = self.run("plugin-vault doctor --json");
        (findings(&ran.shown, &self.home), ran.code)
    }

    /// `doctor` finds this, also a second time; its command cures it, and nothing else is worse than before. With
    /// `asks`, the command asks the user first.
    #[track_caller]
    pub(crate) fn is_cured(&self, check: &str, level: &str, says: &str, asks: bool) -> String {
        let is_it = |finding: &&Finding| finding.check == check && finding.text.contains(says);
        let (before, code) = self.doctor();
        let found = before.iter().find(is_it).unwrap_or_else(|| panic!("{before:#?}"));
        assert_eq!(found.level, level, "{found:?}");
        assert_eq!(code, i32::from(before.iter().any(|finding| finding.level == "failed")), "{before:#?}");
        let (again, _) = self.doctor();
        assert!(again.iter().any(|finding| is_it(&finding)), "looking has changed it: {again:#?}");
        let command = found.command.clone().unwrap_or_else(|| panic!("{found:?}"));
        let text = self.run("plugin-vault doctor").shown;
        assert!(text.lines().any(|line| line.trim() == format!("run: {command}")), "{command}: {text}");
        // In one shell, since a command may change a variable.
        let script = format!("{{ {command}\n}} >&2 && plugin-vault doctor --json");
        let (code, shown) = if asks {
            let mut terminal = Terminal::run(self.shell(&script));
            terminal.wait_for("[y/N] ");
            terminal.types("y\n");
            terminal.ends()
        } else {
            let ran = self.run(&script);
            assert!(!ran.shown.is_empty(), "{command}: {}", ran.said);
            (ran.code, ran.shown)
        };
        let (mut after, mut code) = (findings(&shown, &self.home), code);
        // A signal may take effect a little after the command has ended.
        let deadline = Instant::now() + Duration::from_secs(30);
        while after.iter().any(|finding| is_it(&finding)) && Instant::now() < deadline {
            (after, code) = self.doctor();
        }
        assert!(!after.iter().any(|finding| is_it(&finding)), "{command} cured nothing: {after:#?}");
        let failed: Vec<_> = after.iter().filter(|finding| finding.level == "failed").collect();
        assert!(failed.is_empty() && code == 0, "{command}: {failed:#?}");
        command
    }
}

/// The findings of a report, which must have no secret in it and no path of the home folder.
#[track_caller]
fn findings(shown: &str, home: &Home) -> Vec<Finding> {
    let report: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
    valid("doctor", &report);
    for secret in [KEY, VALUE, NAME, home.path("home").to_str().unwrap()] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let finding = |one: &Value| Finding {
        check: text(&one["check"]).unwrap(),
        level: text(&one["level"]).unwrap(),
        text: text(&one["text"]).unwrap(),
        command: text(&one["command"]),
    };
    report["findings"].as_array().unwrap().iter().map(finding).collect()
}
