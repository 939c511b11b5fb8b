//! API keys, for their holders and for the user of a store.

use serde_json::{Value, json};

use crate::home::{Home, KEY};

#[test]
fn keys_are_issued_shared_rotated_extended_and_revoked() {
    let home = Home::new();
    let issued = home.json(&["key", "issue", "me.plugin", "--installation", "test", "--label", "mine"], "");
    let key = issued["apiKey"].as_str().unwrap().to_owned();
    assert_eq!(home.run(&["key", "issue", "me.plugin", "--installation", "test"], "").shown.trim(), key);
    let share = ["key", "share", "--read-only", "--context", "user", "--expires-at", "2999-01-01T00:00:00Z"];
    let shared = home.json(&share, &key);
    assert_eq!(shared["scope"], json!({"contexts": ["user"], "readOnly": true}));
    let rotated = home.json(&["key", "rotate"], &format!("{key}\n"));
    assert_ne!(rotated["apiKey"], issued["apiKey"]);
    assert!(home.refused(&["key", "rotate"], &key).contains("revoked or replaced"));
    let extended = home.json(&["key", "extend", shared["keyId"].as_str().unwrap()], "");
    assert!(extended.get("expiresAt").is_none());

    let listed = home.json(&["key", "list"], "");
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|key| (&key["owner"], &key["state"])).collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.iter().all(|(_, state)| **state == "live"));
    let table = home.run(&["key", "list", "me.plugin"], "").shown;
    assert!(table.starts_with("ID") && table.contains("mine") && table.lines().count() == 3, "{table}");
    for secret in [&key, rotated["apiKey"].as_str().unwrap(), shared["apiKey"].as_str().unwrap()] {
        assert!(!table.contains(secret) && !listed.to_string().contains(secret));
    }

    let id = shared["keyId"].as_str().unwrap();
    assert_eq!(home.json(&["key", "revoke", id, "--yes"], ""), json!({"revoked": true, "destroyed": false}));
    assert!(home.refused(&["key", "revoke", id, "--yes"], "").contains("no such key"));
    let own = home.json(&["key", "revoke", "--yes"], rotated["apiKey"].as_str().unwrap());
    assert_eq!(own, json!({"revoked": true, "destroyed": true}));
    assert_eq!(home.json(&["key", "list"], ""), json!([]));
}

#[test]
fn records_of_a_kept_key_are_listed_without_what_is_in_them() {
    let home = Home::new();
    let records = ["key", "records", "me.plugin", "test"];
    assert!(home.refused(&records, "").contains("no store yet"));
    let issued = home.json(&["key", "issue", "me.plugin", "--installation", "test"], "");
    assert_eq!(home.json(&records, ""), json!([]));
    let key = issued["apiKey"].as_str().unwrap().to_owned();
    home.answers(&[
        ("setAPIKey", json!([key])),
        ("setPersistentData", json!({"context": "user", "name": "token", "data": {"hush": "hunter2"}})),
        (
            "setPersistentData",
            json!({"context": "workspace", "workspaceFolder": "file:///work/a", "data": {"hush": 1}}),
        ),
    ]);
    let listed = home.json(&records, "");
    let row = |at: usize, name: &str| listed[at].get(name).cloned();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!((row(0, "context"), row(0, "name")), (Some(json!("user")), Some(json!("token"))));
    assert_eq!((row(0, "workspaceFolder"), row(1, "name")), (None, None));
    assert_eq!(row(1, "workspaceFolder"), Some(json!("file:///work/a")));
    assert!(
        listed[0]["bytes"].as_u64().unwrap() > 0
            && listed[0]["updatedAt"].as_str() >= issued["issuedAt"].as_str()
    );
    let table = home.run(&records, "").shown;
    assert!(table.contains("token") && table.contains("file:///work/a"), "{table}");
    for secret in ["hunter2", "hush", &key] {
        assert!(!table.contains(secret) && !listed.to_string().contains(secret));
    }
    // Asking for what is not kept makes nothing.
    assert!(home.refused(&["key", "records", "me.plugin", "other"], "").contains("no such key"));
    assert_eq!(home.json(&["key", "list"], "").as_array().unwrap().len(), 1);
}

#[test]
fn a_list_says_all_of_a_key_but_the_key() {
    let home = Home::new();
    let issue = ["key", "issue", "me.plugin", "--installation", "test", "--label", "mine"];
    let issued = home.json(&[&issue[..], &["--expires-at", "2999-01-01T00:00:00Z"]].concat(), "");
    let key = issued["apiKey"].as_str().unwrap().to_owned();
    home.answers(&[("setAPIKey", json!([key])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let issued_at = issued["issuedAt"].clone();
    let listed = home.json(&["key", "list"], "")[0].clone();
    for (name, value) in [
        ("keyId", issued["keyId"].clone()),
        ("plugin", json!("me.plugin")),
        ("installation", json!("test")),
        ("label", json!("mine")),
        ("issuedAt", issued_at.clone()),
        ("expiresAt", json!("2999-01-01T00:00:00.000Z")),
        ("owner", json!(true)),
        ("state", json!("live")),
        ("records", json!(1)),
    ] {
        assert_eq!(listed[name], value, "{name}");
    }
    assert!(listed["bytes"].as_u64().unwrap() > 0);
    assert!(listed["lastWriteAt"].as_str().unwrap() >= issued_at.as_str().unwrap());
    let share = ["key", "share", "--read-only", "--context", "user"];
    home.json(&share, &key);
    home.json(&["key", "extend", issued["keyId"].as_str().unwrap(), "--until", "2001-01-01T00:00:00Z"], "");
    let listed = home.json(&["key", "list"], "");
    let owner = listed.as_array().unwrap().iter().find(|key| key["owner"] == true).unwrap();
    assert_eq!(owner["state"], "expired");
    let table = home.run(&["key", "list"], "").shown;
    let head: Vec<_> = table.lines().next().unwrap().split("  ").map(str::trim).collect();
    for column in
        ["PLUGIN", "INSTALLATION", "LABEL", "ISSUED", "EXPIRES", "SCOPE", "RECORDS", "ON DISK", "STATE"]
    {
        assert!(head.contains(&column), "{table}");
    }
    assert!(table.contains("readOnly") && table.contains("LAST WRITE"), "{table}");
    assert!(!table.contains(&key) && !listed.to_string().contains(&key));
}

#[test]
fn a_plugin_that_is_gone_is_forgotten_with_all_that_it_stored() {
    let home = Home::new();
    let key = home.json(&["key", "issue", "gone.plugin", "--installation", "test"], "")["apiKey"].clone();
    let store = |key: &Value| {
        home.answers(&[("setAPIKey", json!([key])), ("setPersistentData", json!(["user", {"a": 1}]))])
    };
    assert!(store(&key)[1]["result"]["revision"].is_u64());
    store(&json!(KEY));
    let records = || home.answers(&[("vault/status", json!({}))])[0]["result"]["records"].clone();
    assert_eq!(records(), 2);
    assert_eq!(home.json(&["key", "forget", "gone.plugin", "--yes"], ""), json!({"destroyed": 1}));
    assert!(home.refused(&["key", "forget", "gone.plugin", "--yes"], "").contains("no such plugin"));
    assert_eq!(records(), 1);
    assert_eq!(store(&key)[0]["error"]["code"], 1004);
}

#[test]
fn a_list_of_nothing_makes_no_store() {
    let home = Home::new();
    assert_eq!(home.json(&["key", "list"], ""), json!([]));
    assert_eq!(home.json(&["protector", "list"], ""), json!([]));
    assert!(!home.data().exists());
}

#[test]
fn what_ends_or_extends_keys_makes_no_store() {
    let home = Home::new();
    for (arguments, input) in [
        (&["key", "revoke", "0123", "--yes"][..], ""),
        (&["key", "revoke", "--yes"], KEY),
        (&["key", "rotate"], KEY),
        (&["key", "extend", "0123"], ""),
    ] {
        assert!(home.refused(arguments, input).contains("no store yet"), "{arguments:?}");
    }
    assert!(home.refused(&["key", "forget", "no.plugin", "--yes"], "").contains("no such plugin"));
    assert!(home.refused(&["protector", "remove", "key-file", "--yes"], "").contains("no store"));
    assert!(!home.data().exists());
}

/// A shared key never outlasts its owner, also where the user of the store moves their ends.
#[test]
fn the_end_of_a_shared_key_is_never_moved_behind_its_owners() {
    let home = Home::new();
    let issued = home.json(&["key", "issue", "me.plugin", "--expires-at", "2998-01-01T00:00:00Z"], "");
    let (key, owner) = (issued["apiKey"].as_str().unwrap(), issued["keyId"].as_str().unwrap());
    let share = |end: &str| home.json(&["key", "share", "--expires-at", end], key);
    let [early, late] = [share("2100-01-01T00:00:00Z"), share("2997-01-01T00:00:00Z")];
    let (early_id, late_id) = (early["keyId"].as_str().unwrap(), late["keyId"].as_str().unwrap());
    let end = |id: &str| {
        let listed = home.json(&["key", "list"], "");
        listed.as_array().unwrap().iter().find(|key| key["keyId"] == id).unwrap()["expiresAt"].clone()
    };
    let refused = home.refused(&["key", "extend", early_id, "--until", "2999-01-01T00:00:00Z"], "");
    assert!(refused.contains("later than its owner's"), "{refused}");
    // Without an end of its own it ends with its owner.
    let extended = home.json(&["key", "extend", late_id], "");
    assert_eq!(extended["expiresAt"], "2998-01-01T00:00:00.000Z");
    // An owner's end that comes earlier takes the shared ones along, and leaves those that end before it.
    home.json(&["key", "extend", owner, "--until", "2500-01-01T00:00:00Z"], "");
    assert_eq!(end(late_id), "2500-01-01T00:00:00.000Z");
    assert_eq!(end(early_id), "2100-01-01T00:00:00.000Z");
    // A later one moves no other end.
    home.json(&["key", "extend", owner], "");
    assert_eq!((end(owner), end(late_id)), (Value::Null, json!("2500-01-01T00:00:00.000Z")));
}

#[test]
fn an_end_before_1970_is_no_end_of_a_key() {
    let home = Home::new();
    let issued = home.json(&["key", "issue", "me.plugin"], "");
    let (key, id) = (issued["apiKey"].as_str().unwrap(), issued["keyId"].as_str().unwrap());
    for end in ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01"] {
        for (command, input) in [
            (["key", "issue", "me.other", "--expires-at", end].as_slice(), ""),
            (&["key", "share", "--expires-at", end], key),
            (&["key", "extend", id, "--until", end], ""),
        ] {
            let refused = home.refused(command, input);
            assert!(refused.contains("not before 1970"), "{command:?}: {refused}");
        }
    }
    assert_eq!(home.json(&["key", "list"], "").as_array().unwrap().len(), 1);
    let extended = home.json(&["key", "extend", id, "--until", "2001-01-01T00:00:00Z"], "");
    assert_eq!(extended["expiresAt"], "2001-01-01T00:00:00.000Z");
}

#[test]
fn a_rotation_whose_output_was_lost_is_asked_for_again_with_the_key_that_was_brought() {
    let home = Home::new();
    let old = home.json(&["key", "issue", "me.plugin"], "")["apiKey"].as_str().unwrap().to_owned();
    let both = format!("{old}\n{KEY}\n");
    let rotate = ["key", "rotate", "--new-key-fd", "0"];
    let rotated = home.json(&rotate, &both);
    assert_eq!(rotated["apiKey"], KEY);
    assert_eq!(home.json(&rotate, &both), rotated);
    assert!(home.refused(&["key", "rotate"], &old).contains("revoked or replaced"));
    assert!(home.refused(&rotate, KEY).contains("40 hexadecimal digits"));
}

#[test]
fn a_program_is_told_whether_a_key_was_made() {
    let home = Home::new();
    let issue = ["key", "issue", "me.plugin", "--installation", "test"];
    let created = || home.json(&issue, "")["created"].clone();
    assert_eq!([created(), created()], [json!(true), json!(false)]);
}

#[test]
fn a_wrong_command_line_is_told_what_is_missing_and_never_shows_what_was_too_much() {
    let home = Home::new();
    let wrong = |arguments: &[&str]| {
        let ran = home.run(arguments, "");
        assert_eq!((ran.code, ran.said.lines().count()), (2, 1), "{}", ran.said);
        ran.said
    };
    assert!(wrong(&["key", "extend"]).contains("<ID>"));
    assert!(wrong(&["protector", "add", "command"]).contains("<PROGRAM>"));
    assert!(wrong(&["key"]).contains("subcommand"));
    assert!(wrong(&["key", "share", "--context", "all"]).contains("--context"));
    for arguments in [&["key", "rotate", KEY][..], &["key", KEY], &["key", "rotate", "--key-fd", KEY]] {
        assert!(!wrong(arguments).contains(KEY), "{arguments:?}");
    }
}

#[test]
fn flags_that_belong_to_subcommands_are_refused_without_one() {
    let ran = Home::new().run(&["--json"], "");
    assert_eq!((ran.code, ran.said.lines().count()), (2, 1), "{}", ran.said);
}

#[test]
fn one_key_more_than_may_be_is_refused_with_what_to_do() {
    let home = Home::new();
    let key = home.json(&["key", "issue", "me.plugin"], "")["apiKey"].as_str().unwrap().to_owned();
    for limit in ["--max-keys=1", "--max-keys-per-plugin=1"] {
        for (arguments, input) in [(&["key", "issue", "me.plugin"][..], ""), (&["key", "share"], &*key)] {
            let refused = home.refused(&[&[limit], arguments].concat(), input);
            assert!(refused.contains("1 live keys already") && refused.contains("revoke"), "{refused}");
        }
    }
    assert_eq!(home.json(&["key", "list"], "").as_array().unwrap().len(), 1);
}
