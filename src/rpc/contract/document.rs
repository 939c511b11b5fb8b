//! The `OpenRPC` document, and the schemas of the types that several methods share.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::rpc::error::{CANCELLED, Code, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, TABLE};
use crate::rpc::methods::wire::Key;
use crate::rpc::methods::{self, EXIT, initialize};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Context, Name};

use super::{Example, Method, Parameter, errors, notifications, prose};

/// The version of `OpenRPC` that the document is written in.
const OPENRPC: &str = "1.3.2";
/// What every request may be answered with.
const ALWAYS: [Code; 4] = [INVALID_REQUEST, INVALID_PARAMS, INTERNAL_ERROR, CANCELLED];
/// The calls that stand before an example of a method that uses a namespace.
const EXAMPLE_KEY: &str = "0123456789abcdef0123456789abcdef01234567";

/// The address of a record.
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[allow(dead_code, reason = "it stands for the schema only")]
struct Address {
    /// The record's context.
    context: Context,
    /// The record's folder, for the context `workspace`. Optional while exactly one folder is open.
    workspace_folder: Option<WorkspaceFolder>,
    /// The record's name; without it, the unnamed record of its context.
    name: Option<Name>,
}

/// The whole document.
pub fn document() -> Value {
    let mut generator = generator();
    let mut entries = Vec::new();
    let mut notices = notifications::all(&mut generator);
    for method in methods::describe(&mut generator) {
        // A notification, though a client that sends it as a request gets an answer.
        if method.name == EXIT {
            notices.insert(1, notification(&method));
        } else {
            entries.push(entry(&method));
        }
    }
    entries.append(&mut notices);
    // Parts of what others have, for bindings to name.
    generator.subschema_for::<Key>();
    generator.subschema_for::<Address>();
    let mut schemas = Map::new();
    errors::add_schemas(&mut generator, &mut schemas);
    for (name, schema) in generator.take_definitions(true) {
        schemas.insert(name, schema);
    }
    let mut document = json!({
        "openrpc": OPENRPC,
        "info": {
            "title": "plugin-vault",
            "description": "A private, encrypted store for editor extensions. A client uses it through JSON-RPC 2.0 over stdin \
                and stdout. docs/protocol.md describes framing, the life cycle and the order of checks.",
            "license": {"name": "MIT"},
            "version": initialize::PROTOCOL_VERSION.to_string(),
        },
        "methods": entries,
        "components": {
            "schemas": schemas,
            "errors": TABLE.iter().map(|code| (code.kind.to_owned(), errors::object(*code))).collect::<Map<_, _>>(),
        },
    });
    tidy(&mut document);
    document
}

/// The types that more than one method or notification has, each as a schema of its own, and what `error.data` is.
pub fn shared() -> Vec<(String, Value)> {
    let document = document();
    let mut users: BTreeMap<String, usize> = BTreeMap::from([("ErrorData".to_owned(), 2)]);
    for method in document["methods"].as_array().into_iter().flatten() {
        let mut named = Map::new();
        localise(&mut method.clone(), &document, &mut named);
        for (name, _) in named {
            *users.entry(name).or_default() += 1;
        }
    }
    let schema = |(name, _): (String, usize)| {
        let mut schema = document["components"]["schemas"][&name].clone();
        let mut definitions = Map::new();
        localise(&mut schema, &document, &mut definitions);
        schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
        schema["title"] = name.clone().into();
        if !definitions.is_empty() {
            schema["definitions"] = definitions.into();
        }
        (name, schema)
    };
    users.into_iter().filter(|(_, users)| *users > 1).map(schema).collect()
}

fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    settings.into_generator()
}

fn entry(method: &Method) -> Value {
    let all_positional = method.positional > 0;
    json!({
        "name": method.name,
        "description": prose(method.description),
        "params": method.params.iter().map(param).collect::<Vec<_>>(),
        "paramStructure": if all_positional { "either" } else { "by-name" },
        "x-positional": method.positional,
        "x-lenient": method.lenient,
        "x-direction": "clientToServer",
        "result": {"name": "result", "schema": method.result},
        "errors": references(&method.errors),
        "examples": method.examples.iter().map(|example| pairing(method, example)).collect::<Vec<_>>(),
    })
}

fn notification(method: &Method) -> Value {
    json!({
        "name": method.name,
        "description": prose(method.description),
        "params": [],
        "paramStructure": "by-name",
        "x-lenient": method.lenient,
        "x-direction": "clientToServer",
    })
}

fn param(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    })
}

fn references(codes: &[Code]) -> Vec<Value> {
    let is_of = |code: &&Code| ALWAYS.contains(code) || codes.contains(code);
    let codes = TABLE.iter().filter(is_of);
    codes.map(|code| json!({"$ref": format!("#/components/errors/{}", code.kind)})).collect()
}

/// An example. `x-after` are the calls before it, `x-error` what it is refused with.
fn pairing(method: &Method, example: &Example) -> Value {
    let mut after = Vec::new();
    if method.params.iter().any(|parameter| parameter.name == "handle") || !example.after.is_empty() {
        after.push(json!({"method": "setAPIKey", "params": [EXAMPLE_KEY]}));
    }
    if after_needs_no_key(method, example) {
        after.clear();
    }
    after.extend(example.after.iter().map(|(method, params)| json!({"method": method, "params": params})));
    let params: Vec<_> = match &example.params {
        Value::Array(values) => {
            let named = method.params.iter().zip(values);
            named.map(|(parameter, value)| json!({"name": parameter.name, "value": value})).collect()
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
        }
        _ => Vec::new(),
    };
    let structure = if example.params.is_array() { "by-position" } else { "by-name" };
    let mut pairing = json!({
        "name": example.title,
        "params": params,
        "x-paramStructure": structure,
        "x-after": after,
    });
    match &example.outcome {
        Ok(result) => pairing["result"] = json!({"name": "result", "value": result}),
        Err((kind, details, message)) => {
            let code = TABLE.iter().find(|code| code.kind == *kind).expect("a kind of the table's");
            let mut data = details.clone();
            data["kind"] = code.kind.into();
            data["retryable"] = code.retryable.into();
            let message =
                message.clone().unwrap_or_else(|| code.message(details["reason"].as_str()).to_owned());
            let error = json!({"code": code.number, "message": message, "data": data});
            pairing["result"] = json!({"name": "error", "value": error});
            pairing["x-error"] = true.into();
        }
    }
    pairing
}

fn after_needs_no_key(method: &Method, example: &Example) -> bool {
    let own = example.after.iter().all(|(name, _)| *name == method.name);
    own && !method.params.iter().any(|parameter| parameter.name == "handle")
}

/// What `schemars` says more than the wire has, or less.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // Objects of ours have no members besides these.
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".into(), false.into());
            }
            // A member that may be absent is left out then, and never `null`.
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                properties.values_mut().for_each(without_null);
            }
            // Sizes of Rust's numbers; every JSON reader has one kind of number.
            if members.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint"))
            {
                members.remove("format");
                members.insert("maximum".into(), crate::limits::REVISION.into());
            }
            // A comment's lines are no lines of the text's.
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = prose(&text.lines().collect::<Vec<_>>());
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(elements) => elements.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn without_null(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if let Some(Value::Array(values)) = members.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            members.insert("type".into(), one);
        }
    }
    if let Some(Value::Array(any)) = members.get_mut("anyOf") {
        any.retain(|schema| *schema != json!({"type": "null"}));
        // With a description beside it, a reference stands in `allOf`: draft 7 ignores what stands beside it alone.
        if any.len() == 1
            && let Some(one) = members.remove("anyOf")
        {
            members.insert("allOf".into(), one);
        }
    }
}

/// Turns references into the document into references within one schema, and gathers what they name.
fn localise(value: &mut Value, document: &Value, definitions: &mut Map<String, Value>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/components/schemas/").map(str::to_owned)
            {
                *reference = format!("#/definitions/{name}");
                if !definitions.contains_key(&name) {
                    definitions.insert(name.clone(), Value::Null);
                    let mut schema = document["components"]["schemas"][&name].clone();
                    localise(&mut schema, document, definitions);
                    definitions.insert(name, schema);
                }
            }
            for value in members.values_mut() {
                localise(value, document, definitions);
            }
        }
        Value::Array(elements) => {
            for value in elements {
                localise(value, document, definitions);
            }
        }
        _ => {}
    }
}
