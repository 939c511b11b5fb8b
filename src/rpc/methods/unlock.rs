//! `vault/unlock`: gets the store's key, and may ask a person for it. The only method that may.

use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use crate::limits;
use crate::rpc::params::{Spec, out_of_range};
use crate::vault::Passphrase;

use super::{Call, Outcome, result};

/// How long a person may take, if the client does not say.
const USUAL_WAIT: Duration = Duration::from_mins(1);

pub(super) const SPEC: Spec =
    Spec { name: "vault/unlock", positional: &[], named: &["passphrase", "timeoutMs"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let (passphrase, deadline) = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let said = arguments.text("passphrase")?.map(|said| Zeroizing::new(said.into_owned()));
        let passphrase =
            said.map(|said| Passphrase::new(said).ok_or(out_of_range("passphrase"))).transpose()?;
        let deadline = arguments.millis("timeoutMs", limits::UNLOCK_WAIT)?;
        (passphrase, deadline.map_or(USUAL_WAIT, Duration::from_millis))
    };
    let available = call.session.unlock(passphrase, deadline, &call.cancel).await?;
    result(&json!({"keyAvailable": available}))
}
