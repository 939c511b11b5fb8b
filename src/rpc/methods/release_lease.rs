//! `releaseLease`: releases a lease.

use crate::rpc::error::{KEY_ERRORS, LEASE_LOST, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, Revision, True};
use crate::vault::{Name, ReleaseLease};

use super::wire::Released;
use super::{Call, Outcome};

method! {
    /// Releases a lease. A request that waits for it gets it within a second. Only the key that acquired the lease
    /// may do this, in any process, or the key that replaced it by `rotateAPIKey`. Another key of the namespace gets
    /// 1006.
    "releaseLease" => Released,
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
        example("The lease is free", json!({"name": "refresh", "lease": 2}), json!({"released": true}))
            .after("acquireLease", json!({"name": "refresh", "ttlMs": 30_000})),
        refusal("The lease was lost before", json!({"name": "refresh", "lease": 2}), "leaseLost", json!({})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let caller = call.caller(params.handle).await?;
    let release = ReleaseLease { caller, name: params.name, token: params.lease.0 };
    call.session.write(release, &call.pending).await?;
    answer(&Released { released: True::TRUE })
}
