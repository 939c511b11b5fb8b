//! Who may ask a person, and when: one process at a time, and only while a caller waits.

use serde_json::json;

use crate::client::Person;
use crate::home::{Home, KEY, PASSPHRASE, guarded_by_a_passphrase};

/// Whether another process of this login session has to be told again.
fn each_asks() -> bool {
    #[cfg(target_os = "linux")]
    return crate::harness::cached::session_keyring().is_none();
    #[cfg(not(target_os = "linux"))]
    true
}

/// Puts something in the place of a file.
#[cfg(target_os = "linux")]
type MakeAt<'m> = &'m dyn Fn(&std::path::Path);

#[test]
fn one_process_at_a_time_asks_a_person_and_who_waits_too_long_is_told() {
    let home = guarded_by_a_passphrase();
    let person = Person::new(&home);
    let mut first = person.client();
    let unlocked = first.send("vault/unlock", &json!({}));
    person.wait_until_asked(1);
    let mut second = person.client();
    let refused = second.call("vault/unlock", &json!({"timeoutMs": 200}));
    let data = &refused["error"]["data"];
    assert_eq!((&data["protector"], &data["reason"]), (&json!("passphrase"), &json!("deadline")));
    // The command line waits for its turn as well.
    let listed = person.command(&["key", "list", "--json"]).spawn().unwrap();
    // What needs no person does not wait for one.
    assert_eq!(second.call("getPersistentData", &json!(["user"]))["error"]["code"], 1001);
    second.call("setAPIKey", &json!([KEY]));
    assert_eq!(second.call("getPersistentData", &json!(["user"]))["error"]["data"]["reason"], "locked");
    assert_eq!(person.was_asked(), 1);
    person.answers();
    assert_eq!(first.wait(unlocked)["result"], json!({"keyAvailable": true}));
    if each_asks() {
        person.answers();
    }
    assert!(listed.wait_with_output().unwrap().status.success());
    assert!(!person.saw_two_windows());
}

#[test]
fn two_requests_of_one_process_ask_once() {
    let home = guarded_by_a_passphrase();
    let person = Person::new(&home);
    let mut client = person.client();
    let both = [client.send("vault/unlock", &json!({})), client.send("vault/unlock", &json!({}))];
    person.answers();
    for id in both {
        assert_eq!(client.wait(id)["result"], json!({"keyAvailable": true}));
    }
    assert_eq!(person.was_asked(), 1);
}

#[test]
fn a_request_that_waits_for_a_person_is_cancelled_at_once() {
    let home = guarded_by_a_passphrase();
    let person = Person::new(&home);
    let mut client = person.client();
    let unlock = client.send("vault/unlock", &json!({}));
    person.wait_until_asked(1);
    client.notify("$/cancelRequest", &json!({"id": unlock}));
    assert_eq!(client.wait(unlock)["error"]["code"], -32800);
    assert_eq!(client.call("vault/status", &json!({}))["result"]["keyAvailable"], false);
}

#[test]
fn a_cancelled_question_is_taken_away_and_the_next_one_comes() {
    let home = guarded_by_a_passphrase();
    let person = Person::new(&home);
    let mut client = person.client();
    let unlock = client.send("vault/unlock", &json!({"timeoutMs": 600_000}));
    person.wait_until_asked(1);
    client.notify("$/cancelRequest", &json!({"id": unlock}));
    assert_eq!(client.wait(unlock)["error"]["code"], -32800);
    let again = client.send("vault/unlock", &json!({"timeoutMs": 600_000}));
    person.wait_until_asked(2);
    person.answers();
    assert_eq!(client.wait(again)["result"], json!({"keyAvailable": true}));
}

#[test]
fn a_question_ends_when_the_user_ends_the_subcommand() {
    let home = guarded_by_a_passphrase();
    let person = Person::new(&home);
    for (asked, signal) in
        [rustix::process::Signal::INT, rustix::process::Signal::TERM].into_iter().enumerate()
    {
        let listing = person.command(&["key", "list"]).spawn().unwrap();
        person.wait_until_asked(asked + 1);
        rustix::process::kill_process(rustix::process::Pid::from_child(&listing), signal).unwrap();
        assert!(!listing.wait_with_output().unwrap().status.success());
        // The window is gone, so no answer comes from it.
        assert!(!person.can_answer());
    }
}

#[test]
fn nothing_but_an_unlock_asks_a_person() {
    let home = guarded_by_a_passphrase();
    let person = Person::new(&home);
    let mut client = person.client();
    for (method, params) in [
        ("initialize", json!({"processId": null, "capabilities": {}, "rootUri": null})),
        ("vault/status", json!({})),
        ("rpc.discover", json!({})),
        ("setAPIKey", json!([KEY])),
        ("getPersistentData", json!(["user"])),
        ("getPersistentRecord", json!(["user"])),
        ("setPersistentData", json!(["user", {}])),
        ("patchPersistentData", json!(["user", {}])),
        ("deletePersistentData", json!(["user"])),
        ("listPersistentData", json!({})),
        ("movePersistentData", json!(["file:///a", "file:///b"])),
        ("watchPersistentData", json!({})),
        ("acquireLease", json!(["lease", 1_000])),
        ("listAPIKeys", json!({})),
        ("shareAPIKey", json!({})),
        ("rotateAPIKey", json!({})),
        ("revokeAPIKey", json!({})),
        ("issueAPIKey", json!({"plugin": "p", "installation": "i"})),
    ] {
        let answer = client.call(method, &params);
        let refused = !["initialize", "vault/status", "rpc.discover", "setAPIKey"].contains(&method);
        assert!(!refused || answer["error"]["data"]["reason"] == "locked", "{method}: {answer}");
    }
    client.call("shutdown", &json!(null));
    client.notify("exit", &json!(null));
    assert_eq!(person.was_asked(), 0);
}

#[test]
fn a_passphrase_that_was_said_is_taken_before_anything_else_is_asked() {
    let home = Home::new();
    home.answers(&[("setAPIKey", json!([KEY])), ("setPersistentData", json!(["user", {"a": 1}]))]);
    let script = format!("echo run >> '{}'\necho '{PASSPHRASE}'", home.path("runs").display());
    let program = home.program_that("count", &script);
    assert_eq!(home.run(&["protector", "add", "command", "--", &program], "").code, 0);
    assert_eq!(home.run(&["protector", "add", "passphrase"], "another").code, 0);
    let removed = home.run(&["protector", "remove", "key-file", "--yes", "--passphrase-fd", "0"], "another");
    assert_eq!(removed.code, 0, "{}", removed.said);
    home.forget_cached();
    std::fs::remove_file(home.path("runs")).unwrap();
    let answers = home.answers(&[("vault/unlock", json!({"passphrase": "another"}))]);
    assert_eq!(answers[0]["result"], json!({"keyAvailable": true}));
    assert!(!home.path("runs").exists(), "the program was run though the passphrase was there");
    // One that is wrong is told, whatever else there is.
    home.forget_cached();
    home.program_gone("count");
    let wrong = home.answers(&[("vault/unlock", json!({"passphrase": "wrong"}))]);
    let data = &wrong[0]["error"]["data"];
    assert_eq!((&data["protector"], &data["reason"]), (&json!("passphrase"), &json!("wrong")));
}

/// Neither what a person says at the command line nor what they wanted it for shows a key or a passphrase to `ps`.
#[test]
fn a_passphrase_may_come_from_any_descriptor() {
    let home = guarded_by_a_passphrase();
    let plain = home.command(&["key", "list", "--json", "--passphrase-fd", "3"]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 3<&0 0</dev/null"]).arg(plain.get_program()).args(plain.get_args());
    shell.stdin(std::process::Stdio::piped());
    shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let ran = home.finish(shell, PASSPHRASE);
    assert_eq!(ran.code, 0, "{}", ran.said);
}

/// One process at a time asks, by a lock on a file; where that is not possible, no question is asked, and the log has the reason.
#[cfg(target_os = "linux")]
#[test]
fn no_question_is_asked_if_prompt_lock_is_a_foreign_file() {
    use std::{fs, path::Path};
    let home = guarded_by_a_passphrase();
    let person = Person::new(&home);
    let (lock, outside) = (home.data().join("prompt.lock"), home.path("outside"));
    let fifo = |path: &Path| {
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
    };
    fs::write(&outside, "another program's").unwrap();
    let makes: [(&str, MakeAt<'_>); 5] = [
        ("link", &|path| std::os::unix::fs::symlink(&outside, path).unwrap()),
        ("link", &|path| std::os::unix::fs::symlink(home.path("nothing"), path).unwrap()),
        ("link", &|path| fs::hard_link(&outside, path).unwrap()),
        ("fileType", &fifo),
        ("fileType", &|path| fs::create_dir(path).unwrap()),
    ];
    for (reason, make) in makes {
        home.forget_cached();
        let _ = fs::remove_file(&lock);
        make(&lock);
        let refused = person.client().call("vault/unlock", &json!({}));
        assert_eq!(
            (&refused["error"]["code"], &refused["error"]["data"]["reason"]),
            (&json!(5005), &json!(reason))
        );
        let listed = person.command(&["key", "list"]).output().unwrap();
        let said = String::from_utf8_lossy(&listed.stderr);
        assert!(!listed.status.success() && said.contains(&format!("'{}'", lock.display())), "{said}");
        assert_eq!(person.was_asked(), 0, "{reason}");
        let _ = fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock));
    }
    assert_eq!(fs::read_to_string(&outside).unwrap(), "another program's");
    assert!(!home.path("nothing").exists());
    let mut client = person.client();
    let unlock = client.send("vault/unlock", &json!({}));
    person.answers();
    assert_eq!(client.wait(unlock)["result"], json!({"keyAvailable": true}));
}
