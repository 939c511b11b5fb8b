//! What a shared key may do.

use serde_json::{Value, json};

use crate::server::{Home, Server, parameter, with};

const HERE: &str = "file:///a/b";
const THERE: &str = "file:///a/B";

/// A namespace with one record for the user, one named, and one in each of two folders; its owner's handle.
fn filled(server: &mut Server) -> Value {
    let (_, handle) = server.issue("a.b");
    for address in addresses() {
        let mut params = address;
        params["data"] = json!({"at": params.clone()});
        server.ok("setPersistentData", with(&handle, params));
    }
    handle
}

fn addresses() -> [Value; 4] {
    [
        json!({"context": "user"}),
        json!({"context": "user", "name": "n"}),
        json!({"context": "workspace", "workspaceFolder": HERE}),
        json!({"context": "workspace", "workspaceFolder": THERE}),
    ]
}

fn shared(server: &mut Server, owner: &Value, scope: &Value) -> Value {
    let shared = server.ok("shareAPIKey", with(owner, json!({"scope": scope})));
    server.handle_of(&shared["apiKey"])
}

#[test]
fn reads_writes_and_lists_go_as_far_as_the_scope() {
    let home = Home::new();
    let mut server = home.server();
    let owner = filled(&mut server);
    let mut check = |scope: Value, permitted: [bool; 4], may_write: bool| {
        let handle = shared(&mut server, &owner, &scope);
        let listed = server.ok("listPersistentData", with(&handle, json!({})));
        for (address, permitted) in addresses().into_iter().zip(permitted) {
            let read = server.call("getPersistentData", with(&handle, address.clone()));
            let record = server.call("getPersistentRecord", with(&handle, address.clone()));
            let mut write = address.clone();
            write["data"] = json!({"at": address});
            let written = server.call("setPersistentData", with(&handle, write));
            let patched = with(&handle, address.clone());
            let mut patch = patched.clone();
            patch["patch"] = json!({"at": address});
            let patched = server.call("patchPersistentData", &patch);
            let is_listed = listed.as_array().unwrap().iter().any(|entry| {
                ["context", "workspaceFolder", "name"].iter().all(|part| entry[part] == address[part])
            });
            assert_eq!(is_listed, permitted, "{scope} {address}");
            if permitted {
                assert_eq!(read.unwrap(), json!({"at": address}), "{scope} {address}");
                assert_eq!(record.unwrap()["data"], json!({"at": address}));
            } else {
                assert_eq!(read.unwrap_err().code, 1006, "{scope} {address}");
                assert_eq!(record.unwrap_err().code, 1006);
            }
            for answer in [written, patched] {
                assert_eq!(answer.is_ok(), permitted && may_write, "{scope} {address}");
                assert!(answer.err().is_none_or(|refused| refused.code == 1006));
            }
        }
    };
    check(json!({}), [true; 4], true);
    check(Value::Null, [true; 4], true);
    check(json!({"contexts": null, "readOnly": null, "workspaceFolders": null}), [true; 4], true);
    check(json!({"readOnly": false}), [true; 4], true);
    check(json!({"readOnly": true}), [true; 4], false);
    check(json!({"contexts": []}), [false; 4], true);
    check(json!({"contexts": ["user"]}), [true, true, false, false], true);
    check(json!({"contexts": ["workspace"]}), [false, false, true, true], true);
    // Folders alone are folders, and nothing of what belongs to the user.
    check(json!({"workspaceFolders": [HERE]}), [false, false, true, false], true);
    check(json!({"workspaceFolders": [HERE], "readOnly": true}), [false, false, true, false], false);
    check(json!({"workspaceFolders": [HERE], "contexts": null}), [false, false, true, false], true);
    check(json!({"workspaceFolders": []}), [false; 4], true);
    check(json!({"contexts": ["user"], "workspaceFolders": []}), [true, true, false, false], true);
    check(json!({"contexts": ["user"], "workspaceFolders": [HERE]}), [true, true, false, false], true);
    let both = json!({"contexts": ["user", "workspace"], "workspaceFolders": [HERE]});
    check(both, [true, true, true, false], true);
    let narrow = json!({"contexts": ["workspace"], "workspaceFolders": [THERE], "readOnly": true});
    check(narrow, [false, false, false, true], false);
    // Folders are normalised on both sides.
    for spelling in ["file:///a/%62/", "FILE://localhost/a/b", "file:///%61/b//"] {
        check(json!({"workspaceFolders": [spelling]}), [false, false, true, false], true);
    }
}

#[test]
fn an_address_in_another_spelling_is_as_far_in_the_scope() {
    let home = Home::new();
    let mut server = home.server();
    let owner = filled(&mut server);
    let handle = shared(&mut server, &owner, &json!({"workspaceFolders": ["file:///a/%62/"]}));
    let listed = server.ok("listAPIKeys", with(&handle, json!({})));
    assert_eq!(listed[0]["scope"], json!({"workspaceFolders": [HERE]}));
    let at = |folder| with(&handle, json!({"context": "workspace", "workspaceFolder": folder}));
    for spelling in [HERE, "file:///a/%62/", "file:///a/b/"] {
        assert!(server.ok("getPersistentData", at(spelling)).is_object());
    }
    for other in [THERE, "file:///a/b/c", "file:///a", "file:///a/b%2F"] {
        assert_eq!(server.code("getPersistentData", at(other)), 1006, "{other}");
    }
    // A list of a folder outside of the scope shows nothing, and of one in it what is there.
    let list = |folder| with(&handle, json!({"workspaceFolder": folder}));
    assert_eq!(server.ok("listPersistentData", list(THERE)), json!([]));
    assert_eq!(server.ok("listPersistentData", list(HERE)).as_array().unwrap().len(), 1);
}

#[test]
fn a_move_and_a_delete_stay_in_the_scope() {
    let home = Home::new();
    let mut server = home.server();
    let owner = filled(&mut server);
    let here = shared(&mut server, &owner, &json!({"workspaceFolders": [HERE]}));
    let reader = shared(&mut server, &owner, &json!({"readOnly": true}));
    let new = "file:///new";
    for (handle, from, to) in
        [(&here, HERE, new), (&here, THERE, HERE), (&here, THERE, new), (&reader, HERE, new)]
    {
        let call = with(handle, json!({"from": from, "to": to}));
        assert_eq!(server.code("movePersistentData", &call), 1006, "{from} {to}");
    }
    let delete = |handle, folder| with(handle, json!({"context": "workspace", "workspaceFolder": folder}));
    assert_eq!(server.code("deletePersistentData", delete(&here, THERE)), 1006);
    assert_eq!(server.code("deletePersistentData", delete(&reader, HERE)), 1006);
    assert_eq!(server.records(), 4);
    assert_eq!(server.ok("deletePersistentData", delete(&here, HERE))["deleted"], true);
}

#[test]
fn only_an_owner_shares() {
    let home = Home::new();
    let mut server = home.server();
    let owner = filled(&mut server);
    for scope in [json!({}), json!({"readOnly": true}), Value::Null] {
        let handle = shared(&mut server, &owner, &scope);
        assert_eq!(server.code("shareAPIKey", with(&handle, json!({}))), 1006);
    }
    let listed = server.ok("listAPIKeys", with(&owner, json!({})));
    assert_eq!(listed.as_array().unwrap().len(), 4);
}

#[test]
fn a_key_that_may_only_read_lists_rotates_and_revokes_itself() {
    let home = Home::new();
    let mut server = home.server();
    let owner = filled(&mut server);
    let handle = shared(&mut server, &owner, &json!({"readOnly": true, "contexts": []}));
    let listed = server.ok("listAPIKeys", with(&handle, json!({})));
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["current"], &listed[0]["owner"]), (&json!(true), &json!(false)));
    let rotated = server.ok("rotateAPIKey", with(&handle, json!({})));
    assert_eq!(rotated["scope"], json!({"contexts": [], "readOnly": true}));
    let revoked = server.ok("revokeAPIKey", with(&handle, json!({})));
    assert_eq!(revoked, json!({"revoked": true, "destroyed": false}));
    assert_eq!(server.records(), 4);
}

#[test]
fn a_scope_that_is_not_understood_makes_no_key() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    for (scope, reason) in [
        (json!({"readonly": true}), "outOfRange"),
        (json!({"readOnly": true, "context": ["user"]}), "outOfRange"),
        (json!({"workspaceFolder": [HERE]}), "outOfRange"),
        (json!({"readOnly": "yes"}), "wrongType"),
        (json!({"readOnly": 1}), "wrongType"),
        (json!({"contexts": "user"}), "wrongType"),
        (json!({"contexts": [1]}), "wrongType"),
        (json!({"contexts": ["User"]}), "outOfRange"),
        (json!({"contexts": ["global"]}), "outOfRange"),
        (json!({"workspaceFolders": HERE}), "wrongType"),
        (json!({"workspaceFolders": [null]}), "wrongType"),
        (json!([]), "wrongType"),
        (json!("readOnly"), "wrongType"),
        (json!(true), "wrongType"),
    ] {
        let call = with(&handle, json!({"scope": scope}));
        let refused = parameter(server.call("shareAPIKey", &call));
        assert_eq!(refused, (json!("scope"), json!(reason)), "{scope}");
    }
    for folder in ["", "a/b", "/a/b", "C:\\a"] {
        let call = with(&handle, json!({"scope": {"workspaceFolders": [folder]}}));
        assert_eq!(server.code("shareAPIKey", &call), 2004, "{folder}");
    }
    let refused = parameter(server.call("shareAPIKey", with(&handle, json!({"Scope": {}}))));
    assert_eq!(refused.1, "unknown");
    let listed = server.ok("listAPIKeys", with(&handle, json!({})));
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

/// Parameters, then the key, then folders.
#[test]
fn a_folder_of_a_scope_is_looked_at_after_the_key() {
    let home = Home::new();
    let (mut server, mut other) = (home.server(), home.server());
    let (issued, handle) = server.issue("a.b");
    let theirs = other.handle_of(&issued["apiKey"]);
    server.ok("rotateAPIKey", with(&handle, json!({})));
    let scope = json!({"scope": {"workspaceFolders": ["no folder"]}});
    let unknown = with(&json!("unknown"), scope.clone());
    assert_eq!(server.code("shareAPIKey", &unknown), 1001);
    assert_eq!(other.code("shareAPIKey", with(&theirs, scope)), 1004);
}
