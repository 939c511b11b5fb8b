//! Single messages: what stands in them is found without a copy of it for each part.

use serde_json::json;

use crate::client::{Client, MEBIBYTE, batch, key, request};
use crate::rig::Home;

const LONG: usize = 15 * MEBIBYTE;

/// Sends a message, and takes the code of the refusal.
#[track_caller]
fn check(input: &str, text: String, code: i64) {
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    client.send([text]);
    assert_eq!(client.next()["error"]["code"], code, "{input}");
    // The connection goes on.
    client.call("vault/status", &json!({}));
    client.stayed_small(input);
}

#[test]
fn a_message_of_nothing_but_members() {
    let members = r#""a":0,"#.repeat(LONG / 6);
    check("an object of 15 MiB of members", format!(r#"{{{members}"b":0}}"#), -32600);
    let envelope = r#""jsonrpc":"2.0","id":1,"method":"getPersistentData""#;
    check(
        "parameters of 15 MiB of members",
        format!(r#"{{{envelope},"params":{{{members}"b":0}}}}"#),
        -32602,
    );
    let elements = "0,".repeat(LONG / 2);
    check("parameters of 15 MiB of elements", format!(r#"{{{envelope},"params":[{elements}0]}}"#), -32602);
    check("an array of 15 MiB of elements", format!("[{elements}0]"), -32600);
}

#[test]
fn an_id_has_at_most_1024_bytes() {
    let id = |length: usize| format!("\"{}\"", "i".repeat(length - 2));
    let text = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"vault/status"}}"#);
    let home = Home::new();
    let mut client = Client::start(&home);
    client.send([text(&id(1_024))]);
    assert_eq!(client.next()["id"].as_str().unwrap().len(), 1_022);
    client.send([text(&id(1_025))]);
    let answer = client.next();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(null), &json!(-32600)));
    check("an id of 15 MiB", text(&id(LONG)), -32600);
}

#[test]
fn batches_of_unknown_methods() {
    let home = Home::new();
    let mut client = Client::start(&home);
    client.listen();
    let long = "m".repeat(8_000);
    client.send((0..20).map(|_| batch((0..1_000).map(|id| request(id, &long, &json!([id]))))));
    for _ in 0..20 {
        let answers = client.next();
        assert!(answers.as_array().unwrap().iter().all(|answer| answer["error"]["code"] == -32601));
    }
    client.stayed_small("20 batches of 1,000 unknown methods");
}

#[test]
fn folders_that_are_opened_and_never_closed() {
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    client.send((0..300).map(|number| {
        let added: Vec<_> = (0..1_000)
            .map(|at| json!({"uri": format!("file:///{number}/{at}/{}", "f".repeat(400)), "name": "f"}))
            .collect();
        let params = json!({"event": {"added": added, "removed": []}});
        json!({"jsonrpc": "2.0", "method": "workspace/didChangeWorkspaceFolders", "params": params})
            .to_string()
    }));
    let answer = client.ask("getPersistentData", &json!({"context": "workspace"}));
    assert_eq!(answer["error"]["code"], 2003);
    client.stayed_small("300,000 folders that are opened");
}

#[test]
fn requests_that_are_taken_back() {
    let home = Home::new();
    let mut client = Client::with_key(&home, &key('1'));
    client.listen();
    let blanks = " ".repeat(20_000);
    client.send((0..4_000).flat_map(|id| {
        let write = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"setPersistentData","params":["user",{{{blanks}}}]}}"#
        );
        let cancel = json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id}}).to_string();
        [write, cancel]
    }));
    for _ in 0..4_000 {
        let answer = client.next();
        assert!(answer["error"]["code"] == -32800 || answer["result"]["revision"].is_u64(), "{answer}");
    }
    client.stayed_small("4,000 writes that are taken back");
}
