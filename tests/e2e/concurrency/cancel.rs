//! Taking a request back: answered with −32800, and not carried out.

use serde_json::{Value, json};

use super::lock::hold;
use crate::harness::{Home, Server};

/// Both forms in which clients cancel.
fn forms(id: u64) -> [String; 2] {
    [
        json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id}}).to_string(),
        json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "id": id}).to_string(),
    ]
}

fn server(home: &Home) -> Server {
    let mut server = home.client_with(&home.key());
    // The store and its lock are there from now on.
    server.ok("setPersistentData", json!({"context": "user", "name": "other", "data": {}}));
    server
}

#[test]
fn a_cancelled_write_is_not_carried_out() {
    for form in 0..2 {
        let home = Home::new();
        let mut server = server(&home);
        let lock = hold(&home);
        let write = server.begin("setPersistentData", json!(["user", home.object()]));
        server.send_text(&forms(write)[form]);
        assert_eq!(server.wait(write).refused().code, -32800);
        drop(lock);
        server.ok("setPersistentData", json!({"context": "user", "name": "other", "data": {"a": 1}}));
        assert_eq!(server.ok("getPersistentData", ["user"]), Value::Null);
    }
}

#[test]
fn the_writes_around_a_cancelled_one_are_carried_out() {
    let home = Home::new();
    let mut server = server(&home);
    let lock = hold(&home);
    let writes: Vec<_> = (0..9)
        .map(|n| {
            let params = json!({"context": "user", "name": format!("n{n}"), "data": {"n": n}});
            server.begin("setPersistentData", params)
        })
        .collect();
    for cancelled in [0, 4, 8] {
        server.send_text(&forms(writes[cancelled])[0]);
        assert_eq!(server.wait(writes[cancelled]).refused().code, -32800);
    }
    drop(lock);
    for (n, id) in writes.into_iter().enumerate() {
        let there = if [0, 4, 8].contains(&n) {
            Value::Null
        } else {
            server.wait(id).ok();
            json!({"n": n})
        };
        let params = json!({"context": "user", "name": format!("n{n}")});
        assert_eq!(server.ok("getPersistentData", params), there);
    }
}

#[test]
fn a_cancelled_read_is_answered_before_the_write_it_waits_for() {
    let home = Home::new();
    let mut server = server(&home);
    let lock = hold(&home);
    let write = server.begin("setPersistentData", json!(["user", {"a": 1}]));
    let read = server.begin("getPersistentData", ["user"]);
    server.send_text(&forms(read)[0]);
    let answer = server.next();
    assert_eq!((answer.id(), answer.refused().code), (&*read.to_string(), -32800));
    drop(lock);
    server.wait(write).ok();
    assert_eq!(server.ok("getPersistentData", ["user"]), json!({"a": 1}));
}

#[test]
fn cancelling_what_is_not_in_flight_does_nothing() {
    let home = Home::new();
    let mut server = server(&home);
    let write = server.begin("setPersistentData", json!(["user", {"a": 1}]));
    server.wait(write).ok();
    for id in [write, 4711] {
        for form in forms(id) {
            server.send_text(&form);
        }
    }
    for params in [json!({}), json!({"id": null}), json!([1]), json!({"id": "x"})] {
        server.notify("$/cancelRequest", params);
    }
    assert_eq!(server.ok("getPersistentData", ["user"]), json!({"a": 1}));
}

#[test]
fn an_id_is_cancelled_with_its_type() {
    let home = Home::new();
    let mut server = server(&home);
    let lock = hold(&home);
    let set = |id: &str, n: u32| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"setPersistentData","params":["user",{{"n":{n}}}]}}"#)
    };
    server.send_text(&set("77", 1));
    server.send_text(&set(r#""77""#, 2));
    server.notify("$/cancelRequest", json!({"id": "77"}));
    let answer = server.next();
    assert_eq!((answer.id(), answer.refused().code), (r#""77""#, -32800));
    drop(lock);
    let answer = server.next();
    assert_eq!(answer.id(), "77");
    answer.ok();
    assert_eq!(server.ok("getPersistentData", ["user"]), json!({"n": 1}));
}

#[test]
fn a_write_that_was_answered_was_carried_out_and_one_that_was_cancelled_was_not() {
    let home = Home::new();
    let mut server = server(&home);
    for n in 0..100 {
        let write = server.begin("setPersistentData", json!({"context": "user", "data": {"n": n}}));
        server.send_text(&forms(write)[n % 2]);
        let outcome = server.wait(write).outcome();
        let there = server.ok("getPersistentData", ["user"]);
        match outcome {
            Ok(_) => assert_eq!(there, json!({"n": n})),
            Err(refused) => {
                assert_eq!(refused.code, -32800);
                assert_ne!(there, json!({"n": n}));
            }
        }
    }
}
