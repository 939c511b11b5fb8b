//! Parameters: by name, by position, and each way to get them wrong.

use serde_json::{Value, json};

use crate::harness::{Home, Server};

fn server(home: &Home) -> Server<'_> {
    let mut server = home.client();
    server.set_key(&home.key());
    server
}

#[test]
fn parameters_go_by_name_or_by_position() {
    let home = Home::new();
    let mut server = server(&home);
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
    let mut server = home.client();
    server.set_key(&key);
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
    let mut server = server(&home);
    for params in [r"", r#","params":null"#, r#","params":[]"#, r#","params":{}"#] {
        for method in ["vault/status", "listAPIKeys", "listPersistentData"] {
            server.send_text(&format!(r#"{{"jsonrpc":"2.0","id":"x","method":"{method}"{params}}}"#));
            server.next().ok();
        }
    }
}

#[test]
fn a_wrong_parameter_is_named_with_the_reason() {
    let home = Home::new();
    let mut server = server(&home);
    let long = "n".repeat(257);
    let uri = format!("file:///{}", "u".repeat(8 * 1024));
    let user = |name: &str, value: Value| json!({"context": "user", "data": {}, name: value});
    // The members of these go out sorted by their names.
    let table: &[(&str, Value, Value, &str)] = &[
        ("setPersistentData", json!({}), json!("data"), "missing"),
        ("setPersistentData", json!(["user"]), json!("data"), "missing"),
        ("setPersistentData", json!(["user", null]), json!("data"), "missing"),
        ("setPersistentData", json!({"data": {}}), json!("context"), "missing"),
        ("setPersistentData", json!([null, {}]), json!("context"), "missing"),
        ("setPersistentData", json!([1, {}]), json!("context"), "wrongType"),
        ("setPersistentData", json!([["user"], {}]), json!("context"), "wrongType"),
        ("setPersistentData", json!(["User", {}]), json!("context"), "outOfRange"),
        ("setPersistentData", json!(["", {}]), json!("context"), "outOfRange"),
        ("setPersistentData", json!(["user", []]), json!("data"), "wrongType"),
        ("setPersistentData", json!(["user", "text"]), json!("data"), "wrongType"),
        ("setPersistentData", json!(["user", 1]), json!("data"), "wrongType"),
        ("setPersistentData", user("data", Value::Null), json!("data"), "wrongType"),
        ("setPersistentData", json!(["user", {}, 1]), json!(2), "unknown"),
        ("setPersistentData", json!(["user", {}, null, null, {}]), json!(4), "unknown"),
        ("setPersistentData", json!({"context": "user", "data": {}, "ifrevision": 1}), json!(2), "unknown"),
        ("setPersistentData", json!({"Context": "user", "data": {}}), json!(0), "unknown"),
        ("setPersistentData", user("value", json!({})), json!(2), "unknown"),
        ("setPersistentData", user("name", json!("")), json!("name"), "outOfRange"),
        ("setPersistentData", user("name", json!(long)), json!("name"), "outOfRange"),
        ("setPersistentData", user("name", json!(1)), json!("name"), "wrongType"),
        ("setPersistentData", user("handle", json!(1)), json!("handle"), "wrongType"),
        ("setPersistentData", user("ifRevision", json!(-1)), json!("ifRevision"), "outOfRange"),
        ("setPersistentData", user("ifRevision", json!("1")), json!("ifRevision"), "wrongType"),
        ("setPersistentData", user("ifRevision", json!(true)), json!("ifRevision"), "wrongType"),
        ("setPersistentData", user("ifRevision", json!(1.5)), json!("ifRevision"), "wrongType"),
        (
            "setPersistentData",
            user("ifRevision", json!(9_007_199_254_740_992_u64)),
            json!("ifRevision"),
            "outOfRange",
        ),
        ("setPersistentData", user("ifRevision", json!(u64::MAX)), json!("ifRevision"), "outOfRange"),
        ("setPersistentData", user("expiresAt", json!(1)), json!("expiresAt"), "wrongType"),
        ("setPersistentData", user("expiresAt", json!("soon")), json!("expiresAt"), "outOfRange"),
        ("setPersistentData", user("expiresAt", json!("2030-01-01")), json!("expiresAt"), "outOfRange"),
        (
            "setPersistentData",
            user("workspaceFolder", json!("file:///a")),
            json!("workspaceFolder"),
            "outOfRange",
        ),
        ("setPersistentData", user("workspaceFolder", json!(1)), json!("workspaceFolder"), "wrongType"),
        ("getPersistentData", json!([]), json!("context"), "missing"),
        ("getPersistentData", json!([null]), json!("context"), "missing"),
        ("getPersistentData", json!(["user", "name"]), json!(1), "unknown"),
        (
            "getPersistentData",
            json!({"context": "workspace", "workspaceFolder": uri}),
            json!("workspaceFolder"),
            "outOfRange",
        ),
        ("getPersistentData", json!({"context": "user", "ifRevision": 1}), json!(1), "unknown"),
        ("getPersistentRecord", json!({"context": "user", "naem": "x"}), json!(1), "unknown"),
        ("patchPersistentData", json!(["user"]), json!("patch"), "missing"),
        ("patchPersistentData", json!(["user", [1]]), json!("patch"), "wrongType"),
        ("patchPersistentData", json!({"context": "user", "data": {}}), json!(1), "unknown"),
        (
            "patchPersistentData",
            json!({"context": "user", "patch": {}, "expiresAt": "2030-01-01T00:00:00Z"}),
            json!(1),
            "unknown",
        ),
        (
            "deletePersistentData",
            json!({"context": "user", "ifRevision": {}}),
            json!("ifRevision"),
            "wrongType",
        ),
        ("deletePersistentData", json!(["user", 1]), json!(1), "unknown"),
        ("listPersistentData", json!(["user"]), json!(0), "unknown"),
        ("listPersistentData", json!({"context": "all"}), json!("context"), "outOfRange"),
        (
            "listPersistentData",
            json!({"context": "user", "workspaceFolder": "file:///a"}),
            json!("workspaceFolder"),
            "outOfRange",
        ),
        ("movePersistentData", json!([]), json!("from"), "missing"),
        ("movePersistentData", json!(["file:///a"]), json!("to"), "missing"),
        ("movePersistentData", json!([1, "file:///a"]), json!("from"), "wrongType"),
        ("movePersistentData", json!({"from": "file:///a", "to": null}), json!("to"), "wrongType"),
        (
            "movePersistentData",
            json!({"from": "file:///a", "to": "file:///b", "context": "user"}),
            json!(0),
            "unknown",
        ),
        ("setAPIKey", json!([]), json!("apiKey"), "missing"),
        ("setAPIKey", json!([1]), json!("apiKey"), "wrongType"),
        ("setAPIKey", json!({"apiKey": "x", "mustExist": 1}), json!("mustExist"), "wrongType"),
        ("setAPIKey", json!({"apikey": "x"}), json!(0), "unknown"),
        ("issueAPIKey", json!([]), json!("plugin"), "missing"),
        ("issueAPIKey", json!([""]), json!("plugin"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": long}), json!("plugin"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": "p", "installation": ""}), json!("installation"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": "p", "label": long}), json!("label"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": "p", "expiresAt": "never"}), json!("expiresAt"), "outOfRange"),
        ("issueAPIKey", json!(["p", "vscode"]), json!(1), "unknown"),
        ("vault/status", json!({"verbose": true}), json!(0), "unknown"),
        ("vault/status", json!([1]), json!(0), "unknown"),
        ("listAPIKeys", json!({"all": true}), json!(0), "unknown"),
    ];
    for (method, params, parameter, reason) in table {
        let refused = server.refused(method, params.clone());
        let (named, why) = refused.parameter();
        if params.as_object().is_some_and(serde_json::Map::is_empty) {
            // Several are missing: any of them may be named.
            assert_eq!(why, *reason, "{method} {params}");
        } else {
            assert_eq!((named, why), (parameter, *reason), "{method} {params}");
        }
        assert_eq!(refused.data.as_object().unwrap().len(), 4, "{refused:?}");
    }
    // A refused setAPIKey has ended calls without a handle; nothing has been stored.
    assert_eq!(server.ok("vault/status", json!({}))["records"], 0);
}

#[test]
fn the_position_of_an_unknown_name_is_its_place_among_the_members() {
    let home = Home::new();
    let mut server = server(&home);
    server.send_text(
        r#"{"jsonrpc":"2.0","id":1,"method":"setPersistentData","params":{"context":"user","wrong":1,"data":{}}}"#,
    );
    assert_eq!(server.next().refused().parameter(), (&json!(1), "unknown"));
}

#[test]
fn a_parameter_that_stands_twice_is_refused() {
    let home = Home::new();
    let mut server = server(&home);
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
    let mut server = server(&home);
    server.exact("setPersistentData", r#"{"\u0063ontext":"us\u0065r","data":{},"name":"\u0061"}"#);
    assert_eq!(server.ok("getPersistentData", json!({"context": "user", "name": "a"})), json!({}));
    let (id, text) = server.request_text("getPersistentData", r#"{"context":"user","name":"\ud800"}"#);
    server.send_text(&text);
    assert_eq!(server.wait(id).refused().parameter(), (&json!("name"), "outOfRange"));
}
