//! Records on the command line, as a person types them and as a script uses them.

use serde_json::{Value, json};

use crate::home::{Home, KEY};
use crate::shapes::valid;

/// Stores an object; the command has to succeed.
#[track_caller]
pub(crate) fn store(home: &Home, reference: &str, object: &Value) {
    let ran = home.run(&["set", reference], &object.to_string());
    assert_eq!((ran.code, ran.shown.as_str()), (0, "stored\n"), "{}", ran.said);
}

#[track_caller]
fn get(home: &Home, arguments: &[&str]) -> String {
    let ran = home.run(&[&["get"], arguments].concat(), "");
    assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.said);
    ran.shown
}

#[test]
fn a_record_is_stored_read_changed_and_deleted() {
    let home = Home::new();
    let word = home.word();
    let text = format!(r#"{{ "token":"{word}",  "n": 1E400, "list":[1,{{"a":"b"}}] }}"#);
    valid("stored", &home.json(&["set", "me.app"], &text));
    assert_eq!(get(&home, &["me.app"]), format!("{text}\n"));
    assert_eq!(get(&home, &["me.app#/token"]), format!("\"{word}\"\n"));
    assert_eq!(get(&home, &["me.app#/token", "--raw"]), word);
    assert_eq!(get(&home, &["me.app/default#/list/1/a", "--raw"]), "b");
    assert_eq!(get(&home, &["--plugin", "me.app", "--member", "list/0"]), "1\n");

    assert_eq!(home.run(&["set", "me.app#/token", "--raw"], "changed\n").code, 0);
    let now = text.replace(&word, "changed");
    assert_eq!(get(&home, &["me.app"]), format!("{now}\n"), "the other members stay as they were written");
    assert_eq!(home.run(&["patch", "me.app"], r#"{"n":null,"new":{}}"#).code, 0);
    assert_eq!(home.run(&["patch", "me.app#/new"], r#"{"a/b":true}"#).code, 0);
    assert_eq!(get(&home, &["me.app#/new/a~1b"]), "true\n");
    valid("stored", &home.json(&["delete", "me.app#/list/0", "--yes"], ""));
    let value: Value = serde_json::from_str(&get(&home, &["me.app"])).unwrap();
    assert_eq!(value, json!({"token": "changed", "list": [{"a": "b"}], "new": {"a/b": true}}));

    assert_eq!(home.run(&["delete", "me.app", "--yes"], "").shown, "deleted\n");
    let gone = home.run(&["get", "me.app"], "");
    assert_eq!((gone.code, gone.shown.as_str()), (4, ""), "{}", gone.said);
    assert_eq!(home.run(&["delete", "me.app", "--yes"], "").code, 4);
}

#[test]
fn names_in_use_need_no_escapes_and_parts_say_the_same() {
    let home = Home::new();
    for (reference, parts) in [
        ("a:secret:account", ["a", "default", "secret:account"]),
        ("a:@a/b", ["a", "default", "@a/b"]),
        ("a:https://h/p#x", ["a", "default", "https://h/p#x"]),
        ("@a%2Fb/x%3Ay:100%", ["@a/b", "x:y", "100%"]),
    ] {
        store(&home, reference, &json!({"of": parts[2]}));
        let [plugin, installation, name] = parts;
        let named =
            ["--plugin", plugin, "--installation", installation, "--name", name, "--member", "of", "--raw"];
        assert_eq!(get(&home, &named), name);
        assert_eq!(get(&home, &[&format!("{reference}#/of"), "--raw"]), name);
    }
    let listed = home.json(&["list"], "");
    valid("list", &listed);
    for record in listed["records"].as_array().unwrap() {
        assert!(home.run(&["get", record["ref"].as_str().unwrap()], "").code == 0, "{record}");
    }
    assert_eq!(listed["records"].as_array().unwrap().len(), 4);
}

#[test]
fn the_installation_is_the_only_one_of_the_plugin() {
    let home = Home::new();
    store(&home, "me.app/vscode", &json!({"in": "vscode"}));
    assert_eq!(get(&home, &["me.app#/in", "--raw"]), "vscode");
    store(&home, "me.app", &json!({"in": "the only one"}));
    assert_eq!(get(&home, &["me.app/vscode#/in", "--raw"]), "the only one");
    store(&home, "me.app/nvim", &json!({"in": "nvim"}));
    for command in
        [&["get", "me.app"][..], &["set", "me.app"], &["patch", "me.app"], &["delete", "me.app", "--yes"]]
    {
        let ran = home.run(command, "{}");
        assert_eq!(ran.code, 2, "{command:?}");
        assert!(ran.said.contains("nvim, vscode"), "{}", ran.said);
    }
    // It is the key that the plugin itself gets.
    let issued = home.json(&["key", "issue", "me.app", "--installation", "nvim"], "");
    let answers =
        home.answers(&[("setAPIKey", json!([issued["apiKey"]])), ("getPersistentData", json!(["user"]))]);
    assert_eq!(answers[1]["result"], json!({"in": "nvim"}));
}

#[test]
fn a_workspace_folder_has_a_record_of_its_own() {
    let home = Home::new();
    store(&home, "me.app", &json!({"of": "user"}));
    let folder = ["--workspace=file:///work/a"];
    assert_eq!(home.run(&["set", "me.app", folder[0]], r#"{"of":"a"}"#).code, 0);
    assert_eq!(get(&home, &["me.app#/of", folder[0], "--raw"]), "a");
    assert_eq!(get(&home, &["me.app#/of", "--raw"]), "user");
    // The current folder, without a URI.
    assert_eq!(home.run(&["set", "me.app", "--workspace"], r#"{"of":"here"}"#).code, 0);
    assert_eq!(get(&home, &["me.app#/of", "--workspace", "--raw"]), "here");
    assert_eq!(home.run(&["get", "me.app", "--workspace=not a URI"], "").code, 2);
}

#[test]
fn a_folder_inherits_the_record_of_a_folder_above_it_or_of_the_user() {
    let home = Home::new();
    let inherit = ["--workspace=file:///work/a/b", "--inherit"];
    store(&home, "me.app", &json!({"of": "user"}));
    assert_eq!(get(&home, &["me.app#/of", inherit[0], inherit[1], "--raw"]), "user");
    assert_eq!(home.run(&["set", "me.app", "--workspace=file:///work"], r#"{"of":"work"}"#).code, 0);
    let found = home.json(&["get", "me.app", inherit[0], inherit[1]], "");
    valid("record", &found);
    assert_eq!(found["foundIn"], json!({"context": "workspace", "workspaceFolder": "file:///work"}));
    assert_eq!(found["data"], json!({"of": "work"}));
    assert_eq!(
        home.run(&["get", "me.app", inherit[0]], "").code,
        4,
        "without the option nothing is inherited"
    );
    assert_eq!(home.run(&["get", "me.app", "--inherit"], "").code, 2);
}

#[test]
fn a_key_that_the_store_does_not_keep_is_given_by_a_descriptor() {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let ran = home.run(&["get", "any#/a", "--key-fd", "0"], KEY);
    assert_eq!((ran.code, ran.shown.as_str()), (0, "1\n"), "{}", ran.said);
    // The value follows the key on the same descriptor.
    let ran = home.run(&["set", "any#/b", "--key-fd", "0", "--raw"], &format!("{KEY}\nvalue\n"));
    assert_eq!(ran.code, 0, "{}", ran.said);
    let answers = home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
    assert_eq!(answers[1]["result"], json!({"a": 1, "b": "value"}));
    let issued = home.json(&["key", "issue", "its.own"], "");
    home.answers(&[
        ("setAPIKey", json!([issued["apiKey"]])),
        ("setPersistentData", json!(["user", {"a": 1}])),
    ]);
    let ran = home.run(&["get", "its.own"], "");
    assert_eq!(ran.code, 5, "{}", ran.said);
    assert!(ran.said.contains("--key-fd"), "{}", ran.said);
}

#[test]
fn a_record_has_an_end_and_a_condition() {
    let home = Home::new();
    let set = |arguments: &[&str]| home.run(&[&["set", "me.app"], arguments].concat(), "{}");
    assert_eq!(set(&["--if-revision", "0", "--expires-in", "1h"]).code, 0);
    let read = home.json(&["get", "me.app"], "");
    valid("record", &read);
    assert!(read["expiresAt"].is_string());
    let revision = read["revision"].to_string();
    // A member is changed in a record that keeps its end.
    let changed = home.run(&["set", "me.app#/a", "--if-revision", &revision], "1");
    assert_eq!(changed.code, 0, "{}", changed.said);
    let again = home.json(&["get", "me.app"], "");
    assert_eq!((&again["expiresAt"], &again["data"]), (&read["expiresAt"], &json!({"a": 1})));
    for arguments in [&["--if-revision", "0"][..], &["--if-revision", &revision]] {
        let ran = set(arguments);
        assert_eq!(ran.code, 1, "{}", ran.said);
        assert!(ran.said.contains("so nothing was changed"), "{}", ran.said);
    }
    let ran = home.run(&["set", "me.app#/a", "--if-revision", &revision], "2");
    assert_eq!(ran.code, 1, "{}", ran.said);
    assert_eq!(set(&["--expires-at", "2999-01-01T00:00:00Z"]).code, 0);
    assert_eq!(home.json(&["get", "me.app"], "")["expiresAt"], "2999-01-01T00:00:00.000Z");
    for wrong in [&["--expires-in", "soon"][..], &["--expires-at", "tomorrow"], &["--if-revision", "x"]] {
        assert_eq!(set(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn values_that_are_not_what_they_should_be_change_nothing() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "text", "n": 1}));
    for (arguments, input, code) in [
        (&["set", "me.app"][..], "[1]", 2),
        (&["set", "me.app"], "{} {}", 2),
        (&["set", "me.app"], "", 2),
        (&["set", "me.app#/b"], "not JSON", 2),
        (&["set", "me.app", "--raw"], "text", 2),
        (&["set", "me.app#/a/b"], "1", 2),
        (&["patch", "me.app"], "[1]", 2),
        (&["set", "me.app:"], "{}", 2),
        (&["set", "a/b/c"], "{}", 2),
        (&["set"], "{}", 2),
        (&["get", "me.app", "--raw", "--json"], "", 2),
        (&["get", "me.app", "--plugin", "me.app"], "", 2),
        (&["list", "me.app:name"], "", 2),
    ] {
        let ran = home.run(arguments, input);
        assert_eq!((ran.code, ran.shown.as_str()), (code, ""), "{arguments:?}: {}", ran.said);
        assert_eq!(ran.said.lines().count(), 1, "{arguments:?}: {}", ran.said);
    }
    let invalid = home.finish(home.command(&["set", "me.app#/b", "--raw"]), "\u{fffd}");
    assert_eq!(invalid.code, 0);
    assert_eq!(home.json(&["get", "me.app"], "")["data"], json!({"a": "text", "n": 1, "b": "\u{fffd}"}));
}

#[test]
fn a_list_has_no_content_and_names_what_it_can_not_list() {
    let home = Home::new();
    let word = home.word();
    store(&home, "b.app/x:one", &json!({"token": word}));
    store(&home, "a.app", &json!({"token": word}));
    let issued = home.json(&["key", "issue", "own.app"], "");
    home.answers(&[
        ("setAPIKey", json!([issued["apiKey"]])),
        ("setPersistentData", json!(["user", {"a": 1}])),
    ]);
    let listed = home.json(&["list"], "");
    valid("list", &listed);
    let references: Vec<_> =
        listed["records"].as_array().unwrap().iter().map(|record| &record["ref"]).collect();
    assert_eq!(references, [&json!("a.app/default"), &json!("b.app/x:one")]);
    assert_eq!(listed["unlisted"][0]["plugin"], "own.app");
    let table = home.run(&["list"], "").shown;
    assert!(!table.contains(&word) && !listed.to_string().contains(&word));
    assert!(table.contains("b.app/x:one") && table.contains("1 key is not kept"), "{table}");
    let only = home.json(&["list", "b.app"], "");
    assert_eq!(only["records"].as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["list", "c.app"], "").code, 4);
    assert_eq!(home.run(&["list", "b.app/y"], "").code, 4);
}

#[test]
fn many_processes_change_members_of_one_record_and_none_is_lost() {
    const PROCESSES: usize = 8;
    let home = Home::new();
    store(&home, "me.app", &json!({}));
    std::thread::scope(|scope| {
        for number in 0..PROCESSES {
            let home = &home;
            scope.spawn(move || {
                let ran = home.run(&["set", &format!("me.app#/n{number}")], &number.to_string());
                assert_eq!(ran.code, 0, "{}", ran.said);
            });
        }
    });
    let object = home.json(&["get", "me.app"], "")["data"].clone();
    assert_eq!(object.as_object().unwrap().len(), PROCESSES);
}
