//! What `initialize` answers, and what it takes.

use serde_json::{Value, json};

use crate::harness::Home;

#[test]
fn the_answer_says_who_we_are_and_what_we_can() {
    let home = Home::new();
    let mut server = home.start().arguments(["--max-data-bytes", "12345"]).run();
    let answer = server.initialize(&[]);
    let expected = json!({
        "capabilities": {
            "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
            "experimental": {"pluginVault": {"protocolVersion": 1, "maxDataBytes": 12345}},
        },
        "serverInfo": {"name": "plugin-vault", "version": env!("CARGO_PKG_VERSION")},
    });
    assert_eq!(answer, expected);
}

#[test]
fn all_that_clients_send_is_taken() {
    let accepted = [
        json!({}),
        json!({"processId": null, "clientInfo": null, "rootUri": null, "rootPath": null, "workspaceFolders": null}),
        json!({
            "processId": std::process::id(),
            "clientInfo": {"name": "an editor", "version": "1"},
            "locale": "en",
            "rootPath": "/a",
            "rootUri": "file:///a",
            "capabilities": {"workspace": {"workspaceFolders": true}},
            "initializationOptions": {"anything": [1]},
            "trace": "off",
            "workDoneToken": 1,
            "workspaceFolders": [{"uri": "file:///a", "name": "a"}],
        }),
    ];
    for params in accepted {
        let home = Home::new();
        let mut server = home.start().run();
        server.initialize_with(params);
        assert!(!home.data().exists(), "nothing was asked of the store");
    }
}

#[test]
fn what_has_the_wrong_type_is_named_and_initialize_can_be_sent_again() {
    let home = Home::new();
    let mut server = home.start().run();
    for (name, value) in [
        ("processId", json!("1")),
        ("rootUri", json!(1)),
        ("rootPath", json!({})),
        ("workspaceFolders", json!({})),
    ] {
        let refused = server.refused("initialize", json!({name: value}));
        assert_eq!(refused.parameter(), (&name.into(), "wrongType"));
    }
    server.initialize(&[]);
}

#[test]
fn no_store_is_made_before_a_request_needs_one() {
    let home = Home::new();
    let mut server = home.client();
    assert_eq!(server.ok("vault/status", Value::Null)["records"], 0);
    assert!(!home.data().exists() && !home.keys().exists());
}
