//! A store that the user locks: every process drops its keys, none asks a protector, and one answer unlocks it for all.

#[cfg(unix)]
use std::fs;
#[cfg(unix)]
use std::path::PathBuf;
#[cfg(unix)]
use std::time::{Duration, Instant};

#[cfg(unix)]
use serde_json::{Value, json};

#[cfg(unix)]
use crate::client::{Client, Person};
#[cfg(unix)]
use crate::harness::DEADLINE;
#[cfg(unix)]
use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_counting_program, guarded_by_a_passphrase, runs};

#[cfg(unix)]
const CHANGED: &str = "vault/didChangeStatus";

/// Whether another process of this login session gets the key that one of them got.
#[cfg(unix)]
fn is_shared() -> bool {
    #[cfg(target_os = "linux")]
    return crate::harness::cached::session_keyring().is_some();
    #[cfg(not(target_os = "linux"))]
    false
}

#[cfg(unix)]
fn marker(home: &Home) -> PathBuf {
    home.data().join("locked")
}

/// A sidecar that has the key, and the store's key.
#[cfg(unix)]
fn window(home: &Home) -> Client {
    let mut client = Client::start(home, home.command(&[]));
    client.call("setAPIKey", &json!([KEY]));
    let unlocked = client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
    assert_eq!(read(&mut client)["result"], json!({"a": 1}));
    client
}

#[cfg(unix)]
fn read(client: &mut Client) -> Value {
    client.call("getPersistentData", &json!(["user"]))
}

#[cfg(unix)]
#[track_caller]
fn check_locked(answer: &Value) {
    let error = &answer["error"];
    assert_eq!((&error["code"], &error["data"]["reason"]), (&json!(4001), &json!("locked")), "{answer}");
}

/// Reads until the store is locked for this process, for less time than a test may take.
#[cfg(unix)]
#[track_caller]
fn wait_until_locked(client: &mut Client) {
    let begun = Instant::now();
    loop {
        let answer = read(client);
        if answer.get("error").is_some() {
            return check_locked(&answer);
        }
        assert!(begun.elapsed() < DEADLINE, "the process goes on with the key");
    }
}

/// What a script does that has the key; it waits for no person.
#[cfg(unix)]
fn reads_quietly(home: &Home) -> Value {
    let answers = home.answers(&[("setAPIKey", json!([KEY])), ("getPersistentData", json!(["user"]))]);
    answers.into_iter().next_back().unwrap()
}

#[cfg(unix)]
#[test]
fn one_process_locks_and_every_other_one_gives_nothing_any_more() {
    let home = guarded_by_a_passphrase();
    let (mut one, mut other) = (window(&home), window(&home));
    assert_eq!(one.call("vault/lock", &json!({}))["result"], json!({"locked": true}));
    check_locked(&read(&mut one));
    // The notices of the unlocks come first.
    let begun = Instant::now();
    let told = loop {
        let told = other.notice(CHANGED);
        if told["locked"] == true {
            break told;
        }
    };
    assert!(begun.elapsed() < DEADLINE);
    assert_eq!(told["keyAvailable"], false);
    check_locked(&read(&mut other));
    check_locked(&other.call("setPersistentData", &json!(["user", {"b": 2}])));
    check_locked(&reads_quietly(&home));
    #[cfg(target_os = "linux")]
    assert!(home.cached().is_none(), "the session's keyring still has the key");
    for client in [&mut one, &mut other] {
        let status = client.call("vault/status", &json!({}))["result"].clone();
        assert_eq!((&status["locked"], &status["keyAvailable"]), (&json!(true), &json!(false)));
    }

    let wrong = other.call("vault/unlock", &json!({"passphrase": "wrong"}));
    assert_eq!(wrong["error"]["data"]["reason"], "wrong");
    assert!(marker(&home).exists());
    let unlocked = other.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
    assert!(!marker(&home).exists());
    // Handles are still valid.
    assert_eq!(read(&mut other)["result"], json!({"a": 1}));
    if !is_shared() {
        check_locked(&read(&mut one));
        one.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    }
    assert_eq!(read(&mut one)["result"], json!({"a": 1}));
    assert_eq!(one.call("vault/status", &json!({}))["result"]["locked"], false);
}

#[cfg(unix)]
#[test]
fn a_lock_ends_no_watch_and_the_changes_come_after_it() {
    let home = guarded_by_a_passphrase();
    let (mut watching, mut writing) = (window(&home), window(&home));
    let watch = watching.call("watchPersistentData", &json!({}));
    assert!(watch.get("result").is_some(), "{watch}");
    assert_eq!(writing.call("vault/lock", &json!({}))["result"]["locked"], true);
    wait_until_locked(&mut watching);
    writing.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    let written = writing.call("setPersistentData", &json!(["user", {"b": 2}]));
    if !is_shared() {
        watching.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    }
    let notice = watching.notice("persistentData/didChange");
    assert_eq!((&notice["revision"], &notice["deleted"]), (&written["result"]["revision"], &json!(false)));
    assert!(notice.get("ended").is_none());
}

#[cfg(unix)]
#[test]
fn a_write_that_was_sent_before_the_lock_is_carried_out() {
    let home = guarded_by_a_passphrase();
    let mut client = window(&home);
    let writes: Vec<_> =
        (0..20).map(|n| client.send("setPersistentData", &json!(["user", {"n": n}]))).collect();
    let lock = client.send("vault/lock", &json!({}));
    let after = client.send("getPersistentData", &json!(["user"]));
    for write in writes {
        let written = client.wait(write);
        assert!(written.get("result").is_some(), "{written}");
    }
    assert_eq!(client.wait(lock)["result"], json!({"locked": true}));
    // A read behind the lock is answered by the order of reading or is refused; none waits.
    client.wait(after);
    check_locked(&read(&mut client));
}

#[cfg(unix)]
#[test]
fn no_program_is_run_while_the_store_is_locked_and_unlock_runs_it_once() {
    let home = guarded_by_a_counting_program();
    let mut client = Client::start(&home, home.command(&[]));
    client.call("setAPIKey", &json!([KEY]));
    assert_eq!(read(&mut client)["result"], json!({"a": 1}));
    let locked = home.run(&["lock"], "");
    assert_eq!((locked.code, locked.said.as_str()), (0, ""));
    assert_eq!(locked.shown, "the store is locked for every window, until plugin-vault unlock\n");
    let before = runs(&home);
    wait_until_locked(&mut client);
    for _ in 0..3 {
        check_locked(&reads_quietly(&home));
        check_locked(&read(&mut client));
        for arguments in [&["key", "list"][..], &["key", "issue", "p"], &["protector", "add", "key-file"]] {
            let said = home.refused(arguments, "");
            assert_eq!(said, "plugin-vault: the store is locked; run plugin-vault unlock");
        }
        let tested = home.run(&["protector", "test"], "");
        assert!(tested.code == 1 && tested.shown.contains("no: locked"), "{}", tested.shown);
    }
    assert_eq!(runs(&home), before, "the program was run while the store is locked");

    let unlocked = home.json(&["unlock"], "");
    assert_eq!(unlocked, json!({"locked": false, "protector": "command", "forAllWindows": is_shared()}));
    assert_eq!(runs(&home), before + 1);
    assert_eq!(read(&mut client)["result"], json!({"a": 1}));
    assert_eq!(reads_quietly(&home)["result"], json!({"a": 1}));
    assert_eq!(runs(&home), before + if is_shared() { 1 } else { 3 });
}

#[cfg(unix)]
#[test]
fn unlock_says_for_whom_it_unlocks() {
    let home = guarded_by_a_passphrase();
    assert_eq!(home.json(&["lock"], ""), json!({"locked": true}));
    let locked = home.refused(&["unlock"], "");
    assert!(locked.contains("--passphrase-fd"), "{locked}");
    let unlocked = home.run(&["unlock", "--passphrase-fd", "0"], PASSPHRASE);
    assert_eq!(unlocked.code, 0, "{}", unlocked.said);
    let expected = if is_shared() {
        "the store is unlocked for the windows of this login session; those of another login ask for themselves\n"
    } else {
        "the store is unlocked, but no keyring of the kernel shares its key in this login session: each window has to \
         be unlocked for itself\n"
    };
    assert_eq!(unlocked.shown, expected);
    assert_eq!(home.is_locked(), !is_shared());
    assert!(!marker(&home).exists());
}

#[cfg(unix)]
#[test]
fn two_windows_that_unlock_at_one_time_ask_once() {
    let home = guarded_by_a_passphrase();
    assert_eq!(home.run(&["lock"], "").code, 0);
    let person = Person::new(&home);
    let mut windows = [person.client(), person.client()];
    let asking: Vec<_> = windows
        .iter_mut()
        .map(|window| window.send("vault/unlock", &json!({"timeoutMs": 600_000})))
        .collect();
    person.wait_until_asked(1);
    check_locked(&reads_quietly(&home));
    person.answers();
    if !is_shared() {
        person.wait_until_asked(2);
        person.answers();
    }
    for (window, asking) in windows.iter_mut().zip(asking) {
        assert_eq!(window.wait(asking)["result"], json!({"keyAvailable": true}));
    }
    assert_eq!(person.was_asked(), if is_shared() { 1 } else { 2 });
    assert!(!person.saw_two_windows());
}

#[cfg(unix)]
#[test]
fn with_a_key_file_alone_nothing_can_be_locked_and_lock_says_so() {
    let home = Home::new();
    let said = home.refused(&["lock"], "");
    assert_eq!(said, "plugin-vault: there is no store yet; plugin-vault set, or an editor, makes one");
    let answers = home.answers(&[
        ("vault/lock", json!({})),
        ("setAPIKey", json!([KEY])),
        ("setPersistentData", json!(["user", {"a": 1}])),
        ("vault/lock", json!({})),
        ("getPersistentData", json!(["user"])),
    ]);
    assert_eq!(answers[0]["result"], json!({"locked": false, "reason": "noStore"}));
    assert_eq!(answers[3]["result"], json!({"locked": false, "reason": "keyFile"}));
    assert_eq!(answers[4]["result"], json!({"a": 1}));
    let said = home.refused(&["lock"], "");
    assert!(said.contains("key file") && said.contains("protector add passphrase"), "{said}");
    assert!(said.contains("protector remove key-file"), "{said}");
    assert!(!marker(&home).exists());

    // What it says can be done.
    assert_eq!(home.run(&["protector", "add", "passphrase"], PASSPHRASE).code, 0);
    let both = home.run(&["lock"], "");
    assert!(both.code == 0 && both.shown.contains("unlock asks for nothing"), "{}", both.shown);
    check_locked(&reads_quietly(&home));
    assert!(home.run(&["unlock"], "").shown.contains("key file opens it"));
    assert_eq!(
        home.run(&["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"], PASSPHRASE).code,
        0
    );
    assert_eq!(home.run(&["lock"], "").code, 0);
    assert!(home.is_locked());
}

#[cfg(unix)]
#[test]
fn a_process_that_is_killed_while_it_locks_leaves_a_store_that_is_locked_or_not() {
    let home = guarded_by_a_passphrase();
    let mut client = window(&home);
    let mut open = 0;
    for n in 0..40 {
        let mut lock = home.command(&["lock"]).spawn().unwrap();
        // Each run is killed a little later than the one before it, up to after its end.
        std::thread::sleep(Duration::from_micros(500 * n));
        lock.kill().unwrap();
        lock.wait().unwrap();
        if marker(&home).exists() {
            wait_until_locked(&mut client);
            let unlocked = client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
            assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
        } else {
            open += 1;
        }
        assert_eq!(read(&mut client)["result"], json!({"a": 1}));
    }
    assert!(open > 0, "no run was killed in time");
    // The moment right after the mark, for certain: nothing is announced.
    fs::write(marker(&home), "").unwrap();
    wait_until_locked(&mut client);
    #[cfg(target_os = "linux")]
    assert!(home.cached().is_none());
    check_locked(&reads_quietly(&home));
}

#[cfg(unix)]
#[test]
fn a_process_that_is_killed_while_it_asks_leaves_the_store_locked() {
    let home = guarded_by_a_passphrase();
    assert_eq!(home.run(&["lock"], "").code, 0);
    let person = Person::new(&home);
    let mut unlock = person.command(&["unlock"]).spawn().unwrap();
    person.wait_until_asked(1);
    unlock.kill().unwrap();
    unlock.wait().unwrap();
    assert!(marker(&home).exists() && home.is_locked());
    assert_eq!(home.run(&["unlock", "--passphrase-fd", "0"], PASSPHRASE).code, 0);
    assert!(!marker(&home).exists());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_marker_locks_and_is_not_followed() {
    let home = guarded_by_a_passphrase();
    let mut client = window(&home);
    let target = home.path("target");
    fs::write(&target, "mine").unwrap();
    std::os::unix::fs::symlink(&target, marker(&home)).unwrap();
    wait_until_locked(&mut client);
    assert_eq!(client.call("vault/lock", &json!({}))["result"], json!({"locked": true}));
    assert_eq!(
        client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}))["result"]["keyAvailable"],
        true
    );
    assert!(marker(&home).symlink_metadata().is_err(), "the link is still there");
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn a_store_that_begins_after_a_reset_is_not_locked() {
    let home = guarded_by_a_passphrase();
    assert_eq!(home.run(&["lock"], "").code, 0);
    assert_eq!(home.run(&["reset", "--yes"], "").code, 0);
    let answers =
        home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"b": 2}]))]);
    assert!(answers[1].get("result").is_some(), "{}", answers[1]);
}
