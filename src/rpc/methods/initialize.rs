//! `initialize`: the client says who it is and which folders are open; from then on it is no script.

use serde_json::json;
use serde_json::value::RawValue;

use crate::json::{self, Kind};
use crate::limits;
use crate::rpc::error::Error;
use crate::rpc::params::{Arguments, Spec, wrong_type};
use crate::session::Phase;
use crate::vault::folder::WorkspaceFolder;

use super::{Call, Outcome, result};

/// The version of what goes over the wire; that of what lies on the disk is another.
const PROTOCOL_VERSION: u32 = 1;

pub(super) const SPEC: Spec = Spec {
    name: "initialize",
    positional: &[],
    named: &["processId", "rootUri", "rootPath", "workspaceFolders"],
    lenient: true,
};

pub(super) async fn call(call: Call) -> Outcome {
    let arguments = SPEC.arguments(call.params.as_deref())?;
    let process = process_id(&arguments)?;
    let folders = folders(&arguments)?;
    call.session.enter(Phase::Initialized).map_err(|_| Error::InvalidRequest)?;
    call.session.set_folders(folders);
    if let Some(process) = process {
        call.session.client().watch(process);
    }
    result(&json!({
        "capabilities": {
            "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
            "experimental": {"pluginVault": {
                "protocolVersion": PROTOCOL_VERSION,
                "maxDataBytes": call.session.limits().data,
            }},
        },
        "serverInfo": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
    }))
}

fn process_id(arguments: &Arguments<'_>) -> Result<Option<u32>, Error> {
    let Some(value) = arguments.optional("processId") else { return Ok(None) };
    match json::unsigned(value) {
        // One that no system gives names no process: it is ignored like one that does not exist.
        Some(process) => Ok(u32::try_from(process).ok()),
        None if json::kind(value) == Kind::Number => Ok(None),
        None => Err(wrong_type("processId")),
    }
}

/// `workspaceFolders`, else what older clients send in its place. `workspaceFolders: []` says that none is open;
/// `null` says nothing.
fn folders(arguments: &Arguments<'_>) -> Result<Vec<WorkspaceFolder>, Error> {
    if let Some(list) = arguments.optional("workspaceFolders") {
        let elements = json::elements(list).ok_or(wrong_type("workspaceFolders"))?;
        return Ok(elements.into_iter().filter_map(folder).collect());
    }
    if let Some(uri) = arguments.text("rootUri")? {
        return Ok(WorkspaceFolder::parse(&uri).into_iter().collect());
    }
    let path = arguments.text("rootPath")?;
    Ok(path.and_then(|path| WorkspaceFolder::from_path(path.as_ref().as_ref())).into_iter().collect())
}

/// An LSP `WorkspaceFolder`. One that is none is left out: its client learns that when it needs the folder.
pub(super) fn folder(value: &RawValue) -> Option<WorkspaceFolder> {
    let members = json::members(value)?;
    let uri = members.iter().find(|member| member.is("uri"))?;
    let uri = json::string(uri.value)?;
    (uri.len() <= limits::URI).then(|| WorkspaceFolder::parse(&uri).ok()).flatten()
}
