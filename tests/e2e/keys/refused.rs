//! A refused key ends calls without a handle, until the only key is set again: one plugin's data must not land in
//! another's namespace because it did not look at an answer.

use serde_json::{Value, json};

use crate::harness::{Home, Message};

/// Keys that are refused, with the code.
fn refusals(home: &Home) -> Vec<(Value, i64)> {
    vec![
        (json!(["no key"]), 1002),
        (json!([home.word()]), 1002),
        (json!([""]), 1002),
        (json!([format!("{}x", &home.key()[1..])]), 1002),
        (json!([format!("{}0", home.key())]), 1002),
        (json!([format!(" {}", home.key())]), 1002),
        (json!({"apiKey": home.key(), "mustExist": true}), 1003),
        (json!([]), -32602),
        (json!([1]), -32602),
        (json!({"apiKey": home.key(), "mustExists": true}), -32602),
        (json!({"apiKey": home.key(), "mustExist": "true"}), -32602),
    ]
}

#[test]
fn a_refused_key_ends_calls_without_a_handle_until_the_only_key_is_set_again() {
    let home = Home::new();
    let key = home.key();
    let mut client = home.client();
    let handle = client.set_key(&key);
    let object = home.object();
    client.ok("setPersistentData", json!(["user", object]));
    for (params, code) in refusals(&home) {
        assert_eq!(client.code("setAPIKey", params.clone()), code, "{params}");
        assert_eq!(client.code("getPersistentData", ["user"]), 1001, "after {params}");
        assert_eq!(client.code("setPersistentData", json!(["user", {}])), 1001, "after {params}");
        let with_handle = json!({"context": "user", "handle": handle});
        assert_eq!(client.ok("getPersistentData", with_handle), object);
        assert_eq!(client.set_key(&key), handle);
        assert_eq!(client.ok("getPersistentData", ["user"]), object);
    }
}

#[test]
fn a_refused_key_ends_them_too_where_everything_comes_at_once() {
    for (at, _) in refusals(&Home::new()).iter().enumerate() {
        let home = Home::new();
        let key = home.key();
        let (params, code) = refusals(&home).swap_remove(at);
        let mut script = home.script();
        let messages = [
            ("setAPIKey", json!([key])),
            ("setPersistentData", json!(["user", {"a": 1}])),
            ("setAPIKey", params),
            ("setPersistentData", json!(["user", {"a": 2}])),
            ("getPersistentData", json!(["user"])),
            ("setAPIKey", json!([key])),
            ("getPersistentData", json!(["user"])),
        ];
        let mut bytes = Vec::new();
        let ids = messages.map(|(method, params)| {
            let (id, text) = script.request_text(method, &params.to_string());
            bytes.extend(script.frame(&text));
            id
        });
        script.send_raw(&bytes);
        let answers = ids.map(|id| script.wait(id));
        let code_of = |answer: &Message| answer.outcome().err().map_or(0, |refused| refused.code);
        assert_eq!(answers.each_ref().map(code_of), [0, 0, code, 1001, 1001, 0, 0]);
        assert_eq!(answers[6].ok(), json!({"a": 1}));
    }
}

#[test]
fn a_write_behind_a_key_that_must_exist_and_does_not_is_not_carried_out() {
    let home = Home::new();
    let mut script = home.script();
    let mut bytes = Vec::new();
    let mut ids = Vec::new();
    for (method, params) in [
        ("setAPIKey", json!({"apiKey": home.key(), "mustExist": true})),
        ("setPersistentData", json!(["user", {}])),
        ("getPersistentData", json!(["user"])),
    ] {
        let (id, text) = script.request_text(method, &params.to_string());
        bytes.extend(script.frame(&text));
        ids.push(id);
    }
    script.send_raw(&bytes);
    let codes: Vec<_> = ids.into_iter().map(|id| script.wait(id).refused().code).collect();
    assert_eq!(codes, [1003, 1001, 1001]);
    assert_eq!(script.ok("vault/status", json!({}))["records"], 0);
}

#[test]
fn a_second_key_counts_from_the_moment_that_it_was_read() {
    let home = Home::new();
    let keys = [home.key(), home.key()];
    let mut script = home.script();
    let mut bytes = Vec::new();
    let mut ids = Vec::new();
    for (method, params) in [
        ("setAPIKey", json!([keys[0]])),
        ("setPersistentData", json!(["user", {"of": "the first"}])),
        ("setAPIKey", json!([keys[1]])),
        ("setPersistentData", json!(["user", {"of": "no key"}])),
    ] {
        let (id, text) = script.request_text(method, &params.to_string());
        bytes.extend(script.frame(&text));
        ids.push(id);
    }
    script.send_raw(&bytes);
    script.wait(ids[0]).ok();
    script.wait(ids[1]).ok();
    let second = script.wait(ids[2]).ok();
    assert_eq!(script.wait(ids[3]).refused().code, 1001);
    let params = json!({"context": "user", "handle": second["handle"]});
    assert_eq!(script.ok("getPersistentData", params), Value::Null);
}

#[test]
fn a_refused_first_key_leaves_the_connection_as_it_was() {
    let home = Home::new();
    let mut client = home.client();
    for (params, code) in refusals(&home) {
        assert_eq!(client.code("setAPIKey", params), code);
        assert_eq!(client.code("getPersistentData", ["user"]), 1001);
    }
    client.set_key(&home.key());
    client.ok("getPersistentData", ["user"]);
}
