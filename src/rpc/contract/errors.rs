//! The errors of the contract: one object a code, and the type of its `data`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::rpc::details::{
    Conflict, HeldUntil, LockHolder, NamedParameter, NoKey, OverLimit, UnknownOutcome,
};
use crate::rpc::error::{self, Code, Reason, Rule, TABLE};

/// `data` is a type of its own for each kind; `ErrorData` is one of them.
pub(super) fn add_schemas(generator: &mut SchemaGenerator, schemas: &mut Map<String, Value>) {
    let mut any = Vec::new();
    for code in TABLE {
        let name = data_name(*code);
        any.push(json!({"$ref": format!("#/components/schemas/{name}")}));
        let mut data = details(*code, generator).map_or_else(|| json!({}), Schema::into);
        let properties = data["properties"].as_object().cloned().unwrap_or_default();
        let mut required: Vec<Value> = vec!["kind".into(), "retryable".into()];
        required.extend(data["required"].as_array().cloned().unwrap_or_default());
        let retryable = match code.kind {
            "keyUnavailable" => json!({"type": "boolean"}),
            _ => json!({"type": "boolean", "const": code.retryable}),
        };
        let mut all = Map::new();
        all.insert("kind".into(), json!({"type": "string", "const": code.kind}));
        all.insert("retryable".into(), retryable);
        let messages = messages(*code);
        if !messages.is_empty() {
            let reason =
                json!({"type": "string", "enum": reasons(*code), "description": about_reason(*code)});
            all.insert("reason".into(), reason);
            required.push("reason".into());
        }
        all.extend(properties);
        data = json!({
            "type": "object",
            "description": code.summary,
            "properties": all,
            "required": required,
            "additionalProperties": false,
        });
        if !messages.is_empty() {
            data["x-messages"] = messages.into();
        }
        schemas.insert(name, data);
    }
    let kinds: Vec<_> = TABLE.iter().map(|code| code.kind).collect();
    let description =
        "What went wrong, for programs. `message` is for people: there is one for each kind and reason.";
    schemas.insert("ErrorKind".into(), json!({"type": "string", "enum": kinds, "description": description}));
    let description = "`error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done.";
    schemas.insert("ErrorData".into(), json!({"anyOf": any, "description": description}));
}

/// The messages of a code with several causes, by reason. Where the message names a parameter, it has `{parameter}` in its
/// place, and there is one message a rule.
fn messages(code: Code) -> Map<String, Value> {
    let mut messages: Map<String, Value> = Map::new();
    if code == error::INVALID_PARAMS {
        let mut rules = Rule::ALL.to_vec();
        rules.sort_by_key(|rule| rule.reason());
        for rule in rules {
            let of_reason = messages.entry(rule.reason().name()).or_insert_with(|| json!([]));
            of_reason.as_array_mut().expect("a list").push(rule.template().into());
        }
    }
    messages.extend(code.causes.iter().map(|cause| (cause.reason.to_owned(), json!([cause.message]))));
    messages
}

/// The reasons of a code with several causes, in the order of the table.
fn reasons(code: Code) -> Vec<&'static str> {
    if code == error::INVALID_PARAMS {
        let mut reasons: Vec<_> = Rule::ALL.iter().map(|rule| rule.reason()).collect();
        reasons.sort();
        reasons.dedup();
        return reasons.into_iter().map(Reason::name).collect();
    }
    code.causes.iter().map(|cause| cause.reason).collect()
}

fn about_reason(code: Code) -> &'static str {
    match code {
        error::INVALID_PARAMS => "What is wrong with the parameter.",
        error::KEY_UNAVAILABLE => "The cause. `retryable` is true for `locked`, `deadline` and `memory`.",
        _ => "The cause.",
    }
}

/// An error as `OpenRPC` has it, which has no room for the type of `data`: that is the schema of this kind's name.
/// What stands here is what all errors of the kind have in common.
pub(super) fn object(code: Code) -> Value {
    json!({
        "code": code.number,
        "message": code.summary,
        "data": {"kind": code.kind, "retryable": code.retryable},
    })
}

/// `RevisionConflictData`, and so on.
fn data_name(code: Code) -> String {
    let (first, rest) = code.kind.split_at(1);
    format!("{}{rest}Data", first.to_uppercase())
}

fn details(code: Code, generator: &mut SchemaGenerator) -> Option<Schema> {
    let schema = match code {
        error::INVALID_PARAMS => NamedParameter::json_schema,
        error::REVISION_CONFLICT => Conflict::json_schema,
        error::DATA_TOO_LARGE => OverLimit::json_schema,
        error::LEASE_HELD => HeldUntil::json_schema,
        error::KEY_UNAVAILABLE => NoKey::json_schema,
        error::STORE_BUSY => LockHolder::json_schema,
        error::STORE_FAILED => UnknownOutcome::json_schema,
        _ => return None,
    };
    Some(schema(generator))
}
