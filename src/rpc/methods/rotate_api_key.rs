//! `rotateAPIKey`: a new key replaces the caller's, in one commit. The handle then means the new key.

use crate::rpc::error::{API_KEY_INVALID, Error, KEY_ERRORS, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, KeyText};
use crate::vault::Rotate;

use super::wire::NewKey;
use super::{Call, Outcome};

method! {
    /// Replaces the caller's key by a new one, in one commit. From then on every process refuses the old key (1004),
    /// and the handle means the new one. If the store keeps the old key, it keeps the new one in its place, and
    /// `issueAPIKey` returns the new one.
    "rotateAPIKey" => NewKey<'_>,
    positional {}
    named {
        /// The new key, for a caller that keeps its key itself and has saved the new one before the call. A lost
        /// answer then loses nothing, and the same call gives the same answer again. Without it, plugin-vault
        /// generates the key.
        "apiKey" => api_key: Option<KeyText<'a>>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS, [API_KEY_INVALID]]
    examples [
        example(
            "A key that the caller has saved before",
            json!({"apiKey": "89abcdef0123456789abcdef0123456789abcdef"}),
            json!({
                "apiKey": "89abcdef0123456789abcdef0123456789abcdef",
                "keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "issuedAt": "2030-01-01T00:00:00.000Z", "owner": true,
            }),
        )
        .after("setPersistentData", json!({"context": "user", "data": {}})),
        refusal("Not an API key", json!({"apiKey": "secret"}), "apiKeyInvalid", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    call.not_through_a_relay()?;
    let caller = call.caller(params.handle).await?;
    let rotate = match params.api_key {
        Some(new) => Rotate::to(caller, &new.0).map_err(|_| Error::ApiKeyInvalid)?,
        None => Rotate::to_any(caller),
    };
    let rotated = call.session.write(rotate, &call.pending).await?;
    answer(&NewKey::new(&rotated.api_key.to_text(), rotated.info))
}
