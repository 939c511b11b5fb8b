//! `renewLease`: a lease is held for its whole length from now on.

use serde_json::json;

use crate::rpc::params::Spec;
use crate::vault::RenewLease;

use super::{Call, Outcome, result, shape};

pub(super) const SPEC: Spec =
    Spec { name: "renewLease", positional: &["name", "lease"], named: &["handle"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let renew = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let name = arguments.required_name("name")?;
        let token = arguments.required_revision("lease")?;
        RenewLease { caller: arguments.caller(&call.session).await?, name, token }
    };
    let key = renew.caller.key.clone();
    let expires_at = call.session.write(Some(&key), renew, &call.cancel).await?;
    result(&json!({"expiresAt": shape::text(expires_at)}))
}
