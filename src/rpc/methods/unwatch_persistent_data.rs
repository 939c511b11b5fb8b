//! `unwatchPersistentData`: the client is told no more.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::BeginWatch;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec =
    Spec { name: "unwatchPersistentData", positional: &[], named: &["handle"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let caller = SPEC.arguments(call.params.as_deref())?.caller(&call.session).await?;
    // Whatever becomes of the rest: nothing is told any more.
    let told = call.session.unwatch_caller(&caller);
    let now = call.session.read(BeginWatch(caller), &call.cancel).await?;
    result(&json!({"watching": false, "revision": told.unwrap_or(now)}))
}
