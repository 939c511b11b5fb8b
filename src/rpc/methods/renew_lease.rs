//! `renewLease`: a lease lasts for its whole length from now on.

use crate::rpc::error::{KEY_ERRORS, LEASE_LOST, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::{Name, RenewLease};

use super::wire::Renewed;
use super::{Call, Outcome};

method! {
    /// Renews a lease for its whole length, from now on. Only the key that acquired the lease may do this, in any
    /// process, or the key that replaced it by `rotateAPIKey`. Another key of the namespace gets 1006.
    "renewLease" => Renewed,
    positional {
        /// The name of the lease.
        "name" => name: Name,
        /// The fencing token from `acquireLease`. The call fails with 3002 if it is not the token of the live lease.
        "lease" => lease: Revision,
    }
    named {
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS, [LEASE_LOST]]
    examples [
        example(
            "30 more seconds",
            json!({"name": "refresh", "lease": 2}),
            json!({"expiresAt": "2030-01-01T00:01:00.000Z"}),
        )
        .after("acquireLease", json!({"name": "refresh", "ttlMs": 30_000})),
        refusal("The lease is lost", json!({"name": "refresh", "lease": 2}), "leaseLost", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    let renew = RenewLease { caller, name: params.name, token: params.lease.0 };
    let expires_at = call.session.write(renew, &call.pending).await?;
    answer(&Renewed { expires_at })
}
