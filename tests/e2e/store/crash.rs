//! A process that is killed loses nothing that it has answered, and stops no other process.

use serde_json::json;

use crate::harness::Home;

#[test]
fn every_write_that_was_answered_is_there_after_kill_9() {
    for answered_before in [1, 60, 150] {
        let home = Home::new();
        let key = home.key();
        let mut script = home.script_with(&key);
        for n in 0..200 {
            let params = json!({"context": "user", "name": format!("n{n}"), "data": {"n": n}});
            script.begin("setPersistentData", params);
        }
        let mut answered = Vec::new();
        for _ in 0..answered_before {
            let answer = script.next();
            answered.push(answer.ok()["revision"].as_u64().unwrap());
        }
        script.kill();
        let end = script.wait_for_end();
        assert_eq!(end.signal, cfg!(unix).then_some(9));
        while let Some(answer) = script.last_words() {
            answered.push(answer.ok()["revision"].as_u64().unwrap());
        }
        let mut script = home.script_with(&key);
        let mut last = 0;
        for n in 0..200 {
            let record =
                script.ok("getPersistentRecord", json!({"context": "user", "name": format!("n{n}")}));
            match answered.get(n) {
                Some(revision) => {
                    assert_eq!((&record["data"], &record["revision"]), (&json!({"n": n}), &json!(revision)));
                }
                // No answer says whether it was committed. But half of it is never there.
                None => assert!(record.is_null() || record["data"] == json!({"n": n})),
            }
            last = last.max(record["revision"].as_u64().unwrap_or(0));
        }
        assert!(script.revision("setPersistentData", json!(["user", {}])) > last);
    }
}

#[test]
fn processes_that_are_killed_stop_no_other() {
    let home = Home::new();
    let key = home.key();
    let mut survivor = home.script_with(&key);
    for round in 0..5 {
        let mut victim = home.script_with(&key);
        for n in 0..100 {
            victim.begin("setPersistentData", json!(["user", {"round": round, "n": n}]));
        }
        victim.next().ok();
        victim.kill();
        let write = json!({"context": "user", "name": "survivor", "data": {"round": round}});
        survivor.ok("setPersistentData", write);
        let there = survivor.ok("getPersistentData", json!({"context": "user", "name": "survivor"}));
        assert_eq!(there, json!({"round": round}));
        victim.wait_for_end();
        victim.forget_answers();
    }
}

#[test]
fn a_process_that_is_killed_while_it_makes_the_store_leaves_a_place_for_it() {
    let home = Home::new();
    let key = home.key();
    let mut whole = false;
    for _ in 0..20 {
        let mut victim = home.script();
        victim.begin("setAPIKey", [key.as_str()]);
        // There, or not yet there, or half made.
        while !whole && !home.data().exists() {
            std::thread::yield_now();
        }
        victim.kill();
        victim.wait_for_end();
        victim.forget_answers();
        whole |= home.data().join("data.mdb").exists();
    }
    let mut script = home.script_with(&key);
    script.ok("setPersistentData", json!(["user", {}]));
    assert_eq!(script.ok("getPersistentData", ["user"]), json!({}));
}
