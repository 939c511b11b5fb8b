//! `get`, `set`, `run` and `helper` through a relay.

use std::path::Path;

use serde_json::json;

use super::{PLUGIN, Relay, private, relay_command, store};
use crate::harness::{Home, Ran};

/// Runs a command as in a container, where the variable names the socket.
fn run(home: &Home, socket: &Path, arguments: &[&str], input: &str) -> Ran {
    let start = home.start().usual_log().without_folders().arguments(arguments);
    // No store may be made or used, wherever it would be.
    let start = start.environment("HOME", home.path("container")).environment("XDG_DATA_HOME", "");
    start.environment("PLUGIN_VAULT_CONNECT", socket).ran(input)
}

#[test]
fn get_set_and_run_use_the_relay() {
    let home = Home::new();
    let word = home.word();
    store(&home, &json!({"token": word, "n": 1}));
    let relay = Relay::start(&home, &[]);
    let at = |member: &str| format!("{PLUGIN}{member}");
    let got = run(&home, &relay.socket, &["get", &at("#/token"), "--raw"], "");
    assert_eq!((got.code, got.shown.as_str()), (0, word.as_str()), "{}", got.said);
    let new = home.word();
    let set = run(&home, &relay.socket, &["set", &at("#/token"), "--raw"], &format!("{new}\n"));
    assert_eq!((set.code, set.shown.as_str()), (0, "stored\n"), "{}", set.said);
    assert_eq!(home.run(&["get", PLUGIN], "").json(), json!({"token": new, "n": 1}));
    let set = run(&home, &relay.socket, &["set", &at(":other")], r#"{ "a" : 1 }"#);
    assert_eq!(set.code, 0, "{}", set.said);
    assert_eq!(home.run(&["get", &at(":other")], "").shown, "{ \"a\" : 1 }\n");
    let script = "printf %s \"$TOKEN\"; env | grep -c ^PLUGIN_VAULT_";
    let variable = format!("TOKEN={PLUGIN}#/token");
    let ran =
        run(&home, &relay.socket, &["run", "--no-mask", "--env", &variable, "--", "sh", "-c", script], "");
    assert_eq!(ran.shown, format!("{new}0\n"), "{}", ran.said);
    let nothing = run(&home, &relay.socket, &["get", &at(":nothing")], "");
    assert_eq!(nothing.code, 4, "{}", nothing.said);
    let record = run(&home, &relay.socket, &["--json", "get", PLUGIN], "").json();
    assert_eq!(record, home.run(&["--json", "get", PLUGIN], "").json());
    assert!(!home.path("container").exists());
}

#[test]
fn a_condition_is_kept_through_a_relay() {
    let home = Home::new();
    store(&home, &home.object());
    let relay = Relay::start(&home, &[]);
    let set = run(&home, &relay.socket, &["set", PLUGIN, "--if-revision", "0"], "{}");
    assert_eq!(set.code, 1, "{}", set.said);
    assert!(set.said.contains("nothing was changed"), "{}", set.said);
}

#[test]
fn the_helpers_use_the_relay() {
    let home = Home::new();
    let socket = private(&home, "sockets").join("git");
    let relay = Relay::of(relay_command(&home, &socket, &["git-credential"]));
    let word = home.word();
    let wanted = "protocol=https\nhost=example.com\n";
    let stored = format!("{wanted}username=me\npassword={word}\n");
    assert_eq!(run(&home, &relay.socket, &["helper", "git", "store"], &stored).code, 0);
    let got = run(&home, &relay.socket, &["helper", "git", "get"], wanted);
    assert!(got.shown.contains(&format!("password={word}")), "{}", got.said);
    assert!(home.run(&["helper", "git", "get"], wanted).shown.contains(&word));
    assert_eq!(run(&home, &relay.socket, &["helper", "git", "erase"], wanted).code, 0);
    assert_eq!(run(&home, &relay.socket, &["helper", "git", "get"], wanted).shown, "");
    let docker = run(&home, &relay.socket, &["helper", "docker", "list"], "");
    assert_eq!(docker.code, 1, "docker's records are another plugin's: {}", docker.shown);
}

#[test]
fn another_plugin_is_refused_and_so_is_what_needs_the_store_itself() {
    let home = Home::new();
    store(&home, &home.object());
    let relay = Relay::start(&home, &[]);
    let other = run(&home, &relay.socket, &["get", "me.other"], "");
    assert_eq!(other.code, 2, "{}", other.said);
    assert!(
        other.said.contains("the relay gives the data of me.github and not of me.other"),
        "{}",
        other.said
    );
    for command in [
        &["list"][..],
        &["export"],
        &["key", "list"],
        &["lock"],
        &["reset", "--yes"],
        &["relay", "a", "--listen", "/x"],
    ] {
        let ran = run(&home, &relay.socket, command, "");
        assert_eq!(ran.code, 2, "{command:?} {}", ran.said);
        assert!(ran.said.contains("a relay serves only"), "{}", ran.said);
    }
    let status = run(&home, &relay.socket, &["status"], "");
    assert!(status.shown.contains(home.data().to_str().unwrap()), "{} {}", status.shown, status.said);
    assert!(status.shown.contains("on the machine of the relay"), "{}", status.shown);
}

#[test]
fn a_store_that_the_command_line_names_comes_before_the_variable() {
    let home = Home::new();
    store(&home, &json!({"n": 1}));
    let start = home.start().usual_log().arguments(["get", PLUGIN]);
    let got = start.environment("PLUGIN_VAULT_CONNECT", "/nowhere/relay").ran("");
    assert_eq!(got.json(), json!({"n": 1}));
}
