//! Protectors, and a store that is locked.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

#[cfg(unix)]
use crate::client::Client;
use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};

#[test]
fn a_store_that_only_a_passphrase_opens_is_locked_until_it_is_said() {
    let home = guarded_by_a_passphrase();
    assert!(home.is_locked());
    let status = &home.answers(&[("vault/status", json!({}))])[0]["result"];
    assert_eq!((&status["keyAvailable"], &status["protectors"]), (&json!(false), &json!(["passphrase"])));
    assert_eq!(status["protects"]["stolenDisk"], true);
    let wrong = home.answers(&[("vault/unlock", json!({"passphrase": "wrong"}))]);
    assert_eq!(wrong[0]["error"]["data"]["reason"], "wrong");
    let right = home.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    assert_eq!(right[0]["result"], json!({"keyAvailable": true}));
    home.forget_cached();
    let unanswered = home.answers(&[("vault/unlock", json!({"timeoutMs": 100}))]);
    assert_eq!(unanswered[0]["error"]["data"]["reason"], "locked");
    assert!(home.refused(&["key", "list"], "").contains("passphrase"));
    assert_eq!(home.json(&["key", "list", "--passphrase-fd", "0"], PASSPHRASE).as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn unlocking_a_store_is_reported_and_the_request_continues() {
    let home = guarded_by_a_passphrase();
    let mut client = Client::start(&home, home.command(&[]));
    assert!(client.call("setAPIKey", &json!([KEY]))["result"]["handle"].is_string());
    assert_eq!(client.call("getPersistentData", &json!(["user"]))["error"]["code"], 4001);
    let unlocked = client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
    assert_eq!(client.call("getPersistentData", &json!(["user"]))["result"], json!({"a": 1}));
    let told = client.notice("vault/didChangeStatus");
    assert_eq!((&told["keyAvailable"], &told["protector"]), (&json!(true), &json!("passphrase")));
}

#[cfg(unix)]
#[test]
fn a_program_gives_the_passphrase_without_a_question() {
    let home = Home::new();
    let program = home.program("say", PASSPHRASE);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    assert!(!home.is_locked());
    // Which program it is does not lie where the store lies.
    let text = std::fs::read(home.data().join("data.mdb")).unwrap();
    assert!(!String::from_utf8_lossy(&text).contains(&program));
    home.forget_cached();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o600)).unwrap();
    let answers = home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
    assert!(answers[0]["result"]["handle"].is_string());
    assert_eq!(answers[1]["error"]["data"]["protector"], "command");
    assert_eq!(answers[1]["error"]["data"]["reason"], "denied");
}

#[test]
fn a_program_that_says_nothing_is_not_added() {
    let home = Home::new();
    assert!(
        home.refused(&["protector", "add", "command", "--", "true"], "").contains("printed no passphrase")
    );
    let listed = home.json(&["protector", "list"], "");
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["kind"]), (1, &json!("key-file")));
    assert!(listed[0]["id"].is_string() && listed[0]["madeAt"].is_string());
    assert!(!home.is_locked());
}

#[cfg(unix)]
#[test]
fn a_person_is_asked_by_the_program_that_the_environment_names() {
    let home = guarded_by_a_passphrase();
    let askpass = home.program("askpass", PASSPHRASE);
    let mut list = home.command(&["protector", "test", "--json"]);
    list.env("PLUGIN_VAULT_ASKPASS", askpass);
    let tested: Value = serde_json::from_str(&home.finish(list, "").shown).unwrap();
    assert_eq!((&tested[0]["kind"], &tested[0]["works"]), (&json!("passphrase"), &json!(true)));
}

#[test]
fn the_last_protector_that_works_stays() {
    let home = Home::new();
    assert!(!home.is_locked());
    assert!(home.refused(&["protector", "remove", "key-file", "--yes"], "").contains("last that works"));
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    // The passphrase is not said, so it is not known to work.
    let refused = home.refused(&["protector", "remove", "key-file", "--yes"], "");
    assert!(
        refused.contains("no other is known to work") && refused.contains("--passphrase-fd"),
        "{refused}"
    );
    assert!(home.refused(&["protector", "remove", "keyring", "--yes"], "").contains("no such protector"));
    let removed = home.json(&["protector", "remove", "passphrase", "--yes"], "");
    assert_eq!(removed["kind"], "passphrase");
    assert!(!home.is_locked());
}

#[test]
fn two_passphrases_may_come_from_one_descriptor() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let both = format!("{PASSPHRASE}\nanother\n");
    let added = home.run(&["protector", "add", "passphrase", "--passphrase-fd", "0"], &both);
    assert_eq!(added.code, 0, "{}", added.said);
    home.forget_cached();
    let opened = home.run(&["key", "share", "--passphrase-fd", "0"], &format!("another\n{KEY}\n"));
    assert_eq!(opened.code, 0, "{}", opened.said);
}

#[test]
fn a_test_says_why_a_protector_gives_no_key_and_a_program_can_read_it() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let test = |arguments: &[&str], input: &str| {
        let ran = home.run(&[&["protector", "test"], arguments].concat(), input);
        let line = ran.said.lines().last().unwrap();
        assert!(
            ran.code == 1 && line.contains("not all protectors give the key; the output says why"),
            "{line}"
        );
        ran.shown
    };
    let tested: Value = serde_json::from_str(&test(&["--json"], "")).unwrap();
    assert_eq!((&tested[0]["works"], &tested[0]["reason"]), (&json!(false), &json!("locked")));
    let table = test(&["--passphrase-fd", "0"], "a guess");
    assert!(table.lines().next().unwrap().ends_with("WORKS") && table.contains("no: wrong"), "{table}");
}

#[test]
fn a_request_for_a_passphrase_says_how_to_give_it() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let locked = home.refused(&["key", "list"], "");
    assert!(locked.contains("--passphrase-fd") && locked.contains("PLUGIN_VAULT_ASKPASS"), "{locked}");
    let wrong = home.refused(&["key", "list", "--passphrase-fd", "0"], "a guess");
    assert!(wrong.contains("the passphrase is wrong"), "{wrong}");
}

/// As after a crash between the file and its row.
#[test]
fn a_key_file_that_is_in_the_way_is_told_and_kept() {
    let home = guarded_by_a_passphrase();
    let folder = std::fs::read_dir(home.path("keys")).unwrap().next().unwrap().unwrap().path();
    let file = folder.join("key");
    std::fs::copy(home.data().join("header"), &file).unwrap();
    let ran = home.run(&["protector", "add", "key-file", "--passphrase-fd", "0"], PASSPHRASE);
    assert_eq!(ran.code, 5);
    assert!(ran.said.contains(file.to_str().unwrap()) && ran.said.contains("not added"), "{}", ran.said);
    assert!(file.exists());
    std::fs::remove_file(&file).unwrap();
    assert_eq!(home.run(&["protector", "add", "key-file", "--passphrase-fd", "0"], PASSPHRASE).code, 0);
    assert!(!home.is_locked());
}

/// What the parent has blocked or ignored is nothing that a program that is started here should inherit. Without its exit
/// status, which an ignored SIGCHLD takes away, plugin-vault could not know whether it succeeded.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_gives_the_passphrase_starts_with_signals_as_usual() {
    let home = Home::new();
    let seen = home.path("seen");
    // No shell: it would set right what it has inherited.
    let script =
        format!("/SigBlk|SigIgn/ {{ print $2 > \"{}\" }} END {{ print \"secret\" }}", seen.display());
    let add = home.command(&["protector", "add", "command", "--", "awk", &script, "/proc/self/status"]);
    let mut command = std::process::Command::new("env");
    command.args(["--block-signal", "--ignore-signal=CHLD,XFSZ"]).arg(add.get_program()).args(add.get_args());
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let ran = home.finish(command, "");
    assert_eq!(ran.code, 0, "{}", ran.said);
    let seen = std::fs::read_to_string(seen).unwrap();
    let masks = seen.lines().map(|line| u64::from_str_radix(line, 16).unwrap());
    let [blocked, ignored] = masks.collect::<Vec<_>>()[..] else { panic!("{seen}") };
    let of = |signal: i32| 1_u64 << (signal - 1);
    assert_eq!((blocked, ignored & (of(17) | of(25))), (0, 0), "{seen}");
}
