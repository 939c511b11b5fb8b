//! `listAPIKeys`: the keys of the caller's namespace, for its owner; for a shared key, only itself. Never a key's
//! text.

use crate::rpc::error::{KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::Handle;
use crate::vault::ListKeys;

use super::wire::ListedKey;
use super::{Call, Outcome};

method! {
    /// Lists all keys of the namespace for its owner. A shared key sees only itself. Expired keys are listed; revoked
    /// keys, and keys whose row is damaged, are not.
    "listAPIKeys" => Vec<ListedKey>,
    positional {}
    named {
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, READ_ERRORS]
    examples [
        example(
            "Only the owner key",
            json!({}),
            json!([{"keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "owner": true, "current": true}]),
        )
        .after("setPersistentData", json!({"context": "user", "data": {}})),
        refusal("The connection has no such handle", json!({"handle": "window 2"}), "apiKeyRequired", json!({"reason": "handle"})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    let keys = call.session.read(ListKeys(caller), &call.pending).await?;
    call.fits(answer(
        &keys.into_iter().map(|(info, current)| ListedKey { key: info.into(), current }).collect(),
    )?)
}
