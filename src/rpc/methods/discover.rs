//! `rpc.discover`: the contract as an `OpenRPC` document.

use serde::Serialize;

use crate::rpc::params::method;
use crate::rpc::values::schema;

use super::{Call, Outcome};

/// The contract, byte for byte as it is checked in.
pub const CONTRACT: &str = include_str!("../../../schema/openrpc.json");

/// Represents the document in the schema. The answer is the text of [`CONTRACT`], unparsed.
#[derive(Serialize)]
struct Document {}

schema!(Document, "OpenRPC", "This OpenRPC document.",
    {"type": "object", "required": ["openrpc", "info", "methods"], "additionalProperties": true});

method! {
    /// Returns this document: every method, notification, parameter, result and error, with descriptions, limits and
    /// examples. It is byte for byte what `plugin-vault schema` prints.
    "rpc.discover" => Document,
    positional {}
    named {}
    errors []
    examples [
        example(
            "The document, shortened here",
            json!({}),
            json!({"openrpc": "1.3.2", "info": {"title": "plugin-vault", "version": "1"}, "methods": []}),
        ),
        wrong(
            "The method has no parameters",
            json!({"verbose": true}),
            WrongParameter::unknown(0),
        ),
    ]
}

#[allow(clippy::unused_async, reason = "methods are")]
pub(super) async fn call(call: Call) -> Outcome {
    Params::read(call.params.as_deref())?;
    Ok(CONTRACT.trim_end().to_owned())
}
