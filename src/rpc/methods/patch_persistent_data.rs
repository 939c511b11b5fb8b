//! `patchPersistentData`: changes members of an object and leaves the others as they are (RFC 7396), atomically.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::{MergePatch, Patch};

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec {
    name: "patchPersistentData",
    positional: &["context", "patch"],
    named: &["handle", "workspaceFolder", "name", "ifRevision", "lease"],
    lenient: false,
};

pub(super) async fn call(call: Call) -> Outcome {
    let patch = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let patch = MergePatch::parse(arguments.object("patch")?)?;
        let if_revision = arguments.revision("ifRevision")?;
        let lease = arguments.revision("lease")?;
        Patch { target: arguments.target(&call.session).await?, patch, if_revision, lease }
    };
    let key = patch.target.caller.key.clone();
    let written = call.session.write(Some(&key), patch, &call.cancel).await?;
    result(&json!({"revision": written.revision}))
}
