//! `vault/unlock`: gets the store key, and may ask a person for it. No other method may.

use std::time::Duration;

use serde::Serialize;

use crate::rpc::error::{NOT_PERMITTED, OVERLOADED, STORE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::UnlockWait;
use crate::vault::Passphrase;

use super::{Call, Outcome};

/// How long a person may take by default.
const USUAL_WAIT: Duration = Duration::from_mins(1);

/// Whether the store key is available.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Unlocked {
    /// Whether methods that need data work now; `false` if there is no store yet.
    key_available: bool,
}

method! {
    /// Gets the store key of a locked store: with `passphrase`, or by asking a person through the program that
    /// `PLUGIN_VAULT_ASKPASS` names. This is the only method that may prompt the user. Every other request that needs
    /// data fails with 4001 `locked` at once.
    ///
    /// If the store was locked with `vault/lock`, this removes the lock for every process: the protectors are asked anew,
    /// and the other processes of the login session find the key as described below.
    ///
    /// One process at a time asks. Another process waits, and fails with 4001 `deadline` if its own time is over
    /// first. With `passphrase`, the sidecar prompts for nothing and waits for no person. `$/cancelRequest` also ends
    /// the program's question. One process derives one key at a time. It carries out its requests in the order in
    /// which they came. At most 256 requests with `passphrase` and 256 without it may wait (5004).
    ///
    /// On Linux, a key that `keyring`, `passphrase` or `command` gave stays in the kernel's keyring of the login
    /// session until log-out. A key from `key-file` never does. With the key in that keyring, no other process of the
    /// session has to ask: `setAPIKey` and `vault/status` find it, and `protector` still names the protector that
    /// gave it. Removing a protector removes the key from that keyring. On other systems, and where the kernel's
    /// keyring may not be used, each process asks once.
    "vault/unlock" => Unlocked,
    positional {}
    named {
        /// The passphrase, if the client has asked for it itself.
        "passphrase" => passphrase: Option<Passphrase>,
        /// How long a person may take, in milliseconds; 60,000 by default.
        "timeoutMs" => timeout: Option<UnlockWait>,
    }
    errors [STORE_ERRORS, [OVERLOADED, NOT_PERMITTED]]
    examples [
        example("No prompt is needed", json!({}), json!({"keyAvailable": true}))
            .after("setPersistentData", json!({"context": "user", "data": {}})),
        wrong(
            "The timeout is too long",
            json!({"timeoutMs": 3_600_000}),
            WrongParameter::named("timeoutMs", Rule::Milliseconds(0, crate::limits::UNLOCK_WAIT_MILLIS)),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    call.not_through_a_relay()?;
    let deadline = params.timeout.map_or(USUAL_WAIT, |timeout| timeout.0);
    let key_available = call.session.unlock(params.passphrase, deadline, &call.pending).await?;
    answer(&Unlocked { key_available })
}
