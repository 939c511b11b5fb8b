//! Thousands of messages that the schema generates, valid ones and nearly valid ones, to the real binary: each is answered
//! as the schema says, none ends the process, none is left unanswered. `FUZZ_PROCESSES` makes it more, or fewer.

use std::collections::HashMap;
use std::io::Write as _;

use plugin_vault::limits;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use super::harness::contract::{Conversation, REFUSALS, THE_CONTRACT, document};
use super::harness::{Home, finish};

/// Processes, and messages to each.
const PROCESSES: u32 = 64;
const MESSAGES: usize = 64;
const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
/// Stands for a handle until there is one.
const HANDLE: &str = "the handle";
/// What a key leads to, which is told after what is wrong with parameters, but before what is no key.
const KEY_KINDS: &[&str] =
    &["apiKeyRequired", "apiKeyUnknown", "apiKeyRevoked", "apiKeyExpired", "notPermitted"];

/// Any JSON, not deep.
fn anything() -> BoxedStrategy<Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // JSON Schema takes 1.0 for an integer; we don't.
        any::<f64>().prop_map(|number| Value::from(if number.fract() == 0.0 { 0.5 } else { number })),
        text(0, 12),
    ];
    plain
        .prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                vec(("[a-e]{0,3}", inner), 0..4).prop_map(|members| members.into_iter().collect()),
            ]
        })
        .boxed()
}

fn text(least: usize, most: usize) -> BoxedStrategy<Value> {
    vec(any::<char>(), least..=most)
        .prop_map(|letters| letters.into_iter().collect::<String>().into())
        .boxed()
}

/// Values of a schema.
fn values(schema: &Value, document: &Value) -> BoxedStrategy<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        if reference.ends_with("/Handle") {
            return prop_oneof![9 => Just(json!(HANDLE)), 1 => text(0, 40)].boxed();
        }
        return values(document.pointer(reference.trim_start_matches('#')).unwrap(), document);
    }
    if let [one] = list(&schema["allOf"]) {
        return values(one, document);
    }
    if let Some(schemas) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let each: Vec<_> = schemas.iter().map(|schema| values(schema, document)).collect();
        return proptest::strategy::Union::new(each).boxed();
    }
    if let Some(constants) = schema["enum"].as_array() {
        return select(constants.clone()).boxed();
    }
    if let Some(types) = schema["type"].as_array() {
        let each = types.iter().map(|name| {
            let mut one = schema.clone();
            one["type"] = name.clone();
            values(&one, document)
        });
        return proptest::strategy::Union::new(each).boxed();
    }
    let limit = |name: &str| schema[name].as_u64();
    match schema["type"].as_str().unwrap() {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "number" => {
            prop_oneof![any::<u32>().prop_map(Value::from), any::<f64>().prop_map(Value::from)].boxed()
        }
        "integer" => {
            let (least, most) = (limit("minimum").unwrap(), limit("maximum").unwrap());
            let numbers = prop_oneof![Just(least), Just(most), least..=most, least..=most.min(least + 9)];
            numbers.prop_map(Value::from).boxed()
        }
        "string" => match (schema["format"].as_str(), schema["pattern"].as_str()) {
            (Some("date-time"), _) => times(),
            (None, None) if limit("x-maxBytes") == Some(limits::URI as u64) => {
                "(file|isfs)://[a-c:@]{0,3}/[a-c%]{0,3}".prop_map(Value::from).boxed()
            }
            // A second key ends it that calls mean the only one.
            (_, Some("^[0-9A-Fa-f]{40}$")) => {
                prop_oneof![9 => Just(json!(KEY)), 1 => "[0-9A-Fa-f]{40}".prop_map(Value::from)].boxed()
            }
            (None, None) => {
                let least = usize::try_from(limit("minLength").unwrap_or(0)).unwrap();
                let most = usize::try_from(limit("maxLength").unwrap_or(40)).unwrap();
                prop_oneof![9 => text(least, 8), 1 => text(least, most)].boxed()
            }
            other => panic!("no strings of {other:?}"),
        },
        "array" => vec(values(&schema["items"], document), 0..4).prop_map(Value::from).boxed(),
        "object" => match schema["properties"].as_object() {
            None => vec(("[a-e]{1,3}", anything()), 0..4)
                .prop_map(|members| members.into_iter().collect())
                .boxed(),
            Some(properties) => {
                let members =
                    properties.iter().map(|(name, schema)| (name.clone(), values(schema, document)));
                object(members.collect(), &schema["required"])
            }
        },
        other => panic!("no such type: {other}"),
    }
}

fn times() -> BoxedStrategy<Value> {
    let years = prop_oneof![Just(1970_u32), Just(9999), 1990_u32..2100];
    (years, 1_u32..13, 1_u32..29, select(vec!["Z", "+01:00", "-12:30", ".5Z", ".123456789Z"]))
        .prop_map(|(year, month, day, rest)| json!(format!("{year}-{month:02}-{day:02}T00:00:00{rest}")))
        .boxed()
}

/// Objects with these members, those that have to be there always.
fn object(members: Vec<(String, BoxedStrategy<Value>)>, required: &Value) -> BoxedStrategy<Value> {
    let is_required = |name: &String| list(required).iter().any(|other| other == name);
    let members: Vec<_> = members
        .into_iter()
        .map(|(name, value)| {
            // Those that may be absent are, more often than not.
            let share = if is_required(&name) { 0.0 } else { 0.6 };
            (value, proptest::bool::weighted(share))
                .prop_map(move |(value, is_absent)| (!is_absent).then(|| (name.clone(), value)))
        })
        .collect();
    members.prop_map(|members| members.into_iter().flatten().collect::<Map<_, _>>().into()).boxed()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A call: its method, and its parameters.
type Call = (String, Value);

/// Valid parameters of every method that does not end the session, by name or by position.
fn valid_calls(document: &Value) -> BoxedStrategy<Call> {
    let requests = list(&document["methods"]).iter().filter(|method| method.get("result").is_some());
    let calls = requests.filter(|method| method["name"] != "shutdown").map(|method| {
        let name = method["name"].as_str().unwrap().to_owned();
        let required: Vec<_> =
            list(&method["params"]).iter().filter(|param| param["required"] == true).collect();
        let required: Value = required.iter().map(|param| param["name"].clone()).collect();
        let member =
            |param: &Value| (param["name"].as_str().unwrap().to_owned(), values(&param["schema"], document));
        let by_name = object(list(&method["params"]).iter().map(member).collect(), &required);
        let positional = usize::try_from(method["x-positional"].as_u64().unwrap()).unwrap();
        let first: Vec<_> = list(&method["params"])[..positional]
            .iter()
            .map(|param| values(&param["schema"], document))
            .collect();
        let by_position = first.prop_map(Value::from);
        prop_oneof![3 => by_name, 1 => by_position].prop_map(move |params| (name.clone(), params)).boxed()
    });
    proptest::strategy::Union::new(calls.collect::<Vec<_>>()).boxed()
}

/// One thing wrong, or nothing.
fn calls(document: &Value) -> BoxedStrategy<Call> {
    let spoilt = (valid_calls(document), 0..6_u8, any::<Index>(), anything()).prop_map(
        |((method, mut params), how, at, other)| {
            match (&mut params, how) {
                (whole, 0) => *whole = other,
                (Value::Object(members), 1) => drop(members.insert("unknown".into(), other)),
                (Value::Object(members), _) if !members.is_empty() => {
                    let name = members.keys().nth(at.index(members.len())).unwrap().clone();
                    match how {
                        2 => drop(members.remove(&name)),
                        3 => {
                            let value = members.remove(&name).unwrap();
                            members.insert(name.to_uppercase(), value);
                        }
                        _ => drop(members.insert(name, other)),
                    }
                }
                (Value::Array(elements), 1) => elements.push(other),
                (Value::Array(elements), 2) => drop(elements.pop()),
                (Value::Array(elements), _) if !elements.is_empty() => {
                    let at = at.index(elements.len());
                    elements[at] = other;
                }
                _ => {}
            }
            (method, params)
        },
    );
    prop_oneof![1 => valid_calls(document), 1 => spoilt].boxed()
}

/// What would make the test wait, or end the process by another's end, is left out.
fn harmless(params: &mut Value) {
    if let Some(wait) = params.get_mut("waitMs").filter(|wait| wait.as_u64().is_some_and(|wait| wait > 20)) {
        *wait = 20.into();
    }
    if let Some(process) = params.get_mut("processId").filter(|process| process.is_number()) {
        *process = Value::Null;
    }
}

/// Answers by their ids, and the exit code.
fn converse(input: &[u8]) -> (Vec<String>, Option<i32>) {
    let home = Home::new();
    let start = home.start().usual_log().without_folders();
    let started = start.arguments(["--temporary", "--workspace-folder=file:///home/me/project"]).spawn();
    let output = finish(started, |mut stdin| stdin.write_all(input).unwrap());
    let output = output.expect("it answers, and ends");
    let answers = String::from_utf8(output.stdout).unwrap();
    (answers.lines().map(str::to_owned).collect(), output.status.code())
}

fn check(mut calls: Vec<Call>) -> Result<(), TestCaseError> {
    let mut conversation = Conversation::default();
    let mut input = Vec::new();
    calls.insert(0, ("setAPIKey".into(), json!([KEY])));
    calls.push(("shutdown".into(), Value::Null));
    for (id, (method, params)) in calls.iter_mut().enumerate() {
        harmless(params);
        if params.get("handle").is_some_and(|handle| handle == HANDLE) {
            // The only key is meant, as long as it is the only one.
            params.as_object_mut().unwrap().remove("handle");
        }
        let text = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        conversation.sent(&text);
        input.extend_from_slice(text.as_bytes());
        input.push(b'\n');
    }
    input.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}\n");
    let (answers, code) = converse(&input);
    prop_assert_eq!(code, Some(0));
    let mut answered: HashMap<u64, Value> = HashMap::new();
    for text in &answers {
        conversation.heard(text);
        let answer: Value = serde_json::from_str(text).unwrap();
        if let Some(id) = answer["id"].as_u64() {
            prop_assert!(answered.insert(id, answer).is_none(), "{} was answered twice", id);
        }
    }
    for (id, (method, params)) in calls.iter().enumerate() {
        let answer = answered.get(&(id as u64));
        prop_assert!(answer.is_some(), "{} {} was not answered", method, params);
        let data = &answer.unwrap()["error"]["data"];
        let kind = data["kind"].as_str();
        let is_right = match THE_CONTRACT.allows(method, params) {
            // What a schema can't say: how many bytes a name has, a folder in the context user, a deep patch.
            Some(true) => kind != Some("invalidParams") || data["reason"] == "outOfRange",
            Some(false) => kind.is_some_and(|kind| REFUSALS.contains(&kind) || KEY_KINDS.contains(&kind)),
            None => true,
        };
        prop_assert!(is_right, "{method} {params}: {data}");
    }
    Ok(())
}

#[test]
fn what_the_schema_generates_is_answered_as_the_schema_says() {
    let processes = std::env::var("FUZZ_PROCESSES").map_or(PROCESSES, |count| count.parse().unwrap());
    let config = ProptestConfig {
        cases: processes,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Default::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&vec(calls(&document()), MESSAGES), check);
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
