//! The errors of the contract: one object a code, and the type of its `data`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::rpc::details::{Busy, Conflict, Failed, HeldUntil, NoKey, OverLimit, Refused, WrongParameter};
use crate::rpc::error::{self, Code, TABLE};

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
        all.extend(properties);
        data = json!({
            "type": "object",
            "description": code.sentence,
            "properties": all,
            "required": required,
            "additionalProperties": false,
        });
        schemas.insert(name, data);
    }
    let kinds: Vec<_> = TABLE.iter().map(|code| code.kind).collect();
    let description = "What went wrong, for programs. `message` is for people, and one sentence for each.";
    schemas.insert("ErrorKind".into(), json!({"type": "string", "enum": kinds, "description": description}));
    let description = "`error.data`: the kind, and `retryable`: whether the same call may succeed later with nothing else done.";
    schemas.insert("ErrorData".into(), json!({"anyOf": any, "description": description}));
}

/// An error as `OpenRPC` has it, which has no room for the type of `data`: that is the schema of this kind's name.
/// What stands here is what all errors of the kind have in common.
pub(super) fn object(code: Code) -> Value {
    json!({
        "code": code.number,
        "message": code.sentence,
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
        error::INVALID_PARAMS => WrongParameter::json_schema,
        error::REVISION_CONFLICT => Conflict::json_schema,
        error::DATA_TOO_LARGE => OverLimit::json_schema,
        error::LEASE_HELD => HeldUntil::json_schema,
        error::KEY_UNAVAILABLE => NoKey::json_schema,
        error::STORE_BUSY => Busy::json_schema,
        error::STORE_REFUSED => Refused::json_schema,
        error::STORE_FAILED => Failed::json_schema,
        _ => return None,
    };
    Some(schema(generator))
}
