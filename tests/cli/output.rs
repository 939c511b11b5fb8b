//! Lost output: a full disk, a reader that went away, no output at all. The subcommand fails, and no key is lost with it.

#[cfg(target_os = "linux")]
use std::ffi::OsStr;
use std::fs::File;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};

#[cfg(target_os = "linux")]
use plugin_vault::files;
use serde_json::{Value, json};

use crate::home::{Home, KEY};

/// What a subcommand gives whose output goes somewhere else than to the test: its code, and what it says on stderr.
fn run_into(mut command: Command, output: Stdio, input: &str) -> (i32, String) {
    let mut child = command.stdout(output).spawn().unwrap();
    drop(command);
    // A program that reads nothing may have ended by now.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader is gone.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn owners_key(home: &Home) -> String {
    let key = home.json(&["key", "issue", "me.plugin"], "")["apiKey"].as_str().unwrap().to_owned();
    home.answers(&[("setAPIKey", json!([key])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    key
}

fn reads(home: &Home, key: &str) -> Value {
    let answers = home.answers(&[("setAPIKey", json!([key])), ("getPersistentData", json!(["user"]))]);
    answers[1]["result"].clone()
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_a_full_disk_does_not_take_is_a_failure_that_is_told() {
    let home = Home::new();
    owners_key(&home);
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["schema"],
        &["key", "list"],
        &["key", "list", "--json"],
        &["key", "issue", "me.plugin", "--installation", "x"],
        &["protector", "list"],
        &["protector", "test"],
        &["key", "forget", "me.plugin", "--yes"],
    ] {
        let (code, said) = run_into(home.command(arguments), full(), "");
        assert_eq!((code, said.lines().count()), (1, 1), "{arguments:?}: {said}");
        assert!(said.contains("could not be written to stdout: No space left"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_that_goes_away_has_read_enough_of_a_help_text() {
    let home = Home::new();
    for arguments in [&["--help"][..], &["--version"], &["schema"], &["key", "--help"]] {
        assert_eq!(run_into(home.command(arguments), unread(), ""), (0, String::new()), "{arguments:?}");
    }
}

#[test]
fn a_new_key_whose_output_is_lost_is_revoked() {
    let home = Home::new();
    let key = owners_key(&home);
    let before = home.json(&["key", "list"], "");
    for (arguments, input) in [(&["key", "issue", "me.plugin"][..], ""), (&["key", "share"], key.as_str())] {
        for as_json in [false, true] {
            let arguments = if as_json { [arguments, &["--json"]].concat() } else { arguments.to_vec() };
            for lost in [full, unread] {
                let (code, said) = run_into(home.command(&arguments), lost(), input);
                assert_eq!((code, said.lines().count()), (1, 1), "{arguments:?}: {said}");
                assert!(said.contains("revoked again"), "{arguments:?}: {said}");
            }
            let (code, said) = run_into(home.command(&arguments), Stdio::null(), input);
            assert_eq!((code, said.lines().count()), (1, 1), "{arguments:?}: {said}");
            assert!(said.contains("/dev/null"), "{arguments:?}: {said}");
        }
    }
    assert_eq!(home.json(&["key", "list"], ""), before);
    assert_eq!(reads(&home, &key), json!({"a": 1}));
}

/// `sh` closes the descriptor: that is the same as no output.
#[test]
fn a_closed_output_is_no_place_for_a_new_key() {
    let home = Home::new();
    let issue = home.command(&["key", "issue", "me.plugin"]);
    let mut closed = Command::new("sh");
    closed.args(["-c", r#"exec "$0" "$@" >&-"#]).arg(issue.get_program()).args(issue.get_args());
    closed.stdin(Stdio::piped()).stderr(Stdio::piped());
    let (code, said) = run_into(closed, Stdio::piped(), "");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("stdout is closed or /dev/null"), "{said}");
    assert_eq!(home.json(&["key", "list"], ""), json!([]));
}

#[test]
fn a_rotation_whose_output_is_lost_does_not_take_effect() {
    let home = Home::new();
    let key = owners_key(&home);
    for arguments in [&["key", "rotate"][..], &["key", "rotate", "--json"]] {
        for lost in [full, unread, Stdio::null] {
            let (code, said) = run_into(home.command(arguments), lost(), &key);
            assert_eq!((code, said.lines().count()), (1, 1), "{arguments:?}: {said}");
            assert!(said.contains("nothing was changed"), "{arguments:?}: {said}");
            assert_eq!(reads(&home, &key), json!({"a": 1}));
        }
    }
    // One that was brought is not lost with the answer.
    let rotate = ["key", "rotate", "--new-key-fd", "0"];
    let (code, _) = run_into(home.command(&rotate), full(), &format!("{key}\n{KEY}\n"));
    assert_eq!((code, reads(&home, KEY)), (1, json!({"a": 1})));
}

#[test]
fn a_rotation_says_all_of_its_new_key_in_both_forms() {
    let home = Home::new();
    let key = owners_key(&home);
    let rotated = home.json(&["key", "rotate"], &key);
    assert_eq!((&rotated["owner"], &rotated["plugin"]), (&json!(true), &json!("me.plugin")));
    let shown = home.run(&["key", "rotate"], rotated["apiKey"].as_str().unwrap()).shown;
    assert_eq!((shown.len(), reads(&home, shown.trim())), (41, json!({"a": 1})));
    assert!(home.refused(&["key", "rotate", "--json"], &key).contains("revoked or replaced"));
}

/// On Linux a path is any bytes. What has been done must not end in a fault because of one.
#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_not_utf_8_are_told_all_the_same() {
    let home = Home::new();
    let folder = home.path("").join(OsStr::from_bytes(b"d\xff"));
    let run = |arguments: &[&str], file: Option<&std::path::Path>| {
        let start = home.start().usual_log().without_folders().argument("--json");
        let start = start.argument("--data-dir").argument(folder.join("data"));
        let start = start.argument("--key-dir").argument(folder.join("keys")).arguments(arguments);
        start.arguments(file).ran("").json()
    };
    files::create_folder(&folder).unwrap();
    run(&["key", "issue", "me.plugin", "--installation", "x"], None);
    let file = folder.join("backup");
    let written = run(&["backup"], Some(&file));
    assert_eq!(written["file"], file.to_string_lossy().as_ref());
    assert!(written["keyFile"].as_str().unwrap().contains("d\u{fffd}/keys"), "{written}");
    let restored = run(&["restore", "--yes"], Some(&file));
    assert!(restored["quarantine"].as_str().unwrap().contains("d\u{fffd}/data"), "{restored}");
    let aside = run(&["reset", "--yes"], None);
    assert!(aside["quarantine"].as_str().unwrap().contains("d\u{fffd}/data"), "{aside}");
}
