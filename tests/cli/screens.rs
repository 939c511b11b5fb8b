//! What a person sees at a terminal.

use std::process::Command;

use serde_json::json;

use crate::home::{Home, PASSPHRASE, guarded_by_a_passphrase};
use crate::records::store;
use crate::terminal::Terminal;

/// A command whose input, output and errors are the terminal, as a person runs it.
fn screen(command: Command) -> Terminal {
    Terminal::run_whole(command)
}

#[test]
fn the_program_alone_says_what_it_is_in_three_lines() {
    let home = Home::new();
    let program = home.command(&[]).get_program().to_owned();
    let (code, seen) = screen(Command::new(program)).sees();
    assert_eq!(code, 0);
    let lines: Vec<_> = seen.lines().collect();
    assert_eq!(lines.len(), 3, "{seen}");
    assert!(
        lines[0].contains("secrets of editor extensions") && lines[1].contains("Editors start it"),
        "{seen}"
    );
    assert!(lines[2].contains("--help"), "{seen}");
}

#[test]
fn a_value_is_typed_unseen_and_shown_on_demand() {
    let home = Home::new();
    let mut terminal = screen(home.command(&["set", "me.app#/token", "--raw"]));
    terminal.wait_for("Value of me.app/default#/token: ");
    terminal.types("hunter2\n");
    assert_eq!(terminal.sees(), (0, "\nstored\n".into()));
    assert_eq!(screen(home.command(&["get", "me.app#/token", "--raw"])).sees(), (0, "hunter2\n".into()));
    assert_eq!(screen(home.command(&["get", "me.app"])).sees(), (0, "{\"token\":\"hunter2\"}\n".into()));
}

#[test]
fn a_stored_text_does_not_move_the_cursor() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "x\u{1b}[2J\u{202e}y"}));
    let shown = screen(home.command(&["get", "me.app#/a", "--raw"])).sees();
    assert_eq!(shown, (0, "x\\u{1b}[2J\\u{202e}y\n".into()));
    let shown = screen(home.command(&["get", "me.app"])).sees();
    assert_eq!(shown, (0, "{\"a\":\"x\\u001b[2J\\u202ey\"}\n".into()));
}

#[test]
fn a_deletion_says_what_is_lost_and_asks() {
    let home = Home::new();
    store(&home, "me.app/vscode:session", &json!({"a": "b"}));
    for (answer, code) in [("\n", 1), ("n\n", 1), ("yes\n", 0)] {
        let mut terminal = screen(home.command(&["delete", "me.app:session"]));
        let seen = terminal.wait_for("Delete it? [y/N] ");
        assert!(
            seen.starts_with("me.app/vscode:session is deleted: a record of 9 bytes, written "),
            "{seen}"
        );
        terminal.types(answer);
        assert_eq!(terminal.sees().0, code, "{answer:?}");
        assert_eq!(home.run(&["get", "me.app:session"], "").code, if code == 0 { 4 } else { 0 });
    }
}

#[test]
fn a_locked_store_asks_before_it_answers() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut terminal = screen(home.command(&["list"]));
    terminal.wait_for("Passphrase of plugin-vault: ");
    terminal.types(&format!("{PASSPHRASE}\n"));
    let (code, seen) = terminal.sees();
    assert_eq!(code, 0);
    assert!(seen.contains("1 key is not kept by the store"), "{seen}");
}

#[test]
fn an_export_is_not_shown_on_a_terminal() {
    let home = Home::new();
    store(&home, "me.app", &json!({"token": "hunter2"}));
    let (code, seen) = screen(home.command(&["export"])).sees();
    assert!(code == 2 && !seen.contains("hunter2") && seen.contains("-o"), "{seen}");
}

/// Where the program's output is the terminal, the program has it: nothing is replaced, and the program sees a terminal.
#[test]
fn a_program_that_is_run_at_a_terminal_has_it() {
    let home = Home::new();
    store(&home, "me.app", &json!({"token": "hunter2"}));
    let script = "test -t 0 && test -t 1 && test -t 2 && echo whole";
    let run = home.command(&["run", "--env", "A=me.app#/token", "--", "sh", "-c", script]);
    assert_eq!(screen(run).sees(), (0, "whole\n".into()));
}

#[test]
fn what_destroys_data_names_it_and_asks() {
    let home = Home::new();
    store(&home, "me.app", &json!({"a": "b"}));
    let id = home.json(&["key", "list"], "")[0]["keyId"].as_str().unwrap().to_owned();
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    for (arguments, lost) in [
        (&["key", "revoke", &id][..], "of me.app, default opens nothing any more; its 1 record,"),
        (
            &["key", "forget", "me.app"],
            "all data of me.app is destroyed for good: 1 record in 1 installation",
        ),
        (&["protector", "remove", "passphrase"], "will not open the store any more"),
    ] {
        let refused = home.run(arguments, "");
        assert!(refused.code == 2 && refused.said.contains(lost), "{arguments:?}: {}", refused.said);
        let mut terminal = screen(home.command(arguments));
        let seen = terminal.wait_for("[y/N] ");
        assert!(seen.contains(lost), "{arguments:?}: {seen}");
        terminal.types("n\n");
        assert_eq!(terminal.sees().0, 1, "{arguments:?}");
    }
    assert_eq!(home.run(&["get", "me.app"], "").code, 0);
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 2);
    let mut terminal = screen(home.command(&["key", "forget", "me.app"]));
    terminal.wait_for("[y/N] ");
    terminal.types("y\n");
    assert_eq!(terminal.sees().0, 0);
    assert_eq!(home.run(&["get", "me.app"], "").code, 4);
}
