//! `setAPIKey`: the plugin presents its key; from then on the connection may use it. Never prompts the user.

use crate::rpc::error::{API_KEY_INVALID, DATA_TOO_LARGE, Error, KEY_ERRORS, READ_ERRORS};
use crate::rpc::params::method;
use crate::rpc::values::{Handle, KeyText};
use crate::session::{Failure, Pending, Session};
use crate::vault::{self, Caller, Key, KnowKey, Known};

use super::wire::{KeySet, KnownKey};
use super::{Call, Outcome};

method! {
    /// Registers a key on this connection, and returns a handle for it. The same key gives the same handle again. A
    /// connection has at most 256 keys (2002).
    ///
    /// A call without `handle` uses the only key that the connection has set. This no longer works once the
    /// connection has set a second key. After a refused `setAPIKey` it does not work either, until the only key is
    /// set again.
    ///
    /// If the store key is not available, the result is `{handle}` alone; with `mustExist` the call fails with 4001.
    ///
    /// A well-formed key that was never issued is valid as well: its namespace begins with the first write.
    "setAPIKey" => KeySet,
    positional {
        /// The API key.
        "apiKey" => api_key: KeyText<'a>,
    }
    named {
        /// Whether to refuse a key with which nothing was stored yet (1003); `false` by default.
        "mustExist" => must_exist: Option<bool>,
    }
    errors [KEY_ERRORS, READ_ERRORS, [API_KEY_INVALID, DATA_TOO_LARGE]]
    examples [
        example(
            "A key that is new in this store",
            json!(["89abcdef0123456789abcdef0123456789abcdef"]),
            json!({
                "handle": "7b1d4f0e6a2c48d39e5f60718293a4b5", "known": false,
                "keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "owner": true,
            }),
        ),
        refusal("Not an API key", json!({"apiKey": "secret"}), "apiKeyInvalid", json!({})),
        refusal(
            "Nothing was stored with the key yet",
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
    call.not_through_a_relay()?;
    Ok((key, params.must_exist.unwrap_or(false)))
}

/// Without the store key nothing is known about an API key. The connection may still set it, because later calls that
/// need data report the missing store key. It may not if the caller demands a known key.
async fn look_up(session: &Session, caller: &Caller, pending: &Pending) -> Result<Option<Known>, Failure> {
    match session.read_cached_only(KnowKey::new(caller), pending).await {
        Err(Failure::Vault(vault::Error::KeyUnavailable(_))) if !caller.must_exist => Ok(None),
        known => Ok(Some(known?)),
    }
}
