//! `acquireLease`: an exclusive claim on a name, for a while.

use crate::rpc::error::{KEY_ERRORS, LEASE_HELD, OVERLOADED, WRITE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, LeaseLength, LeaseWait, Revision};
use crate::vault::{AcquireLease, Name};

use super::shape::Leased;
use super::{Call, Outcome};

method! {
    /// Claims a name, exclusively, for `ttlMs` unless it is renewed. Where another holds it, the request waits for up to
    /// `waitMs`, then it is 3001; nobody is served in any order, and whoever holds it already waits like anybody else.
    ///
    /// It is free again, within a second, when it is released, when its time is over (on the clock that goes on while
    /// the machine sleeps), when the process that acquired it ends, however it ends, and when the key that acquired it
    /// is revoked. All keys of a namespace share the names. A key that may change no record (`readOnly`, or a scope that
    /// covers no record) gets no lease (1006). At most 64 requests of a connection wait for leases (5004), a namespace
    /// has at most 1,000, and a shared key holds at most 100 (2002).
    "acquireLease" => Leased,
    positional {
        /// The lease's name, in the key's namespace.
        "name" => name: Name,
        /// How long it is held without being renewed, in milliseconds.
        "ttlMs" => ttl: LeaseLength,
    }
    named {
        /// How long the request waits where another holds it, in milliseconds; 0 by default.
        "waitMs" => wait: Option<LeaseWait>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS, [LEASE_HELD, OVERLOADED]]
    examples [
        example(
            "Half a minute, for whoever refreshes the token",
            json!({"name": "refresh", "ttlMs": 30_000, "waitMs": 10_000}),
            json!({"lease": 2, "expiresAt": "2030-01-01T00:00:30.000Z"}),
        ),
        refusal(
            "It is held",
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
