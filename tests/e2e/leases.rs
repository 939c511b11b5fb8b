//! Leases: one holder at a time over all processes, free again however the holder ends, and tokens that fence.

use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Home, Server};

/// Longer than any of these tests, so that no holder loses it by the clock.
const LONG: u64 = 600_000;

fn lease(ttl: u64, wait: u64) -> Value {
    json!({"name": "refresh", "ttlMs": ttl, "waitMs": wait})
}

fn acquire(client: &mut Server, ttl: u64, wait: u64) -> u64 {
    client.ok("acquireLease", lease(ttl, wait))["lease"].as_u64().unwrap()
}

fn write(token: u64, data: &Value) -> Value {
    json!({"context": "user", "data": data, "lease": token})
}

/// The lease is free within this time: the promised second, and more for a busy machine.
#[track_caller]
fn soon(begun: Instant) {
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn one_holds_it_and_the_others_are_told_until_when() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let first = one.ok("acquireLease", lease(LONG, 0));
    for client in [&mut two, &mut one] {
        let held = client.refused("acquireLease", lease(LONG, 0));
        assert_eq!((held.code, &held.data["retryable"]), (3001, &json!(true)));
        let (said, ends) = (held.data["expiresAt"].as_str(), first["expiresAt"].as_str());
        // Both are said by the wall clock, and meant by another.
        assert_eq!(said.unwrap()[..16], ends.unwrap()[..16]);
    }
    // Another name, and another plugin, have nothing to do with it.
    two.ok("acquireLease", json!({"name": "other", "ttlMs": LONG}));
    home.client_with(&home.key()).ok("acquireLease", lease(LONG, 0));

    let token = first["lease"].as_u64().unwrap();
    assert_eq!(two.code("releaseLease", json!({"name": "refresh", "lease": token + 1})), 3002);
    assert_eq!(two.code("releaseLease", json!({"name": "other", "lease": token})), 3002);
    assert_eq!(one.ok("releaseLease", json!({"name": "refresh", "lease": token})), json!({"released": true}));
    assert_eq!(one.code("releaseLease", json!({"name": "refresh", "lease": token})), 3002);
    assert_eq!(one.code("renewLease", json!({"name": "refresh", "lease": token})), 3002);
    assert!(acquire(&mut two, LONG, 0) > token);
}

#[test]
fn a_write_goes_through_with_the_token_of_a_live_lease_only() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let (before, after) = (home.object(), home.object());
    let token = acquire(&mut one, LONG, 0);
    let revision = one.revision("setPersistentData", write(token, &before));
    assert!(revision > token);
    // Every client that knows the token may use it.
    two.ok("patchPersistentData", json!({"context": "user", "patch": {"more": 1}, "lease": token}));
    one.ok("setPersistentData", write(token, &before));
    one.ok("releaseLease", json!({"name": "refresh", "lease": token}));
    for stale in [token, token + 1, 0, 1] {
        assert_eq!(one.code("setPersistentData", write(stale, &after)), 3002, "{stale}");
        let patch = json!({"context": "user", "patch": {"more": 2}, "lease": stale});
        assert_eq!(one.code("patchPersistentData", patch), 3002, "{stale}");
        assert_eq!(
            one.code("deletePersistentData", json!({"context": "user", "lease": stale})),
            3002,
            "{stale}"
        );
    }
    assert_eq!(one.ok("getPersistentData", ["user"]), before);
    // That of another plugin's lease is none here.
    let other = acquire(&mut home.client_with(&home.key()), LONG, 0);
    assert_eq!(one.code("setPersistentData", write(other, &after)), 3002);
    let token = acquire(&mut one, LONG, 0);
    one.ok("deletePersistentData", json!({"context": "user", "lease": token}));
}

#[test]
fn it_ends_when_its_time_is_over_unless_it_is_renewed() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let token = acquire(&mut one, 2_000, 0);
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(700));
        one.ok("renewLease", json!({"name": "refresh", "lease": token}));
    }
    assert_eq!(two.code("acquireLease", lease(LONG, 0)), 3001);
    let begun = Instant::now();
    let next = acquire(&mut two, LONG, 60_000);
    soon(begun);
    assert!(next > token);
    assert_eq!(one.code("renewLease", json!({"name": "refresh", "lease": token})), 3002);
    assert_eq!(one.code("setPersistentData", write(token, &json!({}))), 3002);
}

#[test]
fn a_waiting_request_gets_the_lease_when_it_is_released() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let token = acquire(&mut one, LONG, 0);
    let waiting = two.begin("acquireLease", lease(LONG, 60_000));
    // Its connection goes on meanwhile.
    two.ok("setPersistentData", json!(["user", {}]));
    let begun = Instant::now();
    one.ok("releaseLease", json!({"name": "refresh", "lease": token}));
    assert!(two.wait(waiting).ok()["lease"].as_u64().unwrap() > token);
    soon(begun);
}

#[test]
fn a_wait_has_an_end_and_can_be_taken_back() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let token = acquire(&mut one, LONG, 0);
    let begun = Instant::now();
    assert_eq!(two.code("acquireLease", lease(LONG, 1_000)), 3001);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let waiting = two.begin("acquireLease", lease(LONG, LONG));
    two.notify("$/cancelRequest", json!({"id": waiting}));
    assert_eq!(two.wait(waiting).refused().code, -32_800);
    // It leaves nothing behind that would take the lease.
    one.ok("releaseLease", json!({"name": "refresh", "lease": token}));
    acquire(&mut one, LONG, 0);
    // When the connection ends, its waiting requests end.
    let waiting = two.begin("acquireLease", lease(LONG, LONG));
    two.finish();
    assert_eq!(two.wait(waiting).refused().code, -32_800);
}

#[test]
fn it_is_free_when_its_holder_ends_however_it_ends() {
    let home = Home::new();
    let key = home.key();
    let mut two = home.client_with(&key);
    for orderly in [true, false] {
        let mut one = home.client_with(&key);
        let token = acquire(&mut one, LONG, 0);
        let waiting = two.begin("acquireLease", lease(LONG, 60_000));
        two.ok("getPersistentData", ["user"]);
        let begun = Instant::now();
        if orderly {
            one.shut_down();
        } else {
            one.kill();
            one.wait_for_end();
        }
        let next = two.wait(waiting).ok()["lease"].as_u64().unwrap();
        soon(begun);
        assert!(next > token);
        assert_eq!(two.code("setPersistentData", write(token, &json!({}))), 3002);
        two.ok("releaseLease", json!({"name": "refresh", "lease": next}));
    }
}

#[cfg(unix)]
#[test]
fn an_expired_lease_permits_no_write() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let object = home.object();
    let token = acquire(&mut one, 1_500, 0);
    one.signal(Signal::STOP);
    let late = one.begin("setPersistentData", write(token, &json!({"late": true})));
    let next = acquire(&mut two, LONG, 60_000);
    two.ok("setPersistentData", write(next, &object));
    one.signal(Signal::CONT);
    assert_eq!(one.wait(late).refused().code, 3002);
    assert_eq!(one.ok("getPersistentData", ["user"]), object);
    assert_eq!(one.code("releaseLease", json!({"name": "refresh", "lease": token})), 3002);
    assert_eq!(one.code("acquireLease", lease(LONG, 0)), 3001);
}

#[test]
fn a_key_that_may_only_read_gets_none() {
    let home = Home::new();
    let mut owner = home.client_with(&home.key());
    let shared = owner.ok("shareAPIKey", json!({"scope": {"readOnly": true}}));
    let shared = shared["apiKey"].as_str().unwrap();
    home.keep_key(shared);
    assert_eq!(home.client_with(shared).code("acquireLease", lease(LONG, 0)), 1006);
}

#[test]
fn there_is_a_limit_to_those_who_wait_and_to_those_who_hold() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    acquire(&mut one, LONG, 0);
    let waiting: Vec<_> = (0..65).map(|_| two.begin("acquireLease", lease(LONG, 60_000))).collect();
    // Which one of them is not settled.
    let refused = two.next();
    assert_eq!(refused.refused().code, 5004);
    let waiting: Vec<_> = waiting.into_iter().filter(|id| refused.id() != id.to_string()).collect();
    assert_eq!(waiting.len(), 64);
    for id in &waiting {
        two.notify("$/cancelRequest", json!({"id": id}));
    }
    for id in &waiting {
        assert_eq!(two.wait(*id).refused().code, -32_800);
    }
    let named = |number: u32| json!({"name": format!("n{number}"), "ttlMs": LONG});
    let held: Vec<_> = (1..1_000).map(|number| one.begin("acquireLease", named(number))).collect();
    for id in held {
        one.wait(id).ok();
    }
    let refused = one.refused("acquireLease", named(0));
    assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(1_000)));
    // Another plugin has its own.
    home.client_with(&home.key()).ok("acquireLease", named(0));
}

#[test]
fn times_and_names_have_bounds() {
    let home = Home::new();
    let mut one = home.client_with(&home.key());
    for (ttl, wait) in [(99, 0), (LONG + 1, 0), (LONG, LONG + 1)] {
        let refused = one.refused("acquireLease", lease(ttl, wait));
        assert_eq!((refused.code, &refused.data["reason"]), (-32_602, &json!("outOfRange")));
    }
    assert_eq!(one.code("acquireLease", json!({"name": "", "ttlMs": 100})), -32_602);
    acquire(&mut one, 100, 0);
}
