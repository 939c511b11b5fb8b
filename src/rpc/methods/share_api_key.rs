//! `shareAPIKey`: another key for the same namespace, perhaps with a scope. For owner keys.

use serde_json::value::RawValue;

use crate::json::{self, Kind};
use crate::limits;
use crate::rpc::error::Error;
use crate::rpc::params::{Spec, out_of_range, wrong_type};
use crate::vault::{Context, Scope, Share};

use super::shape::IssuedKey;
use super::{Call, Outcome, result};

pub(super) const SPEC: Spec = Spec {
    name: "shareAPIKey",
    positional: &[],
    named: &["handle", "label", "expiresAt", "scope"],
    lenient: false,
};

const SCOPE: &str = "scope";

pub(super) async fn call(call: Call) -> Outcome {
    let share = {
        let arguments = SPEC.arguments(call.params.as_deref())?;
        let label = arguments.name("label")?;
        let expires_at = arguments.time("expiresAt")?;
        let scope = arguments.optional(SCOPE).map(shape_of_scope).transpose()?;
        let caller = arguments.caller(&call.session).await?;
        Share { caller, label, expires_at, scope }
    };
    let key = share.caller.key.clone();
    let shared = call.session.write(Some(&key), share, &call.cancel).await?;
    result(&IssuedKey::new(&shared.api_key, None, shared.info))
}

/// Strict, like parameters: a misspelt `readOnly` must not become a key that may write.
fn shape_of_scope(scope: &RawValue) -> Result<Scope, Error> {
    let members = json::members(scope).ok_or(wrong_type(SCOPE))?;
    let mut found = Scope { contexts: None, read_only: None, workspace_folders: None };
    if json::has_duplicates(&members).is_some() {
        return Err(out_of_range(SCOPE));
    }
    for member in members {
        if json::kind(member.value) == Kind::Null {
            continue;
        }
        if member.is("contexts") {
            let contexts = texts(member.value)?;
            if contexts.iter().any(|context| Context::parse(context).is_none()) {
                return Err(out_of_range(SCOPE));
            }
            found.contexts = Some(contexts);
        } else if member.is("readOnly") {
            found.read_only = Some(match member.value.get() {
                "true" => true,
                "false" => false,
                _ => return Err(wrong_type(SCOPE)),
            });
        } else if member.is("workspaceFolders") {
            found.workspace_folders = Some(texts(member.value)?);
        } else {
            return Err(out_of_range(SCOPE));
        }
    }
    Ok(found)
}

fn texts(list: &RawValue) -> Result<Vec<String>, Error> {
    let elements = json::elements(list).ok_or(wrong_type(SCOPE))?;
    if elements.len() > limits::SCOPE_FOLDERS {
        return Err(out_of_range(SCOPE));
    }
    elements
        .into_iter()
        .map(|element| json::string(element).map(Into::into).ok_or(wrong_type(SCOPE)))
        .collect()
}
