//! TypeScript: `schema/types/plugin-vault.ts`, and the same for the Node package.

use std::fmt::Write as _;

use serde_json::Value;

use super::model::{Contract, Field, Method, Params, Type};

/// The whole file.
pub(crate) fn types(contract: &Contract) -> String {
    let mut out = String::from(
        "// The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.\n\
         // `UPDATE=1 cargo test --features schema --test schema` writes it.\n",
    );
    for named in &contract.types {
        comment(&mut out, &named.description, "");
        match &named.shape {
            Type::Object(fields) => {
                writeln!(out, "export interface {} {}", named.name, object(fields, "")).unwrap();
            }
            shape => writeln!(out, "export type {} = {};", named.name, shown(shape, "")).unwrap(),
        }
    }
    errors(&mut out, contract);
    let requests: Vec<_> = contract.requests().map(|(method, _)| method).collect();
    map(&mut out, "Methods", "The requests: what goes with each, and what comes back.", &requests);
    for (name, to_client, description) in [
        ("ClientNotifications", false, "The notifications that a client sends: what goes with each."),
        ("ServerNotifications", true, "The notifications that the server sends: what comes with each."),
    ] {
        map(&mut out, name, description, &contract.notifications(to_client).collect::<Vec<_>>());
    }
    out
}

fn errors(out: &mut String, contract: &Contract) {
    comment(out, "The number of each kind of error.", "");
    out.push_str("export const ERROR_CODES = {\n");
    for error in &contract.errors {
        comment(out, &error.message, "  ");
        writeln!(out, "  {}: {},", error.kind, error.code).unwrap();
    }
    out.push_str("} as const satisfies Record<ErrorKind, number>;\n");
    comment(out, "The kinds of errors of which the same call may succeed later with nothing else done.", "");
    let retryable = contract.errors.iter().filter(|error| error.retryable);
    let retryable: Vec<_> = retryable.map(|error| format!("{:?}", error.kind)).collect();
    writeln!(out, "export const RETRYABLE: readonly ErrorKind[] = [{}];", retryable.join(", ")).unwrap();
}

fn map(out: &mut String, name: &str, description: &str, methods: &[&Method]) {
    comment(out, description, "");
    writeln!(out, "export interface {name} {{").unwrap();
    for method in methods {
        comment(out, &method.description, "  ");
        let params = params(method);
        match &method.result {
            Some(result) => {
                let result = shown(result, "    ");
                let name = &method.name;
                writeln!(out, "  {name:?}: {{\n    params: {params};\n    result: {result};\n  }};").unwrap();
            }
            None => writeln!(out, "  {:?}: {params};", method.name).unwrap(),
        }
    }
    out.push_str("}\n");
}

fn params(method: &Method) -> String {
    match &method.params {
        Params::Whole(shape) => shown(shape, "    "),
        Params::Each { fields, open } => {
            let closed = if fields.is_empty() { "{ [name: string]: never }" } else { "" };
            let lenient = "{ [name: string]: unknown }";
            match (fields.is_empty(), open) {
                (true, true) => lenient.into(),
                (true, false) => closed.into(),
                (false, true) => format!("{} & {lenient}", object(fields, "    ")),
                (false, false) => object(fields, "    "),
            }
        }
    }
}

fn object(fields: &[Field], indent: &str) -> String {
    let mut out = String::from("{\n");
    let inner = format!("{indent}  ");
    for field in fields {
        comment(&mut out, &field.description, &inner);
        let mark = if field.required { "" } else { "?" };
        writeln!(out, "{inner}{}{mark}: {};", field.name, shown(&field.shape, &inner)).unwrap();
    }
    write!(out, "{indent}}}").unwrap();
    out
}

fn shown(shape: &Type, indent: &str) -> String {
    match shape {
        Type::Named(name) => name.clone(),
        Type::Text => "string".into(),
        Type::Number | Type::Whole => "number".into(),
        Type::Bool => "boolean".into(),
        Type::Null => "null".into(),
        Type::Literal(value) => value.to_string(),
        Type::Open => "{ [name: string]: unknown }".into(),
        Type::List(of) => match &**of {
            Type::OneOf(_) => format!("({})[]", shown(of, indent)),
            _ => format!("{}[]", shown(of, indent)),
        },
        Type::Object(fields) => object(fields, indent),
        Type::OneOf(types) => types.iter().map(|shape| shown(shape, indent)).collect::<Vec<_>>().join(" | "),
    }
}

fn comment(out: &mut String, text: &str, indent: &str) {
    if indent.is_empty() {
        out.push('\n');
    }
    let text = text.replace("*/", "* /");
    match text.split("\n\n").collect::<Vec<_>>()[..] {
        [""] => {}
        [one] => writeln!(out, "{indent}/** {one} */").unwrap(),
        ref paragraphs => {
            let text = paragraphs.join(&format!("\n{indent} *\n{indent} * "));
            writeln!(out, "{indent}/**\n{indent} * {text}\n{indent} */").unwrap();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &str) {
        assert_eq!(shown(&Type::read(schema), ""), expected);
    }

    #[test]
    fn a_type_is_written_as_typescript_has_it() {
        check(&json!({"type": "string", "maxLength": 3}), "string");
        check(&json!({"type": "integer"}), "number");
        check(&json!({"type": ["boolean", "null"]}), "boolean | null");
        check(&json!({"$ref": "#/components/schemas/Name"}), "Name");
        check(&json!({"anyOf": [{"$ref": "#/components/schemas/Name"}, {"type": "null"}]}), "Name | null");
        check(&json!({"type": "array", "items": {"enum": ["a", "b"]}}), "(\"a\" | \"b\")[]");
        check(&json!({"type": "object", "additionalProperties": true}), "{ [name: string]: unknown }");
        check(
            &json!({"type": "object", "properties": {"a": {"type": "null"}, "b": {"const": 1}}, "required": ["b"]}),
            "{\n  b: 1;\n  a?: null;\n}",
        );
    }

    #[test]
    fn a_comment_can_t_be_ended_by_what_stands_in_it() {
        let mut out = String::new();
        comment(&mut out, "a */ b\n\nc", "  ");
        assert_eq!(out, "  /**\n   * a * / b\n   *\n   * c\n   */\n");
    }
}
