//! A container: mounts and processes of its own, without the store, and with the folder of a socket mounted into it.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{PLUGIN, Relay, mode, private, relay_command};
use crate::harness::{Home, Server, Start};

/// Covers the store and the keys, mounts the folder of the socket elsewhere, and becomes the program.
const CONTAINER: &str = r#"mount -t tmpfs none "$1" && mount -t tmpfs none "$2" && mount --bind "$3" "$4" || exit 99
shift 4; exec "$@""#;

/// The program in a container of its own.
fn container(home: &Home, sockets: &Path) -> Start {
    for folder in [home.data(), home.keys()] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let inside = private(home, "inside");
    let namespace = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", CONTAINER, "sh"];
    let start = home.start().usual_log().under(namespace);
    start.under([home.data().as_path(), &home.keys(), sockets, &inside])
}

/// An extension's client in a container.
fn client(home: &Home, relay: &Relay) -> Server {
    let start = container(home, relay.socket.parent().unwrap()).without_folders();
    let inside = home.path("inside").join(relay.socket.file_name().unwrap());
    let mut server = start.argument("--connect").argument(inside).run();
    server.initialize(&[]);
    server
}

#[test]
fn a_new_container_reads_the_token_with_which_an_old_one_signed_in() {
    let home = Home::new();
    let token = home.object();
    let relay = Relay::start(&home, &[]);
    let mut first = client(&home, &relay);
    first.ok("setPersistentData", json!({"context": "user", "name": "session", "data": token}));
    drop(first);
    let mut second = client(&home, &relay);
    assert_eq!(second.ok("getPersistentData", json!({"context": "user", "name": "session"})), token);
    // There is no store in a container.
    let ran = container(&home, relay.socket.parent().unwrap()).arguments(["get", PLUGIN]).ran("");
    assert_eq!(ran.code, 3, "{}", ran.said);
}

#[test]
fn a_container_with_a_read_only_relay_reads_and_can_not_write() {
    let home = Home::new();
    let token = home.object();
    let relay = Relay::start(&home, &[]);
    client(&home, &relay).ok("setPersistentData", json!(["user", token]));
    let socket = private(&home, "read").join("relay");
    let reading = Relay::of(relay_command(&home, &socket, &[PLUGIN, "--read-only"]));
    let mut second = client(&home, &reading);
    assert_eq!(second.ok("getPersistentData", ["user"]), token);
    assert_eq!(second.code("setPersistentData", json!(["user", {}])), 1006);
    assert_eq!(second.code("setAPIKey", [home.key()]), 1006);
}

/// A user without rights, as whom the super-user may run a program.
const ANOTHER: &str = "65534";

fn is_super_user() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap();
    rustix::process::geteuid().is_root() && map.split_ascii_whitespace().nth(2) != Some("1")
}

fn as_another(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", ANOTHER, "--regid", ANOTHER, "--clear-groups", program]).args(arguments);
    command
}

#[test]
fn another_user_reaches_no_socket_by_its_path() {
    if !is_super_user() {
        // A user can't become another one; the modes are held by the tests of the sockets.
        return;
    }
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    assert_eq!(mode(relay.socket.parent().unwrap()), 0o700);
    // As if every folder above were open.
    std::fs::set_permissions(home.root(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let found = as_another("stat", &[relay.socket.to_str().unwrap()]).output().unwrap();
    assert!(!found.status.success());
}

#[test]
fn a_process_of_another_user_is_refused_even_if_it_can_open_the_socket() {
    if !is_super_user() {
        return;
    }
    // The relay is another user's, and the super-user, whom no mode stops, is at its socket.
    let home = Home::new();
    let folder = private(&home, "another");
    std::fs::set_permissions(home.root(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = folder.join("plugin-vault");
    std::fs::copy(crate::harness::BINARY, &program).unwrap();
    for path in [&folder, &program] {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut command =
        as_another(program.to_str().unwrap(), &["--json", "relay", PLUGIN, "--listen", &path("relay")]);
    command.args(["--data-dir", &path("data"), "--key-dir", &path("keys")]);
    command.stdout(std::process::Stdio::piped()).stderr(home.stderr_file());
    let relay = Relay::of(command);
    let mut stream = std::os::unix::net::UnixStream::connect(&relay.socket).unwrap();
    let mut said = String::new();
    let _ = std::io::Read::read_to_string(&mut stream, &mut said);
    assert_eq!(said, "", "the relay closes the connection and says nothing");
    // The other way round, a client sends nothing to another user's socket.
    let ran =
        home.start().usual_log().without_folders().argument("--connect").argument(&relay.socket).ran("{}\n");
    assert_eq!((ran.code, ran.shown.as_str()), (1, ""), "{}", ran.said);
    assert!(ran.said.contains("belongs to another user"), "{}", ran.said);
}
