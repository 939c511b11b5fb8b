//! `plugin-vault import`: stores what `export` wrote, or the secrets of a file that another program reads.
//!
//! It decides about every record before it writes the first one. A source is scrubbed only after each record was read
//! back from the store.

mod env;
mod export;
mod netrc;
mod planned;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::json;
use serde_json::value::RawValue;

use crate::vault::{Error, Opened};

use super::consent::Consent;
use super::operator::{Answer, Failed, Operator};
use super::record::{self, Selected};
use super::set::store;
use planned::Planned;
use source::Source;

#[derive(Args)]
pub(super) struct ImportCommand {
    /// The file to import; - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The form of the file, unless plugin-vault export wrote it
    #[arg(long, value_name = "FORM", value_enum)]
    from: Option<Form>,
    /// The record for the members of an env or json file; the plugin for the records of a netrc file [default: netrc]
    #[arg(long, value_name = "REF", requires = "from")]
    to: Option<String>,
    /// What to do if a record exists and has another content
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnConflict::Fail)]
    on_conflict: OnConflict,
    /// Remove the imported values from the file, after each was read back from the store
    #[arg(long)]
    scrub: bool,
    #[command(flatten)]
    consent: Consent,
}

/// The form of a file.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines with NAME=VALUE, as a shell or dotenv reads them
    Env,
    /// One JSON object
    Json,
    /// The logins of ftp, curl and other programs
    Netrc,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// Keep the record in the store
    Keep,
    /// Replace it by the imported one
    Replace,
    /// Import nothing
    Fail,
}

/// What importing a record means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    New,
    Unchanged,
    /// Another content is stored, with this revision.
    Conflict(u64),
}

pub(super) fn run(operator: &Operator, command: &ImportCommand, as_json: bool) -> Result<Answer, Failed> {
    if command.scrub && command.file.as_os_str() == "-" {
        return Err(Failed::wrong("--scrub changes the file, so name one instead of -"));
    }
    let source = Source::read(command)?;
    let existing = operator.existing()?;
    let standings = source.planned.iter().map(|planned| standing(existing.as_ref(), planned));
    let standings: Vec<_> = standings.collect::<Result<_, _>>()?;
    let conflicts = conflicts(&source, &standings);
    if command.consent.is_dry_run() {
        return Ok(summary(&standings, &conflicts, command.on_conflict, true, as_json).into());
    }
    if !conflicts.is_empty() && command.on_conflict == OnConflict::Fail {
        return Err(Failed::new(format!(
            "these records exist with another content, so nothing was imported; see --on-conflict: {}",
            conflicts.join(", ")
        )));
    }
    agree(command, &conflicts)?;
    let imported = import(operator, command.on_conflict, &source, &standings)?;
    if command.scrub {
        source.scrub(&command.file, &imported)?;
    }
    Ok(summary(&standings, &conflicts, command.on_conflict, false, as_json).into())
}

fn standing(opened: Option<&Arc<Opened>>, planned: &Planned) -> Result<Standing, Failed> {
    let Some(opened) = opened else { return Ok(Standing::New) };
    let selected = match record::find(opened, planned.reference.clone(), planned.place.clone()) {
        Ok(selected) => selected,
        Err(failed) if failed.is_nothing_stored() => return Ok(Standing::New),
        Err(failed) => return Err(failed),
    };
    Ok(match selected.read(opened)? {
        None => Standing::New,
        Some(record) if record.text == planned.text.get() => Standing::Unchanged,
        Some(record) => Standing::Conflict(record.revision),
    })
}

fn conflicts(source: &Source, standings: &[Standing]) -> Vec<String> {
    let pairs = source.planned.iter().zip(standings);
    pairs
        .filter(|(_, standing)| matches!(standing, Standing::Conflict(_)))
        .map(|(planned, _)| planned.reference.to_string())
        .collect()
}

/// Asks before anything is lost: the content of records, or values of the source.
fn agree(command: &ImportCommand, conflicts: &[String]) -> Result<(), Failed> {
    let mut lost = Vec::new();
    if command.on_conflict == OnConflict::Replace && !conflicts.is_empty() {
        lost.push(format!("the present content of these records is lost: {}", conflicts.join(", ")));
    }
    if command.scrub {
        lost.push(format!(
            "the imported values are removed from '{}' once they are stored; backups and earlier versions of the file \
             still have them",
            command.file.display()
        ));
    }
    // A dry run has ended before.
    if lost.is_empty() { Ok(()) } else { command.consent.get(&lost.join("; "), "Import?").map(drop) }
}

/// Writes the records, and reads each back. Returns the numbers of those that the store has now.
fn import(
    operator: &Operator,
    on_conflict: OnConflict,
    source: &Source,
    standings: &[Standing],
) -> Result<Vec<usize>, Failed> {
    let opened = operator.opened()?;
    let mut imported = Vec::new();
    for (number, (planned, standing)) in source.planned.iter().zip(standings).enumerate() {
        let if_revision = match standing {
            Standing::New => 0,
            Standing::Unchanged => {
                imported.push(number);
                continue;
            }
            Standing::Conflict(_) if on_conflict == OnConflict::Keep => continue,
            Standing::Conflict(revision) => *revision,
        };
        let write = || -> Result<(), Failed> {
            let (reference, place) = (planned.reference.clone(), planned.place.clone());
            let selected = record::make(operator, &opened, reference, place)?;
            store(operator, &selected, &planned.text, Some(if_revision), planned.expires_at)?;
            verify(&opened, &selected, &planned.text, planned.has_expired())
        };
        write().map_err(|failed| {
            failed.explained(|why| {
                format!(
                    "{} was not imported, after {} records that were: {why}",
                    planned.reference,
                    imported.len()
                )
            })
        })?;
        imported.push(number);
    }
    Ok(imported)
}

fn verify(opened: &Opened, selected: &Selected, text: &RawValue, has_expired: bool) -> Result<(), Failed> {
    let stored = selected.read(opened)?;
    let is_stored = stored.is_some_and(|record| record.text == text.get());
    if is_stored || has_expired { Ok(()) } else { Err(Error::Internal.into()) }
}

fn summary(
    standings: &[Standing],
    conflicts: &[String],
    on_conflict: OnConflict,
    is_dry_run: bool,
    as_json: bool,
) -> String {
    let count = |standing| standings.iter().filter(|one| **one == standing).count();
    let (new, unchanged) = (count(Standing::New), count(Standing::Unchanged));
    if as_json {
        return json!({"new": new, "unchanged": unchanged, "conflicts": conflicts, "dryRun": is_dry_run})
            .to_string();
    }
    let what = match (on_conflict, is_dry_run) {
        (OnConflict::Keep, _) => "kept as they were",
        (OnConflict::Replace, false) => "replaced",
        (OnConflict::Replace, true) => "would be replaced",
        (OnConflict::Fail, _) => "in conflict",
    };
    let verb = if is_dry_run { "would be new" } else { "imported" };
    let mut lines = vec![format!("{new} records {verb}, {unchanged} unchanged, {} {what}", conflicts.len())];
    lines.extend(conflicts.iter().map(|name| format!("  {}", super::visible::visible(name))));
    lines.join("\n")
}
