//! `plugin-vault doctor`: looks for what is wrong with an installation, one line for each finding, with the command that
//! puts it right. Never asks the user, and changes nothing without `--fix`. Never shows a value, a key or a record's name.
//!
//! A store is opened only if its files are sound and no process has left it open: opening it would repair it.

mod contents;
mod folders;
mod program;
mod protectors;
mod store;
mod system;

use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;

use serde::Serialize;

use crate::vault::{Error, Opened, OwnBackup, UnlockMode};

use super::failed::Exit;
use super::folders as places;
use super::look::{Sign, at_home};
use super::operator::{Answer, Failed, Operator};
use super::progress::Progress;

#[derive(clap::Args)]
pub(super) struct DoctorCommand {
    /// Put right what can be put right without losing data
    #[arg(long)]
    fix: bool,
    /// Only these checks
    #[arg(long, value_name = "CHECK")]
    only: Vec<Check>,
}

/// A part of the installation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum Check {
    Program,
    Folders,
    FileSystem,
    Store,
    Processes,
    Backups,
    Quarantine,
    Protectors,
    Keyring,
    Records,
    Keys,
    Server,
    Clock,
    Hardening,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
enum Level {
    Ok,
    Warning,
    Failed,
    NotChecked,
}

/// What `--fix` does about a finding.
#[derive(Clone)]
enum Fix {
    /// Opens the store, which repairs it and removes what ended processes have left.
    OpenStore,
    /// Takes a backup.
    BackUp,
    /// Moves a damaged backup into quarantine, and takes another one.
    ReplaceBackup(OwnBackup),
    /// Writes damaged copies of protectors again.
    RepairProtectors,
    /// Runs the command of the finding, which changes only modes.
    RunCommand,
}

/// One line of the report.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Finding {
    /// The check that found it.
    check: Check,
    /// How bad it is.
    level: Level,
    /// What was found.
    text: String,
    /// The command for a shell that puts it right. The home folder is `~`.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    /// Whether `--fix` has put it right.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fixed: bool,
    #[serde(skip)]
    fix: Option<Fix>,
}

/// What `doctor` found.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct DoctorReport {
    /// The version of the program.
    version: &'static str,
    /// The operating system and the processor.
    system: String,
    /// Whether no finding is a failure.
    healthy: bool,
    /// What was found, in the order of the checks.
    findings: Vec<Finding>,
}

impl Check {
    fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or(String::new(), |value| value.get_name().to_owned())
    }

    fn good(self, text: impl Into<String>) -> Finding {
        self.finding(Level::Ok, text)
    }

    fn warning(self, text: impl Into<String>) -> Finding {
        self.finding(Level::Warning, text)
    }

    fn bad(self, text: impl Into<String>) -> Finding {
        self.finding(Level::Failed, text)
    }

    fn not_checked(self, text: impl Into<String>) -> Finding {
        self.finding(Level::NotChecked, text)
    }

    /// An error in a check.
    fn error(self, error: Error) -> Finding {
        self.bad(Failed::from(error).why)
    }

    fn finding(self, level: Level, text: impl Into<String>) -> Finding {
        Finding { check: self, level, text: text.into(), command: None, fixed: false, fix: None }
    }
}

impl Finding {
    fn command(self, command: impl Into<String>) -> Self {
        Self { command: Some(command.into()), ..self }
    }

    fn maybe_command(self, command: Option<String>) -> Self {
        Self { command, ..self }
    }

    fn fix(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }

    fn sign(&self) -> Sign {
        match self.level {
            _ if self.fixed => Sign::Good,
            Level::Ok => Sign::Good,
            Level::Warning => Sign::Warning,
            Level::Failed => Sign::Bad,
            Level::NotChecked => Sign::Unknown,
        }
    }
}

/// Looks at the installation, and shows what it found.
pub(super) fn run(operator: &Operator, command: &DoctorCommand, as_json: bool) -> Answer {
    let progress = Progress::begin("looking at the installation");
    let mut findings = examine(operator);
    findings.retain(|finding| command.only.is_empty() || command.only.contains(&finding.check));
    if command.fix {
        for finding in &mut findings {
            apply(operator, finding);
        }
    }
    drop(progress);
    for finding in &mut findings {
        finding.text = at_home(&finding.text);
        finding.command = finding.command.as_deref().map(at_home);
    }
    let bad = findings.iter().filter(|finding| finding.level == Level::Failed && !finding.fixed).count();
    let report = DoctorReport {
        version: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        healthy: bad == 0,
        findings,
    };
    let failed = (bad > 0).then(|| Failed::with(Exit::Failed, "the lines with ✗ say what is wrong".into()));
    let shown = if as_json { serde_json::to_string(&report).unwrap_or_default() } else { report.text() };
    Answer { shown: Some(shown), failed }
}

/// All findings, in the order of the checks.
fn examine(operator: &Operator) -> Vec<Finding> {
    let vault = operator.vault();
    let mut all = program::check();
    let folders = folders::check(operator);
    let may_read =
        !folders.iter().any(|finding| finding.level == Level::Failed && finding.check == Check::Folders);
    all.extend(folders);
    if !may_read {
        all.push(Check::Store.not_checked("the folders have to be put right first"));
        return all;
    }
    let (store, is_sound) = store::check_tables(operator);
    all.extend(store);
    let processes = store::check_processes(operator);
    let is_at_rest = processes.iter().all(|finding| finding.fix.is_none());
    all.extend(processes);
    all.extend(store::check_backups(operator, is_sound));
    all.extend(store::check_quarantine(operator));
    if is_sound && vault.has_store() {
        all.extend(protectors::check(operator));
    }
    if !is_sound || !vault.has_store() {
        let why = if is_sound { "there is no store yet" } else { "the store has to be put right first" };
        all.extend([Check::Records, Check::Keys].map(|check| check.not_checked(why)));
    } else if !is_at_rest {
        let why = "ended processes have left the store open; it was not opened";
        all.extend([Check::Records, Check::Keys].map(|check| check.not_checked(why)));
    } else {
        all.extend(contents::check(operator));
    }
    all.extend(contents::join(operator));
    all.extend(system::check());
    all
}

/// Carries out the fix of a finding.
fn apply(operator: &Operator, finding: &mut Finding) {
    let Some(fix) = &finding.fix else { return };
    let done = match fix {
        Fix::OpenStore => opened(operator).map(drop),
        Fix::BackUp => opened(operator).and_then(|opened| Ok(opened.back_up_here().map(drop)?)),
        Fix::ReplaceBackup(backup) => opened(operator).and_then(|opened| {
            operator.vault().set_own_backup_aside(backup)?;
            Ok(opened.back_up_here().map(drop)?)
        }),
        Fix::RepairProtectors => opened(operator).and_then(|opened| Ok(opened.repair_protector_files()?)),
        Fix::RunCommand => run_command(finding.command.as_deref().unwrap_or_default()),
    };
    match done {
        Ok(()) => finding.fixed = true,
        Err(failed) => {
            let _ = write!(finding.text, "; it could not be put right: {}", failed.why);
        }
    }
}

/// The store, without its key.
fn opened(operator: &Operator) -> Result<Arc<Opened>, Failed> {
    operator.locked()?.ok_or_else(Failed::no_store)
}

/// The store with its key, if it can be had without the user.
fn unlocked(operator: &Operator, opened: &Opened) -> bool {
    opened.unlock(operator.config(), &UnlockMode::Quiet).is_ok()
}

/// Runs a command that this program made, and that changes only modes.
fn run_command(command: &str) -> Result<(), Failed> {
    let done = Command::new("sh").args(["-c", command]).status();
    match done {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failed::new("the command failed".into())),
    }
}

/// A command of this program, for the same store.
fn own_command(operator: &Operator, arguments: &str) -> String {
    let mut command = program::name();
    let config = operator.config();
    for (flag, path, usual) in
        [("--data-dir", &config.data, places::data(None)), ("--key-dir", &config.keys, places::keys(None))]
    {
        // The environment and the usual places need no flag.
        if usual.is_ok_and(|usual| usual != *path) {
            let _ = write!(command, " {flag} {}", quoted(path));
        }
    }
    format!("{command} {arguments}")
}

fn quoted(path: &std::path::Path) -> String {
    crate::vault::quoted(path)
}

impl DoctorReport {
    fn text(&self) -> String {
        let width = self.findings.iter().map(|finding| finding.check.name().len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for finding in &self.findings {
            let (sign, name) = (finding.sign().shown(), finding.check.name());
            let fixed = if finding.fixed { " (put right now)" } else { "" };
            lines.push(format!("{sign} {name:width$}  {}{fixed}", super::visible::visible(&finding.text)));
            if let Some(command) = finding.command.as_ref().filter(|_| !finding.fixed) {
                lines.push(format!("  {:width$}  run: {command}", ""));
            }
        }
        lines.join("\n")
    }
}
