//! A limit on open files (`ulimit -n`).

use serde_json::json;

use super::{read, write};
use crate::harness::{Framing, Home};

/// The fewest with which a program can be started at all: its streams, and the libraries that it is linked with.
const FEWEST: u32 = 4;
/// With these it works.
const ENOUGH: u32 = 40;

#[test]
fn too_few_descriptors_are_an_error_and_never_a_fault() {
    let home = Home::new();
    let key = home.key();
    let mut worked = Vec::new();
    for descriptors in FEWEST..=ENOUGH {
        let limit = format!("--nofile={descriptors}:{descriptors}");
        let mut server = home.start().usual_log().framing(Framing::Lines).under(["prlimit", &limit]).run();
        let text = server.request_text("setAPIKey", &json!([key]).to_string()).1;
        server.send_ignoring_a_closed_pipe(&text);
        server.close_input();
        let end = server.wait_for_end();
        let answer = server.last_words();
        assert_eq!(end.signal, None, "{descriptors}: {end:?}");
        match answer.map(|answer| answer.outcome()) {
            Some(Ok(_)) => {
                worked.push(descriptors);
                assert_eq!(end.code, Some(0), "{descriptors}: {end:?}");
            }
            Some(Err(refused)) => {
                assert!([5001, 5002, 5006, 4001].contains(&refused.code), "{descriptors}: {refused:?}");
                assert_eq!(end.code, Some(3), "{descriptors}: {end:?}");
                assert!(end.stderr.contains("Too many open files"), "{descriptors}: {end:?}");
            }
            None => {
                assert_eq!(end.code, Some(1), "{descriptors}: {end:?}");
                assert!(end.stderr.contains("Too many open files"), "{descriptors}: {end:?}");
            }
        }
    }
    assert!(worked.contains(&ENOUGH) && !worked.contains(&FEWEST), "{worked:?}");
    let mut server = home.script_with(&key);
    write(&mut server, 1, &json!({"n": 1})).unwrap();
    assert_eq!(read(&mut server, 1), json!({"n": 1}));
}
