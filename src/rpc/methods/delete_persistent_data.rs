//! `deletePersistentData`: removes a record.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::Delete;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec {
    name: "deletePersistentData",
    positional: &["context"],
    named: &["handle", "workspaceFolder", "name", "ifRevision", "lease"],
    lenient: false,
};

pub(super) async fn call(call: Call) -> Outcome {
    let delete = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let if_revision = arguments.revision("ifRevision")?;
        let lease = arguments.revision("lease")?;
        Delete { target: arguments.target(&call.session).await?, if_revision, lease }
    };
    let key = delete.target.caller.key.clone();
    let done = call.session.write(Some(&key), delete, &call.cancel).await?;
    result(&json!({"deleted": done.deleted, "revision": done.revision}))
}
