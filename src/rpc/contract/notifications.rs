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
            "The client has read the answer to `initialize`. The sidecar does nothing.",
            vec![],
            true,
        ),
        to_server(
            methods::CANCEL,
            "Cancels a waiting request. The request fails with −32800, and nothing of it is carried out. If the notification \
             comes too late, the request is answered with its true outcome.",
            vec![id],
            true,
        ),
        to_server("$/setTrace", "Ignored.", vec![value], true),
        to_server(
            workspace_folders::NAME,
            "The client opened or closed folders, as in LSP 3.17: `event` has `added` and `removed`.",
            vec![event],
            true,
        ),
        to_client(
            notices::DID_CHANGE,
            "A change by another connection, in the namespace and the scope of the key of a watching handle. Each change \
             comes once, in order, and none comes before the answer to the watch. The sidecar sends the next notice when \
             the client has taken the one before. A client that does not read falls behind, and the sidecar's memory does \
             not grow. There is no notice for a record that expires.",
            generator.subschema_for::<DidChange<'_>>().into(),
        ),
        to_client(
            status::DID_CHANGE,
            "The state of the store has changed: it was unlocked, repaired after damage, or replaced by \
             `plugin-vault restore`, or a protector was added or removed. Every connection gets this notification, in every \
             process that has the store open.",
            generator.subschema_for::<status::Status>().into(),
        ),
    ]
}
