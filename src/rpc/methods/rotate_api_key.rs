//! `rotateAPIKey`: a new key takes the caller's place, in one commit. The handle goes on with the new one.

use crate::rpc::error::Error;
use crate::rpc::params::Spec;
use crate::vault::Rotate;

use super::shape::IssuedKey;
use super::{Call, Outcome, result};

pub(super) const SPEC: Spec =
    Spec { name: "rotateAPIKey", positional: &[], named: &["handle", "apiKey"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let (key, rotate) = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let new = arguments.text("apiKey")?;
        let caller = arguments.caller(&call.session).await?;
        let key = caller.key.clone();
        let rotate = match new {
            Some(new) => Rotate::to(caller, &new).map_err(|_| Error::ApiKeyInvalid)?,
            None => Rotate::to_any(caller),
        };
        (key, rotate)
    };
    let rotated = call.session.write(Some(&key), rotate, &call.cancel).await?;
    result(&IssuedKey::new(&rotated.api_key.to_text(), None, rotated.info))
}
