//! Watches: what others change is told, each change once, in order; own changes are not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Home, Server};

const CHANGED: &str = "persistentData/didChange";

/// The next notice of a change; nothing else is expected.
#[track_caller]
fn told(client: &mut Server) -> Value {
    let next = client.next();
    next.notice(CHANGED).expect("a notice of a change")
}

/// Whatever is told up to here is told before a change of the test's own, which comes last: nothing else was told.
#[track_caller]
fn nothing_else(watcher: &mut Server, other: &mut Server) {
    let last = other.revision("setPersistentData", named("the last one", &json!({"last": true})));
    assert_eq!(told(watcher)["revision"], last);
    other.ok("deletePersistentData", json!({"context": "user", "name": "the last one"}));
    assert_eq!(told(watcher)["deleted"], true);
}

fn named(name: &str, data: &Value) -> Value {
    json!({"context": "user", "name": name, "data": data})
}

#[test]
fn each_change_of_another_is_told_once_and_in_order() {
    let home = Home::new();
    let (key, folder) = (home.key(), home.folder());
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let began = one.revision("setPersistentData", json!(["user", {"before": 1}]));
    assert_eq!(two.ok("watchPersistentData", json!({})), json!({"watching": true, "revision": began}));

    let user = one.revision("setPersistentData", json!(["user", home.object()]));
    let patched = one.revision("patchPersistentData", json!(["user", {"more": 1}]));
    let workspace = json!({"context": "workspace", "workspaceFolder": folder, "name": "n", "data": {}});
    let workspace = one.revision("setPersistentData", workspace);
    let deleted = one.revision("deletePersistentData", ["user"]);
    let change = told(&mut two);
    let handle = change["handle"].clone();
    assert_eq!(change, json!({"handle": handle, "revision": user, "context": "user", "deleted": false}));
    assert_eq!(
        told(&mut two),
        json!({"handle": handle, "revision": patched, "context": "user", "deleted": false})
    );
    let change = told(&mut two);
    assert_eq!((&change["revision"], &change["name"]), (&json!(workspace), &json!("n")));
    assert_eq!(change["workspaceFolder"], json!(folder));
    assert_eq!(
        told(&mut two),
        json!({"handle": handle, "revision": deleted, "context": "user", "deleted": true})
    );

    // Its own writes, those that change nothing, and another plugin's are not told.
    two.ok("setPersistentData", named("own", &json!({"own": 1})));
    one.ok("setPersistentData", named("own", &json!({"own": 1})));
    home.client_with(&home.key()).ok("setPersistentData", json!(["user", {}]));
    nothing_else(&mut two, &mut one);
}

#[test]
fn a_hundred_commits_of_three_processes_come_each_once() {
    let home = Home::new();
    let key = home.key();
    let mut watcher = home.client_with(&key);
    watcher.ok("watchPersistentData", json!({}));
    let writers: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let (home, key) = (&home, &key);
                scope.spawn(move || {
                    let mut client = home.client_with(key);
                    let set = |client: &mut Server, number| {
                        let name = format!("{writer}-{number}");
                        client.revision("setPersistentData", named(&name, &json!({"n": number})))
                    };
                    (0..100).map(|number| set(&mut client, number)).collect::<Vec<_>>()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let mut written: Vec<u64> = writers.into_iter().flatten().collect();
    written.sort_unstable();
    let heard: Vec<_> = written.iter().map(|_| told(&mut watcher)["revision"].as_u64().unwrap()).collect();
    assert_eq!(heard, written);
}

#[test]
fn a_returning_watcher_is_notified_of_missed_changes() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    two.ok("watchPersistentData", json!({}));
    let heard = one.revision("setPersistentData", named("a", &json!({})));
    assert_eq!(told(&mut two)["revision"], heard);
    two.shut_down();
    let missed = [1, 2, 3].map(|number| one.revision("setPersistentData", named("a", &json!({"n": number}))));
    let mut two = home.client_with(&key);
    assert_eq!(two.ok("watchPersistentData", json!({"since": heard}))["revision"], heard);
    for revision in missed {
        assert_eq!(told(&mut two)["revision"], revision);
    }
    // Asked again, it goes on from where it is.
    assert_eq!(two.ok("watchPersistentData", json!({}))["revision"], missed[2]);
    let ended = two.ok("unwatchPersistentData", json!({}));
    assert_eq!(ended, json!({"watching": false, "revision": missed[2]}));
    let quiet = one.revision("setPersistentData", named("a", &json!({"quiet": true})));
    two.ok("getPersistentData", ["user"]);
    assert_eq!(two.ok("watchPersistentData", json!({"since": missed[2]}))["revision"], missed[2]);
    assert_eq!(told(&mut two)["revision"], quiet);
    // A number that was not given yet is one of another store: everything has to be read again.
    two.ok("watchPersistentData", json!({"since": quiet + 1_000}));
    assert_eq!(told(&mut two)["resync"], true);
}

#[test]
fn a_watcher_that_falls_behind_gets_one_resync() {
    const CHANGES: u32 = 10_050;
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let since = one.revision("setPersistentData", named("a", &json!({})));
    let mut last = 0;
    for number in 0..CHANGES / 50 {
        let ids: Vec<_> = (0..50)
            .map(|part| one.begin("setPersistentData", named("a", &json!({"n": number, "part": part}))))
            .collect();
        for id in ids {
            last = one.wait(id).ok()["revision"].as_u64().unwrap();
        }
    }
    two.ok("watchPersistentData", json!({"since": since}));
    let handle = told(&mut two);
    assert_eq!((&handle["resync"], &handle["revision"]), (&json!(true), &json!(last)));
    nothing_else(&mut two, &mut one);
}

#[test]
fn a_notice_comes_after_the_answer_of_the_watch_that_asked_for_it() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let since = one.revision("setPersistentData", named("a", &json!({})));
    let missed = one.revision("setPersistentData", named("a", &json!({"n": 1})));
    // Often, since two threads could race for it.
    for _ in 0..200 {
        two.begin("watchPersistentData", json!({"since": since}));
        assert!(two.next().notice(CHANGED).is_none(), "a notice came before the answer");
        assert_eq!(told(&mut two)["revision"], missed);
    }
}

#[test]
fn a_notice_comes_after_the_answer_of_the_batch_that_asked_for_it() {
    let home = Home::new();
    let key = home.key();
    let mut one = home.client_with(&key);
    let since = one.revision("setPersistentData", named("a", &json!({})));
    let missed = one.revision("setPersistentData", named("a", &json!({"n": 1})));
    let mut two = home.client_with(&key);
    // The second one waits for a while: the batch is answered after it.
    one.ok("acquireLease", json!({"name": "l", "ttlMs": 600_000}));
    two.send_text(
        &json!([
            {"jsonrpc": "2.0", "id": "watch", "method": "watchPersistentData", "params": {"since": since}},
            {"jsonrpc": "2.0", "id": "wait", "method": "acquireLease",
             "params": {"name": "l", "ttlMs": 1_000, "waitMs": 700}},
        ])
        .to_string(),
    );
    let answers: Value = serde_json::from_str(&two.next_text()).unwrap();
    assert_eq!(answers[0]["result"]["revision"], since, "{answers}");
    assert_eq!(answers[1]["error"]["code"], 3001);
    assert_eq!(told(&mut two)["revision"], missed);
}

#[test]
fn a_shared_key_hears_of_what_it_may_read() {
    let home = Home::new();
    let mut owner = home.client_with(&home.key());
    let shared = owner.ok("shareAPIKey", json!({"scope": {"contexts": ["workspace"], "readOnly": true}}));
    let shared = shared["apiKey"].as_str().unwrap();
    home.keep_key(shared);
    let mut reader = home.client_with(shared);
    reader.ok("watchPersistentData", json!({}));
    owner.ok("setPersistentData", json!(["user", {}]));
    let folder = json!({"context": "workspace", "workspaceFolder": home.folder(), "data": {}});
    let revision = owner.revision("setPersistentData", folder);
    assert_eq!(told(&mut reader)["revision"], revision);
    owner.ok("revokeAPIKey", json!({"keyId": reader.ok("listAPIKeys", json!({}))[0]["keyId"]}));
    assert_eq!(told(&mut reader)["ended"], "apiKeyRevoked");
    assert_eq!(reader.code("getPersistentData", ["user"]), 1004);
}

#[test]
fn a_watch_ends_with_its_key() {
    let home = Home::new();
    let mut owner = home.client_with(&home.key());
    let soon = json!({"expiresAt": after(Duration::from_secs(2))});
    let shared = owner.ok("shareAPIKey", soon);
    let shared = shared["apiKey"].as_str().unwrap();
    home.keep_key(shared);
    let mut reader = home.client_with(shared);
    reader.ok("watchPersistentData", json!({}));
    // Nothing happens in the store; the clock alone ends it.
    assert_eq!(told(&mut reader)["ended"], "apiKeyExpired");
}

fn after(time: Duration) -> String {
    let then = time::OffsetDateTime::now_utc() + time;
    then.format(&time::format_description::well_known::Rfc3339).unwrap()
}

#[test]
fn each_handle_watches_for_itself() {
    let home = Home::new();
    let keys = [home.key(), home.key()];
    let mut watcher = home.client();
    let handles = keys.each_ref().map(|key| watcher.set_key(key));
    for handle in &handles {
        watcher.ok("watchPersistentData", json!({"handle": handle}));
    }
    for (key, handle) in keys.iter().zip(&handles).rev() {
        home.client_with(key).ok("setPersistentData", json!(["user", {}]));
        assert_eq!(told(&mut watcher)["handle"], json!(handle));
    }
    watcher.ok("unwatchPersistentData", json!({"handle": handles[0]}));
    home.client_with(&keys[0]).ok("setPersistentData", json!(["user", {"n": 1}]));
    home.client_with(&keys[1]).ok("setPersistentData", json!(["user", {"n": 1}]));
    assert_eq!(told(&mut watcher)["handle"], json!(handles[1]));
}

#[test]
fn moves_and_rotated_keys_are_nothing_special() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut two) = (home.client_with(&key), home.client_with(&key));
    let (from, to) = (home.folder(), home.folder());
    one.ok("setPersistentData", json!({"context": "workspace", "workspaceFolder": from, "data": {}}));
    two.ok("watchPersistentData", json!({}));
    one.ok("movePersistentData", json!({"from": from, "to": to}));
    let mut seen = [told(&mut two), told(&mut two)];
    seen.sort_by_key(|change| change["deleted"] == false);
    assert_eq!((&seen[0]["workspaceFolder"], &seen[0]["deleted"]), (&json!(from), &json!(true)));
    assert_eq!((&seen[1]["workspaceFolder"], &seen[1]["deleted"]), (&json!(to), &json!(false)));
    // The handle that rotates watches on; what others do with the new key is told.
    let rotated = two.ok("rotateAPIKey", json!({}));
    let rotated = rotated["apiKey"].as_str().unwrap();
    home.keep_key(rotated);
    let mut three = home.client_with(rotated);
    nothing_else(&mut two, &mut three);
}

#[test]
fn a_client_that_does_not_listen_loses_nothing() {
    let home = Home::new();
    let key = home.key();
    let mut one = home.client_with(&key);
    let mut deaf = home.start().deaf().run();
    let (key_set, text) = deaf.request_text("setAPIKey", &json!([key]).to_string());
    let (id, watch) = deaf.request_text("watchPersistentData", r#"{"since": 0}"#);
    let frames = [deaf.frame(&text), deaf.frame(&watch)].concat();
    deaf.send_all_in_time(frames);
    let name = "n".repeat(250);
    let mut written = Vec::new();
    // More than a pipe holds.
    for number in 0..1_000 {
        written.push(one.revision("setPersistentData", named(&name, &json!({"n": number}))));
    }
    deaf.listen();
    deaf.wait(key_set).ok();
    deaf.wait(id).ok();
    for revision in written {
        assert_eq!(told(&mut deaf)["revision"], revision);
    }
}
