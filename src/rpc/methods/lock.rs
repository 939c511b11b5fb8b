//! `vault/lock`: locks the store for every process, until `vault/unlock`.

use serde::Serialize;

use crate::rpc::error::{NOT_PERMITTED, STORE_ERRORS};
use crate::rpc::params::method;
use crate::vault::Locking;

use super::{Call, Outcome};

/// Whether the store is locked.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Locked {
    /// Whether the store is locked now.
    locked: bool,
    /// Why the store can't be locked; absent if it is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NotLockable>,
}

/// Why a store can't be locked.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
enum NotLockable {
    /// There is no store yet.
    NoStore,
    /// The only protector is `key-file`: every process of the user can read the key file, so no process would have to
    /// ask. Add another protector, and remove `key-file`.
    KeyFile,
}

method! {
    /// Locks the store for every process that shares it, until `vault/unlock`. The other processes notice it within
    /// about a second. Each process drops the store key, the keys that it derived from it, and what it remembers of
    /// records; the session's keyring of the kernel loses its entry. From then on no process asks a protector: no
    /// program is run, and no keyring is read. Requests that need data fail with 4001 `locked`.
    ///
    /// Earlier writes of the connection are carried out first. Handles stay valid. Watches do not end: they continue
    /// after `vault/unlock`, with every change since. `vault/unlock` asks once, and removes the lock for every process.
    ///
    /// A store whose only protector is `key-file` can't be locked. The lock does not protect against a process that
    /// reads the key from the keyring itself, or that was started with another version of plugin-vault.
    "vault/lock" => Locked,
    positional {}
    named {}
    errors [STORE_ERRORS, [NOT_PERMITTED]]
    examples [
        example("There is no store yet", json!({}), json!({"locked": false, "reason": "noStore"})),
        example("A key file is the only protector", json!({}), json!({"locked": false, "reason": "keyFile"}))
            .after("setPersistentData", json!({"context": "user", "data": {}})),
        wrong(
            "The method has no parameters",
            json!({"force": true}),
            WrongParameter::unknown(0),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    Params::read(call.params.as_deref())?;
    call.not_through_a_relay()?;
    let (locked, reason) = match call.session.lock(&call.pending).await? {
        Locking::Locked => (true, None),
        Locking::NoStore => (false, Some(NotLockable::NoStore)),
        Locking::KeyFile => (false, Some(NotLockable::KeyFile)),
    };
    answer(&Locked { locked, reason })
}
