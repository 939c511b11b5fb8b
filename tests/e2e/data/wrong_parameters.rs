//! Each way to get a parameter wrong: which it is, and why. The members of objects go out sorted by their names.

use serde_json::{Value, json};

use crate::harness::Home;

/// A method, its parameters, the wrong one among them, and the reason.
type Line = (&'static str, Value, Value, &'static str);

#[track_caller]
fn check(table: &[Line]) {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    for (method, params, parameter, reason) in table {
        let refused = server.refused(method, params.clone());
        let (named, why) = refused.parameter();
        assert_eq!((named, why), (parameter, *reason), "{method} {params}");
        assert_eq!(refused.data.as_object().unwrap().len(), 4, "{refused:?}");
    }
    assert_eq!(server.ok("vault/status", json!({}))["records"], 0, "something was stored");
}

/// One byte more than a name may have.
fn long() -> String {
    "n".repeat(257)
}

#[test]
fn of_a_write() {
    let user = |name: &str, value: Value| json!({"context": "user", "data": {}, name: value});
    check(&[
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
        ("setPersistentData", user("name", json!(long())), json!("name"), "outOfRange"),
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
    ]);
}

#[test]
fn of_a_read_a_patch_a_delete_or_a_move() {
    let uri = format!("file:///{}", "u".repeat(8 * 1024));
    check(&[
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
    ]);
}

#[test]
fn of_what_is_asked_about_keys_and_the_store() {
    check(&[
        ("setAPIKey", json!([]), json!("apiKey"), "missing"),
        ("setAPIKey", json!([1]), json!("apiKey"), "wrongType"),
        ("setAPIKey", json!({"apiKey": "x", "mustExist": 1}), json!("mustExist"), "wrongType"),
        ("setAPIKey", json!({"apikey": "x"}), json!(0), "unknown"),
        ("issueAPIKey", json!([]), json!("plugin"), "missing"),
        ("issueAPIKey", json!([""]), json!("plugin"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": long()}), json!("plugin"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": "p", "installation": ""}), json!("installation"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": "p", "label": long()}), json!("label"), "outOfRange"),
        ("issueAPIKey", json!({"plugin": "p", "expiresAt": "never"}), json!("expiresAt"), "outOfRange"),
        ("issueAPIKey", json!(["p", "vscode"]), json!(1), "unknown"),
        ("vault/status", json!({"verbose": true}), json!(0), "unknown"),
        ("vault/status", json!([1]), json!(0), "unknown"),
        ("listAPIKeys", json!({"all": true}), json!(0), "unknown"),
        ("shareAPIKey", json!({"scope": {"readonly": true}}), json!("scope"), "outOfRange"),
        ("shareAPIKey", json!({"scope": {"readonly": null}}), json!("scope"), "outOfRange"),
        ("shareAPIKey", json!({"scope": {"contexts": ["all"]}}), json!("scope"), "outOfRange"),
        ("shareAPIKey", json!({"scope": {"readOnly": "yes"}}), json!("scope"), "wrongType"),
    ]);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn messages_name_the_parameter_and_its_rule() {
    let home = Home::new();
    let mut server = home.client();
    server.set_key(&home.key());
    let deep = format!("{}0{}", r#"{"a":"#.repeat(129), "}".repeat(129));
    let table = [
        ("setPersistentData", json!(["user"]), "`data` must be there."),
        ("setPersistentData", json!([1, {}]), "`context` must be a string."),
        ("setPersistentData", json!(["User", {}]), "`context` must be \"user\" or \"workspace\"."),
        ("setPersistentData", json!(["user", []]), "`data` must be an object."),
        (
            "setPersistentData",
            json!({"context": "user", "data": {}, "ifrevision": 1}),
            "The parameter at position 2 is not one of the method's; positions begin at 0.",
        ),
        (
            "setPersistentData",
            json!({"context": "user", "data": {}, "name": ""}),
            "`name` must have 1 to 256 bytes of UTF-8.",
        ),
        (
            "setPersistentData",
            json!({"context": "user", "data": {}, "ifRevision": "1"}),
            "`ifRevision` must be a whole number.",
        ),
        (
            "setPersistentData",
            json!({"context": "user", "data": {}, "ifRevision": -1}),
            "`ifRevision` must be a whole number from 0 to 9007199254740991.",
        ),
        (
            "setPersistentData",
            json!({"context": "user", "data": {}, "expiresAt": "soon"}),
            "`expiresAt` must be an RFC 3339 date and time from 1970 on, such as \"2030-01-31T12:00:00Z\".",
        ),
        (
            "setPersistentData",
            json!({"context": "user", "data": {}, "workspaceFolder": "file:///a"}),
            "`workspaceFolder` must be absent in the context \"user\".",
        ),
        (
            "getPersistentData",
            json!({"context": "workspace", "workspaceFolder": "u".repeat(8 * 1024 + 1)}),
            "`workspaceFolder` must have at most 8192 bytes.",
        ),
        ("listPersistentData", json!({"limit": 0}), "`limit` must be a whole number from 1 to 1000."),
        ("listPersistentData", json!({"after": 1}), "`after` must be an object."),
        (
            "listPersistentData",
            json!({"after": {"context": 1}}),
            "`after` must have strings for `context`, `workspaceFolder` and `name`, as an entry of a list has.",
        ),
        (
            "listPersistentData",
            json!({"after": {}}),
            "`after` must have the `context`, `workspaceFolder` and `name` of an entry of a list.",
        ),
        ("setAPIKey", json!({"apiKey": "x", "mustExist": 1}), "`mustExist` must be `true` or `false`."),
        (
            "acquireLease",
            json!({"name": "a", "ttlMs": 1}),
            "`ttlMs` must be from 100 to 600000 milliseconds.",
        ),
        (
            "vault/unlock",
            json!({"passphrase": ""}),
            "`passphrase` must have 1 to 65536 bytes of UTF-8, and no control characters.",
        ),
        (
            "shareAPIKey",
            json!({"scope": {"readonly": true}}),
            "`scope` must have no members but `contexts`, `readOnly` and `workspaceFolders`.",
        ),
        (
            "shareAPIKey",
            json!({"scope": {"readOnly": 1}}),
            "`scope` must have `true` or `false` for `readOnly`.",
        ),
        (
            "shareAPIKey",
            json!({"scope": {"contexts": 1}}),
            "`scope` must have arrays of strings for `contexts` and `workspaceFolders`.",
        ),
        (
            "shareAPIKey",
            json!({"scope": {"contexts": ["all"]}}),
            "`scope` must have only \"user\" and \"workspace\" in `contexts`.",
        ),
        (
            "shareAPIKey",
            json!({"scope": {"workspaceFolders": vec!["file:///a"; 257]}}),
            "`scope` must have at most 256 elements in each array.",
        ),
    ];
    for (method, params, message) in table {
        assert_eq!(server.refused(method, params.clone()).message, message, "{method} {params}");
    }
    let deep = format!(r#"["user",{deep}]"#);
    for (method, params, message) in [
        ("patchPersistentData", deep.as_str(), "`patch` must have at most 128 levels."),
        ("getPersistentData", r#"{"context":"user","context":"user"}"#, "`context` must be there only once."),
        (
            "getPersistentData",
            r#"{"context":"\ud800"}"#,
            "`context` must not have one half of a surrogate pair.",
        ),
        (
            "shareAPIKey",
            r#"{"scope":{"readOnly":true,"readOnly":false}}"#,
            "`scope` must not have a member twice.",
        ),
        ("initialize", r#"{"processId":"1"}"#, "`processId` must be a number."),
        ("initialize", r#"{"workspaceFolders":1}"#, "`workspaceFolders` must be an array."),
    ] {
        let (id, text) = server.request_text(method, params);
        server.send_text(&text);
        assert_eq!(server.wait(id).refused().message, message, "{method} {params}");
    }
}
