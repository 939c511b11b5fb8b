//! Vim: `schema/types/plugin_vault.vim`. Vim9 script has no types for the members of a dictionary, so they stand in
//! comments, and what a program can use are constants.

use std::fmt::Write as _;

use super::model::{Contract, Field, Method, Params, Type};

/// The whole file.
pub(crate) fn types(contract: &Contract) -> String {
    let mut out = String::from(
        "vim9script\n# The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.\n\
         # `UPDATE=1 cargo test --features schema --test schema` writes it.\n",
    );
    for named in &contract.types {
        comment(&mut out, &format!("{}: {}", named.name, shown(&named.shape)));
        comment(&mut out, &named.description);
        if let Type::Object(fields) = &named.shape {
            members(&mut out, fields);
        }
        out.push_str("#\n");
    }
    out.push_str("\n# What goes with each request, and its type.\n");
    for method in &contract.methods {
        let result = method.result.as_ref().map_or_else(String::new, |shape| format!(" -> {}", shown(shape)));
        comment(&mut out, &format!("{}{result}", method.name));
        members(&mut out, fields_of(method));
        out.push_str("#\n");
    }
    out.push_str(
        "\n# The requests: the names of the parameters that have to be there, and of those that may be.\n",
    );
    out.push_str("export const METHODS: dict<dict<list<string>>> = {\n");
    for (method, _) in contract.requests() {
        let names = |required| {
            let fields = fields_of(method).iter().filter(|field| field.required == required);
            fields.map(|field| format!("'{}'", field.name)).collect::<Vec<_>>().join(", ")
        };
        let (required, optional) = (names(true), names(false));
        writeln!(out, "  '{}': {{required: [{required}], optional: [{optional}]}},", method.name).unwrap();
    }
    out.push_str("}\n\n# The number of each kind of error.\nexport const ERROR_CODES: dict<number> = {\n");
    for error in &contract.errors {
        writeln!(out, "  # {}\n  {}: {},", error.message, error.kind, error.code).unwrap();
    }
    let retryable = contract.errors.iter().filter(|error| error.retryable);
    let retryable: Vec<_> = retryable.map(|error| format!("'{}'", error.kind)).collect();
    out.push_str("}\n\n# The kinds of which the same call may succeed later with nothing else done.\n");
    writeln!(out, "export const RETRYABLE: list<string> = [{}]", retryable.join(", ")).unwrap();
    out
}

fn fields_of(method: &Method) -> &[Field] {
    match &method.params {
        Params::Each { fields, .. } => fields,
        Params::Whole(_) => &[],
    }
}

fn members(out: &mut String, fields: &[Field]) {
    for field in fields {
        let mark = if field.required { "" } else { "?" };
        let text = format!("  {}{mark}: {}  {}", field.name, shown(&field.shape), field.description);
        comment(out, text.trim_end());
    }
}

fn comment(out: &mut String, text: &str) {
    for line in text.lines() {
        writeln!(out, "{}", format!("# {line}").trim_end()).unwrap();
    }
}

fn shown(shape: &Type) -> String {
    match shape {
        Type::Named(name) => name.clone(),
        Type::Text => "string".into(),
        Type::Number => "float".into(),
        Type::Whole => "number".into(),
        Type::Bool => "bool".into(),
        Type::Null => "null".into(),
        Type::Literal(value) => value.to_string(),
        Type::Open => "dict<any>".into(),
        Type::Object(fields) => {
            let names =
                fields.iter().map(|field| format!("{}{}", field.name, if field.required { "" } else { "?" }));
            format!("{{{}}}", names.collect::<Vec<_>>().join(", "))
        }
        Type::List(of) => format!("list<{}>", shown(of)),
        Type::OneOf(types) => types.iter().map(shown).collect::<Vec<_>>().join(" | "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_type_is_written_with_vims_words() {
        #[track_caller]
        fn check(schema: &Value, expected: &str) {
            assert_eq!(shown(&Type::read(schema)), expected);
        }
        check(&json!({"type": "integer"}), "number");
        check(&json!({"type": "array", "items": {"type": ["string", "null"]}}), "list<string | null>");
        check(&json!({"type": "object", "additionalProperties": true}), "dict<any>");
        check(
            &json!({"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": ["a"]}),
            "{a, b?}",
        );
    }

    #[test]
    fn every_line_of_a_comment_is_one() {
        let mut out = String::new();
        comment(&mut out, "a\n\nb");
        assert_eq!(out, "# a\n#\n# b\n");
    }
}
