//! `revokeAPIKey`: ends the caller's own key, or one that it has shared. An owner's own end destroys its namespace.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::Revoke;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec =
    Spec { name: "revokeAPIKey", positional: &[], named: &["handle", "keyId"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let revoke = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let key_id = arguments.text("keyId")?.map(String::from);
        Revoke { caller: arguments.caller(&call.session).await?, key_id }
    };
    let key = revoke.caller.key.clone();
    let revoked = call.session.write(Some(&key), revoke, &call.cancel).await?;
    result(&json!({"revoked": true, "destroyed": revoked.destroyed}))
}
