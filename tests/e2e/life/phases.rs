//! What may be asked for when: before `initialize`, after it, after `shutdown`.

use serde_json::{Value, json};

use crate::harness::{Framing, Home};

#[test]
fn a_script_may_call_every_method_at_once() {
    let home = Home::new();
    let mut script = home.script();
    script.ok("vault/status", json!({}));
    script.ok("setAPIKey", [home.key()]);
    script.ok("setPersistentData", json!({"context": "user", "data": home.object()}));
    assert_eq!(script.finish().code, Some(0));
}

#[test]
fn a_second_initialize_is_refused_and_changes_nothing() {
    let home = Home::new();
    let folder = home.folder();
    let mut client = home.client_in(&[&folder]);
    client.set_key(&home.key());
    assert_eq!(client.code("initialize", json!({"workspaceFolders": []})), -32600);
    client.ok("getPersistentData", ["workspace"]);
}

#[test]
fn after_shutdown_every_request_but_exit_is_refused() {
    for framing in [Framing::Headers, Framing::Lines] {
        let home = Home::new();
        let mut server = home.start().framing(framing).run();
        server.initialize(&[]);
        server.set_key(&home.key());
        assert_eq!(server.ok("shutdown", Value::Null), Value::Null);
        let requests = [
            ("shutdown", json!(null)),
            ("initialize", json!({})),
            ("vault/status", json!({})),
            ("getPersistentData", json!(["user"])),
            ("setPersistentData", json!(["user", {}])),
            ("setPersistentData", json!({"wrong": 1})),
            ("noSuchMethod", json!({})),
            ("$/noSuchMethod", json!({})),
        ];
        for (method, params) in requests {
            assert_eq!(server.code(method, params), -32600, "{method}");
        }
        server.notify("setPersistentData", json!(["user", {"a": 1}]));
        assert_eq!(server.ok("exit", Value::Null), Value::Null);
        assert_eq!(server.wait_for_end().code, Some(0));
    }
}

#[test]
fn a_notification_after_shutdown_writes_nothing() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.client_with(&key);
    server.ok("shutdown", Value::Null);
    server.notify("setPersistentData", json!(["user", home.object()]));
    server.notify("exit", json!({}));
    assert_eq!(server.wait_for_end().code, Some(0));
    let mut server = home.client_with(&key);
    assert_eq!(server.ok("getPersistentData", ["user"]), Value::Null);
}

#[test]
fn shutdown_is_answered_after_the_writes_before_it() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    let writes: Vec<_> =
        (0..50).map(|n| server.begin("setPersistentData", json!(["user", {"n": n}]))).collect();
    let shutdown = server.begin("shutdown", Value::Null);
    let order: Vec<_> = (0..=50).map(|_| server.next()).collect();
    assert_eq!(order.last().unwrap().id(), shutdown.to_string());
    for (answer, id) in order.iter().zip(writes) {
        assert_eq!(answer.id(), id.to_string());
        answer.ok();
    }
    server.notify("exit", json!({}));
    assert_eq!(server.wait_for_end().code, Some(0));
}

#[test]
fn unknown_methods_are_not_found_and_unknown_notifications_ignored() {
    let home = Home::new();
    let mut server = home.client();
    for method in ["noSuchMethod", "$/noSuchMethod", "", "setapikey", "initialized"] {
        assert_eq!(server.code(method, json!({})), -32601, "{method}");
        server.notify(method, json!({}));
    }
    server.notify("$/setTrace", json!({"value": "verbose"}));
    server.notify("vault/status", json!({}));
    server.notify("$/cancelRequest", json!({"id": "nothing of this name"}));
    server.ok("vault/status", json!({}));
}

#[test]
fn a_request_with_a_wrong_envelope_gets_its_id_back() {
    #[track_caller]
    fn check(text: &str, id: &str, code: i64) {
        let home = Home::new();
        let mut server = home.client();
        server.send_text(text);
        let answer = server.next();
        assert_eq!((answer.id(), answer.refused().code), (id, code), "{text}");
    }
    check(r#"{"jsonrpc":"2.0","id":7,"method":1}"#, "7", -32600);
    check(r#"{"jsonrpc":"1.0","id":7,"method":"vault/status"}"#, "7", -32600);
    check(r#"{"id":"a","method":"vault/status"}"#, r#""a""#, -32600);
    check(r#"{"jsonrpc":"2.0","id":7,"method":"vault/status","params":1}"#, "7", -32600);
    check(r#"{"jsonrpc":"2.0","id":7,"method":"vault/status","method":"vault/status"}"#, "7", -32600);
    check(r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"vault/status"}"#, "null", -32600);
    check(r#"{"jsonrpc":"2.0","id":[7],"method":"vault/status"}"#, "null", -32600);
    check(r#"{"jsonrpc":"2.0","id":true,"method":"vault/status"}"#, "null", -32600);
    check("1", "null", -32600);
    check("{", "null", -32700);
    check(r#"{"jsonrpc":"2.0","id":7,"method":"vault/status","params":[NaN]}"#, "7", -32700);
    check(r#"{"method":"vault/status","params":[NaN],"id":"a","jsonrpc":"2.0"}"#, r#""a""#, -32700);
    check(r#"{"jsonrpc":"2.0","method":"vault/status","params":[{"id":7},]}"#, "null", -32700);
    check("", "null", -32700);
    check("[]", "null", -32600);
}

#[test]
fn an_id_comes_back_as_it_was_written() {
    let home = Home::new();
    let mut server = home.client();
    for id in ["0", "-1", "1.5", "1e3", "18446744073709551616", r#""1""#, r#""\u0041""#, r#""""#, "null"] {
        server
            .send_text(&format!(r#"{{"method":"vault/status","params":[null],"id":{id},"jsonrpc":"2.0"}}"#));
        let answer = server.next();
        assert_eq!(answer.id(), id);
        answer.ok();
    }
}

#[test]
fn a_batch_is_answered_with_a_batch_in_the_order_of_its_requests() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    let object = home.object();
    let request = |id: u32, method: &str, params: Value| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    let batch = json!([
        request(1, "setPersistentData", json!(["user", object])),
        {"jsonrpc": "2.0", "method": "$/setTrace"},
        request(2, "getPersistentData", json!(["user"])),
        request(3, "noSuchMethod", json!([])),
        17,
    ]);
    server.send_text(&batch.to_string());
    let answers: Value = serde_json::from_str(&server.next_text()).unwrap();
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["result"]["revision"].as_u64().map(|revision| revision > 0), Some(true));
    assert_eq!((&answers[1]["id"], &answers[1]["result"]), (&json!(2), &object));
    assert_eq!((&answers[2]["id"], &answers[2]["error"]["code"]), (&json!(3), &json!(-32601)));
    assert_eq!((&answers[3]["id"], &answers[3]["error"]["code"]), (&json!(null), &json!(-32600)));
}
