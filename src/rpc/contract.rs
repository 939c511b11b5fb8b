//! The contract as data: an `OpenRPC` document, made from the methods' own declarations. Compiled only where the files
//! below `schema/` are made or checked; what is shipped holds their text.

mod document;
mod errors;
mod notifications;

pub use document::{document, shared};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::error::{Code, WrongParameter};
use super::values::Argument;

/// A method, as it declares itself.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) description: &'static [&'static str],
    /// How many parameters may go by position.
    pub(super) positional: usize,
    pub(super) lenient: bool,
    pub(super) params: Vec<Parameter>,
    pub(super) result: Schema,
    /// Besides those that every method has.
    pub(super) errors: Vec<Code>,
    pub(super) examples: Vec<Example>,
}

/// One of its parameters.
pub(super) struct Parameter {
    name: &'static str,
    description: String,
    required: bool,
    schema: Schema,
}

impl Parameter {
    pub(super) fn of<'a, T: Argument<'a> + JsonSchema>(
        name: &'static str,
        description: &[&str],
        generator: &mut SchemaGenerator,
    ) -> Self {
        let required = T::absent().is_none();
        let description = if description.is_empty() { usual(name).to_owned() } else { prose(description) };
        Self { name, description, required, schema: generator.subschema_for::<T>() }
    }
}

/// What is said of a parameter that has no comment, since it means the same in every method.
fn usual(name: &str) -> &'static str {
    match name {
        "context" => "The record's context.",
        "workspaceFolder" => {
            "The record's folder in the context `workspace`: any absolute URI, open or not. Optional while exactly one folder \
             is open. Must be absent for `user`."
        }
        "name" => "The record's name; without it, the unnamed record of its context.",
        "ifRevision" => {
            "The revision that the record must have, or 0 if it must not exist. Otherwise the call fails with 2001."
        }
        "lease" => {
            "A fencing token. The call fails with 3002 unless it is the token of a live lease of the namespace, whatever the \
             name of the lease and whichever key acquired it."
        }
        "handle" => "The key to use. Optional while the connection has set exactly one.",
        _ => panic!("{name} has no comment"),
    }
}

/// A call, and what becomes of it in a store that is new, with one folder open and the example's key set.
pub(super) struct Example {
    title: &'static str,
    /// Calls that come before it on the same connection.
    after: Vec<(&'static str, Value)>,
    params: Value,
    /// The result; or an error's kind, what its data has besides, and its message if the reason does not say which.
    outcome: Result<Value, (&'static str, Value, Option<String>)>,
}

/// A call that succeeds.
pub(super) fn example(title: &'static str, params: Value, result: Value) -> Example {
    Example { title, after: Vec::new(), params, outcome: Ok(result) }
}

/// A call that is refused.
pub(super) fn refusal(title: &'static str, params: Value, kind: &'static str, data: Value) -> Example {
    Example { title, after: Vec::new(), params, outcome: Err((kind, data, None)) }
}

/// A call with a wrong parameter.
pub(super) fn wrong(title: &'static str, params: Value, wrong: WrongParameter) -> Example {
    let data = json!({"parameter": wrong.parameter, "reason": wrong.rule.reason().name()});
    Example { title, after: Vec::new(), params, outcome: Err(("invalidParams", data, Some(wrong.message()))) }
}

impl Example {
    /// With a call before it.
    pub(super) fn after(mut self, method: &'static str, params: Value) -> Self {
        self.after.push((method, params));
        self
    }
}

/// A comment's lines as paragraphs.
fn prose(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.trim()).collect();
    let paragraphs = lines.split(|line| line.is_empty());
    paragraphs.map(|lines| lines.join(" ")).collect::<Vec<_>>().join("\n\n")
}
