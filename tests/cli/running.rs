//! `run`: what the program gets, what is shown of its output, and how it ends.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::Ran;
use crate::home::Home;
use crate::records::store;

fn home_with(word: &str) -> Home {
    let home = Home::new();
    store(&home, "me.app", &json!({"token": word, "n": 5, "lines": "one\ntwo\n", "nothing": ""}));
    home
}

#[track_caller]
fn sh(home: &Home, arguments: &[&str], script: &str) -> Ran {
    home.run(&[&["run"], arguments, &["--", "sh", "-c", script]].concat(), "")
}

#[test]
fn the_program_gets_values_by_variables_and_descriptors() {
    let home = home_with("a token");
    let all = ["--env", "A=me.app#/token", "--env", "B=me.app#/n", "--env", "C=me.app", "--no-mask"];
    let ran = sh(&home, &all, r#"printf '%s|%s|%s' "$A" "$B" "$C""#);
    let object = r#"{"token":"a token","n":5,"lines":"one\ntwo\n","nothing":""}"#;
    assert_eq!(
        ran.shown,
        format!("a token|5|{}", serde_json::from_str::<serde_json::Value>(object).unwrap()),
        "{}",
        ran.said
    );
    let ran = sh(
        &home,
        &["--fd", "3=me.app#/token", "--fd", "7=me.app#/lines", "--no-mask"],
        "cat <&3; echo; cat <&7",
    );
    assert_eq!(ran.shown, "a token\none\ntwo\n", "{}", ran.said);
    // The end of the value is the end of the descriptor, also of one that no program reads.
    let ran = sh(&home, &["--fd", "9=me.app#/token"], "exit 0");
    assert_eq!(ran.code, 0, "{}", ran.said);
}

#[cfg(target_os = "linux")]
#[test]
fn the_program_gets_nothing_else_of_this_process() {
    let home = home_with("a token");
    let open = "cd /proc/self/fd && echo *";
    let plain = Command::new("sh").args(["-c", open]).stdin(Stdio::null()).output().unwrap().stdout;
    assert_eq!(sh(&home, &["--env", "A=me.app#/token"], open).shown, String::from_utf8(plain).unwrap());
    let mut command = home.command(&["run", "--", "sh", "-c", "env; umask; ulimit -c"]);
    command.env("PLUGIN_VAULT_SOMETHING", "x").env("PLUGIN_VAULT_DATA_DIR", "/nowhere");
    let shown = home.finish(command, "").shown;
    assert!(!shown.contains("PLUGIN_VAULT_") && shown.contains("PATH="), "{shown}");
    let mut plain = Command::new("sh");
    let umask = plain.args(["-c", "umask"]).output().unwrap().stdout;
    assert!(
        shown.contains(&String::from_utf8(umask).unwrap()),
        "the program has the umask of the user: {shown}"
    );
}

#[test]
fn values_are_replaced_in_what_the_program_shows() {
    let home = home_with("a token");
    let ran = sh(&home, &["--env", "A=me.app#/token"], r#"echo "<$A>"; echo "[$A]" >&2; echo a toke"#);
    assert_eq!(ran.shown, "<***>\na toke\n");
    assert!(ran.said.contains("[***]"), "{}", ran.said);
    let slowly = r"printf 'a to'; printf 'ken\n'";
    assert_eq!(sh(&home, &["--env", "A=me.app#/token"], slowly).shown, "***\n");
    assert_eq!(sh(&home, &["--fd", "3=me.app#/token"], "cat <&3").shown, "***");
    assert_eq!(sh(&home, &["--env", "A=me.app#/nothing"], "echo all").shown, "all\n");
    assert_eq!(sh(&home, &["--env", "A=me.app#/token", "--no-mask"], "echo $A").shown, "a token\n");
}

#[test]
fn two_streams_into_one_file_stay_in_order() {
    let home = home_with("a token");
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done";
    let run = home.command(&["run", "--env", "A=me.app#/token", "--", "sh", "-c", script]);
    let mut both = Command::new("sh");
    both.args(["-c", r#""$0" "$@" 2>&1"#]).arg(run.get_program()).args(run.get_args()).stdin(Stdio::null());
    let shown = String::from_utf8(both.output().unwrap().stdout).unwrap();
    let expected =
        (1..=9).map(|number| format!("o{number}\ne{number}")).collect::<Vec<_>>().join("\n") + "\n";
    assert_eq!(shown, expected);
}

#[test]
fn the_exit_code_is_that_of_the_program() {
    let home = home_with("a token");
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -TERM $$", 128 + 15)] {
        let ran = sh(&home, &["--env", "A=me.app#/token"], script);
        assert_eq!((ran.code, ran.said.as_str()), (code, ""), "{script}");
    }
    assert_eq!(home.run(&["run", "--", "no-such-program-anywhere"], "").code, 127);
    let file = home.path("not executable");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(home.run(&["run", "--", file.to_str().unwrap()], "").code, 126);
    // What fails before the program starts.
    let marker = home.path("started");
    let touch = format!("touch '{}'", marker.display());
    assert_eq!(sh(&home, &["--env", "A=me.app#/gone"], &touch).code, 4);
    assert_eq!(sh(&home, &["--env", "A=me.app#/token", "--fd", "2=me.app"], &touch).code, 2);
    assert!(!marker.exists());
}

#[test]
fn signals_reach_the_program() {
    let home = home_with("a token");
    for signal in ["TERM", "HUP", "INT", "QUIT", "USR1", "USR2"] {
        let script = format!("trap 'echo got $A; exit 9' {signal}; echo ready; while :; do sleep 0.05; done");
        let mut command = home.command(&["run", "--env", "A=me.app#/n", "--", "sh", "-c", &script]);
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        assert_eq!(line, "ready\n");
        assert!(
            Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success()
        );
        let end = Instant::now() + Duration::from_secs(30);
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "{signal} did not end it");
            std::thread::yield_now();
        };
        line.clear();
        std::io::Read::read_to_string(&mut output, &mut line).unwrap();
        assert_eq!((status.code(), line.as_str()), (Some(9), "got ***\n"), "{signal}");
    }
}

/// The store can be used while the program runs, for example by an editor that it is.
#[test]
fn the_store_is_closed_while_the_program_runs() {
    let home = home_with("a token");
    let list = home.command(&["list"]);
    let words: Vec<_> = std::iter::once(list.get_program())
        .chain(list.get_args())
        .map(|word| word.to_str().unwrap())
        .collect();
    let inner = words.join(" ");
    let ran = sh(
        &home,
        &["--env", "A=me.app#/token"],
        &format!("ls '{}/live' | wc -l; {inner}", home.data().display()),
    );
    assert!(ran.shown.starts_with('0') && ran.shown.contains("me.app/default"), "{}{}", ran.shown, ran.said);
}
