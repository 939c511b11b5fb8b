//! `shutdown`: no more requests will come. Answered when what was written before is in the store, since some clients
//! end the process as soon as they have the answer.

use serde_json::Value;

use crate::rpc::error::Error;
use crate::rpc::params::Spec;
use crate::session::Phase;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec { name: "shutdown", positional: &[], named: &[], lenient: true };

pub(super) async fn call(call: Call) -> Outcome {
    call.session.enter(Phase::ShutDown).map_err(|_| Error::InvalidRequest)?;
    call.session.all_written().await;
    result(&Value::Null)
}
