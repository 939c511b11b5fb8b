//! Markdown: `docs/reference.md`, the whole page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::json;
use super::model::{Contract, Example, Field, Method, Named, Params, Type};

/// The text above the first table.
const HEAD: &str = "\
# Reference

Every method, error, notification and type of the protocol. [protocol.md](protocol.md) describes how a client uses them,
and [glossary.md](glossary.md) defines the terms. This page is generated from
[schema/openrpc.json](../schema/openrpc.json): change the declarations in `src/rpc/`, then run
`UPDATE=1 cargo test --features schema --test schema`.

<!-- code of this page: tested by tests/clients/openrpc/openrpc.test.mjs -->

";

/// The whole page.
pub(crate) fn page(contract: &Contract) -> String {
    format!("{HEAD}{}\n{}\n{}", methods(contract), errors(contract), reference(contract))
}

/// A table with one line for each method.
fn methods(contract: &Contract) -> String {
    let mut out = String::from(
        "## Methods\n\nParameters in **bold** also go by position, in this order; `?` marks an optional one.\n\n\
         | method | parameters | result |\n|---|---|---|\n",
    );
    for (method, result) in contract.requests() {
        let params: Vec<_> =
            fields_of(method).iter().enumerate().map(|(at, field)| short(method, at, field)).collect();
        let params = if params.is_empty() { "none".into() } else { params.join(", ") };
        let name = &method.name;
        writeln!(out, "| [`{name}`](#{}) | {params} | {} |", anchor(name), summary(contract, result))
            .unwrap();
    }
    let key = contract.types.iter().find(|named| named.name == "Key").expect("there is a Key");
    let members = members(&key.shape, &BTreeSet::new());
    writeln!(out, "\n`…key` stands for `{members}`. It never contains the key itself.").unwrap();
    out
}

/// The table of errors, and the members of `data` that only some of them have.
fn errors(contract: &Contract) -> String {
    let mut out = String::from("## Errors\n\n| code | kind | retryable | message |\n|---|---|---|---|\n");
    for error in &contract.errors {
        let retryable = if error.retryable { "yes" } else { "no" };
        writeln!(out, "| {} | `{}` | {retryable} | {} |", number(error.code), error.kind, error.message)
            .unwrap();
    }
    out.push_str("\nErrors with several causes have `data.reason`, and a message for each:\n\n");
    out.push_str("| code | reason | message |\n|---|---|---|\n");
    for error in &contract.errors {
        for (reason, messages) in &error.reasons {
            let code = number(error.code);
            for message in messages {
                let message = line(&message.replace("`{parameter}`", "`…`").replace("{parameter}", "…"));
                writeln!(out, "| {code} | `{reason}` | {message} |").unwrap();
            }
        }
    }
    out.push_str("\nSome errors have further members in `data`:\n\n| code | member | |\n|---|---|---|\n");
    for error in &contract.errors {
        let name = format!("{}{}Data", error.kind[..1].to_uppercase(), &error.kind[1..]);
        let data = contract.types.iter().find(|named| named.name == name).expect("each kind has a type");
        let Type::Object(fields) = &data.shape else { continue };
        for field in fields.iter().filter(|field| !matches!(&*field.name, "kind" | "retryable")) {
            let mark = if field.required { "" } else { "?" };
            let values = values(contract, &field.shape);
            let code = number(error.code);
            writeln!(out, "| {code} | `{}{mark}` | {}{values} |", field.name, line(&field.description))
                .unwrap();
        }
    }
    out
}

/// Each method with its parameters, errors and examples; the notifications; the types.
fn reference(contract: &Contract) -> String {
    let mut out = String::from(
        "## Each method\n\n\
         Every example starts with a new store and one open folder, `file:///home/me/project`. Where the method takes\n\
         `handle?`, the connection has set one key. `x-after` in the OpenRPC document lists further calls that an\n\
         example needs before it.\n\n",
    );
    let is_general = |kind: &&String| contract.requests().all(|(method, _)| method.errors.contains(kind));
    let general = contract.errors.iter().map(|error| &error.kind).filter(is_general);
    writeln!(out, "Each list of errors leaves out those of every request: {}.\n", quoted(general)).unwrap();
    for (method, result) in contract.requests() {
        head(&mut out, method);
        writeln!(out, "Result: {}.\n", linked(result)).unwrap();
        let own = quoted(method.errors.iter().filter(|kind| !is_general(kind)));
        if !own.is_empty() {
            writeln!(out, "Errors: {own}.\n").unwrap();
        }
        method.examples.iter().for_each(|example| show(&mut out, method, example));
    }
    out.push_str("## Notifications\n\n");
    for (to_client, sender) in [(false, "client"), (true, "sidecar")] {
        for method in contract.notifications(to_client) {
            writeln!(out, "**`{}`**, from the {sender}. {}\n", method.name, method.description).unwrap();
            if let Params::Whole(shape) = &method.params {
                writeln!(out, "Parameters: {}.\n", linked(shape)).unwrap();
            }
        }
    }
    out.push_str("## Types\n\n");
    let is_error = |named: &&Named| named.name.ends_with("Data") || named.name == "ErrorKind";
    for named in contract.types.iter().filter(|named| !is_error(named)) {
        describe(&mut out, named);
    }
    out
}

fn head(out: &mut String, method: &Method) {
    writeln!(out, "### {}\n\n{}\n", method.name, method.description).unwrap();
    let fields = fields_of(method);
    if fields.is_empty() {
        return;
    }
    out.push_str("| parameter | type | |\n|---|---|---|\n");
    for (at, field) in fields.iter().enumerate() {
        let name = short(method, at, field);
        let range = match &field.range {
            Some((least, most, unit)) => format!(" from {} to {} {unit}", grouped(*least), grouped(*most)),
            None => String::new(),
        };
        let shape = linked(&without_null(&field.shape));
        writeln!(out, "| {name} | {shape}{range} | {} |", line(&field.description)).unwrap();
    }
    out.push('\n');
}

fn show(out: &mut String, method: &Method, example: &Example) {
    let what = if example.is_error { "error" } else { "result" };
    writeln!(
        out,
        "{}:\n\n```json\n{{\"method\": \"{}\", \"params\": {}}}\n{{\"{what}\": {}}}\n```\n",
        example.title,
        method.name,
        json::line(&example.params),
        json::line(&example.outcome),
    )
    .unwrap();
}

fn describe(out: &mut String, named: &Named) {
    writeln!(out, "### {}\n", named.name).unwrap();
    let description =
        if named.description.is_empty() { String::new() } else { format!("{} ", named.description) };
    match &named.shape {
        Type::Object(fields) => {
            if !description.is_empty() {
                writeln!(out, "{}\n", description.trim_end()).unwrap();
            }
            table(out, fields);
        }
        Type::OneOf(types) if types.iter().any(|shape| matches!(shape, Type::Object(_))) => {
            writeln!(out, "{description}One of these:\n").unwrap();
            for shape in types {
                if let Type::Object(fields) = shape {
                    table(out, fields);
                }
            }
        }
        shape if is_list_of_values(shape) => {
            writeln!(out, "{description}Values: {}.\n", linked(shape)).unwrap();
        }
        shape => writeln!(out, "{description}Type: {}.\n", linked(shape)).unwrap(),
    }
}

fn table(out: &mut String, fields: &[Field]) {
    out.push_str("| member | type | |\n|---|---|---|\n");
    for field in fields {
        let mark = if field.required { "" } else { "?" };
        writeln!(out, "| `{}{mark}` | {} | {} |", field.name, linked(&field.shape), line(&field.description))
            .unwrap();
    }
    out.push('\n');
}

fn fields_of(method: &Method) -> &[Field] {
    match &method.params {
        Params::Each { fields, .. } => fields,
        Params::Whole(_) => &[],
    }
}

/// The name of a parameter: bold if it may go by position.
fn short(method: &Method, at: usize, field: &Field) -> String {
    let mark = if field.required { "" } else { "?" };
    let bold = if at < method.positional { "**" } else { "" };
    format!("{bold}`{}{mark}`{bold}", field.name)
}

/// The short form of a result.
fn summary(contract: &Contract, shape: &Type) -> String {
    match shape {
        Type::Null => "`null`".into(),
        Type::OneOf(types) => {
            types.iter().map(|shape| summary(contract, shape)).collect::<Vec<_>>().join(", or ")
        }
        Type::List(of) => format!("`[{}]`", summary(contract, of).trim_matches('`')),
        Type::Named(name) => {
            let named =
                contract.types.iter().find(|named| named.name == *name).expect("a type of the contract's");
            let key =
                contract.types.iter().find(|named| named.name == "Key").map(|named| names(&named.shape));
            let key = key.unwrap_or_default();
            match &named.shape {
                Type::Object(_) if key.is_subset(&names(&named.shape)) => {
                    format!("`{}`", members(&named.shape, &key))
                }
                Type::Object(_) => format!("`{}`", members(&named.shape, &BTreeSet::new())),
                _ => format!("[{name}](#{})", anchor(name)),
            }
        }
        other => linked(other),
    }
}

fn names(shape: &Type) -> BTreeSet<String> {
    match shape {
        Type::Object(fields) => fields.iter().map(|field| field.name.clone()).collect(),
        _ => BTreeSet::new(),
    }
}

/// The members of an object, those of a key in one word.
fn members(shape: &Type, key: &BTreeSet<String>) -> String {
    let Type::Object(fields) = shape else { unreachable!("an object") };
    let own = fields.iter().filter(|field| !key.contains(&field.name));
    let own = own.map(|field| format!("{}{}", field.name, if field.required { "" } else { "?" }));
    let rest = (!key.is_empty()).then(|| "…key".to_owned());
    format!("{{{}}}", own.chain(rest).collect::<Vec<_>>().join(", "))
}

fn without_null(shape: &Type) -> Type {
    match shape {
        Type::OneOf(types) => {
            let mut rest: Vec<_> = types.iter().filter(|shape| **shape != Type::Null).cloned().collect();
            if rest.len() == 1 { rest.remove(0) } else { Type::OneOf(rest) }
        }
        shape => shape.clone(),
    }
}

fn linked(shape: &Type) -> String {
    match shape {
        Type::Named(name) => format!("[{name}](#{})", anchor(name)),
        Type::Text => "a string".into(),
        Type::Number => "a number".into(),
        Type::Whole => "an integer".into(),
        Type::Bool => "`true` or `false`".into(),
        Type::Null => "`null`".into(),
        Type::Literal(value) => format!("`{value}`"),
        Type::Open | Type::Object(_) => "an object".into(),
        Type::List(of) if matches!(**of, Type::Open | Type::Object(_)) => "a list of objects".into(),
        Type::List(of) => format!("a list of {}", linked(of)),
        Type::OneOf(types) => {
            let or = if is_list_of_values(shape) { ", " } else { ", or " };
            types.iter().map(linked).collect::<Vec<_>>().join(or)
        }
    }
}

fn is_list_of_values(shape: &Type) -> bool {
    match shape {
        Type::OneOf(types) => types.iter().all(|shape| matches!(shape, Type::Literal(_))),
        shape => matches!(shape, Type::Literal(_)),
    }
}

fn quoted<'a>(kinds: impl Iterator<Item = &'a String>) -> String {
    kinds.map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ")
}

/// The values of a type that is a list of values; else nothing.
fn values(contract: &Contract, shape: &Type) -> String {
    let shape = match shape {
        Type::Named(name) => &contract.types.iter().find(|named| named.name == *name).expect("a type").shape,
        shape => shape,
    };
    if is_list_of_values(shape) { format!(" {}", linked(shape)) } else { String::new() }
}

/// The anchor of a heading, as Markdown viewers form it.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect()
}

fn number(code: i64) -> String {
    code.to_string().replace('-', "−")
}

/// 600,000
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn line(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contract() -> Contract {
        Contract::read(&json!({
            "methods": [{
                "name": "vault/do", "description": "Does it.", "x-positional": 1,
                "params": [
                    {"name": "a", "required": true, "description": "One | two.", "schema": {"type": "string"}},
                    {"name": "b", "schema": {"type": ["boolean", "null"]}},
                    {"name": "c", "schema": {"type": "integer", "minimum": 9, "maximum": 600_000, "x-unit": "days"}},
                ],
                "result": {"schema": {"$ref": "#/components/schemas/Done"}},
                "errors": [{"$ref": "#/components/errors/lost"}],
                "examples": [{"name": "Like this", "x-paramStructure": "by-position",
                    "params": [{"name": "a", "value": "x"}], "result": {"value": {"done": 1}}}],
            }],
            "components": {
                "schemas": {
                    "Done": {"type": "object", "properties": {"done": {"type": "integer"}}, "required": ["done"]},
                    "Key": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
                    "LostData": {"type": "object", "properties": {
                        "kind": {"const": "lost"}, "why": {"enum": ["x", "y"]}, "reason": {"enum": ["sunk", "sold"]}},
                        "x-messages": {"sunk": ["It sank."], "sold": ["`{parameter}` was | sold."]}},
                },
                "errors": {"lost": {"code": -1, "message": "It is lost.", "data": {"retryable": true}}},
            },
        }))
    }

    #[test]
    fn a_method_has_a_line_of_the_table_and_a_part_of_the_reference() {
        let line = "| [`vault/do`](#vaultdo) | **`a`**, `b?`, `c?` | `{done}` |\n";
        assert!(methods(&contract()).contains(line), "{}", methods(&contract()));
        let reference = reference(&contract());
        for part in [
            "### vault/do\n\nDoes it.\n",
            "| **`a`** | a string | One \\| two. |\n| `b?` | `true` or `false` |  |\n",
            "| `c?` | an integer from 9 to 600,000 days |  |\n",
            "Each list of errors leaves out those of every request: `lost`.\n",
            "Result: [Done](#done).\n",
            "Like this:\n\n```json\n{\"method\": \"vault/do\", \"params\": [\"x\"]}\n{\"result\": {\"done\": 1}}\n```\n",
            "### Done\n\n| member | type | |\n|---|---|---|\n| `done` | an integer |  |\n",
        ] {
            assert!(reference.contains(part), "{part}\n{reference}");
        }
    }

    #[test]
    fn an_error_has_a_line_and_its_data_too() {
        let errors = errors(&contract());
        assert!(errors.contains("| −1 | `lost` | yes | It is lost. |\n"), "{errors}");
        assert!(errors.contains("| −1 | `why?` |  `\"x\"`, `\"y\"` |\n"), "{errors}");
        assert!(
            errors.contains("| −1 | `sunk` | It sank. |\n| −1 | `sold` | `…` was \\| sold. |\n"),
            "{errors}"
        );
    }
}
