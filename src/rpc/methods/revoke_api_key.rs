//! `revokeAPIKey`: ends the caller's own key, or one that it has shared. An owner's own end destroys its namespace.

use crate::rpc::error::{KEY_ERRORS, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, KeyId, True};
use crate::vault::Revoke;

use super::shape::RevokedKey;
use super::{Call, Outcome};

method! {
    /// Ends the caller's key, or with `keyId` one that it shared. An owner's own end destroys its namespace, with all
    /// records and shared keys. From the answer on every process refuses the key (1004).
    "revokeAPIKey" => RevokedKey,
    positional {}
    named {
        /// Which key, from `listAPIKeys`; without it, the caller's own. 1003 for one that the namespace does not have,
        /// 1006 where a shared key names another.
        "keyId" => key_id: Option<KeyId<'a>>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS]
    examples [
        example("An owner's own end", json!({}), json!({"revoked": true, "destroyed": true}))
            .after("setPersistentData", json!({"context": "user", "data": {}})),
        refusal(
            "No key of this namespace",
            json!({"keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}),
            "apiKeyUnknown",
            json!({}),
        )
        .after("setPersistentData", json!({"context": "user", "data": {}})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let key_id = params.key_id.map(|id| id.0.into_owned());
    let caller = call.caller(params.handle).await?;
    let revoke = Revoke { caller, key_id };
    let revoked = call.session.write(revoke, &call.pending).await?;
    answer(&RevokedKey { revoked: True::TRUE, destroyed: revoked.destroyed })
}
