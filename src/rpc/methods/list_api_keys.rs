//! `listAPIKeys`: the keys of the caller's namespace, for its owner; for a shared key, itself. Never a key.

use crate::rpc::error::{KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::Handle;
use crate::vault::ListKeys;

use super::shape::ListedKey;
use super::{Call, Outcome};

method! {
    /// All keys of the namespace for its owner, and for a shared key itself; expired ones too, revoked ones not, and none
    /// whose row is damaged.
    "listAPIKeys" => Vec<ListedKey>,
    positional {}
    named {
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, READ_ERRORS]
    examples [
        example(
            "The owner alone",
            json!({}),
            json!([{"keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "owner": true, "current": true}]),
        )
        .after("setPersistentData", json!({"context": "user", "data": {}})),
        refusal("No key of this connection", json!({"handle": "window 2"}), "apiKeyRequired", json!({})),
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
