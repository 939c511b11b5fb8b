//! `setAPIKey`: the plugin hands its key over; from then on the connection may use it. Asks nobody for anything.

use serde::Serialize;

use crate::rpc::error::Error;
use crate::rpc::params::Spec;
use crate::session::{Cancel, Failure, Session};
use crate::vault::{self, Caller, Key, KnowKey, Known};

use super::{Call, Outcome, result, shape};

pub(super) const SPEC: Spec =
    Spec { name: "setAPIKey", positional: &["apiKey"], named: &["mustExist"], lenient: false };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    handle: String,
    #[serde(flatten)]
    known: Option<KnownKey>,
}

#[derive(Serialize)]
struct KnownKey {
    known: bool,
    #[serde(flatten)]
    key: shape::Key,
}

pub(super) async fn call(call: Call) -> Outcome {
    let session = &call.session;
    let (key, must_exist) = read(&call).inspect_err(|_| session.refuse_no_key())?;
    let (attempt, caller) = session.begin_key(key, must_exist)?;
    match look_up(session, &caller, &call.cancel).await {
        Ok(known) => {
            let handle = session.accept_key(attempt);
            let known = known.map(|known| KnownKey { known: known.known, key: known.info.into() });
            result(&Answer { handle, known })
        }
        Err(failure) => {
            session.refuse_key(attempt);
            Err(failure.into())
        }
    }
}

fn read(call: &Call) -> Result<(Key, bool), Error> {
    let arguments = SPEC.arguments(call.params.as_deref())?;
    let text = arguments.required_text("apiKey")?;
    let must_exist = arguments.flag("mustExist")?;
    let key = Key::parse(&text).map_err(|_| Error::ApiKeyInvalid)?;
    Ok((key, must_exist))
}

/// Without the store's key nothing can be known of this one. It may be set all the same, since what needs data says
/// so then; but not on condition that something is known.
async fn look_up(session: &Session, caller: &Caller, cancel: &Cancel) -> Result<Option<Known>, Failure> {
    match session.read_at_hand(KnowKey::new(caller), cancel).await {
        Err(Failure::Vault(vault::Error::KeyUnavailable(_))) if !caller.must_exist => Ok(None),
        known => Ok(Some(known?)),
    }
}
