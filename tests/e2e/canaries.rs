//! What every test relies on: the search for canaries, and the other checks at the end of a server and of a home.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use serde_json::json;

use crate::harness::Home;
use crate::harness::canaries::Canaries;

#[test]
fn the_search_finds_what_was_hidden() {
    #[track_caller]
    fn check(text: &[u8], expected: bool) {
        let canaries = Canaries::default();
        canaries.add_text("canary1");
        canaries.add_key("00112233445566778899aABBccDDeeff00112233");
        assert_eq!(canaries.are_in(text), expected);
    }
    check(b"", false);
    check(b"c", false);
    check(b"a canary0, a canary", false);
    check(b"a canary1", true);
    check(b"x00112233445566778899AABBCCDDEEFF00112233", true);
    check(b"00112233445566778899aabbccddeeff00112233", true);
    check(b"00112233445566778899aabbccddeeff0011223", false);
    check(&base16ct::lower::decode_vec("ff00112233445566778899aabbccddeeff00112233").unwrap(), true);
}

/// Whether something is a failure, although nothing asks for a check.
fn fails(what: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(what)).is_err()
}

#[test]
fn a_key_or_a_text_of_a_request_in_a_file_of_the_store_is_a_failure() {
    for leaked in ["the key", "the text", "nothing"] {
        let home = Home::new();
        let mut server = home.script();
        // Neither was asked to be a canary.
        let (key, text) = ("89".repeat(20), "a text of some length");
        server.set_key(&key);
        server.ok("setPersistentData", json!(["user", {"member": text}]));
        drop(server);
        let leak = match leaked {
            "the key" => key.to_uppercase(),
            "the text" => text.to_owned(),
            _ => String::new(),
        };
        std::fs::write(home.data().join("leak"), leak).unwrap();
        assert_eq!(fails(|| drop(home)), leaked != "nothing", "{leaked}");
    }
}

#[test]
fn a_message_that_is_not_read_is_a_failure() {
    let home = Home::new();
    let mut server = home.script();
    server.begin("vault/status", json!({}));
    assert!(fails(|| drop(server)));
}

#[test]
fn a_panic_and_a_line_of_the_input_on_stderr_are_failures() {
    let run = |script: &str, input: &str| {
        let home = Home::new();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        home.finish(command, input);
    };
    assert!(!fails(|| run("cat", "a passphrase of some length")));
    assert!(fails(|| run("cat >&2", "a passphrase of some length")));
    assert!(fails(|| run("echo the thread panicked >&2", "")));
}

#[test]
fn the_callers_own_settings_are_not_the_programs() {
    let home = Home::new();
    let removed =
        |command: &Command, name: &str| command.get_envs().any(|(own, value)| own == name && value.is_none());
    assert!(removed(&home.start().command(), "RUST_LOG"));
}
