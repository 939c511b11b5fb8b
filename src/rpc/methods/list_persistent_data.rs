//! `listPersistentData`: what the caller has stored, without the data.

use serde::Serialize;

use crate::rpc::params::{FOLDER, Spec, out_of_range};
use crate::vault::{Context, Entry, ListRecords};

use super::{Call, Outcome, result, shape};

pub(super) const SPEC: Spec = Spec {
    name: "listPersistentData",
    positional: &[],
    named: &["handle", "context", "workspaceFolder"],
    lenient: false,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    context: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_folder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    revision: u64,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    bytes: u64,
}

pub(super) async fn call(call: Call) -> Outcome {
    let list = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let context = arguments.context("context")?;
        let place = arguments.folder(FOLDER)?;
        if place.is_some() && context == Some(Context::User) {
            return Err(out_of_range(FOLDER));
        }
        ListRecords { caller: arguments.caller(&call.session).await?, context, place }
    };
    let entries = call.session.read(list, &call.cancel).await?;
    result(&entries.into_iter().map(listed).collect::<Vec<_>>())
}

fn listed(entry: Entry) -> Listed {
    Listed {
        context: entry.address.context().name(),
        workspace_folder: entry.address.folder.map(|folder| folder.as_str().to_owned()),
        name: entry.address.name.map(|name| name.as_str().to_owned()),
        revision: entry.revision,
        created_at: shape::text(entry.created_at),
        updated_at: shape::text(entry.updated_at),
        expires_at: entry.expires_at.map(shape::text),
        bytes: entry.bytes,
    }
}
