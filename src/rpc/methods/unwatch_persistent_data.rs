//! `unwatchPersistentData`: the client gets no more change notices.

use crate::rpc::error::{KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::BeginWatch;

use super::wire::Watch;
use super::{Call, Outcome};

method! {
    /// Ends a watch. A later watch with this `revision` as `since` continues from there.
    "unwatchPersistentData" => Watch,
    positional {}
    named {
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, READ_ERRORS]
    examples [
        example("The end of a watch", json!({}), json!({"watching": false, "revision": 0}))
            .after("watchPersistentData", json!({})),
        refusal("The connection has no such handle", json!({"handle": "window 2"}), "apiKeyRequired", json!({"reason": "handle"})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    // The watch ends even if the rest of the call fails.
    let told = call.session.unwatch_caller(&caller);
    let now = call.session.read(BeginWatch(caller), &call.pending).await?;
    answer(&Watch { watching: false, revision: Revision(told.unwrap_or(now)) })
}
