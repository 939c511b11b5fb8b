//! When a relay ends, and what is left of it.

use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::Signal;
use serde_json::json;

use super::{PLUGIN, Relay, all_of, client, key_ids, private, relay_command, store};
use crate::harness::{DEADLINE, Home};

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_signal_ends_the_relay_its_connections_and_its_key() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let home = Home::new();
        store(&home, &home.object());
        let relay = Relay::start(&home, &[]);
        let (key, socket) = (relay.key_id().to_owned(), relay.socket.clone());
        assert!(key_ids(&home).contains(&key));
        let mut client = client(&home, &socket);
        client.ok("setPersistentData", json!(["user", {}]));
        assert!(relay.end(signal).success(), "{signal:?}");
        let end = client.wait_for_end();
        assert_eq!(end.code, Some(1), "{end:?}");
        assert!(end.stderr.contains("the relay has closed the connection"), "{}", end.stderr);
        assert!(!socket.exists() && !key_ids(&home).contains(&key));
    }
}

#[test]
fn requests_that_a_relay_has_read_are_answered_before_it_ends() {
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    let mut client = client(&home, &relay.socket);
    let ids: Vec<_> = (0..50).map(|n| client.begin("setPersistentData", json!(["user", {"n": n}]))).collect();
    client.answer(ids[0]).unwrap();
    assert!(relay.end(Signal::TERM).success());
    client.wait_for_end();
    // What was answered is stored, and the answers came in order.
    let mut answered = 0;
    while client.last_words().is_some() {
        answered += 1;
    }
    let stored = home.run(&["get", &format!("{PLUGIN}#/n")], "");
    assert!(stored.shown.trim().parse::<usize>().unwrap() >= answered, "{answered} {}", stored.shown);
}

#[test]
fn a_relay_ends_with_the_process_that_started_it() {
    let home = Home::new();
    store(&home, &home.object());
    let socket = private(&home, "sockets").join("relay");
    let inner = relay_command(&home, &socket, &[PLUGIN]);
    let mut shell = Command::new("sh");
    // The shell does not pass its own end on.
    shell.args(["-c", "\"$@\" & read -r line", "sh"]).arg(inner.get_program()).args(inner.get_args());
    shell.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let parent_says = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(home.stderr_file());
    let mut relay = Relay::of(std::mem::replace(parent_says, Command::new("true")));
    let key = relay.key_id().to_owned();
    assert!(socket.exists());
    relay.child.kill().unwrap();
    relay.child.wait().unwrap();
    wait_until("the relay outlives its parent", || !socket.exists());
    wait_until("its key is there still", || !key_ids(&home).contains(&key));
}

#[test]
fn the_key_of_a_relay_that_was_killed_is_ended_by_the_next() {
    let home = Home::new();
    store(&home, &home.object());
    let killed = Relay::start(&home, &[]);
    let key = killed.key_id().to_owned();
    let mut client = client(&home, &killed.socket);
    killed.end(Signal::KILL);
    // The sidecar of the connection ends with the relay.
    assert_eq!(client.wait_for_end().code, Some(1));
    assert!(key_ids(&home).contains(&key));
    let shown = home.run(&["--json", "status"], "").json();
    assert_eq!(shown["relays"], json!([]));
    let next = Relay::start(&home, &[]);
    assert!(!key_ids(&home).contains(&key));
    drop(next);
    assert_eq!(std::fs::read_dir(home.data().join("relays")).unwrap().count(), 0);
}

#[test]
fn once_is_one_connection() {
    let home = Home::new();
    let mut relay = Relay::start(&home, &["--once"]);
    client(&home, &relay.socket).ok("setPersistentData", json!(["user", {}]));
    assert!(relay.child.wait().unwrap().success());
    assert!(!relay.socket.exists());
}

#[test]
fn a_relay_without_its_socket_makes_no_key() {
    let home = Home::new();
    store(&home, &home.object());
    let before = key_ids(&home);
    let mut command = relay_command(&home, &home.path("nowhere/relay"), &[PLUGIN]);
    command.stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let said = all_of(child.stderr.take().unwrap());
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert_eq!(key_ids(&home), before);
}
