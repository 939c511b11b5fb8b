//! `listAPIKeys`: the keys of the caller's namespace, for its owner; for a shared key, itself. Never a key.

use serde::Serialize;

use crate::rpc::params::Spec;
use crate::vault::ListKeys;

use super::{Call, Outcome, result, shape};

pub(super) const SPEC: Spec =
    Spec { name: "listAPIKeys", positional: &[], named: &["handle"], lenient: false };

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    key: shape::Key,
    current: bool,
}

pub(super) async fn call(call: Call) -> Outcome {
    let caller = SPEC.arguments(call.params.as_deref())?.caller(&call.session).await?;
    let keys = call.session.read(ListKeys(caller), &call.cancel).await?;
    let keys: Vec<_> = keys.into_iter().map(|(info, current)| Listed { key: info.into(), current }).collect();
    result(&keys)
}
