//! `shutdown`: no more requests will come. The sidecar answers when every earlier write is in the store, because some
//! clients end the process as soon as they have the answer.

use crate::rpc::error::{Error, NotARequest};
use crate::rpc::params::method;
use crate::session::Phase;

use super::{Call, Outcome};

method! {
    /// Says that no more requests will come. The sidecar answers when every earlier write is in the store. After it,
    /// every request except `exit` fails with −32600.
    "shutdown" => (),
    lenient true,
    positional {}
    named {}
    errors []
    examples [
        example("The end of a session", json!({}), json!(null)),
        refusal("A second shutdown", json!({}), "invalidRequest", json!({"reason": "phase"})).after("shutdown", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    Params::read(call.params.as_deref())?;
    call.session.enter(Phase::ShutDown).map_err(|_| Error::InvalidRequest(NotARequest::Phase))?;
    call.session.all_written().await;
    answer(&())
}
