//! `releaseLease`: a lease is given up.

use crate::rpc::error::{KEY_ERRORS, LEASE_LOST, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision, True};
use crate::vault::{Name, ReleaseLease};

use super::shape::Released;
use super::{Call, Outcome};

method! {
    /// Gives a lease up; a request that waits for it has it within a second. Only the key that acquired it may, in any
    /// process, or the key that was put in its place by `rotateAPIKey`: 1006 for another.
    "releaseLease" => Released,
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
        example("It is free", json!({"name": "refresh", "lease": 2}), json!({"released": true}))
            .after("acquireLease", json!({"name": "refresh", "ttlMs": 30_000})),
        refusal("It was lost before", json!({"name": "refresh", "lease": 2}), "leaseLost", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    let release = ReleaseLease { caller, name: params.name, token: params.lease.0 };
    call.session.write(release, &call.pending).await?;
    answer(&Released { released: True::TRUE })
}
