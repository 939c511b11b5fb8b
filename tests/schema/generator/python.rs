//! Python: `schema/types/plugin_vault.py`, typed dictionaries for Python 3.11.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::model::{Contract, Field, Method, Named, Params, Type};

/// Words that can't be the name of a member in a class.
const KEYWORDS: &[&str] =
    &["from", "class", "def", "global", "import", "is", "in", "lambda", "pass", "return"];

/// The whole file.
pub(crate) fn types(contract: &Contract) -> String {
    let mut out = String::from(
        "\"\"\"The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.\n\n\
         `UPDATE=1 cargo test --features schema --test schema` writes it.\n\"\"\"\n\n\
         from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict\n",
    );
    let mut written = BTreeSet::new();
    for named in &contract.types {
        in_order(contract, named, &mut written, &mut out);
    }
    for method in &contract.methods {
        match &method.params {
            Params::Each { fields, .. } if !fields.is_empty() => {
                let what = format!("What goes with `{}`.", method.name);
                dictionary(&mut out, &class_name(&method.name), &what, fields);
            }
            Params::Each { .. } | Params::Whole(_) => {}
        }
    }
    codes(&mut out, contract);
    methods(&mut out, contract);
    out
}

/// A type behind all that it names: Python reads from top to bottom.
fn in_order(contract: &Contract, named: &Named, written: &mut BTreeSet<String>, out: &mut String) {
    if !written.insert(named.name.clone()) {
        return;
    }
    let mut others = Vec::new();
    names_in(&named.shape, &mut others);
    for other in contract.types.iter().filter(|other| others.contains(&other.name)) {
        in_order(contract, other, written, out);
    }
    type_of(out, &named.name, &named.description, &named.shape);
}

fn names_in(shape: &Type, names: &mut Vec<String>) {
    match shape {
        Type::Named(name) => names.push(name.clone()),
        Type::List(of) => names_in(of, names),
        Type::Object(fields) => fields.iter().for_each(|field| names_in(&field.shape, names)),
        Type::OneOf(types) => types.iter().for_each(|shape| names_in(shape, names)),
        _ => {}
    }
}

fn codes(out: &mut String, contract: &Contract) {
    out.push_str("\n\nERROR_CODES: Final[dict[ErrorKind, int]] = {\n");
    for error in &contract.errors {
        writeln!(out, "    # {}\n    \"{}\": {},", error.message, error.kind, error.code).unwrap();
    }
    out.push_str("}\n\"\"\"The number of each kind of error.\"\"\"\n");
    let retryable = contract.errors.iter().filter(|error| error.retryable);
    let retryable: Vec<_> = retryable.map(|error| format!("{:?}", error.kind)).collect();
    write!(out, "\nRETRYABLE: Final[frozenset[ErrorKind]] = frozenset({{{}}})\n", retryable.join(", "))
        .unwrap();
    out.push_str("\"\"\"The kinds of which the same call may succeed later with nothing else done.\"\"\"\n");
}

/// The names of the types, since Python has no map from one to the other.
fn methods(out: &mut String, contract: &Contract) {
    out.push_str("\n# method: its parameters -> its result\n");
    for (method, result) in contract.requests() {
        writeln!(out, "#   {}: {} -> {}", method.name, params_name(method), shown(result)).unwrap();
    }
    out.push_str("# notification from the server: its parameters\n");
    for method in contract.notifications(true) {
        writeln!(out, "#   {}: {}", method.name, params_name(method)).unwrap();
    }
}

fn params_name(method: &Method) -> String {
    match &method.params {
        Params::Each { fields, .. } if fields.is_empty() => "{}".into(),
        Params::Each { .. } => class_name(&method.name),
        Params::Whole(shape) => shown(shape),
    }
}

/// `vault/status` is `VaultStatusParams`.
fn class_name(method: &str) -> String {
    let words = method.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
    words.collect::<String>() + "Params"
}

fn type_of(out: &mut String, name: &str, description: &str, shape: &Type) {
    match shape {
        Type::Object(fields) => dictionary(out, name, description, fields),
        // Objects without names of their own get one each.
        Type::OneOf(types) if types.iter().any(|shape| matches!(shape, Type::Object(_))) => {
            let mut names = Vec::new();
            for (at, shape) in types.iter().enumerate() {
                names.push(format!("{name}{}", at + 1));
                type_of(out, &names[at], description, shape);
            }
            write!(out, "\n\n{name}: TypeAlias = {}\n", names.join(" | ")).unwrap();
            docstring(out, description, "");
        }
        shape => {
            write!(out, "\n\n{name}: TypeAlias = {}\n", shown(shape)).unwrap();
            docstring(out, description, "");
        }
    }
}

fn dictionary(out: &mut String, name: &str, description: &str, fields: &[Field]) {
    let member = |field: &Field| {
        let shape = shown(&field.shape);
        if field.required { shape } else { format!("NotRequired[{shape}]") }
    };
    if fields.iter().any(|field| KEYWORDS.contains(&&*field.name)) {
        write!(out, "\n\n{name} = TypedDict(\n    {name:?},\n    {{\n").unwrap();
        for field in fields {
            let shape = member(field);
            writeln!(out, "        {:?}: {shape},", field.name).unwrap();
        }
        out.push_str("    },\n)\n");
        docstring(out, description, "");
        return;
    }
    write!(out, "\n\nclass {name}(TypedDict):\n").unwrap();
    docstring(out, description, "    ");
    if fields.is_empty() {
        out.push_str("    pass\n");
    }
    for field in fields {
        writeln!(out, "\n    {}: {}", field.name, member(field)).unwrap();
        docstring(out, &field.description, "    ");
    }
}

fn docstring(out: &mut String, text: &str, indent: &str) {
    if !text.is_empty() {
        let text = text.replace('\\', "\\\\").replace("\"\"\"", "'''").replace('\n', &format!("\n{indent}"));
        let text = text.replace(&format!("{indent}\n"), "\n");
        // A quotation mark at the end would be one of those that end it.
        let gap = if text.ends_with('"') { " " } else { "" };
        writeln!(out, "{indent}\"\"\"{text}{gap}\"\"\"").unwrap();
    }
}

fn shown(shape: &Type) -> String {
    match shape {
        Type::Named(name) => name.clone(),
        Type::Text => "str".into(),
        Type::Number => "float".into(),
        Type::Whole => "int".into(),
        Type::Bool => "bool".into(),
        Type::Null => "None".into(),
        Type::Literal(Value::Bool(true)) => "Literal[True]".into(),
        Type::Literal(Value::Bool(false)) => "Literal[False]".into(),
        Type::Literal(value) => format!("Literal[{value}]"),
        Type::Open | Type::Object(_) => "dict[str, Any]".into(),
        Type::List(of) => format!("list[{}]", shown(of)),
        Type::OneOf(types) => types.iter().map(shown).collect::<Vec<_>>().join(" | "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &str) {
        let mut out = String::new();
        type_of(&mut out, "T", "What it is.", &Type::read(schema));
        assert_eq!(out, expected);
    }

    #[test]
    fn a_type_is_written_as_python_has_it() {
        let alias = |shape: &str| format!("\n\nT: TypeAlias = {shape}\n\"\"\"What it is.\"\"\"\n");
        check(&json!({"type": "integer"}), &alias("int"));
        check(&json!({"enum": ["a", "b"]}), &alias(r#"Literal["a"] | Literal["b"]"#));
        check(
            &json!({"type": "array", "items": {"$ref": "#/components/schemas/Name"}}),
            &alias("list[Name]"),
        );
        check(
            &json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"const": true}},
                "required": ["b"]}),
            "\n\nclass T(TypedDict):\n    \"\"\"What it is.\"\"\"\n\n    b: Literal[True]\n\n    a: NotRequired[str | None]\n",
        );
        check(
            &json!({"type": "object", "properties": {"from": {"type": "string"}}, "required": []}),
            "\n\nT = TypedDict(\n    \"T\",\n    {\n        \"from\": NotRequired[str],\n    },\n)\n\"\"\"What it is.\"\"\"\n",
        );
    }

    #[test]
    fn a_method_has_a_class_for_its_parameters() {
        assert_eq!(class_name("vault/status"), "VaultStatusParams");
        assert_eq!(class_name("$/cancelRequest"), "CancelRequestParams");
        assert_eq!(class_name("setAPIKey"), "SetAPIKeyParams");
    }
}
