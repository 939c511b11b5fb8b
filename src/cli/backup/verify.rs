//! `plugin-vault backup verify`: reads a backup wholly and checks its tables. It changes nothing and needs no key.

use std::path::PathBuf;

use serde::Serialize;

use crate::cli::failed::Exit;
use crate::cli::look::counted;
use crate::cli::operator::{Answer, Failed, Operator};
use crate::vault::Verified;

use super::read_file;

#[derive(clap::Args)]
pub(super) struct VerifyCommand {
    /// A file that backup wrote; - for standard input
    file: PathBuf,
}

/// A backup that was read wholly.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct VerifyReport {
    /// The id of its store.
    store_id: String,
    /// The rows of all tables.
    rows: u64,
    /// The rows whose checksum does not match.
    damaged_rows: u64,
    /// The protectors that open it.
    opened_by: Vec<&'static str>,
}

/// Verifies a backup.
pub(super) fn run(operator: &Operator, command: &VerifyCommand, as_json: bool) -> Result<Answer, Failed> {
    let Verified { store, tables, protectors } = read_file(operator, &command.file, |source, progress| {
        operator.vault().verify_backup(source, progress)
    })?;
    let report = VerifyReport {
        store_id: store,
        rows: tables.rows,
        damaged_rows: tables.damaged_rows,
        opened_by: protectors.iter().map(|protector| protector.kind.name()).collect(),
    };
    let rows = counted(report.rows, "row");
    let text = format!("the backup is whole: {rows}; opened by {}", report.opened_by.join(", "));
    let shown = if as_json { serde_json::to_string(&report).unwrap_or_default() } else { text };
    let failed = (tables.damaged_rows > 0).then(|| {
        let why =
            format!("{} of {rows} in the backup are damaged; keep an older backup too", tables.damaged_rows);
        Failed::with(Exit::Refused, why)
    });
    Ok(Answer { shown: Some(shown), failed })
}
