//! `watchPersistentData`: from now on the client gets notices of other connections' changes in the key's namespace
//! and scope.

use crate::rpc::error::{KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::BeginWatch;

use super::wire::Watch;
use super::{Call, Outcome};

method! {
    /// Starts a watch. The sidecar then sends `persistentData/didChange` for each change that other connections, in
    /// this process or any other, make in the namespace and the scope of the key. A second call without `since`
    /// leaves the watch where it is.
    "watchPersistentData" => Watch,
    positional {}
    named {
        /// The revision up to which the client knows the records: the last `revision` that it received. Without it,
        /// the latest revision of the store.
        "since" => since: Option<Revision>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, READ_ERRORS]
    examples [
        example("From now on", json!({}), json!({"watching": true, "revision": 2}))
            .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        example("After a restart", json!({"since": 2}), json!({"watching": true, "revision": 2}))
            .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        refusal("The connection has no such handle", json!({"handle": "window 2"}), "apiKeyRequired", json!({"reason": "handle"})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let since = params.since.map(|since| since.0);
    let caller = call.caller(params.handle).await?;
    // Continues on the thread that sends notices, so that no notice goes out before this call is answered.
    tokio::task::yield_now().await;
    call.session.follow();
    let begun = call.session.read(BeginWatch(caller.clone()), &call.pending).await;
    let revision = match begun {
        Ok(now) => call.session.watch(&caller, since, now),
        Err(error) => {
            call.session.unfollow();
            return Err(error.into());
        }
    };
    answer(&Watch { watching: true, revision: Revision(revision) })
}
