//! `vault/status`: the state of the store, and what protects it. Never a name or a value; makes no store.

use serde::Serialize;

use crate::rpc::params::Spec;
use crate::vault::FORMAT;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec { name: "vault/status", positional: &[], named: &[], lenient: false };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    store_id: Option<String>,
    format_version: u32,
    data_dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    protector: Option<&'static str>,
    key_available: bool,
    protects: Protects,
    records: u64,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Protects {
    copies_of_the_data_folder: bool,
    other_users: bool,
    stolen_disk: bool,
}

pub(super) async fn call(call: Call) -> Outcome {
    SPEC.arguments(call.params.as_deref())?;
    let opened = call.session.existing(&call.cancel).await?;
    let status = call.session.vault().status(opened.as_deref())?;
    result(&Answer {
        store_id: status.store_id,
        format_version: FORMAT,
        data_dir: status.data_folder.to_string_lossy().into_owned(),
        protector: status.protector,
        key_available: status.key_available,
        protects: Protects {
            copies_of_the_data_folder: status.protects.copies_of_the_data_folder,
            other_users: status.protects.other_users,
            stolen_disk: status.protects.stolen_disk,
        },
        records: status.records,
        bytes: status.bytes,
    })
}
