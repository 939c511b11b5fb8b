//! `vault/status`: the state of the store, and what protects it. Never a name or a value; makes no store.

use serde::Serialize;
use serde_json::json;

use crate::rpc::params::Spec;
use crate::session::{Cancel, Phase, Session};
use crate::vault::{self, FORMAT, Opened};

use super::{Call, Outcome, result, shape};

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
    protectors: Vec<&'static str>,
    key_available: bool,
    protects: Protects,
    records: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<Repair>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Repair {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_from: Option<String>,
    kept: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
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
    result(&answer(&call.session, opened.as_deref())?)
}

/// `vault/didChangeStatus`: the same, unasked.
pub(in crate::rpc) async fn tell(session: &Session) {
    // What another process unlocked may be at hand for this one too.
    let Ok(opened) = session.existing(&Cancel::default()).await else { return };
    let Ok(params) = answer(session, opened.as_deref()) else { return };
    // A client that has said goodbye wants no more.
    if session.phase() < Phase::ShutDown {
        let message = json!({"jsonrpc": "2.0", "method": "vault/didChangeStatus", "params": params});
        session.client().send(message.to_string().into_bytes());
    }
}

fn answer(session: &Session, opened: Option<&Opened>) -> Result<Answer, vault::Error> {
    let status = session.vault().status(opened)?;
    Ok(Answer {
        store_id: status.store_id,
        format_version: FORMAT,
        data_dir: status.data_folder.to_string_lossy().into_owned(),
        protector: status.protector,
        protectors: status.protectors,
        key_available: status.key_available,
        protects: Protects {
            copies_of_the_data_folder: status.protects.copies_of_the_data_folder,
            other_users: status.protects.other_users,
            stolen_disk: status.protects.stolen_disk,
        },
        records: status.records,
        bytes: status.bytes,
        repaired: status.repaired.map(|repaired| Repair {
            at: shape::text(repaired.at),
            restored_from: repaired.restored_from.map(shape::text),
            kept: repaired.kept,
            lost: repaired.lost,
            quarantine: repaired.quarantine.map(|folder| folder.to_string_lossy().into_owned()),
        }),
    })
}
