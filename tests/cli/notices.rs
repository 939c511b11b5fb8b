//! `vault/didChangeStatus`: what one process does to the lock of a store, every other one that has it open is told.

#[cfg(unix)]
use serde_json::json;

#[cfg(unix)]
use crate::client::Client;
#[cfg(unix)]
use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};

#[cfg(unix)]
const CHANGED: &str = "vault/didChangeStatus";

#[cfg(unix)]
#[test]
fn every_process_is_told_when_one_unlocks_the_store() {
    let home = guarded_by_a_passphrase();
    let mut others = [Client::start(&home, home.command(&[])), Client::start(&home, home.command(&[]))];
    for other in &mut others {
        other.call("setAPIKey", &json!([KEY]));
        assert_eq!(other.call("getPersistentData", &json!(["user"]))["error"]["code"], 4001);
    }
    let mut first = Client::start(&home, home.command(&[]));
    let unlocked = first.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
    assert_eq!(first.notice(CHANGED)["keyAvailable"], true);
    #[cfg(target_os = "linux")]
    let is_at_hand = crate::harness::cached::session_keyring().is_some();
    #[cfg(not(target_os = "linux"))]
    let is_at_hand = false;
    for other in &mut others {
        let told = other.notice(CHANGED);
        assert_eq!(told["keyAvailable"], is_at_hand, "{told}");
        assert_eq!(told["protectors"], json!(["passphrase"]));
        // The process that got the notice follows it.
        let read = other.call("getPersistentData", &json!(["user"]));
        assert_eq!(read.get("result").is_some(), is_at_hand, "{read}");
    }
}

#[cfg(unix)]
#[test]
fn every_process_is_told_when_a_protector_comes_or_goes() {
    let home = Home::new();
    let mut client = Client::start(&home, home.command(&[]));
    client.call("setAPIKey", &json!([KEY]));
    client.call("setPersistentData", &json!(["user", {"a": 1}]));
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    let told = client.notice(CHANGED);
    let mut kinds: Vec<_> =
        told["protectors"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["key-file", "passphrase"]);
    assert_eq!(told["protects"]["stolenDisk"], false);
    let removed = home.run(&["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"], PASSPHRASE);
    assert_eq!(removed.code, 0, "{}", removed.said);
    let told = client.notice(CHANGED);
    assert_eq!(told["protectors"], json!(["passphrase"]));
    // Who has the key keeps it, and is told the truth about the store.
    assert_eq!((&told["keyAvailable"], &told["protects"]["stolenDisk"]), (&json!(true), &json!(true)));
    assert_eq!(client.call("getPersistentData", &json!(["user"]))["result"], json!({"a": 1}));
}
