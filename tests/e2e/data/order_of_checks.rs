//! A request that is wrong in several ways is told the first of them, in the order that the contract gives.

use serde_json::{Value, json};

use crate::harness::{Home, Server};

/// Four mistakes, corrected one after another.
const STEPS: [i64; 4] = [-32602, 1001, 2004, 2001];

#[track_caller]
fn check(server: &mut Server, handle: &str, method: &str, others: &Value, expected: &[i64]) {
    let mut params = json!({
        "misspelt": 1,
        "handle": "no handle",
        "context": "workspace",
        "workspaceFolder": "no/uri",
        "ifRevision": 77,
    });
    for (name, value) in others.as_object().unwrap() {
        params[name] = value.clone();
    }
    let params_of = params.as_object_mut().unwrap();
    params_of.retain(|_, value| !value.is_null());
    for code in expected {
        assert_eq!(server.code(method, params.clone()), *code, "{method} {params}");
        match code {
            -32602 => drop(params.as_object_mut().unwrap().remove("misspelt")),
            1001 => params["handle"] = handle.into(),
            2004 if params.get("from").is_some() => params["from"] = "file:///a".into(),
            2004 => params["workspaceFolder"] = "file:///a".into(),
            2002 => params["data"] = json!({}),
            2001 => params["ifRevision"] = 0.into(),
            _ => unreachable!(),
        }
    }
    server.ok(method, params);
}

#[test]
fn parameters_key_folder_size_revision() {
    let home = Home::new();
    let mut server = home.start().arguments(["--max-data-bytes", "100"]).run();
    server.initialize(&[]);
    let handle = server.set_key(&home.key());
    let large = json!({"data": {"x": "x".repeat(100)}});
    let with_size = [-32602, 1001, 2004, 2002, 2001];
    check(&mut server, &handle, "setPersistentData", &large, &with_size);
    server.ok("deletePersistentData", json!({"context": "workspace", "workspaceFolder": "file:///a"}));
    check(&mut server, &handle, "patchPersistentData", &json!({"patch": {"a": 1}}), &STEPS);
    server.ok("deletePersistentData", json!({"context": "workspace", "workspaceFolder": "file:///a"}));
    check(&mut server, &handle, "deletePersistentData", &json!({}), &STEPS);
    for method in ["getPersistentData", "getPersistentRecord", "listPersistentData"] {
        check(&mut server, &handle, method, &json!({"ifRevision": null}), &STEPS[..3]);
    }
    let addresses = json!({"from": "no/uri", "to": "file:///b", "context": null, "workspaceFolder": null, "ifRevision": null});
    check(&mut server, &handle, "movePersistentData", &addresses, &STEPS[..3]);
    let handle_only = json!({"context": null, "workspaceFolder": null, "ifRevision": null});
    check(&mut server, &handle, "listAPIKeys", &handle_only, &STEPS[..2]);
}

#[test]
fn no_folder_is_told_after_the_key() {
    let home = Home::new();
    let mut server = home.client();
    let params = json!({"context": "workspace", "data": {}, "ifRevision": 77});
    assert_eq!(server.code("setPersistentData", params.clone()), 1001);
    server.set_key(&home.key());
    assert_eq!(server.code("setPersistentData", params), 2003);
}

#[test]
fn an_expired_key_is_told_before_the_folder_and_a_patch_that_is_too_large_before_its_revision() {
    let home = Home::new();
    let mut server = home.start().arguments(["--max-data-bytes", "40"]).run();
    server.initialize(&[]);
    let issued = server.ok("issueAPIKey", json!({"plugin": "p", "expiresAt": "2001-01-01T00:00:00Z"}));
    assert_eq!(server.code("setAPIKey", [issued["apiKey"].clone()]), 1005);
    server.set_key(&home.key());
    let patch = json!({"context": "user", "patch": {"x": "x".repeat(60)}, "ifRevision": 77});
    assert_eq!(server.refused("patchPersistentData", patch).data["limit"], 40);
}

#[test]
fn a_patch_that_is_too_deep_is_told_before_the_key() {
    let home = Home::new();
    let mut server = home.client();
    let deep = (0..129).fold(json!(1), |inner, _| json!({"a": inner}));
    let refused = server.refused("patchPersistentData", json!(["user", deep]));
    assert_eq!(refused.parameter(), (&json!("patch"), "outOfRange"));
}
