//! `remote join` and `remote approve`.

use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::vault::sharing::{Approved, JoinCode, Joined, Joining, RemoteError, SharingError};

use super::super::consent::{Agreed, Consent, would_do};
use super::super::look::counted;
use super::super::operator::{Answer, Failed, Operator};
use super::super::output;
use super::json;

/// How often the server is asked at first, and how often later.
const FIRST: Duration = Duration::from_millis(500);
const LATER: Duration = Duration::from_secs(5);

/// What a machine joined.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct JoinReport {
    /// The id of the store.
    store: String,
    /// The name of this machine.
    machine: String,
    /// The number of records in the store.
    records: u64,
    /// The folder with the store that was here before, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
}

/// What a machine approved.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ApproveReport {
    /// The id of the store, which the new machine shows as well.
    store: String,
}

/// Shows the code, waits for its approval, and takes the store.
pub(super) fn join(
    operator: &Operator,
    begin: impl FnOnce(&Path) -> Result<Joining, Failed>,
    consent: &Consent,
    as_json: bool,
) -> Result<Answer, Failed> {
    if consent.is_dry_run() {
        let loss =
            replaced(operator)?.unwrap_or_else(|| "there is no store, so nothing would be lost".into());
        return Ok(would_do(&loss, as_json).into());
    }
    let joining = begin(&operator.config().keys)?;
    let is_made = match operator.locked()? {
        Some(opened) => opened.is_of_join(operator.config(), &joining)?,
        None => false,
    };
    let joined = if is_made {
        operator.vault().finish_join(&*operator.required()?, &joining)?
    } else {
        if let Some(loss) = replaced(operator)? {
            // A dry run has ended already.
            let _agreed = consent.get(&loss, "Join, and move it to quarantine?")?;
        }
        let approved = wait(&joining, as_json)?;
        operator.vault().join(&joining, &approved)?
    };
    Ok(shown(joined, &joining, as_json).into())
}

/// The store that is here and would be replaced; `None` if there is none.
fn replaced(operator: &Operator) -> Result<Option<String>, Failed> {
    let Some(opened) = operator.locked()? else { return Ok(None) };
    let records = operator.vault().status(Some(&opened))?.records;
    let folder = operator.config().data.display();
    Ok(Some(format!(
        "the store in '{folder}' has {}. Two stores are never merged: it moves to quarantine, and no plugin sees its \
         data any more",
        counted(records, "record")
    )))
}

/// Shows the code, and asks the server until it was approved.
fn wait(joining: &Joining, as_json: bool) -> Result<Approved, Failed> {
    // The user should know that the server can't be reached before copying a code.
    if let Some(approved) = joining.approved()? {
        return Ok(approved);
    }
    let code = joining.code();
    let line = if as_json { serde_json::json!({ "code": code }).to_string() } else { code.clone() };
    output::write(&(line + "\n"))
        .map_err(|_| Failed::new("the code could not be written to stdout; nothing was changed".into()))?;
    if !as_json {
        // Without stderr the code alone has to do.
        let _ = writeln!(
            std::io::stderr(),
            "on a machine that has the store, run: plugin-vault remote approve {code}\nwaiting for that; Ctrl-C ends the \
             wait, and the same command continues it"
        );
    }
    let mut pause = FIRST;
    loop {
        thread::sleep(pause);
        match joining.approved() {
            Ok(Some(approved)) => return Ok(approved),
            Ok(None) | Err(SharingError::Server(RemoteError::Unreachable | RemoteError::Unanswered)) => {}
            Err(error) => return Err(error.into()),
        }
        pause = (pause * 5 / 4).min(LATER);
    }
}

fn shown(joined: Joined, joining: &Joining, as_json: bool) -> String {
    let report = JoinReport {
        store: joined.store,
        machine: joining.machine().to_owned(),
        records: joined.records,
        quarantine: joined.quarantine.map(|folder| folder.display().to_string()),
    };
    if as_json {
        return json(&report);
    }
    let mut lines = vec![format!(
        "joined the store {} as {}, with {}; compare its id with what the other machine shows",
        report.store,
        super::super::visible::visible(&report.machine),
        counted(report.records, "record")
    )];
    if let Some(folder) = report.quarantine {
        lines.push(format!("the store that was here was moved to {folder}"));
    }
    lines.join("\n")
}

/// Lets the machine that shows a code join.
pub(super) fn approve(
    operator: &Operator,
    code: &str,
    with_passphrase: bool,
    consent: &Consent,
    as_json: bool,
) -> Result<Answer, Failed> {
    let code = JoinCode::parse(code).map_err(|_| {
        Failed::wrong(
            "that is no code of a machine, or a part of it is missing; copy the whole line that begins with pv1",
        )
    })?;
    let opened = operator.required()?;
    let mut what =
        "the machine that shows this code will get the whole store, with the data of every plugin, and can \
                    read it even after it is removed"
            .to_owned();
    if with_passphrase {
        what.push_str(
            ". The passphrase of this store will open it there: a guess can then be tried on either machine",
        );
    }
    if consent.get(&what, "Did you copy the code from your own machine?")? == Agreed::DryRun {
        return Ok(would_do(&what, as_json).into());
    }
    let store = opened.approve(operator.config(), &code, with_passphrase)?;
    if as_json {
        return Ok(json(&ApproveReport { store }).into());
    }
    Ok(format!("approved; the other machine now joins the store {store}").into())
}
