//! The writer fails at each point of a commit: what was answered is there, what is said not to be done is not, and the
//! next request works. With the feature `faults` only.

#![allow(clippy::unwrap_used, reason = "a test that can't talk to its server has failed")]
#![allow(clippy::disallowed_methods, reason = "the files that a test makes are its own")]

#[path = "support/harness.rs"]
mod harness;

use harness::{Framing, Home, Server};
use serde_json::{Value, json};

const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

/// A server that fails as `fault` says.
fn spawn(home: &Home, fault: &str) -> Server {
    home.start().framing(Framing::Lines).fault(fault).run()
}

/// The same with a key.
fn start(home: &Home, fault: &str) -> Server {
    let mut server = spawn(home, fault);
    server.set_key(KEY);
    server
}

fn set(server: &mut Server, data: &Value) -> u64 {
    server.revision("setPersistentData", json!(["user", data]))
}

fn stored(server: &mut Server) -> Value {
    server.ok("getPersistentData", ["user"])
}

/// What is stored, as the next process sees it.
fn stored_after(home: &Home) -> Value {
    stored(&mut start(home, ""))
}

/// A write of which the process dies.
fn dies_of_a_write(mut server: Server) {
    let write = server.begin("setPersistentData", json!(["user", {"value": "after"}]));
    assert_eq!(server.answer_or_end(write), None);
    assert_ne!(server.wait_for_end().code, Some(0));
}

/// A store in which `{"value":"before"}` lies, and a server that is about to fail.
fn about_to_fail(fault: &str) -> (Home, Server) {
    let home = Home::new();
    set(&mut start(&home, ""), &json!({"value": "before"}));
    let server = start(&home, fault);
    (home, server)
}

#[test]
fn a_process_that_dies_before_the_commit_has_changed_nothing() {
    for point in ["before-begin", "before-commit"] {
        let (home, server) = about_to_fail(&format!("{point}:kill:1"));
        dies_of_a_write(server);
        assert_eq!(stored_after(&home), json!({"value": "before"}), "{point}");
    }
}

#[test]
fn a_process_that_dies_after_the_commit_has_changed_all() {
    let (home, server) = about_to_fail("after-commit:kill:1");
    dies_of_a_write(server);
    assert_eq!(stored_after(&home), json!({"value": "after"}));
}

#[test]
fn a_full_disk_is_said_and_changes_nothing_and_the_next_write_works() {
    for point in ["before-begin", "before-commit"] {
        let (_home, mut server) = about_to_fail(&format!("{point}:full:1"));
        let refused = server.refused("setPersistentData", json!(["user", {"value": "after"}]));
        assert_eq!((refused.code, &refused.data["retryable"]), (5001, &json!(true)), "{point}");
        assert_eq!(stored(&mut server), json!({"value": "before"}));
        set(&mut server, &json!({"value": "again"}));
        assert_eq!(stored(&mut server), json!({"value": "again"}));
    }
}

#[test]
fn an_outcome_that_is_not_known_is_said_to_be_unknown_and_the_store_is_opened_anew() {
    let (home, mut server) = about_to_fail("after-commit:eio:1");
    let failed = server.refused("setPersistentData", json!(["user", {"value": "after"}]));
    assert_eq!((failed.code, &failed.data["outcome"]), (5006, &json!("unknown")));
    assert_eq!(stored(&mut server), json!({"value": "after"}));
    set(&mut server, &json!({"value": "again"}));
    drop(server);
    assert_eq!(stored_after(&home), json!({"value": "again"}));
}

/// The lock is held by the test while the requests queue up, so that they go into one commit.
#[test]
fn a_group_that_fails_is_tried_one_by_one_and_each_gets_its_own_outcome() {
    let (home, mut server) = about_to_fail("before-commit:full:1");
    let lock = std::fs::File::open(home.data().join("write.lock")).unwrap();
    lock.lock().unwrap();
    let write = |number| json!({"context": "user", "data": {"number": number}, "name": "n"});
    let asked: Vec<_> = (0..20).map(|number| server.begin("setPersistentData", write(number))).collect();
    // Read after the others and answered without the lock: when it is answered, they are all queued.
    server.ok("vault/status", json!({}));
    lock.unlock().unwrap();
    let answers = asked.iter().map(|_| server.next());
    let (ids, revisions): (Vec<_>, Vec<_>) =
        answers.map(|answer| (answer.id().to_owned(), answer.ok()["revision"].as_u64().unwrap())).unzip();
    assert_eq!(ids, asked.iter().map(u64::to_string).collect::<Vec<_>>());
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
}

/// A store that is damaged, and that can be repaired.
fn damaged() -> (Home, Vec<u8>) {
    let (home, server) = about_to_fail("");
    drop(server);
    let path = home.data().join("data.mdb");
    let mut file = std::fs::read(&path).unwrap();
    // The first page is one of the two that say where everything lies.
    file[..100].fill(0xff);
    std::fs::write(&path, &file).unwrap();
    (home, file)
}

#[test]
fn a_repair_that_is_cut_off_has_changed_nothing_and_is_done_by_the_next_process() {
    for (action, code) in [("kill", None), ("full", Some(5001)), ("eio", Some(5006))] {
        let (home, file) = damaged();
        let mut server = spawn(&home, &format!("before-replacing:{action}:1"));
        let asked = server.begin("setAPIKey", [KEY]);
        let refused = server.answer_or_end(asked).map(|answer| answer.unwrap_err().code);
        assert_eq!(refused, code, "{action}");
        assert!(std::fs::read(home.data().join("data.mdb")).unwrap() == file, "{action}");
        server.finish_without_notices();
        let mut next = start(&home, "");
        assert_eq!(stored(&mut next), json!({"value": "before"}), "{action}");
        next.finish_without_notices();
        let quarantined: Vec<_> = std::fs::read_dir(home.data().join("quarantine")).unwrap().collect();
        assert_eq!(quarantined.len(), 1, "{action}");
    }
}
