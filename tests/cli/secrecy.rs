//! What the log and a failure's line say of a passphrase, a key, and the program that gives one: nothing.

#[cfg(unix)]
use serde_json::json;

#[cfg(unix)]
use crate::harness::request_lines;
#[cfg(unix)]
use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};
#[cfg(unix)]
use crate::records::store;

#[cfg(unix)]
fn trace<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["--log", "trace"], arguments].concat()
}

#[cfg(unix)]
#[track_caller]
fn check(said: &str, what: &str) {
    for secret in [KEY, PASSPHRASE, "a wrong word", "an-argument"] {
        assert!(!said.contains(secret), "{what}: {said}");
    }
}

#[cfg(unix)]
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

#[cfg(unix)]
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

/// Every command that has a value in its hands, at the most talkative level.
#[cfg(unix)]
#[test]
fn no_log_line_of_a_command_has_a_value_or_a_name() {
    let home = Home::new();
    let (word, name) = (home.word(), home.word());
    let reference = format!("me.app:{name}");
    store(&home, &reference, &json!({"token": word, "b": 1}));
    let file = home.path("export.json");
    let member = format!("{reference}#/token");
    let variable = format!("A={member}");
    for (arguments, input) in [
        (&["get", &member, "--raw"][..], ""),
        (&["get", &reference, "--json"], ""),
        (&["set", &member, "--raw"], word.as_str()),
        (&["set", &format!("{reference}#/c")], "{}"),
        (&["patch", &reference], &format!("{{\"d\":\"{word}\"}}")),
        (&["list"], ""),
        (&["run", "--env", &variable, "--", "true"], ""),
        (&["run", "--fd", &format!("3={member}"), "--", "true"], ""),
        (&["helper", "headers", &member], ""),
        (&["helper", "git", "store"], &format!("protocol=https\nhost={name}\nusername=u\npassword={word}\n")),
        (&["helper", "git", "get"], &format!("protocol=https\nhost={name}\n")),
        (
            &["helper", "docker", "store"],
            &json!({"ServerURL": name, "Username": "u", "Secret": word}).to_string(),
        ),
        (&["helper", "docker", "get"], name.as_str()),
        (&["export", "-o", file.to_str().unwrap()], ""),
        (&["import", file.to_str().unwrap()], ""),
        (&["delete", &reference, "--yes"], ""),
        (&["get", &member], ""),
    ] {
        let ran = home.run(&trace(arguments), input);
        assert!([0, 4].contains(&ran.code), "{arguments:?}: {}", ran.said);
        assert!(ran.said.contains("DEBUG") || ran.said.contains("TRACE"), "{arguments:?}: nothing is logged");
        assert!(!ran.said.contains(&word) && !ran.said.contains(&name), "{arguments:?}: {}", ran.said);
    }
}

/// As another process of the user sees it.
#[cfg(target_os = "linux")]
#[test]
fn a_value_is_in_the_environment_of_the_program_alone_and_in_no_command_line_and_no_core() {
    use std::io::{BufRead as _, BufReader};

    let home = Home::new();
    let word = home.word();
    store(&home, "me.app", &json!({"token": word}));
    for (option, is_in_environment) in [("--env=A=me.app#/token", true), ("--fd=3=me.app#/token", false)] {
        let mut command = home.command(&["run", option, "--", "sh", "-c", "echo ready; read line"]);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let own = child.id().to_string();
        let read = |process: &str, file: &str| {
            String::from_utf8_lossy(&std::fs::read(format!("/proc/{process}/{file}")).unwrap()).into_owned()
        };
        let children = read(&own, &format!("task/{own}/children"));
        let program = children.trim();
        assert!(!program.is_empty() && !program.contains(' '), "{children}");
        assert_eq!(read(program, "environ").contains(&word), is_in_environment, "{option}");
        for (process, file) in [(own.as_str(), "cmdline"), (&own, "environ"), (program, "cmdline")] {
            assert!(!read(process, file).contains(&word), "{file} of {process}");
        }
        for process in [own.as_str(), program] {
            let limits = read(process, "limits");
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            assert_eq!(core.split_whitespace().rev().nth(1), Some("0"), "{core}");
        }
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_value_is_no_argument() {
    let home = Home::new();
    let word = home.word();
    store(&home, "me.app", &json!({"a": 1}));
    for arguments in [
        &["set", "me.app#/a", &word][..],
        &["set", "me.app#/a", "--value", &word],
        &["patch", "me.app", &format!("{{\"a\":\"{word}\"}}")],
        &["import", "--data", &word],
    ] {
        let ran = home.run(arguments, "");
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(!ran.said.contains(&word), "{}", ran.said);
    }
}
