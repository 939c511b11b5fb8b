//! `plugin-vault backup` and `restore`: a store in one file, and back.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use serde_json::json;

use crate::vault::{Error, Kind};

use super::operator::{Failed, Operator};
use super::secret::new_passphrase;

#[derive(clap::Args)]
pub(super) struct BackupCommand {
    /// The file; it must not be there yet
    file: PathBuf,
    /// The file descriptor that a passphrase is read from, which opens the copy besides what opens the store
    #[arg(long, value_name = "N")]
    new_passphrase_fd: Option<u32>,
}

#[derive(clap::Args)]
pub(super) struct RestoreCommand {
    /// A file that backup wrote
    file: PathBuf,
}

/// Writes the store into one file; returns what to show.
pub(super) fn back_up(operator: &Operator, command: &BackupCommand, as_json: bool) -> Result<String, Failed> {
    let no_store = || Failed("there is no store yet".into());
    let passphrase = command.new_passphrase_fd.map(new_passphrase).transpose()?;
    // A store whose key is not at hand can be copied all the same, but nothing can be added to the copy.
    let opened =
        if passphrase.is_some() { operator.existing()? } else { operator.locked()? }.ok_or_else(no_store)?;
    if command.file.exists() {
        return Err(Failed("there is such a file already; name another".into()));
    }
    let with_passphrase = passphrase.is_some();
    let mut meter = Meter::new();
    opened.pack(operator.config(), &command.file, passphrase, &mut |done, of| meter.show(done, of))?;
    meter.end();
    let kinds: Vec<_> = opened.protectors()?.into_iter().map(|protector| protector.kind).collect();
    let key_file = opened.key_file(operator.config());
    if as_json {
        let mut opens: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        if with_passphrase {
            opens.push(Kind::Passphrase.name());
        }
        return Ok(json!({"file": command.file, "openedBy": opens, "keyFile": key_file}).to_string());
    }
    let advice = if with_passphrase || kinds.contains(&Kind::Passphrase) {
        "its passphrase opens it".to_owned()
    } else if kinds.contains(&Kind::KeyFile) {
        format!("keep this key file with it, at another place; nothing else opens it: {}", key_file.display())
    } else {
        "only this machine's keyring or program opens it; see --new-passphrase-fd".to_owned()
    };
    Ok(format!("written; {advice}"))
}

/// Puts a file in the place of the store; returns what to show.
pub(super) fn restore(
    operator: &Operator,
    command: &RestoreCommand,
    as_json: bool,
) -> Result<String, Failed> {
    if !command.file.is_file() {
        return Err(Failed("there is no such file".into()));
    }
    let mut meter = Meter::new();
    let restored = operator.vault().restore(&command.file, &mut |done, of| meter.show(done, of));
    if restored.is_ok() {
        // What stands behind the last part of an archive is not read.
        meter.show(1, 1);
    }
    meter.end();
    let restored = restored.map_err(|error| match error {
        Error::StoreDamaged => Failed("the file is no whole backup; nothing was changed".into()),
        error => error.into(),
    })?;
    if as_json {
        return Ok(json!({"records": restored.records, "quarantine": restored.quarantine}).to_string());
    }
    let before = restored
        .quarantine
        .map_or_else(String::new, |folder| format!("; what was there before lies in {}", folder.display()));
    Ok(format!("restored, with {} records{before}", restored.records))
}

/// Percents on a terminal, and nothing anywhere else.
struct Meter {
    shown: Option<u64>,
}

impl Meter {
    fn new() -> Self {
        Self { shown: None }
    }

    fn show(&mut self, done: u64, of: u64) {
        let percent = (done * 100).checked_div(of).unwrap_or(100);
        if self.shown != Some(percent) && std::io::stderr().is_terminal() {
            self.shown = Some(percent);
            let _ = write!(std::io::stderr(), "\r{percent} %");
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}
