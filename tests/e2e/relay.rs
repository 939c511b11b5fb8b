//! `plugin-vault relay`, and its clients over `--connect`.

mod attacks;
#[cfg(all(target_os = "linux", feature = "namespace-tests"))]
mod container;
mod ends;
#[cfg(all(target_os = "linux", feature = "namespace-tests"))]
mod recipes;
mod shell;
mod sockets;

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::{Home, Server};

/// A plugin whose records a relay gives.
const PLUGIN: &str = "me.github";

/// A running relay. It ends with this.
struct Relay {
    child: Child,
    socket: PathBuf,
    /// What it said once it listened.
    said: Value,
}

/// A folder that only this user can enter, for sockets.
fn private(home: &Home, name: &str) -> PathBuf {
    let folder = home.path(name);
    if !folder.exists() {
        std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
    }
    folder
}

/// The command that starts a relay at this socket.
fn relay_command(home: &Home, socket: &Path, arguments: &[&str]) -> Command {
    let start = home.start().usual_log().arguments(["--json", "relay", "--listen"]).argument(socket);
    let mut command = start.arguments(arguments).command();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(home.stderr_file());
    command
}

impl Relay {
    /// A relay for this plugin, with more arguments.
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let socket = private(home, "sockets").join("relay");
        Self::of(relay_command(home, &socket, &[&[PLUGIN], arguments].concat()))
    }

    /// A command that is a relay, or becomes one.
    fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no relay: {line}"));
        let socket = said["socket"].as_str().unwrap().into();
        Self { child, socket, said }
    }

    fn key_id(&self) -> &str {
        self.said["keyId"].as_str().unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.said["process"].as_u64().unwrap()).unwrap()).unwrap()
    }

    /// Ends it with a signal.
    fn end(mut self, signal: Signal) -> ExitStatus {
        kill_process(self.pid(), signal).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            let _ = kill_process(self.pid(), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

/// A client as in a container: it knows the socket, and neither the store nor a key.
fn client(home: &Home, socket: &Path) -> Server {
    let mut server = home.start().usual_log().without_folders().argument("--connect").argument(socket).run();
    server.initialize(&[]);
    server
}

/// Stores an object for the plugin, as on the user's machine.
fn store(home: &Home, object: &Value) {
    let ran = home.run(&["set", PLUGIN], &object.to_string());
    assert_eq!(ran.code, 0, "{}", ran.said);
}

/// The ids of the keys of the store.
fn key_ids(home: &Home) -> Vec<String> {
    let keys = home.run(&["--json", "key", "list"], "").json();
    keys.as_array().unwrap().iter().map(|key| key["keyId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_client_reads_and_writes_what_the_plugin_has_on_the_users_machine() {
    let home = Home::new();
    let (before, after) = (home.object(), home.object());
    store(&home, &before);
    let relay = Relay::start(&home, &[]);
    let mut client = client(&home, &relay.socket);
    assert_eq!(client.ok("getPersistentData", ["user"]), before);
    client.ok("setPersistentData", json!(["user", after]));
    let own = client.ok("listAPIKeys", json!({}));
    assert_eq!((&own[0]["keyId"], &own[0]["owner"]), (&json!(relay.key_id()), &json!(false)));
    drop(client);
    let shown = home.run(&["get", PLUGIN], "").json();
    assert_eq!(shown, after);
}

#[test]
fn a_plugin_without_data_signs_in_through_a_relay() {
    let home = Home::new();
    let object = home.object();
    let relay = Relay::start(&home, &[]);
    client(&home, &relay.socket).ok("setPersistentData", json!(["user", object]));
    assert_eq!(client(&home, &relay.socket).ok("getPersistentData", ["user"]), object);
}

#[test]
fn initialize_gives_the_handle_and_ignores_the_clients_process() {
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    let connected = home.start().usual_log().without_folders().argument("--connect").argument(&relay.socket);
    let mut client = connected.run();
    // The id of a process that has ended by the time of the next call.
    let mut other = Command::new("true").spawn().unwrap();
    let answer = client.initialize_with(json!({"processId": other.id(), "capabilities": {}}));
    other.wait().unwrap();
    let handle = &answer["capabilities"]["experimental"]["pluginVault"]["relay"]["handle"];
    client.ok("setPersistentData", json!({"context": "user", "data": {}, "handle": handle}));
    client.ok("watchPersistentData", json!({"handle": handle}));
    store(&home, &home.object());
    assert_eq!(&client.notice("persistentData/didChange")["handle"], handle);
    let status = client.ok("vault/status", json!({}));
    assert_eq!((&status["relay"], &status["records"]), (&json!(true), &json!(0)));
    assert_eq!(status["dataDir"], home.data().to_str().unwrap());
}

#[test]
fn a_watch_goes_on_after_a_new_connection() {
    let home = Home::new();
    store(&home, &home.object());
    let relay = Relay::start(&home, &[]);
    let mut first = client(&home, &relay.socket);
    let seen = first.ok("watchPersistentData", json!({}))["revision"].clone();
    drop(first);
    store(&home, &home.object());
    let mut second = client(&home, &relay.socket);
    second.ok("watchPersistentData", json!({"since": seen}));
    let change = second.notice("persistentData/didChange");
    assert!(change["revision"].as_u64() > seen.as_u64(), "{change}");
}

#[test]
fn a_read_only_relay_lets_nothing_be_written() {
    let home = Home::new();
    let object = home.object();
    store(&home, &object);
    let relay = Relay::start(&home, &["--read-only"]);
    let mut client = client(&home, &relay.socket);
    for (method, params) in [
        ("setPersistentData", json!(["user", {}])),
        ("patchPersistentData", json!(["user", {}])),
        ("deletePersistentData", json!(["user"])),
        ("acquireLease", json!(["refresh", 1_000])),
    ] {
        assert_eq!(client.code(method, params), 1006, "{method}");
    }
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_relay_of_a_folder_gives_that_folder_alone() {
    let home = Home::new();
    let (folder, other) = (home.folder(), home.folder());
    store(&home, &home.object());
    let relay = Relay::start(&home, &["--folder", &folder]);
    let mut client = client(&home, &relay.socket);
    let at = |folder: &str| json!({"context": "workspace", "workspaceFolder": folder, "data": {}});
    client.ok("setPersistentData", at(&folder));
    assert_eq!(client.code("setPersistentData", at(&other)), 1006);
    assert_eq!(client.code("getPersistentData", ["user"]), 1006);
    // A script that sends no `initialize` is in that folder, and not in the relay's own.
    let connected = home.start().usual_log().without_folders().argument("--connect").argument(&relay.socket);
    let mut script = connected.framing(crate::harness::Framing::Lines).run();
    assert_eq!(script.ok("getPersistentData", ["workspace"]), json!({}));
}

#[test]
fn a_key_that_was_given_is_not_revoked_at_the_end() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    home.client_with(&key).ok("setPersistentData", json!(["user", object]));
    let socket = private(&home, "sockets").join("relay");
    let mut command = relay_command(&home, &socket, &["--key-fd", "0"]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, format!("{key}\n").as_bytes()).unwrap();
    drop(writer);
    command.stdin(reader);
    let relay = Relay::of(command);
    let mut client = client(&home, &relay.socket);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    for method in ["revokeAPIKey", "shareAPIKey", "rotateAPIKey"] {
        assert_eq!(client.code(method, json!({})), 1006, "{method}");
    }
    drop(client);
    assert!(relay.end(Signal::TERM).success());
    assert_eq!(home.client_with(&key).ok("getPersistentData", ["user"]), object);
}

#[test]
fn status_shows_a_relay_while_it_runs() {
    let home = Home::new();
    store(&home, &home.object());
    let relays = |home: &Home| home.run(&["--json", "status"], "").json()["relays"].clone();
    assert_eq!(relays(&home), json!([]));
    let relay = Relay::start(&home, &[]);
    let shown = relays(&home);
    assert_eq!(shown[0]["socket"], relay.socket.to_str().unwrap());
    assert_eq!((&shown[0]["keyId"], &shown[0]["process"]), (&relay.said["keyId"], &relay.said["process"]));
    drop(relay);
    assert_eq!(relays(&home), json!([]));
}

#[test]
fn the_leases_of_a_connection_that_is_gone_are_free() {
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    let mut first = client(&home, &relay.socket);
    first.ok("acquireLease", json!(["refresh", 600_000]));
    let mut second = client(&home, &relay.socket);
    assert_eq!(second.code("acquireLease", json!(["refresh", 1_000])), 3001);
    // As when the machine of the client goes away.
    first.signal(Signal::KILL);
    first.wait_for_end();
    second.ok("acquireLease", json!({"name": "refresh", "ttlMs": 1_000, "waitMs": 60_000}));
}

/// The rest of what a file or a pipe has.
fn all_of(mut from: impl std::io::Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    text
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}
