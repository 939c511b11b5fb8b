//! Passphrases: each costs memory on purpose, and only one at a time may.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::client::{Client, key, request};
use crate::rig::Home;

const PASSPHRASE: &str = "correct horse battery staple";

fn guard(home: &Home, arguments: &[&str]) {
    let mut child =
        home.command().args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSPHRASE.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{arguments:?}");
}

#[test]
fn passphrases_that_are_wrong_are_tried_one_after_the_other() {
    let home = Home::new();
    Client::with_key(&home, &key('1')).call("setPersistentData", &json!(["user", {}]));
    guard(&home, &["protector", "add", "passphrase"]);
    guard(&home, &["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"]);
    let mut client = Client::start(&home);
    client.listen();
    client.send(
        (0..100).map(|id| request(id, "vault/unlock", &json!({"passphrase": format!("a guess {id}")}))),
    );
    for _ in 0..100 {
        assert_eq!(client.next()["error"]["code"], 4001);
    }
    client.stayed_small("100 wrong passphrases");
}
