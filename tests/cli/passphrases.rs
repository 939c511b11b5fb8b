//! The same passphrase through every door, however a system spells it; and what is refused at every door alike.

use serde_json::{Value, json};

#[cfg(unix)]
use crate::client::Client;
#[cfg(unix)]
use crate::home::guarded_by_a_passphrase;
use crate::home::{Home, KEY};

/// As it is prepared: a composed letter, and a blank.
#[cfg(unix)]
const PREPARED: &str = "caf\u{e9} au lait";
/// With a byte-order mark, a letter and its accent apart, and other spaces.
#[cfg(unix)]
const AS_TYPED: &str = "\u{feff}cafe\u{301}\u{a0}au\u{3000}lait";

/// A store that a passphrase alone opens, which was added in this spelling.
fn guarded_by(added: &str) -> Home {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert_eq!(home.run(&["protector", "add", "passphrase"], added).code, 0);
    assert_eq!(
        home.run(&["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"], added).code,
        0
    );
    home.forget_cached();
    home
}

/// What comes of an unlock with this program for a window.
#[cfg(unix)]
fn unlock_asked_by(home: &Home, program: &str) -> Value {
    home.forget_cached();
    let mut command = home.command(&[]);
    command.env("PLUGIN_VAULT_ASKPASS", program);
    // One that goes on: no question is asked for a client that has ended.
    Client::start(home, command).call("vault/unlock", &json!({}))
}

#[cfg(unix)]
#[test]
fn a_passphrase_opens_however_it_is_spelt_and_wherever_it_comes_from() {
    for (added, said) in [(PREPARED, AS_TYPED), (AS_TYPED, PREPARED)] {
        let home = guarded_by(added);
        for line_end in ["", "\n", "\r\n"] {
            home.forget_cached();
            let opened = home.run(&["key", "list", "--passphrase-fd", "0"], &format!("{said}{line_end}"));
            assert_eq!(opened.code, 0, "{}", opened.said);
        }
        home.forget_cached();
        let answers = home.answers(&[("vault/unlock", json!({"passphrase": said}))]);
        assert_eq!(answers[0]["result"], json!({"keyAvailable": true}));
        let program = home.program("ask", said);
        assert_eq!(unlock_asked_by(&home, &program)["result"], json!({"keyAvailable": true}));
    }
}

#[cfg(unix)]
#[test]
fn a_program_says_a_passphrase_however_it_is_spelt() {
    let home = Home::new();
    let program = home.program("say", AS_TYPED);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--yes"], "").code, 0);
    home.forget_cached();
    home.program_gone("say");
    home.program("say", &format!("{PREPARED}\r"));
    assert!(!home.is_locked());
}

/// Passphrases that were cut at 4,096 bytes opened a store with any other that began like them.
#[test]
fn a_long_passphrase_is_whole_and_one_that_is_too_long_is_refused() {
    let longest = "x".repeat(65_536);
    let home = guarded_by(&longest);
    let other = format!("{}y", &longest[1..]);
    let refused = home.refused(&["key", "list", "--passphrase-fd", "0"], &other);
    assert!(refused.contains("the passphrase is wrong"), "{refused}");
    let too_long = format!("{longest}x");
    let refused = home.refused(&["key", "list", "--passphrase-fd", "0"], &too_long);
    assert!(refused.contains("longer than 64 KiB"), "{refused}");
    let answers = home.answers(&[
        ("vault/unlock", json!({"passphrase": other})),
        ("vault/unlock", json!({"passphrase": too_long})),
    ]);
    assert_eq!(answers[0]["error"]["data"]["reason"], "wrong");
    check_out_of_range(&answers[1]);
    let opened = home.answers(&[("vault/unlock", json!({"passphrase": longest}))]);
    assert_eq!(opened[0]["result"], json!({"keyAvailable": true}));
}

#[track_caller]
fn check_out_of_range(answer: &Value) {
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    let data = &answer["error"]["data"];
    assert_eq!((&data["parameter"], &data["reason"]), (&json!("passphrase"), &json!("outOfRange")));
}

#[cfg(unix)]
#[test]
fn what_is_no_passphrase_is_refused_at_every_door() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    for (word, why) in [
        ("", "is empty"),
        ("\u{feff}", "is empty"),
        ("two\twords", "control character"),
        ("esc\u{1b}[D", "control character"),
        ("next\u{85}line", "control character"),
        ("del\u{7f}", "control character"),
    ] {
        let opened = home.refused(&["key", "list", "--passphrase-fd", "0"], word);
        assert!(opened.contains(why), "{opened}");
        check_out_of_range(&home.answers(&[("vault/unlock", json!({"passphrase": word}))])[0]);
        let program = home.program("ask", word);
        let data = unlock_asked_by(&home, &program)["error"]["data"].clone();
        assert_eq!(data["reason"], "invalidPassphrase", "{word:?}");
        home.program_gone("ask");
        let new = Home::new();
        let refused = new.refused(&["protector", "add", "passphrase"], word);
        assert!(refused.contains(why) && refused.contains("nothing was changed"), "{refused}");
        let backup = new.path("copy");
        let backup = backup.to_str().unwrap();
        let refused = new.refused(&["backup", backup, "--new-passphrase-fd", "0"], word);
        assert!(refused.contains(why) && !new.path("copy").exists(), "{refused}");
        let program = new.program("say", word);
        let refused = new.refused(&["protector", "add", "command", "--", &program], "");
        assert!(refused.contains("printed no passphrase"), "{refused}");
    }
    // The line end is a part of what a client says, and no part of a line.
    check_out_of_range(&home.answers(&[("vault/unlock", json!({"passphrase": "word\n"}))])[0]);
}

#[cfg(unix)]
#[test]
fn a_person_is_asked_once_and_their_word_is_tried_with_every_passphrase() {
    let home = guarded_by("the first");
    for word in ["the second", "the third"] {
        let both = format!("the first\n{word}\n");
        let added = home.run(&["protector", "add", "passphrase", "--passphrase-fd", "0"], &both);
        assert_eq!(added.code, 0, "{}", added.said);
    }
    let asked = home.path("asked");
    for (word, works) in [("the second", true), ("the third", true), ("another", false)] {
        home.forget_cached();
        let program =
            home.program_that("ask", &format!("echo asked >> '{}'\necho '{word}'", asked.display()));
        let mut list = home.command(&["key", "list"]);
        list.env("PLUGIN_VAULT_ASKPASS", &program);
        let ran = home.finish(list, "");
        assert_eq!(ran.code == 0, works, "{word}: {}", ran.said);
        assert_eq!(std::fs::read_to_string(&asked).unwrap().lines().count(), 1, "{word}");
        std::fs::remove_file(&asked).unwrap();
        home.program_gone("ask");
    }
    // Who goes away from the question is not asked again either.
    home.forget_cached();
    let program = home.program_that("ask", &format!("echo asked >> '{}'\nexit 1", asked.display()));
    assert_eq!(unlock_asked_by(&home, &program)["error"]["data"]["reason"], "failed");
    assert_eq!(std::fs::read_to_string(&asked).unwrap().lines().count(), 1);
}
