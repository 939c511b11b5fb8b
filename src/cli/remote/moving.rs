//! `remote setup`, `push`, `leave`, `keep-server` and `keep-mine`: where the store is.

use serde::Serialize;

use crate::vault::sharing::{Kept, Left, Server, SharingError};

use super::super::consent::{Agreed, Consent, would_do};
use super::super::look::{counted, size};
use super::super::operator::{Answer, Failed, Operator};
use super::json;

/// What a push moved.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PushReport {
    /// The id of the store.
    store: String,
    /// The number of its records.
    records: u64,
    /// Bytes that were sent.
    bytes: u64,
}

/// What a leave took back.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct LeaveReport {
    /// The number of records in the store.
    records: u64,
    /// Whether this machine has everything that the server had.
    complete: bool,
    /// Whether the server knows that this machine has left.
    server_knows: bool,
}

/// What was kept after the server had lost commits.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct KeepReport {
    /// The number of records in the store.
    records: u64,
    /// The folder with the copy that this machine had, if it was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
}

/// Installs the schema.
pub(super) fn set_up(server: &Server, as_json: bool) -> Result<Answer, Failed> {
    server.set_up()?;
    let shown = if as_json { "{}" } else { "the schema is installed; next: plugin-vault remote push URL" };
    Ok(shown.to_owned().into())
}

/// Moves the store to the server.
pub(super) fn push(
    operator: &Operator,
    server: &Server,
    offline_days: u32,
    as_json: bool,
) -> Result<Answer, Failed> {
    let opened = operator.required()?;
    let pushed = operator.vault().push(&opened, server, offline_days)?;
    let report = PushReport { store: pushed.store, records: pushed.records, bytes: pushed.bytes };
    if as_json {
        return Ok(json(&report).into());
    }
    let (store, records) = (&report.store, counted(report.records, "record"));
    Ok(format!(
        "the store {store} is on the server now: {records}, {}\nnext, on another machine: plugin-vault remote join {}",
        size(report.bytes),
        server.url()
    )
    .into())
}

/// Takes the store back.
pub(super) fn leave(
    operator: &Operator,
    destroy: bool,
    consent: &Consent,
    as_json: bool,
) -> Result<Answer, Failed> {
    let opened = operator.locked()?.ok_or_else(Failed::no_store)?;
    let url = match opened.remote_state(operator.config()) {
        Ok(Some(state)) => state.url,
        Ok(None) => return Err(SharingError::NotShared.into()),
        // A store whose credentials are lost can be taken back as well.
        Err(_) => "the server".into(),
    };
    let what = if destroy {
        format!("the store will be removed from {url} for all its machines, and stay on this machine alone")
    } else {
        format!("this machine will not see changes of the others any more; the store at {url} stays as it is")
    };
    if consent.get(&what, "Leave?")? == Agreed::DryRun {
        return Ok(would_do(&what, as_json).into());
    }
    let Left { records, caught_up, server_knows } = operator.vault().leave_server(&opened, destroy)?;
    let report = LeaveReport { records, complete: caught_up.is_ok(), server_knows: server_knows.is_ok() };
    if as_json {
        return Ok(json(&report).into());
    }
    let mut lines = vec![format!("the store is this machine's alone, with {}", counted(records, "record"))];
    if !report.complete {
        lines.push(
            "the server could not be read, so the newest changes of other machines may be missing".into(),
        );
    }
    if !report.server_knows {
        lines.push(
            "the server still lists this machine; another machine ends that with plugin-vault remote remove"
                .into(),
        );
    }
    Ok(lines.join("\n").into())
}

/// Takes what the server has after it has lost commits.
pub(super) fn keep_server(operator: &Operator, consent: &Consent, as_json: bool) -> Result<Answer, Failed> {
    let opened = operator.required()?;
    let what = "what this machine has and the server has lost will be gone from the store; this machine's copy moves to \
                quarantine";
    if consent.get(what, "Take what the server has?")? == Agreed::DryRun {
        return Ok(would_do(what, as_json).into());
    }
    Ok(kept(operator.vault().keep_server(opened)?, as_json))
}

/// Replaces what the server has by what this machine has.
pub(super) fn keep_mine(operator: &Operator, consent: &Consent, as_json: bool) -> Result<Answer, Failed> {
    let opened = operator.required()?;
    let what = "what other machines have written since the server lost commits will be gone from the store";
    if consent.get(what, "Replace what the server has?")? == Agreed::DryRun {
        return Ok(would_do(what, as_json).into());
    }
    Ok(kept(operator.vault().keep_mine(&opened)?, as_json))
}

fn kept(kept: Kept, as_json: bool) -> Answer {
    let quarantine = kept.quarantine.map(|folder| folder.display().to_string());
    let report = KeepReport { records: kept.records, quarantine };
    if as_json {
        return json(&report).into();
    }
    let mut lines =
        vec![format!("the store and the server agree again, with {}", counted(report.records, "record"))];
    if let Some(folder) = report.quarantine {
        lines.push(format!("the former copy was moved to {folder}"));
    }
    lines.join("\n").into()
}
