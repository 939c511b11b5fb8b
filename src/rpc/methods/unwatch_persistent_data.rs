//! `unwatchPersistentData`: the client is told no more.

use crate::rpc::error::{KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::BeginWatch;

use super::shape::Watch;
use super::{Call, Outcome};

method! {
    /// Ends a watch. `revision` is what `since` has to be to go on from there.
    "unwatchPersistentData" => Watch,
    positional {}
    named {
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, READ_ERRORS]
    examples [
        example("The end of a watch", json!({}), json!({"watching": false, "revision": 0}))
            .after("watchPersistentData", json!({})),
        refusal("No key of this connection", json!({"handle": "window 2"}), "apiKeyRequired", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    // Whatever becomes of the rest: nothing is told any more.
    let told = call.session.unwatch_caller(&caller);
    let now = call.session.read(BeginWatch(caller), &call.pending).await?;
    answer(&Watch { watching: false, revision: Revision(told.unwrap_or(now)) })
}
