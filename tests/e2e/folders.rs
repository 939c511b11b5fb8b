//! Workspace folders: which spellings are one folder, and which folder is meant where none is named.

use serde_json::{Value, json};

use crate::harness::{Home, Server};

fn put(server: &mut Server, folder: &str, data: &Value) {
    let params = json!({"context": "workspace", "workspaceFolder": folder, "data": data});
    server.ok("setPersistentData", params);
}

/// The folder that the only record of the workspace context has.
fn only_folder(server: &mut Server) -> String {
    let list = server.ok("listPersistentData", json!({"context": "workspace"}));
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    list[0]["workspaceFolder"].as_str().unwrap().to_owned()
}

#[test]
fn spellings_of_one_folder_find_one_record() {
    let home = Home::new();
    let groups: &[&[&str]] = &[
        &[
            "file:///a/b",
            "file:///a/b/",
            "file:///a/%62",
            "FILE:///a/b",
            "file://localhost/a/b",
            "file://LOCALHOST/a/b",
        ],
        &["file:///a/B", "file:///a/%42"],
        &["file:///c:/x", "file:///C:/x", "file:///c%3A/x", "file:///C%3a/x/"],
        &["file:///a/%c3%a9", "file:///a/%C3%A9", "file:///a/\u{e9}"],
        &["vscode-remote://host/p", "VSCODE-Remote://HOST/p", "vscode-remote://host/p/"],
        &["vscode-remote://host/P"],
        &["file:///"],
        // Percent signs that encode nothing.
        &["file:///h/100%/p", "file:///h/100%25/p", "file:///h/100%/p/"],
        &["file:///h/100/p"],
        // Authorities that RFC 3986 does not know.
        &["isfs://srv:USER/", "isfs://srv:USER", "ISFS://srv:USER//", "isfs://srv:%55SER/"],
        &["isfs://srv:user/"],
        &["isfs://srv:SAMPLES/"],
        &["isfs://srv:%SYS/", "isfs://srv:%25SYS/"],
        &["isfs://srv:USER/a%20b", "isfs://srv:USER/a b/"],
        &["sftp://h:22~/p", "sftp://h:22%7e/p/"],
        &["sftp://h:22/p"],
        &["vscode-remote://ssh-remote+[::1]:2222/p", "vscode-remote://ssh-remote%2B[::1]:2222/p/"],
        &["vscode-remote://ssh-remote+[::1]:2223/p"],
        &["vscode-remote://ssh-remote+my host/p", "vscode-remote://ssh-remote%2bmy%20host/p"],
    ];
    let mut script = home.script_with_key();
    for (at, group) in groups.iter().enumerate() {
        put(&mut script, group[0], &json!({"group": at}));
    }
    for (at, group) in groups.iter().enumerate() {
        for spelling in *group {
            let params = json!({"context": "workspace", "workspaceFolder": spelling});
            assert_eq!(script.ok("getPersistentData", params), json!({"group": at}), "{spelling}");
        }
    }
}

#[test]
fn what_is_no_absolute_uri_is_refused() {
    let home = Home::new();
    let mut script = home.script_with_key();
    for folder in ["", "a", "/a/b", "./a", "//host/a", "C:\\a", "C:/a", "file", "1file:///a", "file:///a\nb"]
    {
        for (method, params) in [
            ("getPersistentData", json!({"context": "workspace", "workspaceFolder": folder})),
            ("setPersistentData", json!({"context": "workspace", "workspaceFolder": folder, "data": {}})),
            ("listPersistentData", json!({"workspaceFolder": folder})),
            ("movePersistentData", json!([folder, "file:///b"])),
            ("movePersistentData", json!(["file:///b", folder])),
        ] {
            assert_eq!(script.code(method, params), 2004, "{method} {folder:?}");
        }
    }
}

#[test]
fn a_scripts_folder_is_the_current_directory() {
    let home = Home::new();
    let name = format!("{} \u{e9}#?%", home.word());
    let path = home.root().join(&name);
    std::fs::create_dir(&path).unwrap();
    let key = home.key();
    let mut script = home.start().in_folder(&path).run();
    script.set_key(&key);
    script.ok("setPersistentData", json!(["workspace", home.object()]));
    let folder = only_folder(&mut script);
    let root = home.root().canonicalize().unwrap();
    let encoded = name.replace('%', "%25").replace(' ', "%20").replace('\u{e9}', "%C3%A9");
    let encoded = encoded.replace('#', "%23").replace('?', "%3F");
    assert_eq!(folder, format!("file://{}/{encoded}", root.display()));
}

#[test]
fn a_script_is_told_its_folders_by_arguments() {
    let home = Home::new();
    let (one, other) = (home.folder(), home.folder());
    let key = home.key();
    let mut script = home.start().arguments(["--workspace-folder", &format!("{one}/")]).run();
    script.set_key(&key);
    script.ok("setPersistentData", json!(["workspace", home.object()]));
    assert_eq!(only_folder(&mut script), one);
    drop(script);
    let folders = ["--workspace-folder", &one, "--workspace-folder", &other];
    let mut script = home.start().arguments(folders).run();
    script.set_key(&key);
    assert_eq!(script.code("getPersistentData", ["workspace"]), 2003);
    script.ok("getPersistentData", json!({"context": "workspace", "workspaceFolder": other}));
    drop(script);
    let spellings = ["--workspace-folder", &one, "--workspace-folder", &format!("{one}/")];
    let mut script = home.start().arguments(spellings).run();
    script.set_key(&key);
    script.ok("getPersistentData", ["workspace"]);
    assert_eq!(only_folder(&mut script), one);
}

#[test]
fn after_initialize_the_folders_are_the_clients() {
    let home = Home::new();
    let (one, other, flag) = (home.folder(), home.folder(), home.folder());
    let path = one.strip_prefix("file://").unwrap();
    let spelled = one.replacen("file://", "FILE://LocalHost", 1);
    let uri = |uri: &str| json!({"uri": uri, "name": "n"});
    let table: &[(Value, Option<&str>)] = &[
        (json!({}), None),
        (json!({"workspaceFolders": []}), None),
        (json!({"workspaceFolders": null}), None),
        (json!({"workspaceFolders": [uri(&one)]}), Some(&one)),
        (json!({"workspaceFolders": [uri(&one), uri(&other)]}), None),
        (json!({"workspaceFolders": [uri(&one)], "rootUri": other, "rootPath": "/other"}), Some(&one)),
        (json!({"workspaceFolders": [], "rootUri": other}), None),
        (json!({"workspaceFolders": null, "rootUri": one}), Some(&one)),
        (json!({"rootUri": one, "rootPath": "/other"}), Some(&one)),
        (json!({"rootUri": null, "rootPath": path}), Some(&one)),
        (json!({"rootPath": path}), Some(&one)),
        (json!({"rootPath": "not/absolute"}), None),
        (json!({"rootUri": "not/absolute"}), None),
        (json!({"rootUri": "not/absolute", "rootPath": path}), None),
        // One folder in several spellings.
        (json!({"workspaceFolders": [uri(&one), uri(&one)]}), Some(&one)),
        (json!({"workspaceFolders": [uri(&one), uri(&format!("{one}/")), uri(&spelled)]}), Some(&one)),
        (json!({"workspaceFolders": [uri("isfs://srv:USER/")]}), Some("isfs://srv:USER/")),
        (json!({"rootUri": "isfs://srv:USER"}), Some("isfs://srv:USER/")),
    ];
    for (params, expected) in table {
        let mut server = home.start().arguments(["--workspace-folder", &flag]).run();
        server.initialize_with(params.clone());
        server.set_key(&home.key());
        match expected {
            None => assert_eq!(server.code("getPersistentData", ["workspace"]), 2003, "{params}"),
            Some(folder) => {
                server.ok("setPersistentData", json!(["workspace", home.object()]));
                assert_eq!(only_folder(&mut server), **folder, "{params}");
            }
        }
    }
}

#[test]
fn folders_come_and_go() {
    let home = Home::new();
    let (one, other) = (home.folder(), home.folder());
    let mut client = home.client_in(&[&one]);
    client.set_key(&home.key());
    let objects = [home.object(), home.object()];
    put(&mut client, &one, &objects[0]);
    put(&mut client, &other, &objects[1]);
    let change = |added: &[&str], removed: &[&str]| {
        let list =
            |uris: &[&str]| uris.iter().map(|uri| json!({"uri": uri, "name": "n"})).collect::<Vec<_>>();
        json!({"event": {"added": list(added), "removed": list(removed)}})
    };
    let did_change = "workspace/didChangeWorkspaceFolders";
    assert_eq!(client.ok("getPersistentData", ["workspace"]), objects[0]);
    client.notify(did_change, change(&[&other], &[]));
    assert_eq!(client.code("getPersistentData", ["workspace"]), 2003);
    client.notify(did_change, change(&[], &[&format!("{one}/")]));
    assert_eq!(client.ok("getPersistentData", ["workspace"]), objects[1]);
    client.notify(did_change, change(&[&one], &[&other]));
    assert_eq!(client.ok("getPersistentData", ["workspace"]), objects[0]);
    // One that is open already, in another spelling, is still one.
    client.notify(did_change, change(&[&format!("{one}//")], &[]));
    assert_eq!(client.ok("getPersistentData", ["workspace"]), objects[0]);
    client.notify(did_change, change(&[], &[&one]));
    assert_eq!(client.code("getPersistentData", ["workspace"]), 2003);
    // What can't be read changes nothing.
    for params in [json!({}), json!({"event": 1}), json!({"event": {"added": 1}})] {
        client.notify(did_change, params);
    }
    assert_eq!(client.code("getPersistentData", ["workspace"]), 2003);
    client.notify(did_change, change(&[&one], &[]));
    assert_eq!(client.ok("getPersistentData", ["workspace"]), objects[0]);
}

/// What a client may call open, and no record can be stored for.
fn unnamed() -> [Value; 9] {
    let uri = |uri: &str| json!({"uri": uri, "name": "n"});
    [
        uri(""),
        uri("no/uri"),
        uri("/home/me/p"),
        uri("C:\\p"),
        uri("file:///a\nb"),
        uri(&format!("file:///{}", "a".repeat(8 * 1024))),
        json!({"uri": 1}),
        json!({"name": "n"}),
        json!(1),
    ]
}

#[test]
fn beside_a_folder_that_has_no_name_no_other_is_the_only_one() {
    let home = Home::new();
    let (one, key) = (home.folder(), home.key());
    let mut script = home.start().run();
    script.set_key(&key);
    put(&mut script, &one, &json!({"one": true}));
    let did_change = "workspace/didChangeWorkspaceFolders";
    for other in unnamed() {
        let mut client = home.start().run();
        client.initialize_with(json!({"workspaceFolders": [{"uri": one, "name": "n"}, other]}));
        client.set_key(&key);
        for (method, params) in [
            ("setPersistentData", json!(["workspace", {}])),
            ("getPersistentData", json!(["workspace"])),
            ("deletePersistentData", json!(["workspace"])),
        ] {
            assert_eq!(client.code(method, params), 2003, "{method} {other}");
        }
        client.notify(did_change, json!({"event": {"added": [], "removed": [other]}}));
        assert_eq!(client.ok("getPersistentData", ["workspace"]), json!({"one": true}), "{other}");
        client.notify(did_change, json!({"event": {"added": [other], "removed": []}}));
        assert_eq!(client.code("getPersistentData", ["workspace"]), 2003, "{other}");
    }
}

#[test]
fn a_folder_whose_authority_is_opaque_is_a_folder_in_every_place() {
    let home = Home::new();
    let (odd, other) = ("isfs://srv:USER/a%20b", home.folder());
    let mut client = home.start().run();
    client.initialize_with(json!({"workspaceFolders": [{"uri": other}, {"uri": odd}]}));
    let key = home.key();
    let handle = client.set_key(&key);
    assert_eq!(client.code("setPersistentData", json!(["workspace", {}])), 2003);
    put(&mut client, odd, &json!({"n": 1}));
    assert_eq!(only_folder(&mut client), odd);
    let shared = client.ok(
        "shareAPIKey",
        json!({"handle": handle, "scope": {"contexts": ["workspace"], "workspaceFolders": ["ISFS://srv:USER/a b/"]}}),
    );
    assert_eq!(shared["scope"]["workspaceFolders"], json!([odd]));
    let guest = client.set_key(shared["apiKey"].as_str().unwrap());
    let at = |folder: &str| json!({"context": "workspace", "workspaceFolder": folder, "handle": guest});
    assert_eq!(client.ok("getPersistentData", at(odd)), json!({"n": 1}));
    assert_eq!(client.code("getPersistentData", at("isfs://srv:user/a%20b")), 1006);
    assert_eq!(client.code("getPersistentData", at(&other)), 1006);
    client.ok("movePersistentData", json!({"from": odd, "to": "isfs://srv:OTHER/", "handle": handle}));
    drop(client);
    let mut script = home.start().arguments(["--workspace-folder", "isfs://srv:OTHER"]).run();
    script.set_key(&key);
    assert_eq!(script.ok("getPersistentData", ["workspace"]), json!({"n": 1}));
}

#[test]
fn which_folder_is_meant_is_settled_in_the_order_of_reading() {
    let home = Home::new();
    let (one, other) = (home.folder(), home.folder());
    let mut client = home.client_in(&[&one]);
    client.set_key(&home.key());
    let first = client.begin("setPersistentData", json!(["workspace", {"n": 1}]));
    let event = json!({"added": [{"uri": other, "name": ""}], "removed": [{"uri": one, "name": ""}]});
    client.notify("workspace/didChangeWorkspaceFolders", json!({"event": event}));
    let second = client.begin("setPersistentData", json!(["workspace", {"n": 2}]));
    client.wait(first).ok();
    client.wait(second).ok();
    for (folder, n) in [(one, 1), (other, 2)] {
        let params = json!({"context": "workspace", "workspaceFolder": folder});
        assert_eq!(client.ok("getPersistentData", params), json!({"n": n}));
    }
}

#[test]
fn a_folder_is_known_by_its_name_open_or_not() {
    let home = Home::new();
    let (open, closed, object) = (home.folder(), home.folder(), home.object());
    let mut client = home.client_in(&[&open]);
    client.set_key(&home.key());
    put(&mut client, &closed, &object);
    assert_eq!(client.ok("getPersistentData", ["workspace"]), Value::Null);
    let params = json!({"context": "workspace", "workspaceFolder": closed});
    assert_eq!(client.ok("getPersistentData", params), object);
}
