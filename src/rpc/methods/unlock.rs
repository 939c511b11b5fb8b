//! `vault/unlock`: gets the store's key, and may ask a person for it. The only method that may.

use std::time::Duration;

use serde::Serialize;

use crate::rpc::error::{OVERLOADED, STORE_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::UnlockWait;
use crate::vault::Passphrase;

use super::{Call, Outcome};

/// How long a person may take, if the client does not say.
const USUAL_WAIT: Duration = Duration::from_mins(1);

/// Whether the store's key is at hand.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Unlocked {
    /// Whether what needs data works now. `false` where there is no store yet.
    key_available: bool,
}

method! {
    /// Gets the store's key where it is locked, with `passphrase`, or by asking a person with the program
    /// `PLUGIN_VAULT_ASKPASS`. It is the only method that may ask anybody; a request that needs data is 4001 `locked` at
    /// once. One process at a time asks: another waits, and is 4001 `deadline` if its time is over first. With
    /// `passphrase` nobody else is asked, and no person is waited for. `$/cancelRequest` takes the program's question away.
    /// One process derives one key at a time; its requests are carried out in the order of asking, and 256 of each kind may
    /// wait.
    ///
    /// On Linux a key that `keyring`, `passphrase` or `command` gave (never `key-file`) stays in the kernel's keyring of
    /// the login session until log-out: no other process of the session has to ask, `setAPIKey` and `vault/status` find
    /// it, and `protector` is still the one that gave it. Removing a protector drops it. Elsewhere, and where the
    /// kernel's keyring may not be used, each process asks once.
    "vault/unlock" => Unlocked,
    positional {}
    named {
        /// The passphrase, where the client has asked for it itself.
        "passphrase" => passphrase: Option<Passphrase>,
        /// How long a person may take, in milliseconds; 60,000 by default.
        "timeoutMs" => timeout: Option<UnlockWait>,
    }
    errors [STORE_ERRORS, [OVERLOADED]]
    examples [
        example("Nobody has to be asked", json!({}), json!({"keyAvailable": true}))
            .after("setPersistentData", json!({"context": "user", "data": {}})),
        refusal(
            "Too long",
            json!({"timeoutMs": 3_600_000}),
            "invalidParams",
            json!({"parameter": "timeoutMs", "reason": "outOfRange"}),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    let deadline = params.timeout.map_or(USUAL_WAIT, |timeout| timeout.0);
    let key_available = call.session.unlock(params.passphrase, deadline, &call.pending).await?;
    answer(&Unlocked { key_available })
}
