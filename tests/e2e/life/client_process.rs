//! The client's process: the server ends with it.

use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::harness::{BINARY, Home, Server};

/// A process that lives until its input ends. Every system has this program.
fn living() -> Child {
    let mut command = Command::new(BINARY);
    command.arg("--temporary").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

fn end(mut process: Child) {
    drop(process.stdin.take());
    process.wait().unwrap();
}

#[track_caller]
fn check_end(server: &mut Server) {
    let end = server.wait_for_end();
    assert_eq!(end.code, Some(1));
    assert_eq!(end.stderr.lines().count(), 1, "{end:?}");
    assert!(end.stderr.starts_with("plugin-vault: the client's process has ended"), "{end:?}");
}

#[test]
fn the_server_ends_when_the_process_of_initialize_ends() {
    let home = Home::new();
    let client = living();
    let mut server = home.start().run();
    server.initialize_with(json!({"processId": client.id()}));
    server.ok("vault/status", json!({}));
    end(client);
    check_end(&mut server);
}

#[test]
fn the_server_ends_when_the_process_of_the_arguments_ends() {
    for one_argument in [true, false] {
        let home = Home::new();
        let client = living();
        let id = client.id().to_string();
        let start = if one_argument {
            home.start().argument(format!("--clientProcessId={id}"))
        } else {
            home.start().arguments(["--clientProcessId", &id])
        };
        let mut server = start.argument("--stdio").run();
        server.initialize(&[]);
        end(client);
        check_end(&mut server);
    }
}

#[test]
fn what_was_written_when_the_clients_process_ends_is_stored() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let client = living();
    let mut server = home.start().run();
    server.initialize_with(json!({"processId": client.id()}));
    server.set_key(&key);
    server.ok("setPersistentData", json!(["user", object]));
    end(client);
    check_end(&mut server);
    let mut server = home.client_with(&key);
    assert_eq!(server.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_process_that_does_not_exist_is_ignored() {
    // The highest that any Linux gives is 2^22; -1 and the others are what no system gives.
    for process in [json!(4_194_305), json!(0), json!(-1), json!(4_294_967_296_u64), json!(1.5)] {
        let home = Home::new();
        let mut server = home.start().run();
        server.initialize_with(json!({"processId": process}));
        server.set_key(&home.key());
        server.ok("setPersistentData", json!(["user", {}]));
    }
}

#[test]
fn after_shutdown_the_end_of_the_clients_process_is_no_fault() {
    let home = Home::new();
    let client = living();
    let mut server = home.start().run();
    server.initialize_with(json!({"processId": client.id()}));
    server.ok("shutdown", json!(null));
    end(client);
    let code = server.finish().code;
    assert!(code == Some(0) || code == Some(1), "it ended by itself");
}
