//! The exit codes of all commands, and the line or the object on stderr that says why.

use std::fs::{self, File};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::harness::Ran;
use crate::home::{Home, KEY, guarded_by_a_passphrase};
use crate::records::store;
use crate::shapes::failure;

/// Every command that reads the store, with arguments for a store with the record `me.app`.
const READERS: [&[&str]; 9] = [
    &["get", "me.app"],
    &["list"],
    &["delete", "me.app", "--yes"],
    &["run", "--env", "A=me.app#/a", "--", "true"],
    &["helper", "headers", "me.app#/a"],
    &["export"],
    &["key", "list"],
    &["key", "records", "me.app", "default"],
    &["key", "forget", "--yes", "me.app"],
];

#[track_caller]
fn check(ran: &Ran, code: i32, arguments: &[&str]) {
    assert_eq!((ran.code, ran.shown.as_str()), (code, ""), "{arguments:?}: {}", ran.said);
    // The log may name paths before it.
    let lines = ran.said.lines().filter(|line| line.starts_with("plugin-vault: "));
    assert_eq!(lines.count(), 1, "{arguments:?}: {}", ran.said);
}

/// Runs the command both ways, and holds the code and the object against what they should be.
#[track_caller]
fn refused(home: &Home, arguments: &[&str], input: &str, code: i32, kind: &str) {
    check(&home.run(arguments, input), code, arguments);
    let ran = home.run(&[&["--json"], arguments].concat(), input);
    assert_eq!((ran.code, ran.shown.as_str()), (code, ""), "{arguments:?}: {}", ran.said);
    let object = failure(&ran.said);
    assert_eq!(
        (&object["kind"], &object["exitCode"]),
        (&json!(kind), &json!(code)),
        "{arguments:?}: {object}"
    );
}

#[test]
fn without_a_store_a_reader_ends_with_3_and_makes_none() {
    let home = Home::new();
    for arguments in [
        &["get", "me.app"][..],
        &["list"],
        &["delete", "me.app", "--yes"],
        &["run", "--env", "A=me.app", "--", "true"],
        &["helper", "headers", "me.app#/a"],
        &["export"],
        &["key", "records", "me.app", "default"],
        &["key", "extend", "00"],
        &["backup", "-"],
        &["reset", "--yes"],
        &["protector", "test"],
    ] {
        refused(&home, arguments, "", 3, "noStore");
    }
    assert!(!home.data().join("data.mdb").exists());
}

#[test]
fn nothing_there_is_4() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    for arguments in [
        &["get", "me.other"][..],
        &["get", "me.app:name"],
        &["get", "me.app#/b"],
        &["get", "me.app/other"],
        &["list", "me.other"],
        &["delete", "me.app#/b", "--yes"],
        &["export", "me.other"],
        &["key", "forget", "--yes", "me.other"],
        &["protector", "remove", "--yes", "passphrase"],
    ] {
        refused(&home, arguments, "", 4, "nothingStored");
    }
    refused(&home, &["key", "revoke", "--yes", "00"], "", 4, "apiKeyUnknown");
}

#[test]
fn a_locked_store_is_5() {
    let home = guarded_by_a_passphrase();
    for arguments in READERS {
        home.forget_cached();
        refused(&home, arguments, "", 5, "keyUnavailable");
    }
    home.forget_cached();
    refused(&home, &["set", "me.app"], "{}", 5, "keyUnavailable");
    home.forget_cached();
    let ran = home.run(&["--json", "list", "--passphrase-fd", "0"], "a wrong word");
    assert_eq!((ran.code, &failure(&ran.said)["reason"]), (5, &json!("wrong")));
}

#[test]
fn a_damaged_store_is_6_and_stays_as_it_is() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    fs::remove_dir_all(home.data().join("backups")).unwrap();
    for file in fs::read_dir(home.data().join("protectors")).unwrap() {
        fs::write(file.unwrap().path(), b"no protector").unwrap();
    }
    for arguments in READERS {
        refused(&home, arguments, "", 6, "storeDamaged");
    }
}

#[cfg(unix)]
#[test]
fn a_store_that_others_may_read_is_6() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    fs::set_permissions(home.key_file(), fs::Permissions::from_mode(0o644)).unwrap();
    for arguments in READERS {
        home.forget_cached();
        refused(&home, arguments, "", 6, "storeRefused");
    }
}

/// Only the superuser can give a folder to another user.
#[cfg(unix)]
#[test]
fn a_store_of_another_user_is_6() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    if std::os::unix::fs::chown(home.data(), Some(12_345), None).is_err() {
        return;
    }
    for arguments in READERS {
        refused(&home, arguments, "", 6, "storeRefused");
    }
    std::os::unix::fs::chown(home.data(), Some(0), None).unwrap();
}

#[test]
fn a_wrong_command_line_is_2_and_says_what_was_meant() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    for (arguments, expected) in [
        (&["gett", "me.app"][..], "did you mean get?"),
        (&["get", "me.app", "--rwa"], "did you mean --raw?"),
        (&["key", "isue"], "did you mean issue?"),
        (&["completions", "tcsh"], "bash, zsh, fish, powershell"),
        (&["delete", "me.app"], "--yes"),
        (&["key", "extend", "00", "--until", "never"], "2027-01-31"),
        (&["run", "--env", "A", "--", "true"], "VAR=REF"),
        (&["run", "--fd", "1=me.app", "--", "true"], "N=REF"),
        (&["import", "-", "--scrub"], "--scrub"),
    ] {
        refused(&home, arguments, "", 2, "wrongArguments");
        let ran = home.run(arguments, "");
        assert!(ran.said.contains(expected), "{arguments:?}: {}", ran.said);
    }
}

/// A suggestion is a word of ours, whatever was typed.
#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    let home = Home::new();
    home.keep_key(KEY);
    for arguments in
        [&["get", "me.app", KEY][..], &[KEY], &["get", "--", "x", KEY], &["run", "--env", KEY, "--", "a"]]
    {
        let ran = home.run(arguments, "");
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(!ran.said.contains(KEY), "{}", ran.said);
    }
}

#[test]
fn output_that_can_not_be_written_is_1() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    for arguments in [
        &["get", "me.app"][..],
        &["list"],
        &["export"],
        &["helper", "headers", "me.app#/a"],
        &["completions", "bash"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ran = home.command(arguments).stdin(Stdio::null()).stdout(full).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("could not be written to stdout"), "{arguments:?}: {said}");
    }
    // A reader that closes the pipe has read enough; the command says nothing of it.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = home.command(&["get", "me.app"]).stdin(Stdio::null()).stdout(writer).output().unwrap();
    assert_eq!((ran.status.code(), ran.stderr.len()), (Some(1), 0));
}

/// `sh` closes the descriptor.
#[test]
fn a_closed_stdout_takes_nothing_of_a_write() {
    let home = Home::new();
    let set = home.command(&["set", "me.app"]);
    let mut closed = Command::new("sh");
    closed.args(["-c", r#"printf '{"a":1}' | "$0" "$@" >&-"#]).arg(set.get_program()).args(set.get_args());
    assert!(closed.status().unwrap().success());
    assert_eq!(home.run(&["get", "me.app"], "").shown, "{\"a\":1}\n");
}

/// Where no store can be made. A home that is read-only is in `doctor_mounts`. The
/// superuser may write anywhere, so the test makes the folder of the store a place where nothing can be made.
#[test]
fn where_no_store_can_be_made_a_write_says_so() {
    let home = Home::new();
    let set = |data: &str| {
        let mut command = home.command(&[]);
        command.args(["--data-dir", data, "set", "me.app"]);
        home.finish(command, "{}")
    };
    let ran = set("/proc/none");
    assert!((1..=6).contains(&ran.code) && ran.shown.is_empty(), "{}", ran.said);
    assert!(!ran.said.contains("fault"), "{}", ran.said);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_a_write_and_serves_reads() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    let mut command = home.command(&["--max-store-bytes", "1000000", "set", "me.big"]);
    command.stdin(Stdio::piped());
    let ran = home.finish(command, &json!({"a": "x".repeat(2_000_000)}).to_string());
    assert_eq!(ran.code, 1, "{}", ran.said);
    assert_eq!(home.run(&["get", "me.app#/a", "--raw"], "").shown, "b");
}
