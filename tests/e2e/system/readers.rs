//! More readers than there are places for.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use heed::EnvOpenOptions;
use serde_json::json;

use super::{read, write};
use crate::harness::Home;

/// Names the data folder to the process that takes all the places.
const FOLDER: &str = "PLUGIN_VAULT_TEST_TAKE_ALL_PLACES";
/// What it says when it has them.
const TAKEN: &str = "all places are taken";

/// The body of another process: this one may never have a store's lock file open that it also asks about.
#[test]
#[allow(unsafe_code, reason = "a map of a file that others change, as they may")]
#[allow(clippy::print_stdout, reason = "it speaks to the test that has started it")]
fn takes_all_places_where_it_is_asked_to() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    // SAFETY: it only reads.
    let env = unsafe { options.max_dbs(6).max_readers(4096).open(Path::new(&folder)) }.unwrap();
    let mut places = Vec::new();
    while let Ok(place) = env.read_txn() {
        places.push(place);
    }
    assert!(places.len() > 4_000, "{}", places.len());
    println!("\n{TAKEN}");
    std::thread::park();
}

fn take_all_places(home: &Home) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "system::readers::takes_all_places_where_it_is_asked_to"])
        .env(FOLDER, home.data())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let taken = BufReader::new(child.stdout.take().unwrap()).lines().any(|line| line.unwrap() == TAKEN);
    assert!(taken, "the places could not be taken");
    child
}

#[test]
fn without_a_place_for_readers_requests_are_refused_until_there_is_one() {
    let home = Home::new();
    let key = home.key();
    let mut server = home.script_with(&key);
    write(&mut server, 1, &json!({"n": 1})).unwrap();
    let mut other = take_all_places(&home);
    for _ in 0..3 {
        let get = json!({"context": "user", "name": "n1"});
        assert_eq!(server.refused("getPersistentData", get).why(), (5002, "readers"));
        assert_eq!(write(&mut server, 1, &json!({"n": 2})), Err(5002));
        let mut late = home.script();
        assert_eq!(late.refused("setAPIKey", [key.as_str()]).why(), (5002, "readers"));
        assert_eq!(late.finish().code, Some(3));
    }
    // It leaves its places behind, and they are cleared.
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(read(&mut server, 1), json!({"n": 1}));
    write(&mut server, 1, &json!({"n": 3})).unwrap();
    let mut late = home.script_with(&key);
    assert_eq!(read(&mut late, 1), json!({"n": 3}));
}

#[test]
fn a_hundred_and_fifty_processes_read_and_write_at_once() {
    let home = Home::new();
    let key = home.key();
    let mut servers: Vec<_> = (0..150).map(|_| home.script()).collect();
    let begun: Vec<_> = servers.iter_mut().map(|server| server.begin("setAPIKey", [key.as_str()])).collect();
    for (server, id) in servers.iter_mut().zip(begun) {
        server.wait(id).ok();
    }
    write(&mut servers[0], 1, &json!({"n": 1})).unwrap();
    for round in 0..3 {
        let params = json!({"context": "user", "name": "n1"});
        let reads: Vec<_> =
            servers.iter_mut().map(|server| server.begin("getPersistentData", params.clone())).collect();
        for (server, id) in servers.iter_mut().zip(reads) {
            assert_eq!(server.wait(id).ok(), json!({"n": 1}), "round {round}");
        }
    }
}
