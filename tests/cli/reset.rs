//! Putting a store aside that nothing opens any more.

use std::fs;
use std::path::{Path, PathBuf};

use plugin_vault::files;
use serde_json::{Value, json};

#[cfg(unix)]
use crate::client::Client;
use crate::home::{Home, KEY, guarded_by_a_passphrase};
#[cfg(unix)]
use crate::terminal::Terminal;

fn filled() -> Home {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    home
}

fn answer(home: &Home) -> Value {
    home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))])[1].clone()
}

/// What makes a store, as far as it is in a folder.
fn parts(folder: &Path) -> Vec<String> {
    let names = ["backups", "data.mdb", "header", "protectors", "slots"];
    names.into_iter().filter(|name| folder.join(name).exists()).map(str::to_owned).collect()
}

fn quarantine(home: &Home) -> PathBuf {
    home.data().join("quarantine/0000")
}

#[test]
fn a_store_whose_key_folder_is_gone_is_put_aside_and_can_be_put_back() {
    let home = filled();
    let whole = parts(&home.data());
    assert_eq!(whole.len(), 5);
    fs::rename(home.path("keys"), home.path("lost")).unwrap();
    let ran = home.run(&["key", "list"], "");
    assert!(ran.code == 5 && ran.said.contains("plugin-vault reset"), "{}", ran.said);
    assert_eq!(answer(&home)["error"]["data"]["reason"], "missing");
    // Not without a word.
    let refused = home.refused(&["reset"], "");
    assert!(refused.contains("--yes") && refused.contains("1 records"), "{refused}");
    assert!(refused.contains("key-file: missing"), "{refused}");
    assert_eq!(parts(&home.data()), whole);
    let reset = home.json(&["reset", "--yes"], "");
    assert_eq!(reset["quarantine"].as_str().unwrap(), quarantine(&home).to_str().unwrap());
    assert_eq!(parts(&quarantine(&home)), whole);
    assert_eq!(parts(&home.data()), Vec::<String>::new());
    // A new one begins.
    assert_eq!(answer(&home)["result"], Value::Null);
    let written =
        home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"b": 2}]))]);
    assert!(written[1]["result"].is_object());
    assert_eq!(answer(&home)["result"], json!({"b": 2}));
    // Nothing was deleted: put back, with its key, it is what it was.
    home.json(&["reset", "--yes"], "");
    for part in whole {
        fs::rename(quarantine(&home).join(&part), home.data().join(&part)).unwrap();
    }
    fs::remove_dir_all(home.path("keys")).unwrap();
    fs::rename(home.path("lost"), home.path("keys")).unwrap();
    assert_eq!(answer(&home)["result"], json!({"a": 1}));
}

#[test]
fn a_server_tells_how_to_go_on_without_the_key_folder() {
    let home = filled();
    fs::remove_dir_all(home.path("keys")).unwrap();
    let script = json!({"jsonrpc": "2.0", "id": 1, "method": "issueAPIKey", "params": ["a.b"]}).to_string();
    let ran = home.run(&[], &script);
    assert!(ran.said.contains("plugin-vault reset"), "{}", ran.said);
}

#[cfg(unix)]
#[test]
fn a_person_at_a_terminal_is_told_that_the_store_opens_and_asked() {
    let home = filled();
    for (answer, code) in [("no\n", 1), ("yes\n", 0)] {
        let mut terminal = Terminal::run(home.command(&["reset"]));
        let asked = terminal.wait_for("[y/N] ");
        assert!(asked.contains("CAN BE OPENED") && asked.contains("1 records"), "{asked}");
        assert_eq!(parts(&home.data()).len(), 5);
        terminal.types(answer);
        assert_eq!(terminal.ends().0, code);
    }
    assert_eq!(parts(&home.data()), Vec::<String>::new());
}

#[test]
fn a_locked_store_is_said_to_need_a_person() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let refused = home.refused(&["reset"], "");
    assert!(refused.contains("passphrase: locked"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_server_that_has_the_store_open_goes_on_with_a_new_one() {
    let home = filled();
    let mut client = Client::start(&home, home.command(&[]));
    client.call("setAPIKey", &json!([KEY]));
    assert_eq!(client.call("getPersistentData", &json!(["user"]))["result"], json!({"a": 1}));
    home.json(&["reset", "--yes"], "");
    client.call("setAPIKey", &json!([KEY]));
    assert_eq!(client.call("getPersistentData", &json!(["user"]))["result"], Value::Null);
    assert!(client.call("setPersistentData", &json!(["user", {"b": 2}]))["result"].is_object());
    assert_eq!(answer(&home)["result"], json!({"b": 2}));
}

#[test]
fn where_no_store_is_nothing_is_put_aside() {
    let home = Home::new();
    assert!(home.refused(&["reset", "--yes"], "").contains("there is no store"));
    assert!(!home.data().join("quarantine").exists());
}

#[test]
fn a_damaged_store_is_put_aside() {
    let home = filled();
    files::replace(&home.data().join("data.mdb"), b"nothing").unwrap();
    let ran = home.run(&["key", "list"], "");
    assert!(ran.code == 6 && ran.said.contains("plugin-vault reset"), "{}", ran.said);
    assert!(home.refused(&["reset"], "").contains("is damaged"));
    home.json(&["reset", "--yes"], "");
    assert_eq!(answer(&home)["result"], Value::Null);
    assert_eq!(fs::read(quarantine(&home).join("data.mdb")).unwrap(), b"nothing");
}

/// As after a crash between two parts.
#[test]
fn a_reset_that_was_cut_off_is_finished_by_the_next() {
    let order = ["protectors", "slots", "backups", "header", "data.mdb"];
    for moved in 1..order.len() {
        let home = filled();
        let first = home.path("first");
        files::create_folder(&first).unwrap();
        for part in &order[..moved] {
            let _ = fs::rename(home.data().join(part), first.join(part));
        }
        // Nothing takes it for an empty place, and nothing opens half of it.
        let refused = home.answers(&[("issueAPIKey", json!(["a.b"]))]);
        assert_eq!(refused[0]["error"]["code"], 4003, "{moved}");
        home.json(&["reset", "--yes"], "");
        assert_eq!(parts(&home.data()), Vec::<String>::new(), "{moved}");
        assert_eq!(answer(&home)["result"], Value::Null);
    }
}
