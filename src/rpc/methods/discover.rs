//! `rpc.discover`: the contract, as `OpenRPC` has it.

use serde::Serialize;

use crate::rpc::params::method;
use crate::rpc::values::schema;

use super::{Call, Outcome};

/// The contract, byte for byte as it is checked in.
pub const CONTRACT: &str = include_str!("../../../schema/openrpc.json");

/// The text goes out as it is; this stands for it in the schema.
#[derive(Serialize)]
struct Document {}

schema!(Document, "OpenRPC", "An OpenRPC document: this one.",
    {"type": "object", "required": ["openrpc", "info", "methods"], "additionalProperties": true});

method! {
    /// This document: every method, notification, parameter, result and error, with descriptions, limits and examples. It
    /// is what `plugin-vault schema` prints, byte for byte.
    "rpc.discover" => Document,
    positional {}
    named {}
    errors []
    examples [
        example(
            "Shortened here",
            json!({}),
            json!({"openrpc": "1.3.2", "info": {"title": "plugin-vault", "version": "1"}, "methods": []}),
        ),
        refusal(
            "It has no parameters",
            json!({"verbose": true}),
            "invalidParams",
            json!({"parameter": 0, "reason": "unknown"}),
        ),
    ]
}

#[allow(clippy::unused_async, reason = "methods are")]
pub(super) async fn call(call: Call) -> Outcome {
    Params::read(call.params.as_deref())?;
    Ok(CONTRACT.trim_end().to_owned())
}
