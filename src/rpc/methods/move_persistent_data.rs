//! `movePersistentData`: takes a folder's records along when the folder has moved; all of them, or none.

use serde_json::json;

use crate::rpc::error::{Error, Parameter, Reason};
use crate::rpc::params::Spec;
use crate::vault::Move;

use super::{Call, Outcome, result};

pub(super) const SPEC: Spec =
    Spec { name: "movePersistentData", positional: &["from", "to"], named: &["handle"], lenient: false };

pub(super) async fn call(call: Call) -> Outcome {
    let folders = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let folder = |name| {
            arguments.required(name)?;
            let missing = Error::InvalidParams(Parameter::Named(name), Reason::WrongType);
            arguments.folder(name)?.ok_or(missing)
        };
        let (from, to) = (folder("from")?, folder("to")?);
        Move { from, to, caller: arguments.caller(&call.session).await? }
    };
    let key = folders.caller.key.clone();
    let moved = call.session.write(Some(&key), folders, &call.cancel).await?;
    result(&json!({"moved": moved.moved, "revision": moved.revision}))
}
