//! A store that was carried elsewhere: with a passphrase it stays shut, and it runs no program.

use serde_json::{Value, json};

use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};

/// A copy of a folder and all that is in it, by the system's own means.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    assert!(std::process::Command::new("cp").arg("-Rp").arg(from).arg(to).status().unwrap().success());
}

fn copied(home: &Home, folders: &[&str]) -> Home {
    let to = Home::new();
    for folder in folders {
        copy(&home.path(folder), &to.path(folder));
    }
    to
}

/// As on another machine, where nothing is kept in a login session. The copy has the same store's id.
fn reason(home: &Home) -> Value {
    home.forget_cached();
    let answers = home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
    assert_eq!(answers[1]["error"]["code"], 4001, "{}", answers[1]);
    answers[1]["error"]["data"]["reason"].clone()
}

#[test]
fn a_stolen_disk_opens_nothing_where_a_passphrase_alone_guards() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let status = &home.answers(&[("vault/status", json!({}))])[0]["result"];
    assert_eq!(status["protects"]["stolenDisk"], true);
    let stolen = copied(&home, &["data", "keys"]);
    assert_eq!(reason(&stolen), "locked");
    assert!(stolen.refused(&["key", "list"], "").contains("passphrase"));
    let wrong = stolen.answers(&[("vault/unlock", json!({"passphrase": "a guess"}))]);
    assert_eq!(wrong[0]["error"]["data"]["reason"], "wrong");
}

#[cfg(unix)]
#[test]
fn a_data_folder_from_elsewhere_runs_no_program() {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let script = format!("echo run >> '{}'\necho '{PASSPHRASE}'", home.path("runs").display());
    let program = home.program_that("count", &script);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    std::fs::remove_file(home.path("runs")).unwrap();
    let slipped = copied(&home, &["data"]);
    assert_eq!(reason(&slipped), "missing");
    assert_eq!(slipped.run(&["protector", "test"], "").code, 1);
    assert!(!home.path("runs").exists(), "the program was run");
    // With its key folder it is.
    assert!(!home.is_locked() && home.path("runs").exists());
}

#[test]
fn a_copy_that_was_made_before_a_protector_was_removed_opens_with_it() {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    let before = copied(&home, &["data", "keys"]);
    let removed = home.run(&["protector", "remove", "passphrase", "--yes"], "");
    assert_eq!(removed.code, 0, "{}", removed.said);
    // That is said when it is done.
    assert!(removed.shown.contains("copies of the data folder that were made before still open with it"));
    std::fs::remove_dir_all(before.path("keys")).unwrap();
    let unlocked = before.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    assert_eq!(unlocked[0]["result"], json!({"keyAvailable": true}));
    before.forget_cached();
    let here = home.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    assert_eq!(here[0]["result"], json!({"keyAvailable": true}), "the key file opens it");
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 1);
}
