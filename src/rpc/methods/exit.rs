//! `exit`: the end of the connection. It is a notification; a client that sends it as a request gets an answer.

use crate::rpc::error::{Error, NotARequest};
use crate::rpc::params::method;
use crate::session::Phase;

use super::{Call, Outcome};

method! {
    /// Ends the sidecar, with exit code 0 after `shutdown` and 1 otherwise.
    "exit" => (),
    lenient true,
    positional {}
    named {}
    errors []
    examples []
}

pub(super) async fn call(call: Call) -> Outcome {
    Params::read(call.params.as_deref())?;
    let after_shutdown = call.session.phase() == Phase::ShutDown;
    call.session
        .enter(Phase::Exited { after_shutdown })
        .map_err(|_| Error::InvalidRequest(NotARequest::Phase))?;
    answer(&())
}
