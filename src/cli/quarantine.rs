//! `plugin-vault quarantine`: lists and deletes what repairs, restores and resets have replaced.

use serde::Serialize;

use crate::vault::{Quarantined, Timestamp};

use super::consent::{Agreed, Consent};
use super::look::{counted, relative, size, time_of};
use super::operator::{Answer, Failed, Operator};
use super::table::Table;

/// What was replaced
#[derive(clap::Subcommand)]
pub(super) enum QuarantineCommand {
    /// List what repairs, restores and resets have replaced
    List,
    /// Delete it, or only some of it
    Purge {
        /// The names of folders, as list shows them; all if none is given
        names: Vec<String>,
        #[command(flatten)]
        consent: Consent,
    },
}

/// A folder in quarantine.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct QuarantineEntry {
    /// Its name.
    name: String,
    /// When something was last put into it.
    at: String,
    /// Bytes of the files in it.
    bytes: u64,
}

/// What a purge deleted.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct PurgeReport {
    /// The names of the folders.
    purged: Vec<String>,
    /// Bytes of the files in them.
    bytes: u64,
    /// Whether nothing was deleted, because the purge was only tried.
    dry_run: bool,
}

/// Runs the subcommand.
pub(super) fn run(operator: &Operator, command: &QuarantineCommand, as_json: bool) -> Result<Answer, Failed> {
    let there = operator.vault().quarantined()?;
    match command {
        QuarantineCommand::List => Ok(list(&there, as_json).into()),
        QuarantineCommand::Purge { names, consent } => purge(operator, &there, names, consent, as_json),
    }
}

fn list(there: &[Quarantined], as_json: bool) -> String {
    if as_json {
        let entry = |one: &Quarantined| QuarantineEntry {
            name: one.name.clone(),
            at: time_of(one.at).to_string(),
            bytes: one.bytes,
        };
        return serde_json::to_string(&there.iter().map(entry).collect::<Vec<_>>()).unwrap_or_default();
    }
    if there.is_empty() {
        return "there is nothing in quarantine".into();
    }
    let mut table = Table::new(&["NAME", "PUT THERE", "SIZE"]);
    for one in there {
        table.row(vec![one.name.clone(), relative(time_of(one.at), Timestamp::now()), size(one.bytes)]);
    }
    table.to_string()
}

fn purge(
    operator: &Operator,
    there: &[Quarantined],
    names: &[String],
    consent: &Consent,
    as_json: bool,
) -> Result<Answer, Failed> {
    if names.iter().any(|name| !there.iter().any(|one| one.name == *name)) {
        return Err(Failed::nothing_stored(
            "there is no such folder in quarantine; see plugin-vault quarantine list",
        ));
    }
    let is_wanted = |one: &&Quarantined| names.is_empty() || names.contains(&one.name);
    let wanted: Vec<_> = there.iter().filter(is_wanted).filter(|one| !one.is_in_use).collect();
    let report = PurgeReport {
        purged: wanted.iter().map(|one| one.name.clone()).collect(),
        bytes: wanted.iter().map(|one| one.bytes).sum(),
        dry_run: consent.is_dry_run(),
    };
    let count = counted(wanted.len() as u64, "folder");
    let list = report.purged.join(", ");
    if !wanted.is_empty() {
        let what = format!(
            "{count} in quarantine, {}, will be deleted for good: {list}. Each has a store, or a part of one, as it was \
             before a repair, a restore or a reset",
            size(report.bytes)
        );
        if consent.get(&what, "Delete them?")? == Agreed::Yes {
            operator.vault().purge(&report.purged)?;
        }
    }
    let text = match (report.dry_run, wanted.is_empty()) {
        (_, true) => "there is nothing in quarantine to delete".into(),
        (true, _) => format!("would delete {count}, {}: {list}", size(report.bytes)),
        (false, _) => format!("deleted {count}, {}", size(report.bytes)),
    };
    Ok(if as_json { serde_json::to_string(&report).unwrap_or_default() } else { text }.into())
}
