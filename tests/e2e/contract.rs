//! The contract as data: what `rpc.discover` and `plugin-vault schema` give.

use plugin_vault::rpc::CONTRACT;
use serde_json::json;

use crate::harness::Home;

#[test]
fn discover_returns_the_contract_byte_for_byte() {
    let home = Home::new();
    let mut client = home.client();
    assert_eq!(client.exact("rpc.discover", "{}"), CONTRACT.trim_end());
    // Lines have no line breaks inside.
    let mut script = home.script();
    assert_eq!(script.exact("rpc.discover", "[]"), CONTRACT.trim_end().replace('\n', " "));
    assert_eq!(client.refused("rpc.discover", json!({"verbose": true})).parameter(), (&json!(0), "unknown"));
}

#[test]
fn the_command_line_prints_it_and_makes_nothing() {
    let home = Home::new();
    let output = home.start().usual_log().arguments(["schema"]).command().output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), CONTRACT);
    assert!(!home.data().exists());
}
