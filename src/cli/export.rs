//! `plugin-vault export`: writes records with their values, as JSON, for another program that encrypts or imports them.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::files;
use crate::vault::{Entry, KeyInfo, Opened, Place, Record, Timestamp};

use super::list::{self, Records, unlisted_json};
use super::operator::{Answer, Failed, Operator};
use super::output::{Lost, write};
use super::record;

/// The name of the format, in the file.
pub(super) const FORMAT: &str = "plugin-vault-export";
/// The version of the format. A later version may have other members.
pub(super) const VERSION: u64 = 1;

#[derive(clap::Args)]
pub(super) struct ExportCommand {
    /// Only the records of these plugins
    #[arg(value_name = "PLUGIN")]
    plugins: Vec<String>,
    /// Write to this file, which must not exist yet and which only you may read, instead of stdout
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(operator: &Operator, command: &ExportCommand, as_json: bool) -> Result<Answer, Failed> {
    if command.output.is_none() && io::stdout().is_terminal() {
        return Err(Failed::wrong(
            "the export has values in it: send stdout to a program, or name a file with -o",
        ));
    }
    let opened = operator.required()?;
    let (mut found, mut unlisted) = list::all(&opened, None)?;
    if !command.plugins.is_empty() {
        let is_wanted = |plugin: &str| command.plugins.iter().any(|wanted| wanted == plugin);
        found.retain(|one| is_wanted(&one.plugin));
        unlisted.retain(|key| key.plugin.as_deref().is_some_and(is_wanted));
    }
    let (text, records) = document(&opened, &found, &unlisted)?;
    if records == 0 && unlisted.is_empty() {
        return Err(Failed::nothing_stored("there are no such records; see plugin-vault list"));
    }
    match &command.output {
        Some(path) => write_file(path, &text)?,
        None => write(&text).map_err(|lost| match lost {
            Lost::ReaderGone => Failed::new("the program that reads the export has ended early".into()),
            Lost::Failed(error) => Failed::new(format!("the export could not be written to stdout: {error}")),
        })?,
    }
    warn(records, &unlisted);
    if let (Some(path), true) = (&command.output, as_json) {
        let unlisted: Vec<_> = unlisted.iter().map(unlisted_json).collect();
        return Ok(json!({"file": path.display().to_string(), "records": records, "unlisted": unlisted})
            .to_string()
            .into());
    }
    Ok(Answer::shown_already())
}

/// Tells the user what an export is, and what is not in it.
fn warn(records: usize, unlisted: &[KeyInfo]) {
    let mut lines = format!(
        "plugin-vault: the export has the values of {records} records, which anyone can read in it\n"
    );
    if !unlisted.is_empty() {
        let name = |key: &KeyInfo| key.plugin.clone().unwrap_or_else(|| format!("the key {}", key.key_id));
        let names: Vec<_> = unlisted.iter().map(|key| super::visible::visible(&name(key))).collect();
        let names = names.join(", ");
        let _ =
            writeln!(lines, "plugin-vault: not exported, because the store does not keep the keys: {names}");
    }
    let _ = io::stderr().write_all(lines.as_bytes());
}

/// The whole export, one record a line.
fn document(
    opened: &Opened,
    found: &[Records],
    unlisted: &[KeyInfo],
) -> Result<(Zeroizing<String>, usize), Failed> {
    let head =
        format!("{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"exportedAt\":\"{}\"", Timestamp::now());
    let unlisted = Value::from(unlisted.iter().map(unlisted_json).collect::<Vec<_>>());
    let mut text = Zeroizing::new(format!("{head},\n\"unlisted\":{unlisted},\n\"records\":["));
    let mut records = 0;
    for one in found {
        for entry in &one.entries {
            let place = entry.address.folder.clone().map_or(Place::User, Place::Workspace);
            let selected = record::find(opened, list::reference(one, entry), place)?;
            // A record may be deleted while this runs.
            let Some(record) = selected.read(opened)? else { continue };
            let comma = if records == 0 { "" } else { "," };
            let _ = write!(*text, "{comma}\n{}", line(one, entry, &record));
            records += 1;
        }
    }
    text.push_str("\n]}\n");
    Ok((text, records))
}

fn line(of: &Records, entry: &Entry, record: &Record) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut line = format!(
        "{{\"plugin\":{},\"installation\":{},\"context\":\"{}\"",
        quoted(&of.plugin),
        quoted(&of.installation),
        entry.address.context().name()
    );
    if let Some(folder) = &entry.address.folder {
        let _ = write!(line, ",\"workspaceFolder\":{}", quoted(folder.as_str()));
    }
    if let Some(name) = &entry.address.name {
        let _ = write!(line, ",\"name\":{}", quoted(name.as_str()));
    }
    if let Some(at) = record.expires_at {
        let _ = write!(line, ",\"expiresAt\":\"{at}\"");
    }
    let _ = write!(line, ",\"updatedAt\":\"{}\",\"data\":{}}}", record.updated_at, record.text);
    line
}

fn write_file(path: &Path, text: &str) -> Result<(), Failed> {
    let failed = |error: io::Error| {
        let file = path.display();
        Failed::new(if error.kind() == io::ErrorKind::AlreadyExists {
            format!("the file '{file}' exists already; name another")
        } else {
            format!("the export could not be written to '{file}': {error}")
        })
    };
    let mut file = files::create_new(path).map_err(failed)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // A part of an export is of no use, and has values in it.
        let _ = std::fs::remove_file(path);
        failed(error)
    })
}
