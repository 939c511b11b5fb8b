//! The keyring of the login session in the Linux kernel: what one process was given, the others need not ask for. Where
//! the kernel denies it, each process asks once, and these tests hold that.

use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Child;

use serde_json::json;

use crate::harness::cached::session_keyring;
use crate::harness::request_lines;
use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_counting_program, guarded_by_a_passphrase, runs};

fn begin_reading(home: &Home) -> Child {
    let script = home.path("script");
    if !script.exists() {
        let lines = request_lines(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
        let mut options = std::fs::File::options();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&script).unwrap();
        std::io::Write::write_all(&mut file, lines.as_bytes()).unwrap();
    }
    home.command(&[]).stdin(std::fs::File::open(script).unwrap()).spawn().unwrap()
}

fn has_read(child: Child) -> bool {
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().contains(r#""result":{"a":1}"#)
}

#[test]
fn a_passphrase_that_was_said_once_opens_for_every_process_of_the_session() {
    let home = guarded_by_a_passphrase();
    assert!(home.is_locked() && home.cached().is_none());
    let unlocked = home.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    assert_eq!(unlocked[0]["result"], json!({"keyAvailable": true}));
    let is_there = session_keyring().is_some();
    assert_eq!(home.cached().is_some(), is_there);
    assert_eq!(home.is_locked(), !is_there);
    let asked = home.answers(&[
        ("setAPIKey", json!([KEY])),
        ("vault/status", json!({})),
        ("vault/unlock", json!({"timeoutMs": 100})),
    ]);
    assert_eq!(asked[0]["result"]["known"].as_bool(), is_there.then_some(true));
    assert_eq!(asked[1]["result"]["keyAvailable"], is_there);
    assert_eq!(asked[1]["result"]["protector"].as_str(), is_there.then_some("passphrase"));
    assert_eq!(asked[2].get("result").is_some(), is_there);
    home.forget_cached();
    assert!(home.is_locked());
}

#[test]
fn fifteen_processes_run_a_program_once() {
    let home = guarded_by_a_counting_program();
    let children: Vec<_> = (0..15).map(|_| begin_reading(&home)).collect();
    let read = children.into_iter().map(has_read).filter(|read| *read);
    assert_eq!(read.count(), 15);
    assert_eq!(runs(&home), if session_keyring().is_some() { 1 } else { 15 });
}

#[test]
fn a_process_that_asks_later_runs_nothing() {
    let home = guarded_by_a_counting_program();
    for _ in 0..3 {
        assert!(has_read(begin_reading(&home)));
    }
    assert_eq!(runs(&home), if session_keyring().is_some() { 1 } else { 3 });
    home.forget_cached();
    assert!(has_read(begin_reading(&home)));
    assert_eq!(runs(&home), if session_keyring().is_some() { 2 } else { 4 });
}

#[test]
fn nothing_runs_a_program_before_a_request_that_needs_data() {
    let home = guarded_by_a_counting_program();
    home.answers(&[
        ("setAPIKey", json!([KEY])),
        ("vault/status", json!({})),
        ("rpc.discover", json!({})),
        ("initialize", json!({"processId": null, "capabilities": {}, "rootUri": null})),
        ("setAPIKey", json!([KEY])),
        ("vault/status", json!({})),
        ("shutdown", json!(null)),
    ]);
    assert_eq!(home.run(&["protector", "list"], "").code, 0);
    assert_eq!(runs(&home), 0);
    assert!(has_read(begin_reading(&home)));
    assert_eq!(runs(&home), 1);
}

#[test]
fn the_key_of_a_key_file_is_never_kept() {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    assert!(!home.is_locked());
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    assert_eq!(home.run(&["protector", "test", "--passphrase-fd", "0"], PASSPHRASE).code, 0);
    assert!(!home.is_locked() && home.cached().is_none());
}

#[test]
fn removing_any_protector_drops_what_is_kept() {
    for removed in ["passphrase", "command"] {
        let home = guarded_by_a_counting_program();
        assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
        assert!(has_read(begin_reading(&home)));
        assert_eq!(home.cached().is_some(), session_keyring().is_some());
        let ran = home.run(&["protector", "remove", removed, "--yes", "--passphrase-fd", "0"], PASSPHRASE);
        assert_eq!(ran.code, 0, "{}", ran.said);
        assert!(home.cached().is_none());
        assert_eq!(home.is_locked(), removed == "command");
    }
}

#[test]
fn a_test_of_a_protector_asks_it() {
    let home = guarded_by_a_counting_program();
    assert!(has_read(begin_reading(&home)));
    let before = runs(&home);
    assert_eq!(home.run(&["protector", "test"], "").code, 0);
    assert_eq!(runs(&home), before + 1);
    home.program_gone("count");
    assert_eq!(home.run(&["protector", "test"], "").code, 1);
}

/// Any process of this user can put anything there.
#[test]
fn a_kept_key_that_is_not_this_stores_opens_nothing_and_is_dropped() {
    let Some(ring) = session_keyring() else {
        // Nothing can be put there either.
        assert!(guarded_by_a_passphrase().is_locked());
        return;
    };
    let home = guarded_by_a_passphrase();
    home.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    let good = home.cached().unwrap().read_to_vec().unwrap();
    let flipped = |at: usize| {
        let mut entry = good.clone();
        entry[at] ^= 1;
        entry
    };
    let name = crate::harness::cached::name(&home.data()).unwrap();
    for entry in [flipped(0), flipped(1), flipped(17), flipped(48)] {
        ring.add_key(&name, &entry).unwrap();
        assert!(home.is_locked());
        assert!(home.cached().is_none() || entry[0] != good[0], "what does not fit stays");
    }
    for entry in [&good[..48], &[good.as_slice(), &[0]].concat(), &[1]] {
        ring.add_key(&name, entry).unwrap();
        assert!(home.is_locked());
    }
    // Another store's key, under this one's name.
    let other = guarded_by_a_passphrase();
    other.answers(&[("vault/unlock", json!({"passphrase": PASSPHRASE}))]);
    ring.add_key(&name, &other.cached().unwrap().read_to_vec().unwrap()).unwrap();
    assert!(home.is_locked() && home.cached().is_none());
    ring.add_key(&name, &good).unwrap();
    assert!(!home.is_locked());
}
