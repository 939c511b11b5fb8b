//! What may change in a protocol's version, and what may not: the document against the one that was frozen.
//!
//! `FREEZE=1 cargo test --features schema --test schema` freezes the document as it is; `schema/README.md` says when.

use std::fs;

use serde_json::{Map, Value, json};

use super::files::{DOCUMENT, read, root};

fn frozen(version: &str) -> String {
    format!("schema/v{version}/openrpc.json")
}

fn document(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|_| panic!("{path} is missing; see schema/README.md"))
}

#[test]
fn nothing_that_was_frozen_has_become_incompatible() {
    let now = document(DOCUMENT);
    let path = frozen(now["info"]["version"].as_str().unwrap());
    let freeze = std::env::var_os("FREEZE").is_some();
    let is_there = root().join(&path).exists();
    if is_there {
        let changes = incompatible(&document(&path), &now);
        assert!(changes.is_empty(), "this needs a new version of the protocol: {changes:#?}");
    }
    if freeze {
        fs::create_dir_all(root().join(&path).parent().unwrap()).unwrap();
        fs::copy(root().join(DOCUMENT), root().join(&path)).unwrap();
    }
    assert!(freeze || is_there, "{path} is missing; see schema/README.md");
}

/// Which way a value goes.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// To the server: what was allowed has to be allowed still.
    In,
    /// To the client: what comes now has to be what could come before, but for members that clients pass over.
    Out,
}

/// Both documents, the old one first.
struct Pair<'a> {
    old: &'a Value,
    new: &'a Value,
}

/// Everything that a client of the old document could fall over.
fn incompatible(old: &Value, new: &Value) -> Vec<String> {
    let pair = Pair { old, new };
    let mut found = Vec::new();
    for method in list(&old["methods"]) {
        let name = method["name"].as_str().unwrap();
        match list(&new["methods"]).iter().find(|other| other["name"] == name) {
            None => found.push(format!("{name} is gone")),
            Some(other) => {
                found.extend(pair.method(method, other).into_iter().map(|why| format!("{name}: {why}")));
            }
        }
    }
    for (kind, error) in object(&old["components"]["errors"]) {
        let other = &new["components"]["errors"][kind];
        if (&error["code"], &error["data"]) != (&other["code"], &other["data"]) {
            found.push(format!("the error {kind} is gone or another"));
        }
        let name = format!("#/components/schemas/{}{}Data", kind[..1].to_uppercase(), &kind[1..]);
        found.extend(pair.value(Way::Out, &json!({"$ref": name}), &json!({"$ref": name}), kind));
    }
    found
}

impl Pair<'_> {
    fn method(&self, old: &Value, new: &Value) -> Vec<String> {
        let mut found = Vec::new();
        if old["x-direction"] != new["x-direction"]
            || old.get("result").is_some() != new.get("result").is_some()
        {
            found.push("it goes another way".into());
        }
        if old["x-lenient"] == true && new["x-lenient"] != true {
            found.push("unknown parameters are not ignored any more".into());
        }
        let positional = usize::try_from(old["x-positional"].as_u64().unwrap_or(0)).unwrap();
        let names = |method: &Value| {
            list(&method["params"]).iter().map(|param| param["name"].clone()).collect::<Vec<_>>()
        };
        let (old_names, new_names) = (names(old), names(new));
        if new["x-positional"].as_u64().unwrap_or(0) < positional as u64
            || old_names[..positional] != new_names[..positional.min(new_names.len())]
        {
            found.push("parameters have another position".into());
        }
        for param in list(&old["params"]) {
            let name = param["name"].as_str().unwrap();
            match list(&new["params"]).iter().find(|other| other["name"] == name) {
                None => found.push(format!("the parameter {name} is gone")),
                Some(other) => {
                    if other["required"] == true && param["required"] != true {
                        found.push(format!("the parameter {name} has to be there now"));
                    }
                    found.extend(self.value(Way::In, &param["schema"], &other["schema"], name));
                }
            }
        }
        for param in list(&new["params"]) {
            if param["required"] == true && !old_names.contains(&param["name"]) {
                found.push(format!("the new parameter {} has to be there", param["name"]));
            }
        }
        for (place, name) in [("result", "result"), ("x-params", "params")] {
            if let (Some(old), Some(new)) = (old.get(place), new.get(place)) {
                let schema = |value: &Value| value.get("schema").unwrap_or(value).clone();
                found.extend(self.value(Way::Out, &schema(old), &schema(new), name));
            }
        }
        found
    }

    fn value(&self, way: Way, old: &Value, new: &Value, at: &str) -> Option<String> {
        match way {
            Way::In => subset((old, self.old), (new, self.new), way, at),
            Way::Out => subset((new, self.new), (old, self.old), way, at),
        }
    }
}

/// Why not every value of the first schema is one of the second's. Each stands with the document that it is from.
fn subset(small: (&Value, &Value), large: (&Value, &Value), way: Way, at: &str) -> Option<String> {
    let (alternatives, others) = (alternatives(small.0, small.1), alternatives(large.0, large.1));
    for one in &alternatives {
        let mut whys = Vec::new();
        for other in &others {
            match plain_subset((one, small.1), (other, large.1), way, at) {
                None => break,
                Some(why) => whys.push(why),
            }
        }
        if whys.len() == others.len() {
            return Some(
                whys.into_iter()
                    .min_by_key(|why| !why.contains('.'))
                    .unwrap_or_else(|| format!("{at} is gone")),
            );
        }
    }
    None
}

/// The schemas of which one has to fit, each with one type, constant or reference left.
fn alternatives(schema: &Value, document: &Value) -> Vec<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return alternatives(document.pointer(pointer).unwrap_or_else(|| panic!("{reference}")), document);
    }
    if let [one] = list(&schema["allOf"]) {
        return alternatives(one, document);
    }
    for any in ["anyOf", "oneOf"] {
        if let Some(schemas) = schema[any].as_array() {
            return schemas.iter().flat_map(|schema| alternatives(schema, document)).collect();
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| json!({"const": value})).collect();
    }
    if let Some(types) = schema["type"].as_array() {
        let with = |name: &Value| {
            let mut schema = schema.clone();
            schema["type"] = name.clone();
            schema
        };
        return types.iter().map(with).collect();
    }
    vec![schema.clone()]
}

fn plain_subset(small: (&Value, &Value), large: (&Value, &Value), way: Way, at: &str) -> Option<String> {
    let ((small, from), (large, to)) = (small, large);
    if let Some(value) = large.get("const") {
        return (small.get("const") != Some(value)).then(|| format!("{at} is not only {value}"));
    }
    if let Some(value) = small.get("const") {
        let name = match value {
            Value::Bool(_) => "boolean",
            Value::String(_) => "string",
            Value::Null => "null",
            _ => "integer",
        };
        return (large["type"] != name).then(|| format!("{at} may be {value}"));
    }
    let is_wider = small["type"] == "integer" && large["type"] == "number";
    if small["type"] != large["type"] && !is_wider {
        return Some(format!("{at} is {} and was {}", small["type"], large["type"]));
    }
    for (limit, is_least) in [
        ("minimum", true),
        ("minLength", true),
        ("minItems", true),
        ("maximum", false),
        ("maxLength", false),
        ("maxItems", false),
        ("x-maxBytes", false),
    ] {
        let (one, other) = (small[limit].as_f64(), large[limit].as_f64());
        let holds = match (one, other) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(one), Some(other)) => {
                if is_least {
                    one >= other
                } else {
                    one <= other
                }
            }
        };
        if !holds {
            return Some(format!("{at} has another {limit}"));
        }
    }
    for said in ["pattern", "format", "x-unit"] {
        if large.get(said).is_some() && small.get(said) != large.get(said) {
            return Some(format!("{at} has another {said}"));
        }
    }
    match small["type"].as_str() {
        Some("array") => subset((&small["items"], from), (&large["items"], to), way, &format!("{at}[]")),
        Some("object") => members_subset((small, from), (large, to), way, at),
        _ => None,
    }
}

fn members_subset(small: (&Value, &Value), large: (&Value, &Value), way: Way, at: &str) -> Option<String> {
    let ((small, from), (large, to)) = (small, large);
    for name in list(&large["required"]) {
        if !list(&small["required"]).contains(name) {
            return Some(format!(
                "{at}.{} may be absent in one, and not in the other",
                name.as_str().unwrap()
            ));
        }
    }
    let is_closed = |schema: &Value| schema["additionalProperties"] == false;
    if is_closed(large) && !is_closed(small) {
        return Some(format!("{at} may have any member"));
    }
    for (name, schema) in object(&small["properties"]) {
        let at = format!("{at}.{name}");
        match large["properties"].get(name) {
            Some(other) => {
                if let Some(why) = subset((schema, from), (other, to), way, &at) {
                    return Some(why);
                }
            }
            // Clients pass over what they don't know.
            None if way == Way::In && is_closed(large) => return Some(format!("{at} is gone")),
            None => {}
        }
    }
    None
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind of thing that can change.
    fn old() -> Value {
        json!({
            "methods": [{
                "name": "do", "x-direction": "clientToServer", "x-positional": 1, "x-lenient": false,
                "params": [
                    {"name": "a", "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 9}},
                    {"name": "b", "required": false, "schema": {"anyOf": [{"$ref": "#/components/schemas/Scope"}, {"type": "null"}]}},
                    {"name": "c", "required": false, "schema": {"type": ["integer", "null"], "maximum": 10}},
                ],
                "result": {"schema": {"type": "object", "required": ["x"], "additionalProperties": false, "properties": {
                    "x": {"type": "integer", "minimum": 0}, "y": {"enum": ["p", "q"]},
                    "z": {"type": "array", "items": {"type": "string", "pattern": "^a"}}}}},
            }, {
                "name": "did", "x-direction": "serverToClient", "x-params": {"$ref": "#/components/schemas/Did"},
            }],
            "components": {
                "schemas": {
                    "Scope": {"type": "object", "additionalProperties": false, "properties": {"r": {"type": "boolean"}}},
                    "Did": {"anyOf": [{"type": "object", "required": ["k"], "properties": {"k": {"const": 1}}}]},
                    "LostData": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "lost"}}},
                },
                "errors": {"lost": {"code": 1, "message": "Lost.", "data": {"kind": "lost", "retryable": false}}},
            },
        })
    }

    /// The document with one place of it changed; `null` takes it away.
    fn with(pointer: &str, value: Value) -> Value {
        let mut new = old();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match (new.pointer_mut(parent).unwrap(), value) {
            (Value::Object(members), Value::Null) => drop(members.remove(name).unwrap()),
            (Value::Array(elements), Value::Null) => drop(elements.remove(name.parse().unwrap())),
            (Value::Object(members), value) => drop(members.insert(name.to_owned(), value)),
            (Value::Array(elements), value) => elements.insert(name.parse().unwrap(), value),
            _ => panic!("{pointer}"),
        }
        new
    }

    #[test]
    fn each_kind_of_incompatible_change_is_found() {
        #[track_caller]
        fn check(pointer: &str, value: Value, why: &str) {
            let found = incompatible(&old(), &with(pointer, value));
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), [why], "{pointer}");
        }
        let params = "/methods/0/params";
        check("/methods/0", Value::Null, "do is gone");
        check("/methods/1/x-direction", json!("clientToServer"), "did: it goes another way");
        check(&format!("{params}/2"), Value::Null, "do: the parameter c is gone");
        check(&format!("{params}/1/required"), json!(true), "do: the parameter b has to be there now");
        check(
            &format!("{params}/3"),
            json!({"name": "d", "required": true}),
            "do: the new parameter \"d\" has to be there",
        );
        check(
            &format!("{params}/0"),
            json!({"name": "d", "schema": {}}),
            "do: parameters have another position",
        );
        check("/methods/0/x-positional", json!(0), "do: parameters have another position");
        check(&format!("{params}/0/schema/minLength"), json!(2), "do: a has another minLength");
        check(&format!("{params}/0/schema/maxLength"), json!(8), "do: a has another maxLength");
        check(&format!("{params}/0/schema/pattern"), json!("^a"), "do: a has another pattern");
        check(
            &format!("{params}/0/schema/type"),
            json!("integer"),
            "do: a is \"string\" and was \"integer\"",
        );
        check(&format!("{params}/0/schema/enum"), json!(["a"]), "do: a is not only \"a\"");
        check(&format!("{params}/2/schema/type"), json!("integer"), "do: c is \"null\" and was \"integer\"");
        check("/components/schemas/Scope/properties/r", Value::Null, "do: b.r is gone");
        check(
            "/components/schemas/Scope/required",
            json!(["r"]),
            "do: b.r may be absent in one, and not in the other",
        );
        let result = "/methods/0/result/schema";
        check(
            &format!("{result}/required"),
            json!([]),
            "do: result.x may be absent in one, and not in the other",
        );
        check(&format!("{result}/properties/x/minimum"), json!(-1), "do: result.x has another minimum");
        check(
            &format!("{result}/properties/x/type"),
            json!("number"),
            "do: result.x is \"number\" and was \"integer\"",
        );
        check(&format!("{result}/properties/y/enum/2"), json!("r"), "do: result.y is not only \"p\"");
        check(
            &format!("{result}/properties/z/items/pattern"),
            Value::Null,
            "do: result.z[] has another pattern",
        );
        check(&format!("{result}/additionalProperties"), json!(true), "do: result may have any member");
        check(
            "/components/schemas/Did/anyOf/1",
            json!({"type": "null"}),
            "did: params is \"null\" and was \"object\"",
        );
        check("/components/errors/lost", Value::Null, "the error lost is gone or another");
        check("/components/errors/lost/code", json!(2), "the error lost is gone or another");
        check(
            "/components/schemas/LostData/required",
            json!([]),
            "lost.kind may be absent in one, and not in the other",
        );
    }

    #[test]
    fn what_clients_can_live_with_is_let_through() {
        #[track_caller]
        fn check(pointer: &str, value: Value) {
            let found = incompatible(&old(), &with(pointer, value));
            assert!(found.is_empty(), "{found:?}");
        }
        let params = "/methods/0/params";
        check("/methods/2", json!({"name": "more", "params": []}));
        check("/methods/0/description", json!("It does."));
        check("/methods/0/x-lenient", json!(true));
        check(&format!("{params}/3"), json!({"name": "d", "required": false, "schema": {}}));
        check(&format!("{params}/0/required"), json!(false));
        check(&format!("{params}/0/schema/minLength"), json!(0));
        check(&format!("{params}/0/schema/maxLength"), Value::Null);
        check(&format!("{params}/0/schema/type"), json!(["string", "null"]));
        check(&format!("{params}/2/schema/type"), json!(["number", "null"]));
        check("/components/schemas/Scope/properties/s", json!({"type": "string"}));
        let result = "/methods/0/result/schema";
        check(&format!("{result}/properties/w"), json!({"type": "string"}));
        check(&format!("{result}/required/1"), json!("y"));
        check(&format!("{result}/properties/x/minimum"), json!(1));
        check(&format!("{result}/properties/y/enum/0"), Value::Null);
        check("/components/errors/found", json!({"code": 2}));
        check("/components/errors/lost/message", json!("It is lost."));
    }
}
