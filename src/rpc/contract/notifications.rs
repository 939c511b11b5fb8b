//! The notifications of the contract, and which way each goes.

use schemars::SchemaGenerator;
use serde_json::{Value, json};

use crate::rpc::methods::{self, status, workspace_folders};
use crate::rpc::notices::{self, DidChange};

/// Which way.
const TO_SERVER: &str = "clientToServer";
const TO_CLIENT: &str = "serverToClient";

/// All of them but `exit`, which is among the methods too.
pub(super) fn all(generator: &mut SchemaGenerator) -> Vec<Value> {
    let event = json!({"name": "event", "required": true,
        "schema": {"type": "object", "additionalProperties": true}});
    let id = json!({"name": "id", "required": true, "schema": {"type": ["string", "number", "null"]},
        "description": "The request's id."});
    let value = json!({"name": "value", "required": true, "schema": {"type": "string"}});
    let to_server = |name: &str, description: &str, params: Vec<Value>, lenient: bool| {
        json!({
            "name": name, "description": description, "params": params, "paramStructure": "by-name",
            "x-direction": TO_SERVER, "x-lenient": lenient,
        })
    };
    let to_client = |name: &str, description: &str, schema: Value| {
        json!({
            "name": name, "description": description, "params": [], "paramStructure": "by-name",
            "x-direction": TO_CLIENT, "x-params": schema,
        })
    };
    vec![
        to_server(
            "initialized",
            "The client has taken the answer to `initialize`. It asks for nothing.",
            vec![],
            true,
        ),
        to_server(
            methods::CANCEL,
            "Takes a waiting request back: it is answered −32800, and nothing of it is carried out; or with its true \
             outcome, if this came too late.",
            vec![id],
            true,
        ),
        to_server("$/setTrace", "Ignored.", vec![value], true),
        to_server(
            workspace_folders::NAME,
            "Folders were opened and closed, as in LSP 3.17: `event` has `added` and `removed`.",
            vec![event],
            true,
        ),
        to_client(
            notices::DID_CHANGE,
            "What other connections have changed in the namespace and the scope of a watching handle's key: each change \
             once, in order, and none before the watch is answered. The next one is sent when the client has taken the \
             one before: one who does not read falls behind, and no memory grows. A record that expires is not told of.",
            generator.subschema_for::<DidChange<'_>>().into(),
        ),
        to_client(
            status::DID_CHANGE,
            "Tells every connection, in every process that has the store open, when it was unlocked, mended after damage, \
             or replaced by `plugin-vault restore`, and when a protector was added or removed.",
            generator.subschema_for::<status::Status>().into(),
        ),
    ]
}
