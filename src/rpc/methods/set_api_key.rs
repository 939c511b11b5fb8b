//! `setAPIKey`: the plugin hands its key over; from then on the connection may use it. Asks nobody for anything.

use crate::rpc::error::{API_KEY_INVALID, DATA_TOO_LARGE, Error, KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, KeyText};
use crate::session::{Failure, Pending, Session};
use crate::vault::{self, Caller, Key, KnowKey, Known};

use super::shape::{KeySet, KnownKey};
use super::{Call, Outcome};

method! {
    /// Registers a key on this connection. The same key again gives the same handle; at most 256 keys a connection (2002).
    /// Calls without `handle` mean the one key that the connection has set: a second key ends that for the connection, a
    /// refused `setAPIKey` until the only key is set again.
    ///
    /// Where the store's key is not at hand the result is `{handle}` alone; with `mustExist` it is 4001.
    ///
    /// A well-formed key that was never issued is a key all the same: its namespace begins with the first write.
    "setAPIKey" => KeySet,
    positional {
        /// The key.
        "apiKey" => api_key: KeyText<'a>,
    }
    named {
        /// Whether a key with which nothing was stored yet is refused (1003); `false` by default.
        "mustExist" => must_exist: Option<bool>,
    }
    errors [KEY_ERRORS, READ_ERRORS, [API_KEY_INVALID, DATA_TOO_LARGE]]
    examples [
        example(
            "A key that is new here",
            json!(["89abcdef0123456789abcdef0123456789abcdef"]),
            json!({
                "handle": "7b1d4f0e6a2c48d39e5f60718293a4b5", "known": false,
                "keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "owner": true,
            }),
        ),
        refusal("No key", json!({"apiKey": "secret"}), "apiKeyInvalid", json!({})),
        refusal(
            "A key with which nothing was stored yet",
            json!({"apiKey": "89abcdef0123456789abcdef0123456789abcdef", "mustExist": true}),
            "apiKeyUnknown",
            json!({}),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let session = &call.session;
    let (key, must_exist) = read(&call).inspect_err(|_| session.refuse_no_key())?;
    let (attempt, caller) = session.begin_key(key, must_exist)?;
    match look_up(session, &caller, &call.pending).await {
        Ok(known) => {
            let handle = Handle(session.accept_key(attempt).into());
            let known = known.map(|known| KnownKey { known: known.known, key: known.info.into() });
            answer(&KeySet { handle, known })
        }
        Err(failure) => {
            session.refuse_key(attempt);
            Err(failure.into())
        }
    }
}

fn read(call: &Call) -> Result<(Key, bool), Error> {
    let params = Params::read(call.params.as_deref())?;
    let key = Key::parse(&params.api_key.0).map_err(|_| Error::ApiKeyInvalid)?;
    Ok((key, params.must_exist.unwrap_or(false)))
}

/// Without the store's key nothing can be known of this one. It may be set all the same, since what needs data says
/// so then; but not on condition that something is known.
async fn look_up(session: &Session, caller: &Caller, pending: &Pending) -> Result<Option<Known>, Failure> {
    match session.read_at_hand(KnowKey::new(caller), pending).await {
        Err(Failure::Vault(vault::Error::KeyUnavailable(_))) if !caller.must_exist => Ok(None),
        known => Ok(Some(known?)),
    }
}
