//! Parameters: by name, by position, absent, twice.

use serde_json::json;

use crate::harness::Home;

#[test]
fn parameters_go_by_name_or_by_position() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    let folder = home.folder();
    let to = home.folder();
    let forms = [
        ("setPersistentData", json!(["user", {"a": 1}]), json!({"data": {"a": 1}, "context": "user"})),
        ("getPersistentData", json!(["user"]), json!({"context": "user"})),
        ("getPersistentRecord", json!(["user"]), json!({"context": "user"})),
        ("patchPersistentData", json!(["user", {}]), json!({"patch": {}, "context": "user"})),
        ("listPersistentData", json!([]), json!({})),
        ("movePersistentData", json!([folder, to]), json!({"to": to, "from": folder})),
        ("vault/status", json!([]), json!({})),
    ];
    for (method, by_position, by_name) in forms {
        let (one, other) = (server.ok(method, by_position), server.ok(method, by_name));
        assert_eq!(one, other, "{method}");
    }
    let object = home.object();
    server.ok("setPersistentData", json!(["user", object]));
    assert_eq!(server.ok("deletePersistentData", ["user"])["deleted"], true);
    server.ok("setPersistentData", json!(["user", object]));
    assert_eq!(server.ok("deletePersistentData", json!({"context": "user"}))["deleted"], true);
}

#[test]
fn null_means_nothing() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.client_with(&key);
    let nulls = [
        ("setPersistentData", json!(["user", {}, null, null, null])),
        (
            "setPersistentData",
            json!({"context": "user", "data": {}, "handle": null, "workspaceFolder": null, "name": null,
                   "ifRevision": null, "expiresAt": null}),
        ),
        ("getPersistentData", json!(["user", null])),
        (
            "getPersistentData",
            json!({"context": "user", "handle": null, "workspaceFolder": null, "name": null}),
        ),
        ("patchPersistentData", json!({"context": "user", "patch": {}, "ifRevision": null, "name": null})),
        ("listPersistentData", json!([null])),
        ("listPersistentData", json!({"context": null, "workspaceFolder": null, "handle": null})),
        ("vault/status", json!([null])),
        ("listAPIKeys", json!([null, null])),
        ("issueAPIKey", json!({"plugin": "p", "installation": null, "label": null, "expiresAt": null})),
        ("setAPIKey", json!([key, null])),
        ("setAPIKey", json!({"apiKey": key, "mustExist": null})),
    ];
    for (method, params) in nulls {
        server.ok(method, params);
    }
}

#[test]
fn absent_and_empty_parameters_are_alike_where_none_is_needed() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    for params in [r"", r#","params":null"#, r#","params":[]"#, r#","params":{}"#] {
        for method in ["vault/status", "listAPIKeys", "listPersistentData"] {
            server.send_text(&format!(r#"{{"jsonrpc":"2.0","id":"x","method":"{method}"{params}}}"#));
            server.next().ok();
        }
    }
}

#[test]
fn the_position_of_an_unknown_name_is_its_place_among_the_members() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    server.send_text(
        r#"{"jsonrpc":"2.0","id":1,"method":"setPersistentData","params":{"context":"user","wrong":1,"data":{}}}"#,
    );
    assert_eq!(server.next().refused().parameter(), (&json!(1), "unknown"));
}

#[test]
fn a_parameter_that_stands_twice_is_refused() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    for params in [
        r#"{"context":"user","data":{},"context":"user"}"#,
        r#"{"context":"user","data":{},"data":{}}"#,
        r#"{"context":"user","d\u0061ta":{},"data":{}}"#,
        r#"{"context":"user","data":{},"ifRevision":null,"ifRevision":0}"#,
    ] {
        let (id, text) = server.request_text("setPersistentData", params);
        server.send_text(&text);
        assert_eq!(server.wait(id).refused().code, -32602, "{params}");
    }
    assert_eq!(server.ok("listPersistentData", json!({})), json!([]));
}

#[test]
fn a_name_may_be_escaped() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    server.exact("setPersistentData", r#"{"\u0063ontext":"us\u0065r","data":{},"name":"\u0061"}"#);
    assert_eq!(server.ok("getPersistentData", json!({"context": "user", "name": "a"})), json!({}));
    let (id, text) = server.request_text("getPersistentData", r#"{"context":"user","name":"\ud800"}"#);
    server.send_text(&text);
    assert_eq!(server.wait(id).refused().parameter(), (&json!("name"), "outOfRange"));
}
