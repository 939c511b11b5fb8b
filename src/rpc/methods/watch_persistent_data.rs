//! `watchPersistentData`: from now on the client is told what other connections change in the key's namespace and scope.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::BeginWatch;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec =
    Spec { name: "watchPersistentData", positional: &[], named: &["handle", "since"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let (since, caller) = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        (arguments.revision("since")?, arguments.caller(&call.session).await?)
    };
    // On the task that notices are sent from, so that none comes before this is answered.
    tokio::task::yield_now().await;
    call.session.follow();
    let begun = call.session.read(BeginWatch(caller.clone()), &call.cancel).await;
    let revision = match begun {
        Ok(now) => call.session.watch(&caller, since, now),
        Err(error) => {
            call.session.unfollow();
            return Err(error.into());
        }
    };
    result(&json!({"watching": true, "revision": revision}))
}
