//! The command line: keys for their holders and for the user of a store, protectors, and a store that is locked.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that can't run the program has failed")]

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
const PASSPHRASE: &str = "correct horse battery staple";

/// A store of its own.
struct Home(TempDir);

/// What a run of the program gave.
struct Ran {
    code: i32,
    shown: String,
    said: String,
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plugin-vault"));
        command.arg("--data-dir").arg(self.data()).arg("--key-dir").arg(self.0.path().join("keys"));
        command.args(arguments).env_remove("PLUGIN_VAULT_ASKPASS");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str], input: &str) -> Ran {
        finish(self.command(arguments), input)
    }

    /// Runs with `--json`, and takes what is shown.
    fn json(&self, arguments: &[&str], input: &str) -> Value {
        let ran = self.run(&[&["--json"], arguments].concat(), input);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.said);
        serde_json::from_str(&ran.shown).unwrap()
    }

    /// Runs a subcommand that has to fail, in one line that says why.
    fn refused(&self, arguments: &[&str], input: &str) -> String {
        let ran = self.run(arguments, input);
        assert_eq!((ran.code, ran.shown.as_str()), (1, ""), "{arguments:?}");
        ran.said.lines().last().unwrap().to_owned()
    }

    /// Sends requests as a script, in order and in one go; the answers by position, notifications left out.
    fn script(&self, requests: &[(&str, Value)]) -> Vec<Value> {
        let lines = requests.iter().enumerate().map(|(id, (method, params))| {
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
        });
        let ran = self.run(&[], &lines.collect::<String>());
        let mut answers = vec![Value::Null; requests.len()];
        for line in ran.shown.lines() {
            let answer: Value = serde_json::from_str(line).unwrap();
            if let Some(id) = answer["id"].as_u64() {
                answers[usize::try_from(id).unwrap()] = answer;
            }
        }
        answers
    }

    fn is_locked(&self) -> bool {
        let answers = self.script(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
        assert!(answers[0]["result"]["handle"].is_string());
        match answers[1]["error"]["code"].as_i64() {
            None => false,
            Some(code) => {
                assert_eq!(code, 4001);
                let data = &answers[1]["error"]["data"];
                assert_eq!((&data["reason"], &data["retryable"]), (&json!("locked"), &json!(true)));
                assert_eq!(answers[0]["result"].as_object().unwrap().len(), 1, "a handle, and nothing else");
                true
            }
        }
    }

    /// A program that prints a line.
    fn program(&self, name: &str, line: &str) -> String {
        let path = self.0.path().join(name);
        let mut file = std::fs::File::options().write(true).create_new(true).mode(0o700).open(&path).unwrap();
        write!(file, "#!/bin/sh\nprintf '%s\\n' '{line}'\n").unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn finish(mut command: Command, input: &str) -> Ran {
    let mut child = command.spawn().unwrap();
    // A program that reads nothing may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap(), shown: text(stdout), said: text(stderr) }
}

/// A store with one object, guarded by a passphrase alone.
fn guarded_by_a_passphrase() -> Home {
    let home = Home::new();
    home.script(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    assert_eq!(home.run(&["protector", "remove", "key-file", "--passphrase-fd", "0"], PASSPHRASE).code, 0);
    home
}

#[test]
fn keys_are_issued_shared_rotated_extended_and_revoked() {
    let home = Home::new();
    let issued = home.json(&["key", "issue", "me.plugin", "--installation", "test", "--label", "mine"], "");
    let key = issued["apiKey"].as_str().unwrap().to_owned();
    assert_eq!(home.run(&["key", "issue", "me.plugin", "--installation", "test"], "").shown.trim(), key);
    let share = ["key", "share", "--read-only", "--context", "user", "--expires-at", "2999-01-01T00:00:00Z"];
    let shared = home.json(&share, &key);
    assert_eq!(shared["scope"], json!({"contexts": ["user"], "readOnly": true}));
    let rotated = home.json(&["key", "rotate"], &format!("{key}\n"));
    assert_ne!(rotated["apiKey"], issued["apiKey"]);
    assert!(home.refused(&["key", "rotate"], &key).contains("revoked or replaced"));
    let extended = home.json(&["key", "extend", shared["keyId"].as_str().unwrap()], "");
    assert!(extended.get("expiresAt").is_none());

    let listed = home.json(&["key", "list"], "");
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|key| (&key["owner"], &key["state"])).collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.iter().all(|(_, state)| **state == "live"));
    let table = home.run(&["key", "list", "me.plugin"], "").shown;
    assert!(table.starts_with("ID") && table.contains("mine") && table.lines().count() == 3, "{table}");
    for secret in [&key, rotated["apiKey"].as_str().unwrap(), shared["apiKey"].as_str().unwrap()] {
        assert!(!table.contains(secret) && !listed.to_string().contains(secret));
    }

    let id = shared["keyId"].as_str().unwrap();
    assert_eq!(home.json(&["key", "revoke", id], ""), json!({"revoked": true, "destroyed": false}));
    assert!(home.refused(&["key", "revoke", id], "").contains("no such key"));
    let own = home.json(&["key", "revoke"], rotated["apiKey"].as_str().unwrap());
    assert_eq!(own, json!({"revoked": true, "destroyed": true}));
    assert_eq!(home.json(&["key", "list"], ""), json!([]));
}

#[test]
fn a_plugin_that_is_gone_is_forgotten_with_all_that_it_stored() {
    let home = Home::new();
    let key = home.json(&["key", "issue", "gone.plugin", "--installation", "test"], "")["apiKey"].clone();
    let store = |key: &Value| {
        home.script(&[("setAPIKey", json!([key])), ("setPersistentData", json!(["user", {"a": 1}]))])
    };
    assert!(store(&key)[1]["result"]["revision"].is_u64());
    store(&json!(KEY));
    let records = || home.script(&[("vault/status", json!({}))])[0]["result"]["records"].clone();
    assert_eq!(records(), 2);
    assert_eq!(home.json(&["key", "forget", "gone.plugin"], ""), json!({"destroyed": 1}));
    assert_eq!(home.json(&["key", "forget", "gone.plugin"], ""), json!({"destroyed": 0}));
    assert_eq!(records(), 1);
    assert_eq!(store(&key)[0]["error"]["code"], 1004);
}

#[test]
fn a_list_of_nothing_makes_no_store() {
    let home = Home::new();
    assert_eq!(home.json(&["key", "list"], ""), json!([]));
    assert_eq!(home.json(&["protector", "list"], ""), json!([]));
    assert!(!home.data().exists());
}

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
    assert_eq!(home.json(&["protector", "list"], "").as_array().unwrap().len(), 1);
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

#[test]
fn flags_that_belong_to_subcommands_are_refused_without_one() {
    let ran = Home::new().run(&["--json"], "");
    assert_eq!((ran.code, ran.said.lines().count()), (2, 1), "{}", ran.said);
}
