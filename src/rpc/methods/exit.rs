//! `exit`: the end of the connection. A notification; whoever sends it as a request gets an answer.

use serde_json::Value;

use crate::rpc::error::Error;
use crate::rpc::params::Spec;
use crate::session::Phase;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec { name: "exit", positional: &[], named: &[], lenient: true };

pub(super) async fn call(call: Call) -> Outcome {
    let after_shutdown = call.session.phase() == Phase::ShutDown;
    call.session.enter(Phase::Exited { after_shutdown }).map_err(|_| Error::InvalidRequest)?;
    result(&Value::Null)
}
