//! `revokeAPIKey`: ends the caller's own key, or one that it has shared. Revoking an owner key destroys its
//! namespace.

use crate::rpc::error::{KEY_ERRORS, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, KeyId, True};
use crate::vault::Revoke;

use super::wire::RevokedKey;
use super::{Call, Outcome};

method! {
    /// Revokes the caller's key, or with `keyId` a key that it shared. Revoking an owner key destroys its namespace,
    /// with all records and shared keys. Once the call is answered, every process refuses the revoked key (1004).
    "revokeAPIKey" => RevokedKey,
    positional {}
    named {
        /// The id of the key to revoke, from `listAPIKeys`; without it, the caller's own key. The call fails with
        /// 1003 for a key that the namespace does not have, and with 1006 if a shared key names another key.
        "keyId" => key_id: Option<KeyId<'a>>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS]
    examples [
        example("An owner revokes its own key", json!({}), json!({"revoked": true, "destroyed": true}))
            .after("setPersistentData", json!({"context": "user", "data": {}})),
        refusal(
            "The namespace has no such key",
            json!({"keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}),
            "apiKeyUnknown",
            json!({}),
        )
        .after("setPersistentData", json!({"context": "user", "data": {}})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    call.not_through_a_relay()?;
    let key_id = params.key_id.map(|id| id.0.into_owned());
    let caller = call.caller(params.handle).await?;
    let revoke = Revoke { caller, key_id };
    let revoked = call.session.write(revoke, &call.pending).await?;
    answer(&RevokedKey { revoked: True::TRUE, destroyed: revoked.destroyed })
}
