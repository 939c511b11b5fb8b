//! `getPersistentData`: the object, exactly as stored, or `null`.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::rpc::params::Spec;
use crate::vault::{Error, GetRecord};

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec {
    name: "getPersistentData",
    positional: &["context"],
    named: &["handle", "workspaceFolder", "name"],
    lenient: false,
};

pub(super) async fn call(call: Call) -> Outcome {
    let target = SPEC.arguments(call.params.as_deref())?.target(&call.session).await?;
    match call.session.read(GetRecord(target), &call.cancel).await? {
        Some(record) => RawValue::from_string(record.text).map_err(|_| Error::RecordDamaged.into()),
        None => result(&Value::Null),
    }
}
