//! `acquireLease`: an exclusive claim on a name, for a limited time.

use crate::rpc::error::{KEY_ERRORS, LEASE_HELD, OVERLOADED, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, LeaseLength, LeaseWait, Revision};
use crate::vault::{AcquireLease, Name};

use super::wire::Leased;
use super::{Call, Outcome};

method! {
    /// Acquires an exclusive lease on a name. The lease lasts for `ttlMs`, and longer if it is renewed. If the name
    /// is already held, the request waits for up to `waitMs` and then fails with 3001. Waiting requests are served in
    /// no particular order. The current holder waits like any other caller.
    ///
    /// The name becomes free within a second of any of these events: the lease is released; its time is over, on a
    /// clock that also runs while the machine sleeps; the sidecar that acquired it ends, for any reason; the key that
    /// acquired it is revoked.
    ///
    /// All keys of a namespace share the names of leases. A key that may change no record (`readOnly`, or a scope
    /// that covers no record) gets no lease (1006). At most 64 requests of a connection may wait for leases (5004). A
    /// namespace has at most 1,000 leases, and a shared key holds at most 100 (2002).
    "acquireLease" => Leased,
    positional {
        /// The name of the lease, in the key's namespace.
        "name" => name: Name,
        /// How long the lease lasts without being renewed, in milliseconds.
        "ttlMs" => ttl: LeaseLength,
    }
    named {
        /// How long the request waits while the lease is held, in milliseconds; 0 by default.
        "waitMs" => wait: Option<LeaseWait>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS, [LEASE_HELD, OVERLOADED]]
    examples [
        example(
            "30 seconds, for the window that refreshes the token",
            json!({"name": "refresh", "ttlMs": 30_000, "waitMs": 10_000}),
            json!({"lease": 2, "expiresAt": "2030-01-01T00:00:30.000Z"}),
        ),
        refusal(
            "The lease is held",
            json!({"name": "refresh", "ttlMs": 30_000}),
            "leaseHeld",
            json!({"expiresAt": "2030-01-01T00:00:30.000Z"}),
        )
        .after("acquireLease", json!({"name": "refresh", "ttlMs": 30_000})),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let wait = params.wait.map(|wait| wait.0).unwrap_or_default();
    let caller = call.caller(params.handle).await?;
    let lease = AcquireLease { caller, name: params.name, ttl: params.ttl.0 };
    let leased = call.session.acquire(&lease, wait, &call.pending).await?;
    answer(&Leased { lease: Revision(leased.token), expires_at: leased.expires_at })
}
