//! Java: `Wire.java` of the library for the JVM, a record for each object that plugin-vault sends, for Java 17 and Gson.
//!
//! A member that may be absent is null. A union of objects is one record with the members of all of them. No record shows its
//! members in `toString`: keys, names and data must not get into logs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::model::{Contract, Field, Named, Params, Type};

/// The longest line that Google's style allows.
const WIDTH: usize = 100;

/// The whole file.
pub(crate) fn types(contract: &Contract) -> String {
    let mut out = String::from(
        "package io.github.pluginvault;\n\n\
         import com.google.gson.JsonObject;\nimport com.google.gson.annotations.SerializedName;\nimport java.util.List;\n\n\
         /**\n * The types of plugin-vault's protocol. Made from schema/openrpc.json; do not edit.\n *\n \
         * <p>{@code UPDATE=1 cargo test --features schema --test schema} writes it.\n */\n\
         public final class Wire {\n  private Wire() {}\n",
    );
    let mut sent = BTreeSet::new();
    let params = contract.notifications(true).filter_map(|method| match &method.params {
        Params::Whole(shape) => Some(shape),
        Params::Each { .. } => None,
    });
    for shape in contract.requests().map(|(_, result)| result).chain(params) {
        reach(contract, shape, &mut sent);
    }
    for named in contract.types.iter().filter(|named| sent.contains(&named.name)) {
        type_of(&mut out, contract, named);
    }
    out.push_str("}\n");
    out
}

/// The names of all types in a type.
fn reach(contract: &Contract, shape: &Type, found: &mut BTreeSet<String>) {
    match shape {
        Type::Named(name) if found.insert(name.clone()) => {
            reach(contract, &of(contract, name).shape, found);
        }
        Type::List(of) => reach(contract, of, found),
        Type::Object(fields) => fields.iter().for_each(|field| reach(contract, &field.shape, found)),
        Type::OneOf(types) => types.iter().for_each(|shape| reach(contract, shape, found)),
        _ => {}
    }
}

fn of<'a>(contract: &'a Contract, name: &str) -> &'a Named {
    contract.types.iter().find(|named| named.name == name).expect("a type with this name")
}

/// Writes an enumeration or a record. All other types are those of Java.
fn type_of(out: &mut String, contract: &Contract, named: &Named) {
    let Named { name, description, shape } = named;
    match shape {
        Type::Object(fields) => record(out, contract, name, description, fields),
        Type::OneOf(types) if types.iter().all(|shape| matches!(shape, Type::Object(_))) => {
            record(out, contract, name, description, &members_of_all(types));
        }
        shape => {
            if let Some(words) = words(shape) {
                enumeration(out, name, description, &words);
            }
        }
    }
}

/// The members of all objects. A member is required if each object requires it.
fn members_of_all(types: &[Type]) -> Vec<Field> {
    let objects: Vec<_> = types
        .iter()
        .filter_map(|shape| if let Type::Object(fields) = shape { Some(fields) } else { None })
        .collect();
    let mut all: Vec<Field> = Vec::new();
    for field in objects.iter().flat_map(|fields| fields.iter()) {
        if all.iter().any(|other| other.name == field.name) {
            continue;
        }
        let required =
            |fields: &&Vec<Field>| fields.iter().any(|each| each.name == field.name && each.required);
        all.push(Field { required: objects.iter().all(required), ..field.clone() });
    }
    all.sort_by_key(|field| !field.required);
    all
}

fn words(shape: &Type) -> Option<Vec<&str>> {
    let Type::OneOf(types) = shape else { return None };
    types
        .iter()
        .map(|shape| if let Type::Literal(Value::String(word)) = shape { Some(&**word) } else { None })
        .collect()
}

fn enumeration(out: &mut String, name: &str, description: &str, words: &[&str]) {
    javadoc(out, "  ", description, &[]);
    writeln!(out, "  public enum {name} {{").unwrap();
    for (at, word) in words.iter().enumerate() {
        let end = if at + 1 == words.len() { ";" } else { "," };
        javadoc(out, "    ", &format!("`{word}`."), &[]);
        writeln!(out, "    @SerializedName({word:?})\n    {}{end}", constant(word)).unwrap();
    }
    out.push_str("  }\n");
}

/// `noStore` is `NO_STORE`, and `key-file` is `KEY_FILE`.
fn constant(word: &str) -> String {
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() {
            name.push('_');
        }
        name.push(if letter.is_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    }
    name
}

fn record(out: &mut String, contract: &Contract, name: &str, description: &str, fields: &[Field]) {
    let params: Vec<_> = fields
        .iter()
        .map(|field| {
            let absent = if field.required { "" } else { "; or null" };
            let text = field.description.trim_end_matches('.');
            let text = if text.is_empty() { "see the reference" } else { text };
            format!("@param {} {text}{absent}", field.name)
        })
        .collect();
    javadoc(out, "  ", description, &params);
    let members: Vec<_> =
        fields.iter().map(|field| format!("{} {}", member_type(contract, field), field.name)).collect();
    let one_line = format!("  public record {name}({}) {{", members.join(", "));
    if one_line.len() <= WIDTH {
        writeln!(out, "{one_line}").unwrap();
    } else {
        writeln!(out, "  public record {name}(\n      {}) {{", members.join(",\n      ")).unwrap();
    }
    write!(
        out,
        "    /** Shows no data. */\n    @Override\n    public String toString() {{\n      return \"{name}\";\n    }}\n  }}\n"
    )
    .unwrap();
}

fn member_type(contract: &Contract, field: &Field) -> String {
    let shown = shown(contract, &field.shape);
    if field.required { shown } else { boxed(&shown) }
}

fn boxed(shown: &str) -> String {
    match shown {
        "long" => "Long",
        "double" => "Double",
        "boolean" => "Boolean",
        other => other,
    }
    .into()
}

fn shown(contract: &Contract, shape: &Type) -> String {
    match shape {
        Type::Named(name) => {
            let named = &of(contract, name).shape;
            let is_own = match named {
                Type::Object(_) => true,
                Type::OneOf(types) => {
                    words(named).is_some() || types.iter().all(|shape| matches!(shape, Type::Object(_)))
                }
                _ => false,
            };
            if is_own { name.clone() } else { shown(contract, named) }
        }
        Type::Text | Type::Literal(Value::String(_)) => "String".into(),
        Type::Number => "double".into(),
        Type::Whole | Type::Literal(Value::Number(_)) => "long".into(),
        Type::Bool | Type::Literal(Value::Bool(_)) => "boolean".into(),
        Type::Open | Type::Object(_) => "JsonObject".into(),
        Type::List(of) => format!("List<{}>", boxed(&shown(contract, of))),
        Type::OneOf(types) => {
            match types.iter().filter(|shape| **shape != Type::Null).collect::<Vec<_>>()[..] {
                [one] => boxed(&shown(contract, one)),
                _ if words(shape).is_some() => "String".into(),
                _ => panic!("Java has no type for {shape:?}"),
            }
        }
        Type::Null | Type::Literal(_) => panic!("Java has no type for {shape:?}"),
    }
}

/// A comment with a first sentence and what follows it, in lines of Google's length.
fn javadoc(out: &mut String, indent: &str, text: &str, params: &[String]) {
    let text = if text.is_empty() { "Part of an answer." } else { text };
    let one_line = format!("{indent}/** {} */", markup(text));
    if !out.ends_with("{\n") {
        out.push('\n');
    }
    // Google's style has no inline tags in a comment of one line.
    if params.is_empty() && one_line.len() <= WIDTH && !text.contains(['\n', '`']) {
        writeln!(out, "{one_line}").unwrap();
        return;
    }
    writeln!(out, "{indent}/**").unwrap();
    for (at, paragraph) in text.split("\n\n").enumerate() {
        let begin = if at == 0 { "" } else { "<p>" };
        if at > 0 {
            writeln!(out, "{indent} *").unwrap();
        }
        wrapped(out, &format!("{indent} * "), "", &format!("{begin}{}", markup(paragraph)));
    }
    for (at, param) in params.iter().enumerate() {
        if at == 0 {
            writeln!(out, "{indent} *").unwrap();
        }
        wrapped(out, &format!("{indent} * "), "    ", &param_markup(param));
    }
    writeln!(out, "{indent} */").unwrap();
}

/// The tag stays as it is.
fn param_markup(param: &str) -> String {
    format!("@{}", markup(&param[1..]))
}

fn wrapped(out: &mut String, prefix: &str, hanging: &str, text: &str) {
    let mut line = prefix.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(out, "{line}").unwrap();
            line = format!("{prefix}{hanging}");
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{line}").unwrap();
}

/// What is between backticks is code. Characters of HTML and of Javadoc are escaped.
fn markup(text: &str) -> String {
    let escaped = |part: &str| {
        part.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('@', "&#64;")
            .replace("*/", "*&#47;")
    };
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("{{@code {part}}}") } else { escaped(part) }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn contract(schemas: &Value) -> Contract {
        let result = json!({"schema": {"$ref": "#/components/schemas/T"}});
        let method = json!({"name": "m", "params": [], "result": result});
        Contract::read(&json!({"methods": [method], "components": {"schemas": schemas, "errors": {}}}))
    }

    #[track_caller]
    fn check(schemas: &Value, expected: &[&str]) {
        let out = types(&contract(schemas));
        for line in expected {
            assert!(out.contains(line), "{line} is not in {out}");
        }
    }

    #[test]
    fn an_object_is_a_record_that_shows_nothing() {
        let properties = json!({
            "a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "array", "items": {"type": "boolean"}},
            "d": {"$ref": "#/components/schemas/Name"}, "e": {"type": "object"}
        });
        let object = json!({"type": "object", "properties": properties, "required": ["a", "c"]});
        check(
            &json!({"T": object, "Name": {"type": "string"}}),
            &[
                "  public record T(long a, List<Boolean> c, Long b, String d, JsonObject e) {\n",
                "    public String toString() {\n      return \"T\";\n",
            ],
        );
    }

    #[test]
    fn a_union_of_objects_is_one_record() {
        let object = |name: &str| json!({"type": "object", "properties": {"all": {"type": "integer"}, name: {"type": "boolean"}}, "required": ["all", name]});
        check(
            &json!({"T": {"anyOf": [object("one"), object("two")]}}),
            &["  public record T(long all, Boolean one, Boolean two) {\n"],
        );
    }

    #[test]
    fn words_are_an_enumeration() {
        check(
            &json!({"T": {"enum": ["noStore", "key-file"]}}),
            &[
                "  public enum T {",
                "@SerializedName(\"noStore\")\n    NO_STORE,",
                "@SerializedName(\"key-file\")\n    KEY_FILE;",
            ],
        );
    }

    #[test]
    fn what_is_not_sent_is_not_written() {
        let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        assert!(!types(&contract(&json!({"T": object.clone(), "Other": object}))).contains("Other"));
    }

    #[test]
    fn a_comment_can_t_be_ended_by_what_stands_in_it() {
        assert_eq!(markup("a `b<c` */ <d> @e"), "a {@code b<c} *&#47; &lt;d&gt; &#64;e");
        let mut out = String::new();
        javadoc(&mut out, "  ", &"word ".repeat(40), &["@param a `x`".into()]);
        assert!(out.lines().all(|line| line.len() <= WIDTH), "{out}");
        assert!(out.ends_with("   * @param a {@code x}\n   */\n"), "{out}");
    }
}
