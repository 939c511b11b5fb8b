//! `rotateAPIKey`: a new key takes the caller's place, in one commit. The handle goes on with the new one.

use serde::Serialize;

use crate::rpc::error::Error;
use crate::rpc::params::Spec;
use crate::vault::Rotate;

use super::{Call, Outcome, result, shape};

pub(super) const SPEC: Spec =
    Spec { name: "rotateAPIKey", positional: &[], named: &["handle", "apiKey"], lenient: false };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    api_key: &'a str,
    #[serde(flatten)]
    key: shape::Key,
}

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
    result(&Answer { api_key: &rotated.api_key.to_text(), key: rotated.info.into() })
}
