//! Python: `plugin_vault/wire.py` of the Python package, typed dictionaries for Python 3.8 and later. That version has no
//! `NotRequired`: an object with optional members is two classes, and the second one inherits from the first.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::model::{Contract, Field, Named, Type};

/// The whole file.
pub(crate) fn types(contract: &Contract) -> String {
    let mut out = String::from(
        "\"\"\"The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.\n\n\
         `UPDATE=1 cargo test --features schema --test schema` writes it.\n\"\"\"\n\n\
         from typing import Any, Dict, Generic, List, Literal, Optional, TypedDict, TypeVar, Union\n\n\
         Result = TypeVar(\"Result\")\n\n\n\
         class Method(str, Generic[Result]):\n    \
         \"\"\"The name of a method, with the type of its result.\"\"\"\n",
    );
    let mut written = BTreeSet::new();
    for named in &contract.types {
        in_order(contract, named, &mut written, &mut out);
    }
    out.push_str("\n\n# The methods.\n");
    for (method, result) in contract.requests() {
        let constant = constant(&method.name);
        writeln!(out, "{constant}: Method[{}] = Method({:?})", shown(result), method.name).unwrap();
    }
    out
}

/// A type after all that it names: Python reads from top to bottom.
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

fn type_of(out: &mut String, name: &str, description: &str, shape: &Type) {
    match shape {
        Type::Object(fields) => dictionary(out, name, description, fields),
        // Objects without names of their own get one each.
        Type::OneOf(types) if types.iter().any(|shape| matches!(shape, Type::Object(_))) => {
            let names: Vec<_> = (1..=types.len()).map(|at| format!("{name}{at}")).collect();
            for (name, shape) in names.iter().zip(types) {
                type_of(out, name, description, shape);
            }
            alias(out, name, description, &format!("Union[{}]", names.join(", ")));
        }
        shape => alias(out, name, description, &shown(shape)),
    }
}

fn alias(out: &mut String, name: &str, description: &str, shape: &str) {
    write!(out, "\n\n{name} = {shape}\n").unwrap();
    docstring(out, description, "");
}

fn dictionary(out: &mut String, name: &str, description: &str, fields: &[Field]) {
    let (required, optional): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.required);
    let base = match (required.is_empty(), optional.is_empty()) {
        (true, _) => "TypedDict, total=False".into(),
        (false, true) => "TypedDict".into(),
        (false, false) => {
            write!(out, "\n\nclass _{name}(TypedDict):\n").unwrap();
            members(out, &required);
            format!("_{name}, total=False")
        }
    };
    write!(out, "\n\nclass {name}({base}):\n").unwrap();
    docstring(out, description, "    ");
    members(out, if optional.is_empty() { &required } else { &optional });
}

fn members(out: &mut String, fields: &[&Field]) {
    for field in fields {
        writeln!(out, "\n    {}: {}", field.name, shown(&field.shape)).unwrap();
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

/// `setAPIKey` is `SET_API_KEY`, and `vault/status` is `VAULT_STATUS`.
fn constant(method: &str) -> String {
    let letters: Vec<_> = method.chars().collect();
    let mut name = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let begins_word = letter.is_uppercase()
            && (letters[at - 1].is_lowercase()
                || letters.get(at + 1).is_some_and(|next| next.is_lowercase()));
        if begins_word {
            name.push('_');
        }
        name.push(if letter.is_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    }
    name
}

fn shown(shape: &Type) -> String {
    match shape {
        Type::Named(name) => name.clone(),
        Type::Text => "str".into(),
        Type::Number => "float".into(),
        Type::Whole => "int".into(),
        Type::Bool => "bool".into(),
        Type::Null => "None".into(),
        Type::Literal(value) => format!("Literal[{}]", literal(value)),
        Type::Open | Type::Object(_) => "Dict[str, Any]".into(),
        Type::List(of) => format!("List[{}]", shown(of)),
        Type::OneOf(types) => one_of(types),
    }
}

fn one_of(types: &[Type]) -> String {
    let others: Vec<_> = types.iter().filter(|shape| **shape != Type::Null).collect();
    let literals: Vec<_> = others
        .iter()
        .filter_map(|shape| if let Type::Literal(value) = shape { Some(literal(value)) } else { None })
        .collect();
    let shape = match others[..] {
        [one] => shown(one),
        _ if literals.len() == others.len() => format!("Literal[{}]", literals.join(", ")),
        _ => format!("Union[{}]", others.iter().map(|shape| shown(shape)).collect::<Vec<_>>().join(", ")),
    };
    if others.len() == types.len() { shape } else { format!("Optional[{shape}]") }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        value => value.to_string(),
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
        let alias = |shape: &str| format!("\n\nT = {shape}\n\"\"\"What it is.\"\"\"\n");
        check(&json!({"type": "integer"}), &alias("int"));
        check(&json!({"type": ["boolean", "null"]}), &alias("Optional[bool]"));
        check(&json!({"enum": ["a", "b"]}), &alias(r#"Literal["a", "b"]"#));
        check(&json!({"type": ["string", "integer"]}), &alias("Union[str, int]"));
        check(
            &json!({"type": "array", "items": {"$ref": "#/components/schemas/Name"}}),
            &alias("List[Name]"),
        );
    }

    #[test]
    fn an_object_with_optional_members_is_two_classes() {
        let properties = json!({"a": {"type": "string"}, "b": {"const": true}});
        let object =
            |required: &[&str]| json!({"type": "object", "properties": properties, "required": required});
        check(
            &object(&["b"]),
            "\n\nclass _T(TypedDict):\n\n    b: Literal[True]\n\n\nclass T(_T, total=False):\n    \
             \"\"\"What it is.\"\"\"\n\n    a: str\n",
        );
        check(
            &object(&[]),
            "\n\nclass T(TypedDict, total=False):\n    \"\"\"What it is.\"\"\"\n\n    b: Literal[True]\n\n    a: str\n",
        );
        check(
            &object(&["a", "b"]),
            "\n\nclass T(TypedDict):\n    \"\"\"What it is.\"\"\"\n\n    b: Literal[True]\n\n    a: str\n",
        );
    }

    #[test]
    fn a_method_has_the_name_of_a_constant() {
        for (method, expected) in
            [("vault/status", "VAULT_STATUS"), ("setAPIKey", "SET_API_KEY"), ("listAPIKeys", "LIST_API_KEYS")]
        {
            assert_eq!(constant(method), expected);
        }
    }
}
