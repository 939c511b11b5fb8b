//! `shareAPIKey`: another key for the same namespace, perhaps with a scope. Only for owner keys.

use serde_json::value::RawValue;

use crate::json::{self, Kind};
use crate::limits;
use crate::rpc::error::{FOLDER_INVALID, KEY_ERRORS, Rule, WRITE_ERRORS, WrongParameter};
use crate::rpc::params::method;
use crate::rpc::values::Argument;
use crate::rpc::values::Handle;
use crate::vault::{Context, Name, Scope, Share, Timestamp};

use super::wire::NewKey;
use super::{Call, Outcome};

method! {
    /// Creates another key for the same namespace. Only its owner may do this (1006). The new key ends with the owner
    /// key, if not earlier.
    "shareAPIKey" => NewKey<'_>,
    positional {}
    named {
        /// The name of the key in lists.
        "label" => label: Option<Name>,
        /// When the key expires: no later than the owner key, and by default together with it.
        "expiresAt" => expires_at: Option<Timestamp>,
        /// What the key may do. Without it, everything that the owner may do, except sharing.
        "scope" => scope: Option<NewScope>,
        "handle" => handle: Option<Handle<'a>>,
    }
    errors [KEY_ERRORS, WRITE_ERRORS, [FOLDER_INVALID]]
    examples [
        example(
            "A key that may only read the user's records",
            json!({"label": "status bar", "scope": {"contexts": ["user"], "readOnly": true}}),
            json!({
                "apiKey": "89abcdef0123456789abcdef0123456789abcdef", "keyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
                "label": "status bar", "scope": {"contexts": ["user"], "readOnly": true},
                "issuedAt": "2030-01-01T00:00:00.000Z", "owner": false,
            }),
        )
        .after("setPersistentData", json!({"context": "user", "data": {}})),
        wrong(
            "A misspelt member must not become a key that may write",
            json!({"scope": {"readonly": true}}),
            WrongParameter::named("scope", Rule::ScopeMembers),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    call.not_through_a_relay()?;
    let caller = call.caller(params.handle).await?;
    let Params { label, expires_at, scope, .. } = params;
    let scope = scope.map(|scope| scope.0);
    let share = Share { caller, label, expires_at, scope };
    let shared = call.session.write(share, &call.pending).await?;
    answer(&NewKey::new(&shared.api_key, shared.info))
}

/// The scope of a new key. Strict, like parameters: a misspelt `readOnly` must not become a key that may write.
/// `null` means that a member is absent.
struct NewScope(Scope);

impl<'a> Argument<'a> for NewScope {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let wrong = |rule| WrongParameter::named(name, rule);
        let members = json::members(value).ok_or(wrong(Rule::Object))?;
        let mut found = Scope { contexts: None, read_only: None, workspace_folders: None, machine: None };
        if json::has_duplicates(&members).is_some() {
            return Err(wrong(Rule::Members));
        }
        for member in members {
            let stated = Some(member.value).filter(|value| json::kind(value) != Kind::Null);
            if member.is("contexts") {
                found.contexts = stated.map(|list| contexts(name, list)).transpose()?;
            } else if member.is("readOnly") {
                found.read_only = stated
                    .map(|value| bool::read(name, value))
                    .transpose()
                    .map_err(|_| wrong(Rule::ScopeReadOnly))?;
            } else if member.is("workspaceFolders") {
                found.workspace_folders = stated.map(|list| texts(name, list)).transpose()?;
            } else {
                return Err(wrong(Rule::ScopeMembers));
            }
        }
        Ok(Self(found))
    }
}

fn contexts(name: &'static str, list: &RawValue) -> Result<Vec<String>, WrongParameter> {
    let contexts = texts(name, list)?;
    let is_known = |context: &String| Context::parse(context).is_some();
    if contexts.iter().all(is_known) {
        Ok(contexts)
    } else {
        Err(WrongParameter::named(name, Rule::ScopeContexts))
    }
}

fn texts(name: &'static str, list: &RawValue) -> Result<Vec<String>, WrongParameter> {
    let elements = json::elements(list).ok_or(WrongParameter::named(name, Rule::ScopeLists))?;
    if elements.len() > limits::SCOPE_FOLDERS {
        return Err(WrongParameter::named(name, Rule::ScopeLength));
    }
    elements
        .into_iter()
        .map(|element| {
            json::string(element).map(Into::into).ok_or(WrongParameter::named(name, Rule::ScopeLists))
        })
        .collect()
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for NewScope {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NewScope".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let or_null = |member: &str, generator: &mut schemars::SchemaGenerator| {
            let mut schema = Scope::json_schema(generator);
            let properties = schema.get_mut("properties").expect("it is an object");
            serde_json::json!({"oneOf": [properties[member].take(), {"type": "null"}]})
        };
        schemars::json_schema!({
            "type": "object",
            "description": "The scope of a new key. `null` means that a member is absent.",
            "properties": {
                "contexts": or_null("contexts", generator),
                "readOnly": or_null("readOnly", generator),
                "workspaceFolders": or_null("workspaceFolders", generator),
            },
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Scope {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let list =
            |items| serde_json::json!({"type": "array", "items": items, "maxItems": limits::SCOPE_FOLDERS});
        let mut contexts = list(generator.subschema_for::<Context>());
        contexts["description"] = "The contexts that the key may use. If absent: all, or only `workspace` if `workspaceFolders` is present.".into();
        let mut folders = list(generator.subschema_for::<crate::vault::folder::WorkspaceFolder>());
        folders["description"] = "The folders that the key may use; if absent, all.".into();
        schemars::json_schema!({
            "type": "object",
            "description": "What a shared key may do, if that is less than what its owner may do.",
            "properties": {
                "contexts": contexts,
                "readOnly": {"type": "boolean", "description": "Whether the key may only read."},
                "workspaceFolders": folders,
                "machine": {
                    "type": "string", "minLength": 1,
                    "description": "The machine that has the folders, where several machines share the store; absent for the machine without a name.",
                },
            },
        })
    }
}
