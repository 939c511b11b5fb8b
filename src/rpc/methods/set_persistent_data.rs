//! `setPersistentData`: stores an object in the place of what was there.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::Set;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec {
    name: "setPersistentData",
    positional: &["context", "data"],
    named: &["handle", "workspaceFolder", "name", "ifRevision", "expiresAt", "lease"],
    lenient: false,
};

pub(super) async fn call(call: Call) -> Outcome {
    let set = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let text = arguments.object("data")?;
        let if_revision = arguments.revision("ifRevision")?;
        let lease = arguments.revision("lease")?;
        let expires_at = arguments.time("expiresAt")?;
        Set {
            target: arguments.target(&call.session).await?,
            text: text.get().to_owned(),
            if_revision,
            expires_at,
            lease,
        }
    };
    let key = set.target.caller.key.clone();
    let written = call.session.write(Some(&key), set, &call.cancel).await?;
    result(&json!({"revision": written.revision}))
}
