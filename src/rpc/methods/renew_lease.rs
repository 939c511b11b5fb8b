//! `renewLease`: a lease is held for its whole length from now on.

use crate::rpc::error::{KEY_ERRORS, LEASE_LOST, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision};
use crate::vault::{Name, RenewLease};

use super::shape::Renewed;
use super::{Call, Outcome};

method! {
    /// Holds a lease for its whole length, from now on. Only the key that acquired it may, in any process, or the key
    /// that was put in its place by `rotateAPIKey`: 1006 for another.
    "renewLease" => Renewed,
    positional {
        /// The lease's name.
        "name" => name: Name,
        /// The fencing token that `acquireLease` gave. 3002 if it is not that of the live lease.
        "lease" => lease: Revision,
    }
    named {
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS, [LEASE_LOST]]
    examples [
        example(
            "Half a minute more",
            json!({"name": "refresh", "lease": 2}),
            json!({"expiresAt": "2030-01-01T00:01:00.000Z"}),
        )
        .after("acquireLease", json!({"name": "refresh", "ttlMs": 30_000})),
        refusal("It is lost", json!({"name": "refresh", "lease": 2}), "leaseLost", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    let renew = RenewLease { caller, name: params.name, token: params.lease.0 };
    let expires_at = call.session.write(renew, &call.pending).await?;
    answer(&Renewed { expires_at })
}
