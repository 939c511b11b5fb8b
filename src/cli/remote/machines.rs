//! `remote machines` and `remote remove`.

use serde::Serialize;

use crate::vault::Timestamp;
use crate::vault::sharing::{MachineInfo, SharingError};

use super::super::consent::{Agreed, Consent, would_do};
use super::super::look::{by_prefix, relative, short_length, shortened};
use super::super::operator::{Answer, Failed, Operator};
use super::super::table::Table;
use super::json;

/// A machine of a shared store.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct MachineEntry {
    /// Its id on the server.
    id: String,
    /// Its name; empty for the machine that moved the store to the server, absent if its label can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// When it was approved, by the server's clock.
    added_at: String,
    /// Whether it has joined since it was approved.
    joined: bool,
    /// Whether it is this machine.
    this: bool,
}

impl From<&MachineInfo> for MachineEntry {
    fn from(machine: &MachineInfo) -> Self {
        Self {
            id: machine.id.clone(),
            name: machine.name.clone(),
            added_at: machine.added_at.to_string(),
            joined: machine.has_joined,
            this: machine.is_this,
        }
    }
}

/// Lists the machines.
pub(super) fn list(operator: &Operator, as_json: bool) -> Result<Answer, Failed> {
    let machines = operator.required()?.machines(operator.config())?;
    if as_json {
        return Ok(json(&machines.iter().map(MachineEntry::from).collect::<Vec<_>>()).into());
    }
    let length = short_length(machines.iter().map(|machine| machine.id.as_str()));
    let mut table = Table::new(&["ID", "NAME", "ADDED", "STATE"]);
    for machine in &machines {
        let state = match (machine.is_this, machine.has_joined) {
            (true, _) => "this machine",
            (false, true) => "",
            (false, false) => "approved, not joined yet",
        };
        let added = relative(machine.added_at, Timestamp::now());
        table.row(vec![shortened(&machine.id, length), shown(machine), added, state.into()]);
    }
    Ok(table.to_string().into())
}

fn shown(machine: &MachineInfo) -> String {
    match machine.name.as_deref() {
        Some("") if machine.has_joined => "(first)".into(),
        Some(name) => name.to_owned(),
        None => "(unreadable)".into(),
    }
}

/// Ends the access of a machine.
pub(super) fn remove(
    operator: &Operator,
    wanted: &str,
    consent: &Consent,
    as_json: bool,
) -> Result<Answer, Failed> {
    let opened = operator.required()?;
    let machine = find(opened.machines(operator.config())?, wanted)?;
    if machine.is_this {
        return Err(Failed::wrong("that is this machine; run plugin-vault remote leave"));
    }
    let what = format!(
        "the server will not let the machine {} {} in any more. It keeps the copy and the store key that it has: if it was \
         stolen, also revoke the API keys and change the secrets that matter",
        shown(&machine),
        shortened(&machine.id, 8)
    );
    if consent.get(&what, "Remove it?")? == Agreed::DryRun {
        return Ok(would_do(&what, as_json).into());
    }
    if !opened.remove_machine(operator.config(), &machine)? {
        return Err(SharingError::UnknownMachine.into());
    }
    if as_json {
        return Ok(json(&MachineEntry::from(&machine)).into());
    }
    Ok("removed; the machine still has its copy of the store, as it was when it last reached the server"
        .to_owned()
        .into())
}

/// The machine with this name, or with this id or beginning of an id.
fn find(machines: Vec<MachineInfo>, wanted: &str) -> Result<MachineInfo, Failed> {
    let named = machines.iter().filter(|machine| machine.name.as_deref() == Some(wanted)).count();
    let several = || Failed::wrong("there are several such machines; name one by its id");
    if named > 1 {
        return Err(several());
    }
    if named == 1 {
        let found = machines.into_iter().find(|machine| machine.name.as_deref() == Some(wanted));
        return found.ok_or_else(|| SharingError::UnknownMachine.into());
    }
    by_prefix(machines, |machine| machine.id.clone(), wanted)
        .map_err(|is_ambiguous| if is_ambiguous { several() } else { SharingError::UnknownMachine.into() })
}
