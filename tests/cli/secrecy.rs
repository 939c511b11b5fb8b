//! What the log and a failure's line say of a passphrase, a key, and the program that gives one: nothing.

use serde_json::json;

use crate::harness::request_lines;
use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};

fn trace<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["--log", "trace"], arguments].concat()
}

#[track_caller]
fn check(said: &str, what: &str) {
    for secret in [KEY, PASSPHRASE, "a wrong word", "an-argument"] {
        assert!(!said.contains(secret), "{what}: {said}");
    }
}

#[test]
fn no_log_line_has_a_passphrase_a_key_or_a_programs_arguments() {
    let home = guarded_by_a_passphrase();
    let program = home.program_that("say", &format!("[ \"$1\" = an-argument ] && echo '{PASSPHRASE}'"));
    // What a program says that fails is logged no more than a passphrase.
    let failing = home.program_that("fail", "echo 'a wrong word'\necho 'a wrong word' >&2\nexit 1");
    let refused = home.run(&trace(&["protector", "add", "command", "--", &failing, "an-argument"]), "");
    assert_eq!(refused.code, 5);
    check(&refused.said, "a program that fails");
    let add = ["protector", "add", "command", "--passphrase-fd", "0", "--", &program, "an-argument"];
    let added = home.run(&trace(&add), PASSPHRASE);
    assert_eq!(added.code, 0, "{}", added.said);
    check(&(added.shown + &added.said), "add");
    home.program_gone("say");
    home.forget_cached();
    let lines = request_lines(&[
        ("vault/unlock", json!({"passphrase": "a wrong word"})),
        ("setAPIKey", json!([KEY])),
        ("getPersistentData", json!(["user"])),
        ("vault/unlock", json!({"passphrase": PASSPHRASE})),
    ]);
    let ran = home.run(&trace(&[]), &lines);
    assert!(
        ran.said.contains("can't be started"),
        "nothing was logged, so nothing was searched: {}",
        ran.said
    );
    check(&(ran.shown + &ran.said), "serve");
    for (arguments, input) in [
        (&["key", "rotate"][..], KEY),
        (&["key", "rotate"], "a wrong word"),
        (&["key", "list", "--passphrase-fd", "0"], "a wrong word"),
        (&["protector", "test", "--passphrase-fd", "0"], "a wrong word"),
        (&["protector", "remove", "passphrase", "--yes", "--passphrase-fd", "0"], PASSPHRASE),
    ] {
        home.forget_cached();
        let ran = home.run(&trace(arguments), input);
        assert_ne!(ran.code, 0, "{arguments:?}");
        check(&(ran.shown + &ran.said), arguments[1]);
    }
}

#[test]
fn a_key_or_a_passphrase_is_no_argument() {
    let home = Home::new();
    for arguments in [
        &["key", "rotate", KEY][..],
        &["key", "rotate", "--key", KEY],
        &["key", "share", KEY],
        &["protector", "add", "passphrase", PASSPHRASE],
        &["protector", "add", "passphrase", "--new-passphrase", PASSPHRASE],
        &["key", "list", "--passphrase", PASSPHRASE],
    ] {
        let ran = home.run(arguments, "");
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.said);
    }
}
