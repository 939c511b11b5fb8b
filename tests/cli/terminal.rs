//! A person at a terminal: what is asked there, and what is seen of the answer.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};

/// A terminal, and a program that has it for its input and errors.
pub(crate) struct Terminal {
    person: File,
    program: Child,
}

impl Terminal {
    pub(crate) fn run(mut command: Command) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        // No program of another test inherits it.
        rustix::io::fcntl_setfd(&person, rustix::io::FdFlags::CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
        let end = || File::options().read(true).write(true).open(&name).unwrap();
        let program = command.stdin(end()).stderr(end()).stdout(Stdio::piped()).spawn().unwrap();
        Self { person: person.into(), program }
    }

    /// As [`Self::run`], for a program whose output is the terminal as well.
    pub(crate) fn run_whole(mut command: Command) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        // No program of another test inherits it.
        rustix::io::fcntl_setfd(&person, rustix::io::FdFlags::CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
        let end = || File::options().read(true).write(true).open(&name).unwrap();
        let program = command.stdin(end()).stderr(end()).stdout(end()).spawn().unwrap();
        drop(command);
        Self { person: person.into(), program }
    }

    /// Waits for the end of a program that has the whole terminal; its code, and what is shown until then.
    pub(crate) fn sees(mut self) -> (i32, String) {
        let mut seen = Vec::new();
        let mut some = [0; 4_096];
        // The terminal fails once no program has it any more.
        while let Ok(length @ 1..) = self.person.read(&mut some) {
            seen.extend_from_slice(&some[..length]);
        }
        let code = self.program.wait().unwrap().code().unwrap();
        (code, String::from_utf8(seen).unwrap().replace("\r\n", "\n"))
    }

    /// Waits until the terminal shows this, and returns all that it has shown until then.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(text) {
            let mut some = [0; 256];
            let length = self.person.read(&mut some).unwrap_or(0);
            assert!(length > 0, "it ended with {:?}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&some[..length]);
        }
        String::from_utf8(seen).unwrap()
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.person.write_all(keys.as_bytes()).unwrap();
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.person).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the program's end. What it shows is not the terminal's.
    pub(crate) fn ends(self) -> (i32, String) {
        let output = self.program.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }
}

#[test]
fn a_passphrase_is_asked_for_at_the_terminal_and_not_shown() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut terminal = Terminal::run(home.command(&["key", "list"]));
    terminal.wait_for("Passphrase of plugin-vault: ");
    assert!(!terminal.echoes());
    // A person takes a typing error back: one letter, or all of it.
    terminal.types(&format!("nonsense\u{15}{PASSPHRASE}x\u{7f}\n"));
    let seen = terminal.wait_for("\n");
    assert!(!seen.contains("battery") && !seen.contains("nonsense"), "{seen}");
    assert!(terminal.echoes(), "the terminal is as it was");
    let (code, shown) = terminal.ends();
    assert_eq!(code, 0);
    assert!(shown.starts_with("ID"), "{shown}");
}

#[test]
fn a_person_who_goes_away_from_a_question_leaves_the_terminal_as_it_was() {
    let home = guarded_by_a_passphrase();
    for keys in ["\u{3}", "half of it\u{3}", "\u{4}", "\n"] {
        home.forget_cached();
        let mut terminal = Terminal::run(home.command(&["key", "list"]));
        terminal.wait_for("Passphrase of plugin-vault: ");
        terminal.types(keys);
        terminal.wait_for("plugin-vault: ");
        assert!(terminal.echoes());
        assert_eq!(terminal.ends().0, 5, "{keys:?}");
    }
}

#[test]
fn a_person_sees_how_far_a_backup_has_come_and_how_far_it_is_back() {
    let home = guarded_by_a_passphrase();
    let file = home.path("copy");
    for command in [&["backup"][..], &["restore", "--yes"]] {
        let mut terminal = Terminal::run(home.command(&[command, &[file.to_str().unwrap()]].concat()));
        terminal.wait_for("100 %");
        assert_eq!(terminal.ends().0, 0, "{command:?}");
    }
}

/// The way from a key file to a passphrase that README and the walkthrough (`protect.md`) show.
#[test]
fn a_store_is_put_under_a_passphrase_at_a_terminal() {
    let home = Home::new();
    let mut terminal = Terminal::run(home.command(&["protector", "add", "passphrase"]));
    terminal.wait_for("New passphrase: ");
    assert!(!terminal.echoes());
    terminal.types(&format!("{PASSPHRASE}\n"));
    terminal.wait_for("The same again: ");
    terminal.types(&format!("{PASSPHRASE}\n"));
    assert_eq!(terminal.ends().0, 0);
    let mut terminal = Terminal::run(home.command(&["protector", "remove", "key-file", "--yes"]));
    terminal.wait_for("Passphrase of plugin-vault: ");
    terminal.types(&format!("{PASSPHRASE}\n"));
    assert_eq!(terminal.ends().0, 0);
    home.forget_cached();
    assert!(home.is_locked());
}

/// However a keyboard spells it, also the second time.
#[test]
fn what_is_typed_is_prepared_like_any_passphrase() {
    let home = Home::new();
    let mut terminal = Terminal::run(home.command(&["protector", "add", "passphrase"]));
    terminal.wait_for("New passphrase: ");
    terminal.types("caf\u{e9} au lait\n");
    terminal.wait_for("The same again: ");
    terminal.types("cafe\u{301}\u{a0}au lait\n");
    assert_eq!(terminal.ends().0, 0);
    let mut terminal = Terminal::run(home.command(&["protector", "remove", "key-file", "--yes"]));
    terminal.wait_for("Passphrase of plugin-vault: ");
    terminal.types("cafe\u{301} au\u{3000}lait\n");
    assert_eq!(terminal.ends().0, 0);
}

#[test]
fn an_arrow_key_or_a_tab_is_no_part_of_a_passphrase() {
    let home = guarded_by_a_passphrase();
    for keys in [format!("{PASSPHRASE}\u{1b}[D\n"), format!("\t{PASSPHRASE}\n")] {
        home.forget_cached();
        let mut terminal = Terminal::run(home.command(&["key", "list"]));
        terminal.wait_for("Passphrase of plugin-vault: ");
        terminal.types(&keys);
        terminal.wait_for("no control characters");
        assert_eq!(terminal.ends().0, 5);
    }
}

#[test]
fn a_new_passphrase_that_was_mistyped_is_none() {
    let home = Home::new();
    let mut terminal = Terminal::run(home.command(&["protector", "add", "passphrase"]));
    terminal.wait_for("New passphrase: ");
    terminal.types("one\n");
    terminal.wait_for("The same again: ");
    terminal.types("other\n");
    terminal.wait_for("the two passphrases differ");
    assert_eq!(terminal.ends().0, 1);
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 1);
}

#[test]
fn a_terminal_is_as_it_was_when_a_signal_ends_the_question() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut terminal = Terminal::run(home.command(&["key", "list"]));
    terminal.wait_for("Passphrase of plugin-vault: ");
    let program = rustix::process::Pid::from_child(&terminal.program);
    rustix::process::kill_process(program, rustix::process::Signal::TERM).unwrap();
    terminal.wait_for("plugin-vault: ");
    assert!(terminal.echoes());
    assert_eq!(terminal.ends().0, 5);
}

#[test]
fn a_key_that_is_typed_is_not_shown() {
    let home = Home::new();
    let mut terminal = Terminal::run(home.command(&["key", "share"]));
    terminal.wait_for("API key: ");
    assert!(!terminal.echoes());
    terminal.types(&format!("{KEY}\n"));
    assert!(!terminal.wait_for("\n").contains(KEY));
    assert_eq!(terminal.ends().0, 0);
}

/// An editor may give its sidecar a terminal; a server never asks there.
#[test]
fn a_server_never_asks_at_a_terminal() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut terminal = Terminal::run(home.command(&[]));
    terminal.types("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"vault/unlock\",\"params\":{}}\n\u{4}");
    let (code, shown) = terminal.ends();
    assert_eq!(code, 0);
    assert!(shown.contains("\"locked\"") && !shown.contains("Passphrase"), "{shown}");
}
