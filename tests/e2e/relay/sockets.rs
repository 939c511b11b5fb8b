//! Where a socket may lie.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;

use super::{PLUGIN, Relay, all_of, client, mode, private, relay_command};
use crate::harness::Home;

/// Why a relay does not start.
fn refused(home: &Home, socket: &Path) -> String {
    let mut command = relay_command(home, socket, &[PLUGIN]);
    command.stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let said = all_of(child.stderr.take().unwrap());
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    said
}

/// Why a client does not connect.
fn not_connected(home: &Home, socket: &Path) -> String {
    let ran = home.start().usual_log().without_folders().argument("--connect").argument(socket).ran("");
    assert_eq!((ran.code, ran.shown.as_str()), (1, ""), "{}", ran.said);
    ran.said
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_socket_is_for_its_user_alone() {
    let home = Home::new();
    let relay = Relay::start(&home, &[]);
    assert_eq!(mode(&relay.socket), 0o600);
}

#[test]
fn a_folder_that_others_can_enter_is_refused_at_both_ends() {
    let home = Home::new();
    let folder = private(&home, "open");
    for open in [0o755, 0o710, 0o701, 0o770] {
        set_mode(&folder, open);
        let said = refused(&home, &folder.join("relay"));
        assert!(said.contains("open to other users"), "{open:o}: {said}");
    }
    assert!(!folder.join("relay").exists());
    set_mode(&folder, 0o700);
    let relay = Relay::of(relay_command(&home, &folder.join("relay"), &[PLUGIN]));
    set_mode(&folder, 0o755);
    assert!(not_connected(&home, &relay.socket).contains("open to other users"));
    set_mode(&folder, 0o700);
    drop(client(&home, &relay.socket));
}

#[test]
fn a_path_in_use_is_refused_and_a_socket_left_behind_is_replaced() {
    let home = Home::new();
    let folder = private(&home, "sockets");
    let file = folder.join("file");
    std::fs::write(&file, "mine").unwrap();
    assert!(refused(&home, &file).contains("something else has the path"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert!(not_connected(&home, &file).contains("not a socket"));
    let link = folder.join("link");
    std::os::unix::fs::symlink("elsewhere", &link).unwrap();
    assert!(refused(&home, &link).contains("something else has the path"));

    let relay = Relay::start(&home, &[]);
    assert!(refused(&home, &relay.socket).contains("something else has the path"));
    drop(client(&home, &relay.socket));
    drop(relay);

    let left = folder.join("relay");
    drop(UnixListener::bind(&left).unwrap());
    assert!(left.exists());
    drop(client(&home, &Relay::start(&home, &[]).socket));
}

#[test]
fn where_no_relay_listens_the_client_says_what_to_do() {
    let home = Home::new();
    let folder = private(&home, "sockets");
    let left_behind = folder.join("left-behind");
    drop(UnixListener::bind(&left_behind).unwrap());
    for socket in [folder.join("none"), left_behind, home.path("no folder/none")] {
        let said = not_connected(&home, &socket);
        assert!(said.contains("no relay listens at the socket; start plugin-vault relay"), "{said}");
    }
}

#[test]
fn a_relay_without_a_folder_for_its_socket_says_what_to_do() {
    let home = Home::new();
    let said = refused(&home, &home.path("no folder/relay"));
    assert!(said.contains("the folder of --listen is not there; make it with mkdir -m 700"), "{said}");
}
