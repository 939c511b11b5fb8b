//! `watchPersistentData`: from now on the client is told what other connections change in the key's namespace and scope.

use crate::rpc::error::{KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::BeginWatch;

use super::shape::Watch;
use super::{Call, Outcome};

method! {
    /// Asks to be told, by `persistentData/didChange`, what other connections, in this process or any other, change in
    /// the namespace and the scope of the key. Asked again without `since`, a watch goes on from where it is.
    "watchPersistentData" => Watch,
    positional {}
    named {
        /// The revision up to which the client knows the records: the last `revision` that it was told. Without it, the
        /// last of the store.
        "since" => since: Option<Revision>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, READ_ERRORS]
    examples [
        example("From now on", json!({}), json!({"watching": true, "revision": 2}))
            .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        example("After a restart", json!({"since": 2}), json!({"watching": true, "revision": 2}))
            .after("setPersistentData", json!({"context": "user", "data": {"theme": "dark"}})),
        refusal("No key of this connection", json!({"handle": "window 2"}), "apiKeyRequired", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let since = params.since.map(|since| since.0);
    let caller = call.caller(params.handle).await?;
    // Not before this has come to the thread that notices are sent from, so that none comes before this is answered.
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
