//! What a hostile program tries that can reach a socket: another plugin's data, another key, all of the relay's places,
//! and more requests than anyone can answer.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use plugin_vault::rpc::NAMES;
use serde_json::{Value, json};

use super::{PLUGIN, Relay, client, store};
#[cfg(target_os = "linux")]
use super::{private, relay_command};
use crate::harness::{DEADLINE, Home};

const CONNECTIONS: usize = 32;

/// A connection that has had one answer, so that its sidecar runs.
fn connected(relay: &Relay) -> Option<UnixStream> {
    let mut stream = UnixStream::connect(&relay.socket).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // A connection that the relay has closed already takes no request.
    let _ = stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"vault/status\"}\n");
    let mut byte = [0];
    matches!(stream.read(&mut byte), Ok(1)).then_some(stream)
}

#[test]
fn no_method_changes_the_key_or_the_lock() {
    let home = Home::new();
    store(&home, &home.object());
    let relay = Relay::start(&home, &[]);
    let mut client = client(&home, &relay.socket);
    let (own, id) = (home.key(), relay.key_id().to_owned());
    for (method, params) in [
        ("setAPIKey", json!([own])),
        ("issueAPIKey", json!([PLUGIN])),
        ("issueAPIKey", json!({"plugin": PLUGIN, "installation": "default"})),
        ("shareAPIKey", json!({})),
        ("rotateAPIKey", json!({"apiKey": own})),
        ("revokeAPIKey", json!({})),
        ("revokeAPIKey", json!({"keyId": id})),
        ("vault/lock", json!({})),
        ("vault/unlock", json!({"passphrase": "a passphrase"})),
        ("vault/unlock", json!({})),
    ] {
        let refused = client.refused(method, params);
        assert_eq!((refused.code, &refused.data["reason"]), (1006, &json!("relay")), "{method}");
    }
    client.ok("getPersistentData", ["user"]);
}

#[test]
fn a_refused_call_in_a_batch_or_a_notification_does_nothing_either() {
    let home = Home::new();
    store(&home, &home.object());
    let relay = Relay::start(&home, &[]);
    let before = home.run(&["--json", "key", "list"], "").json();
    let mut stream = UnixStream::connect(&relay.socket).unwrap();
    stream
        .write_all(
            b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shareAPIKey\"},\
              {\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"revokeAPIKey\"}]\n\
              {\"jsonrpc\":\"2.0\",\"method\":\"revokeAPIKey\"}\n",
        )
        .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!(said.matches("\"code\":1006").count(), 2, "{said}");
    assert_eq!(home.run(&["--json", "key", "list"], "").json(), before);
}

#[test]
fn nothing_of_another_plugin_comes_through_any_method() {
    let home = Home::new();
    let (plugin, name, word) = (home.word(), home.word(), home.word());
    let mut other = home.client();
    let issued = other.ok("issueAPIKey", json!({"plugin": plugin, "installation": "default"}));
    let (key, id) = (issued["apiKey"].as_str().unwrap(), issued["keyId"].clone());
    let handle = other.set_key(key);
    other.ok("setPersistentData", json!({"context": "user", "name": name, "data": {"secret": word}}));
    other.ok("acquireLease", json!([name, 600_000]));
    store(&home, &home.object());

    let relay = Relay::start(&home, &[]);
    let mut client = client(&home, &relay.socket);
    for method in
        NAMES.iter().filter(|method| !["initialize", "shutdown", "exit", "rpc.discover"].contains(method))
    {
        for params in [
            json!({}),
            json!({"handle": handle}),
            json!({"context": "user", "name": name}),
            json!({"context": "user", "name": name, "handle": handle}),
            json!({"context": "user", "name": name, "inherit": true}),
            json!({"keyId": id}),
            json!({"name": name, "lease": 1}),
            json!({"name": name, "ttlMs": 1_000}),
            json!({"since": 0}),
            json!([plugin]),
        ] {
            let said = match client.call(method, &params) {
                Ok(result) => result.to_string(),
                Err(refused) => format!("{refused:?}"),
            };
            let is_clean = [&plugin, &word].iter().all(|secret| !said.contains(*secret));
            assert!(is_clean && !said.contains(key), "{method} {params} was answered with {said}");
            if params.get("handle").is_some() {
                assert!(said.contains("1006") || said.contains("-32602"), "{method} {params}: {said}");
            }
        }
    }
    assert_eq!(
        other.ok("getPersistentData", json!({"context": "user", "name": name})),
        json!({"secret": word})
    );
    client.finish_without_notices();
}

#[test]
fn what_is_no_protocol_ends_its_own_connection_alone() {
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    let mut good = client(&home, &relay.socket);
    for garbage in
        [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"Content-Length: 99999999999\r\n\r\n", b"\0\0\0\0", b""]
    {
        let mut stream = UnixStream::connect(&relay.socket).unwrap();
        stream.write_all(garbage).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut said = Vec::new();
        // What was not read at the end resets the connection.
        let _ = stream.read_to_end(&mut said);
        good.ok("setPersistentData", json!(["user", {}]));
    }
}

#[test]
fn a_client_that_floods_and_reads_nothing_stops_no_other() {
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    let mut flood = UnixStream::connect(&relay.socket).unwrap();
    flood.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let long = "x".repeat(4_000);
    let set =
        json!({"jsonrpc": "2.0", "id": 0, "method": "setPersistentData", "params": ["user", {"long": long}]});
    flood.write_all(format!("{set}\n").as_bytes()).unwrap();
    let get = json!({"jsonrpc": "2.0", "id": 1, "method": "getPersistentData", "params": ["user"]});
    let many = format!("{get}\n").repeat(1_000);
    let began = Instant::now();
    // Until the sidecar reads no more, since its answers are not taken.
    while flood.write_all(many.as_bytes()).is_ok() {
        assert!(began.elapsed() < DEADLINE, "the sidecar reads on for ever");
    }
    let mut other = client(&home, &relay.socket);
    for n in 0..20 {
        other.ok("setPersistentData", json!(["user", {"n": n}]));
    }
}

#[test]
fn a_relay_has_so_many_connections_and_no_more() {
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    let mut all: Vec<_> = (0..CONNECTIONS).map(|_| connected(&relay).expect("it is served")).collect();
    assert!(connected(&relay).is_none(), "one too many is served");
    all.pop();
    let began = Instant::now();
    while connected(&relay).is_none() {
        assert!(began.elapsed() < DEADLINE, "a place that is free is not given");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_key_is_an_argument_or_a_variable_of_any_process() {
    let home = Home::new();
    let key = home.key();
    let mut command = relay_command(&home, &private(&home, "sockets").join("relay"), &["--key-fd", "0"]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(format!("{key}\n").as_bytes()).unwrap();
    drop(writer);
    command.stdin(reader);
    let relay = Relay::of(command);
    let client = client(&home, &relay.socket);
    let threads = std::fs::read_dir(format!("/proc/{}/task", relay.child.id())).unwrap();
    let children =
        |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).unwrap();
    let children: String = threads.map(|thread| children(thread.unwrap())).collect();
    let sidecars: Vec<_> = children.split_ascii_whitespace().collect();
    assert_eq!(sidecars.len(), 1, "{children}");
    for process in [sidecars[0], &relay.child.id().to_string()] {
        let said = std::fs::read(format!("/proc/{process}/cmdline")).unwrap();
        // Only the super-user may read this one of a process that guards itself.
        let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        for text in [said, environment] {
            assert!(!String::from_utf8_lossy(&text).to_lowercase().contains(&key));
        }
    }
    drop(client);
}

#[test]
fn the_numbers_of_other_plugins_are_not_told() {
    let home = Home::new();
    store(&home, &home.object());
    let relay = Relay::start(&home, &[]);
    let mut client = client(&home, &relay.socket);
    let status = client.ok("vault/status", Value::Null);
    assert_eq!((&status["records"], &status["bytes"]), (&json!(0), &json!(0)));
    assert_eq!(status["repaired"], Value::Null);
}
