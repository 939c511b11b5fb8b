//! Protectors, and a store that is locked.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::home::{Home, KEY, PASSPHRASE, finish, guarded_by_a_passphrase};

#[test]
fn a_store_that_only_a_passphrase_opens_is_locked_until_it_is_said() {
    let home = guarded_by_a_passphrase();
    assert!(home.is_locked());
    let status = &home.script(&[("vault/status", json!({}))])[0]["result"];
    assert_eq!((&status["keyAvailable"], &status["protectors"]), (&json!(false), &json!(["passphrase"])));
    assert_eq!(status["protects"]["stolenDisk"], true);
    let wrong = home.script(&[("vault/unlock", json!({"passphrase": "wrong"}))]);
    assert_eq!(wrong[0]["error"]["data"]["reason"], "wrong");
    let right = home.script(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    assert_eq!(right[0]["result"], json!({"keyAvailable": true}));
    home.forget_cached();
    let nobody = home.script(&[("vault/unlock", json!({"timeoutMs": 100}))]);
    assert_eq!(nobody[0]["error"]["data"]["reason"], "locked");
    assert!(home.refused(&["key", "list"], "").contains("passphrase"));
    assert_eq!(home.json(&["key", "list", "--passphrase-fd", "0"], PASSPHRASE).as_array().unwrap().len(), 1);
}

#[test]
fn whoever_unlocks_a_store_is_told_and_goes_on() {
    let home = guarded_by_a_passphrase();
    let mut child = home.command(&[]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let told = std::cell::RefCell::new(None);
    let mut call = |method: &str, params: Value| -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        writeln!(input, "{request}").unwrap();
        loop {
            let message: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            if message["id"] == 1 {
                return message;
            }
            assert_eq!(message["method"], "vault/didChangeStatus");
            assert!(told.replace(Some(message["params"].clone())).is_none(), "told twice");
        }
    };
    assert!(call("setAPIKey", json!([KEY]))["result"]["handle"].is_string());
    assert_eq!(call("getPersistentData", json!(["user"]))["error"]["code"], 4001);
    let unlocked = call("vault/unlock", json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
    assert_eq!(call("getPersistentData", json!(["user"]))["result"], json!({"a": 1}));
    // The notice comes when it comes.
    let deadline = Instant::now() + Duration::from_secs(30);
    while told.borrow().is_none() && Instant::now() < deadline {
        call("vault/status", json!({}));
        std::thread::sleep(Duration::from_millis(10));
    }
    let told = told.into_inner().expect("a notice");
    assert_eq!((&told["keyAvailable"], &told["protector"]), (&json!(true), &json!("passphrase")));
    drop(input);
    child.wait().unwrap();
}

#[test]
fn a_program_says_the_passphrase_and_nobody_is_asked() {
    let home = Home::new();
    let program = home.program("say", PASSPHRASE);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file"], "").code, 0);
    assert!(!home.is_locked());
    // Which program it is does not lie where the store lies.
    let text = std::fs::read(home.data().join("data.mdb")).unwrap();
    assert!(!String::from_utf8_lossy(&text).contains(&program));
    home.forget_cached();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o600)).unwrap();
    let answers = home.script(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
    assert!(answers[0]["result"]["handle"].is_string());
    assert_eq!(answers[1]["error"]["data"]["protector"], "command");
    assert_eq!(answers[1]["error"]["data"]["reason"], "denied");
}

#[test]
fn a_program_that_says_nothing_is_not_added() {
    let home = Home::new();
    assert!(home.refused(&["protector", "add", "command", "--", "true"], "").contains("command"));
    let listed = home.json(&["protector", "list"], "");
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["kind"]), (1, &json!("key-file")));
    assert!(listed[0]["id"].is_string() && listed[0]["madeAt"].is_string());
    assert!(!home.is_locked());
}

#[test]
fn a_person_is_asked_by_the_program_that_the_environment_names() {
    let home = guarded_by_a_passphrase();
    let askpass = home.program("askpass", PASSPHRASE);
    let mut list = home.command(&["protector", "test", "--json"]);
    list.env("PLUGIN_VAULT_ASKPASS", askpass);
    let tested: Value = serde_json::from_str(&finish(list, "").shown).unwrap();
    assert_eq!((&tested[0]["kind"], &tested[0]["works"]), (&json!("passphrase"), &json!(true)));
}

#[test]
fn the_last_protector_that_works_stays() {
    let home = Home::new();
    assert!(!home.is_locked());
    assert!(home.refused(&["protector", "remove", "key-file"], "").contains("last that works"));
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    // The passphrase is not said, so it is not known to work.
    assert!(home.refused(&["protector", "remove", "key-file"], "").contains("last that works"));
    assert!(home.refused(&["protector", "remove", "keyring"], "").contains("no such protector"));
    assert_eq!(home.run(&["protector", "remove", "passphrase"], "").code, 0);
    assert!(!home.is_locked());
}
