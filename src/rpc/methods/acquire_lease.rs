//! `acquireLease`: an exclusive claim on a name, for a while.

use std::time::Duration;

use serde_json::json;

use crate::limits;
use crate::rpc::params::{Spec, out_of_range};
use crate::vault::AcquireLease;

use super::{Call, Outcome, result, shape};

pub(super) const SPEC: Spec = Spec {
    name: "acquireLease",
    positional: &["name", "ttlMs"],
    named: &["handle", "waitMs"],
    lenient: false,
};

pub(super) async fn call(call: Call) -> Outcome {
    let (lease, wait) = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let name = arguments.required_name("name")?;
        let ttl = Duration::from_millis(arguments.required_revision("ttlMs")?);
        if !limits::LEASE.contains(&ttl) {
            return Err(out_of_range("ttlMs"));
        }
        let wait = arguments.millis("waitMs", limits::LEASE_WAIT)?.unwrap_or(0);
        let caller = arguments.caller(&call.session).await?;
        (AcquireLease { caller, name, ttl }, Duration::from_millis(wait))
    };
    let leased = call.session.acquire(&lease, wait, &call.cancel).await?;
    result(&json!({"lease": leased.token, "expiresAt": shape::text(leased.expires_at)}))
}
