//! `releaseLease`: a lease is given up.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::ReleaseLease;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec =
    Spec { name: "releaseLease", positional: &["name", "lease"], named: &["handle"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let release = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let name = arguments.required_name("name")?;
        let token = arguments.required_revision("lease")?;
        ReleaseLease { caller: arguments.caller(&call.session).await?, name, token }
    };
    let key = release.caller.key.clone();
    call.session.write(Some(&key), release, &call.cancel).await?;
    result(&json!({"released": true}))
}
