//! Many requests for the store's key at one time: carried out in turn, by few threads, and none in the way of another kind.

use serde_json::{Value, json};

use crate::client::{Client, Person};
use crate::home::{PASSPHRASE, guarded_by_a_passphrase};

fn reason(answer: &Value) -> &Value {
    assert_eq!(answer["error"]["code"], 4001, "{answer}");
    &answer["error"]["data"]["reason"]
}

#[test]
fn unlocks_are_answered_in_turn_by_a_few_threads() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut client = Client::start(&home, home.command(&[]));
    assert_eq!(client.call("vault/status", &json!({}))["result"]["keyAvailable"], false);
    #[cfg(target_os = "linux")]
    let before = client.threads();
    let patient = json!({"passphrase": "wrong", "timeoutMs": 600_000});
    let wrong: Vec<_> = (0..8).map(|_| client.send("vault/unlock", &patient)).collect();
    let right = client.send("vault/unlock", &json!({"passphrase": PASSPHRASE, "timeoutMs": 600_000}));
    let after = client.send("vault/unlock", &patient);
    assert_eq!(reason(&client.wait(wrong[0])), "wrong");
    #[cfg(target_os = "linux")]
    assert!(client.threads() <= before + 1, "one thread carries out all that bring a passphrase");
    for id in &wrong[1..] {
        assert_eq!(reason(&client.wait(*id)), "wrong");
    }
    assert_eq!(client.wait(right)["result"], json!({"keyAvailable": true}));
    assert_eq!(client.wait(after)["result"], json!({"keyAvailable": true}), "the key is there already");
}

#[test]
fn one_that_brings_the_passphrase_waits_for_no_person() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let person = Person::new(&home);
    let mut client = person.client();
    let asking = client.send("vault/unlock", &json!({"timeoutMs": 600_000}));
    person.wait_until_asked(1);
    assert_eq!(reason(&client.call("vault/unlock", &json!({"passphrase": "wrong"}))), "wrong");
    let unlocked = client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
    person.answers();
    assert_eq!(client.wait(asking)["result"], json!({"keyAvailable": true}));
}

#[test]
fn who_waits_behind_a_question_goes_when_they_are_cancelled_or_late() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let person = Person::new(&home);
    let mut client = person.client();
    let asking = client.send("vault/unlock", &json!({"timeoutMs": 600_000}));
    person.wait_until_asked(1);
    let cancelled = client.send("vault/unlock", &json!({"timeoutMs": 600_000}));
    let late = client.send("vault/unlock", &json!({"timeoutMs": 50}));
    let waiting = client.send("vault/unlock", &json!({"timeoutMs": 600_000}));
    client.notify("$/cancelRequest", &json!({"id": cancelled}));
    assert_eq!(client.wait(cancelled)["error"]["code"], -32800);
    let late = client.wait(late);
    assert_eq!(
        (reason(&late), &late["error"]["data"]["protector"]),
        (&json!("deadline"), &json!("passphrase"))
    );
    assert_eq!(person.was_asked(), 1, "neither was the first one's question taken away");
    person.answers();
    assert_eq!(client.wait(asking)["result"], json!({"keyAvailable": true}));
    assert_eq!(client.wait(waiting)["result"], json!({"keyAvailable": true}));
    assert_eq!(person.was_asked(), 1);
}

#[test]
fn only_so_many_wait_and_the_next_is_refused_at_once() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let person = Person::new(&home);
    let mut client = person.client();
    let asking = client.send("vault/unlock", &json!({"timeoutMs": 600_000}));
    person.wait_until_asked(1);
    #[cfg(target_os = "linux")]
    let before = client.threads();
    let waiting: Vec<_> =
        (0..256).map(|_| client.send("vault/unlock", &json!({"timeoutMs": 600_000}))).collect();
    let refused = client.call("vault/unlock", &json!({"timeoutMs": 600_000}));
    assert_eq!(refused["error"]["code"], 5004, "{refused}");
    #[cfg(target_os = "linux")]
    assert!(client.threads() <= before, "those that wait have no threads");
    person.answers();
    assert_eq!(client.wait(asking)["result"], json!({"keyAvailable": true}));
    for id in waiting {
        assert_eq!(client.wait(id)["result"], json!({"keyAvailable": true}));
    }
    assert_eq!(person.was_asked(), 1);
}

/// Lets a process have this much more memory than it has now, which is too little for a thread; all if `None`.
#[cfg(target_os = "linux")]
fn allow(client: &Client, more: Option<u64>) {
    use rustix::process::{Resource, Rlimit, prlimit};
    let status = std::fs::read_to_string(format!("/proc/{}/status", client.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let now = 1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
    let limit = Rlimit { current: more.map(|more| now + more), maximum: None };
    prlimit(Some(client.pid()), Resource::As, limit).unwrap();
}

#[cfg(target_os = "linux")]
#[track_caller]
fn check_no_thread(answer: &Value) {
    assert_eq!(answer["error"]["code"], 5002, "{answer}");
    let data = &answer["error"]["data"];
    assert_eq!((&data["reason"], &data["retryable"]), (&json!("threads"), &json!(true)));
}

#[cfg(target_os = "linux")]
#[test]
fn no_room_for_a_thread_is_an_answer_and_the_next_request_works() {
    const HALF_A_STACK: u64 = 1 << 20;
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut client = Client::start(&home, home.command(&[]));
    // Nothing has been asked of the store, so its thread is not there yet.
    client.call("rpc.discover", &json!({}));
    allow(&client, Some(HALF_A_STACK));
    check_no_thread(&client.call("vault/unlock", &json!({})));
    check_no_thread(&client.call("issueAPIKey", &json!({"plugin": "p", "installation": "i"})));
    allow(&client, None);
    assert_eq!(client.call("vault/status", &json!({}))["result"]["keyAvailable"], false);
    allow(&client, Some(HALF_A_STACK));
    let both =
        [json!({}), json!({"passphrase": PASSPHRASE})].map(|params| client.send("vault/unlock", &params));
    for id in both {
        check_no_thread(&client.wait(id));
    }
    allow(&client, None);
    let unlocked = client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
}

/// With less memory than the derivation takes the passphrase is not called wrong.
#[cfg(target_os = "linux")]
#[test]
fn no_memory_for_a_derivation_is_told_and_the_next_request_works() {
    let home = guarded_by_a_passphrase();
    home.forget_cached();
    let mut client = Client::start(&home, home.command(&[]));
    assert_eq!(client.call("vault/status", &json!({}))["result"]["keyAvailable"], false);
    allow(&client, Some(32 << 20));
    let refused = client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(reason(&refused), "memory");
    assert_eq!(refused["error"]["data"]["retryable"], true);
    allow(&client, None);
    let unlocked = client.call("vault/unlock", &json!({"passphrase": PASSPHRASE}));
    assert_eq!(unlocked["result"], json!({"keyAvailable": true}));
}
