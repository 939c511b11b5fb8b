//! A disk that is full: before there is a store, between any two of its files, and later.

use std::fs;

use serde_json::{Value, json};

use super::{read, write};
use crate::harness::mount::Mount;
use crate::harness::{Home, Server};

const PAGE: u64 = 4_096;
/// More than an empty store takes.
const ENOUGH: u64 = 600 << 10;

#[test]
fn a_store_that_cannot_be_made_is_made_once_there_is_room() {
    let mut refused = 0;
    // Every number of pages, so that each of its files is the one that does not fit.
    for pages in 1..ENOUGH / PAGE {
        // Two of the pages are the file system's own folders.
        let home = Home::new();
        let disk = Mount::memory(&home.data(), pages * PAGE);
        let key = home.key();
        let mut server = home.script();
        let outcome = server
            .call("setAPIKey", json!([key]))
            .and_then(|_| server.call("setPersistentData", json!(["user", {"n": 1}])));
        if let Err(error) = &outcome {
            refused += 1;
            assert_eq!(error.code, 5001, "{pages} pages");
        }
        disk.again("size=10m");
        server.set_key(&key);
        let there = server.ok("getPersistentData", ["user"]);
        assert_eq!(there, if outcome.is_ok() { json!({"n": 1}) } else { Value::Null }, "{pages} pages");
        write(&mut server, 1, &json!({"n": 2})).unwrap();
        drop(server);
        let mut late = home.script_with(&key);
        assert_eq!(read(&mut late, 1), json!({"n": 2}), "{pages} pages");
        drop(late);
    }
    assert!(refused > 60 && refused < ENOUGH / PAGE - 10, "{refused}");
}

/// Writes until nothing fits any more, not even a little.
fn fill(server: &mut Server) -> Vec<u64> {
    let mut written = Vec::new();
    for size in [200_000, 20_000, 2_000, 200] {
        let mut again = true;
        while again {
            let n = written.len() as u64;
            match write(server, n, &json!({"n": n, "x": "y".repeat(size)})) {
                Ok(_) => written.push(n),
                Err(code) => {
                    assert_eq!(code, 5001, "{size} bytes");
                    again = false;
                }
            }
        }
    }
    written
}

#[test]
fn on_a_full_disk_everything_can_be_read_and_a_little_room_is_enough_to_delete() {
    let home = Home::new();
    let disk = Mount::memory(&home.data(), 3 << 20);
    let key = home.key();
    let mut server = home.script_with(&key);
    let written = fill(&mut server);
    assert!(written.len() > 10);
    // A process that starts now needs no room.
    let mut late = home.script_with(&key);
    for server in [&mut server, &mut late] {
        for n in &written {
            assert_eq!(read(server, *n)["n"], *n);
        }
    }
    disk.again("size=3200k");
    for n in &written {
        late.ok("deletePersistentData", json!({"context": "user", "name": format!("n{n}")}));
    }
    // What was deleted makes room for others, in every process.
    write(&mut server, 1_000, &json!({"x": "y".repeat(1_000_000)})).unwrap();
    assert!(written.iter().all(|n| read(&mut late, *n).is_null()));
}

#[test]
fn a_disk_that_others_fill_and_empty_loses_nothing() {
    let home = Home::new();
    let _disk = Mount::memory(&home.data(), 4 << 20);
    let key = home.key();
    let mut server = home.script_with(&key);
    let others = home.data().join("of others");
    let mut expected = Vec::new();
    let mut refused = 0;
    for round in 0..30_u64 {
        if round % 2 == 0 {
            // As much as there is, but for some pages.
            fs::write(&others, vec![1; 4 << 20]).unwrap_err();
            let length = fs::metadata(&others).unwrap().len();
            fs::File::options().write(true).open(&others).unwrap().set_len(length - round * PAGE).unwrap();
        } else {
            fs::remove_file(&others).unwrap();
        }
        let n = round % 7;
        expected.resize(7, Value::Null);
        let data = json!({"round": round, "x": "y".repeat(30_000)});
        match write(&mut server, n, &data) {
            Ok(_) => expected[usize::try_from(n).unwrap()] = data,
            Err(code) => {
                assert_eq!(code, 5001);
                refused += 1;
            }
        }
        for (n, data) in (0..).zip(&expected) {
            assert_eq!(read(&mut server, n), *data, "round {round}");
        }
    }
    assert!(refused > 3, "{refused}");
    drop(server);
    let mut late = home.script_with(&key);
    for (n, data) in (0..).zip(&expected) {
        assert_eq!(read(&mut late, n), *data);
    }
}
