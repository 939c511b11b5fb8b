//! `getPersistentRecord`: the object with its revision and its dates, or `null`.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::rpc::params::Spec;
use crate::vault::{Error, GetRecord, Record};

use super::{Call, Outcome, result, shape};

pub(super) const SPEC: Spec = Spec {
    name: "getPersistentRecord",
    positional: &["context"],
    named: &["handle", "workspaceFolder", "name"],
    lenient: false,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    data: Box<RawValue>,
    revision: u64,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    restored: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

pub(super) async fn call(call: Call) -> Outcome {
    let target = SPEC.arguments(call.params.as_deref())?.target(&call.session).await?;
    let record = call.session.read(GetRecord(target), &call.cancel).await?;
    result(&record.map(answer).transpose()?)
}

fn answer(record: Record) -> Result<Answer, Error> {
    Ok(Answer {
        data: RawValue::from_string(record.text).map_err(|_| Error::RecordDamaged)?,
        revision: record.revision,
        created_at: shape::text(record.created_at),
        updated_at: shape::text(record.updated_at),
        expires_at: record.expires_at.map(shape::text),
        restored: record.restored,
    })
}
