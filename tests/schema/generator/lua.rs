//! Lua: `schema/types/plugin_vault.lua`, annotations of the Lua language server, for Neovim.

use std::fmt::Write as _;

use super::model::{Contract, Field, Method, Params, Type};

/// Before every name, so that it collides with no other name.
const SPACE: &str = "plugin_vault.";

/// The whole file.
pub(crate) fn types(contract: &Contract) -> String {
    let mut out = String::from(
        "---@meta\n-- The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.\n\
         -- `UPDATE=1 cargo test --features schema --test schema` writes it.\n",
    );
    for named in &contract.types {
        type_of(&mut out, &named.name, &named.description, &named.shape);
    }
    for method in &contract.methods {
        match &method.params {
            Params::Each { fields, .. } if !fields.is_empty() => {
                class(&mut out, &params_name(method), &method.description, fields);
            }
            Params::Each { .. } | Params::Whole(_) => {}
        }
    }
    out.push_str("\n---What goes with each request, and what comes back.\n---@class plugin_vault.Methods\n");
    for (method, result) in contract.requests() {
        let name = &method.name;
        writeln!(out, "---@field [{name:?}] fun(params: {}): {}", params_of(method), shown(result)).unwrap();
    }
    out.push_str("\nlocal M = {}\n\n---The number of each kind of error.\n");
    out.push_str("---@type table<plugin_vault.ErrorKind, integer>\nM.error_codes = {\n");
    for error in &contract.errors {
        writeln!(out, "  -- {}\n  {} = {},", error.message, error.kind, error.code).unwrap();
    }
    out.push_str("}\n\n---The kinds of which the same call may succeed later with nothing else done.\n");
    out.push_str("---@type table<plugin_vault.ErrorKind, true>\nM.retryable = {\n");
    for error in contract.errors.iter().filter(|error| error.retryable) {
        writeln!(out, "  {} = true,", error.kind).unwrap();
    }
    out.push_str("}\n\nreturn M\n");
    out
}

/// `vault/status` is `vault.status.params`.
fn params_name(method: &Method) -> String {
    format!("{}.params", method.name.trim_start_matches("$/").replace('/', "."))
}

fn params_of(method: &Method) -> String {
    match &method.params {
        Params::Each { fields, .. } if fields.is_empty() => "{}".into(),
        Params::Each { .. } => format!("{SPACE}{}", params_name(method)),
        Params::Whole(shape) => shown(shape),
    }
}

fn type_of(out: &mut String, name: &str, description: &str, shape: &Type) {
    match shape {
        Type::Object(fields) => class(out, name, description, fields),
        Type::OneOf(types) if types.iter().any(|shape| matches!(shape, Type::Object(_))) => {
            let mut names = Vec::new();
            for (at, shape) in types.iter().enumerate() {
                let one = format!("{name}{}", at + 1);
                type_of(out, &one, description, shape);
                names.push(format!("{SPACE}{one}"));
            }
            comment(out, description);
            writeln!(out, "---@alias {SPACE}{name} {}", names.join("|")).unwrap();
        }
        shape => {
            comment(out, description);
            writeln!(out, "---@alias {SPACE}{name} {}", shown(shape)).unwrap();
        }
    }
}

fn class(out: &mut String, name: &str, description: &str, fields: &[Field]) {
    comment(out, description);
    writeln!(out, "---@class {SPACE}{name}").unwrap();
    for field in fields {
        let mark = if field.required { "" } else { "?" };
        let description = field.description.replace('\n', " ");
        let line = format!("---@field {}{mark} {} {description}", field.name, shown(&field.shape));
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
}

fn comment(out: &mut String, text: &str) {
    out.push('\n');
    for line in text.lines() {
        writeln!(out, "---{line}").unwrap();
    }
}

fn shown(shape: &Type) -> String {
    match shape {
        Type::Named(name) => format!("{SPACE}{name}"),
        Type::Text => "string".into(),
        Type::Number => "number".into(),
        Type::Whole => "integer".into(),
        Type::Bool => "boolean".into(),
        // What `null` becomes, in Neovim.
        Type::Null => "vim.NIL".into(),
        Type::Literal(value) => value.to_string(),
        Type::Open | Type::Object(_) => "table<string, any>".into(),
        Type::List(of) => match &**of {
            Type::OneOf(_) => format!("({})[]", shown(of)),
            _ => format!("{}[]", shown(of)),
        },
        Type::OneOf(types) => types.iter().map(shown).collect::<Vec<_>>().join("|"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &str) {
        let mut out = String::new();
        type_of(&mut out, "T", "What it is.", &Type::read(schema));
        assert_eq!(out, format!("\n---What it is.\n---{expected}\n"));
    }

    #[test]
    fn a_type_is_written_as_the_lua_language_server_has_it() {
        check(&json!({"type": "integer"}), "@alias plugin_vault.T integer");
        check(&json!({"enum": ["a", "b"]}), "@alias plugin_vault.T \"a\"|\"b\"");
        check(
            &json!({"type": "array", "items": {"$ref": "#/components/schemas/Name"}}),
            "@alias plugin_vault.T plugin_vault.Name[]",
        );
        check(
            &json!({"type": "object", "required": ["b"], "properties": {
                "a": {"type": ["string", "null"], "description": "One."}, "b": {"const": true}}}),
            "@class plugin_vault.T\n---@field b true\n---@field a? string|vim.NIL One.",
        );
    }
}
