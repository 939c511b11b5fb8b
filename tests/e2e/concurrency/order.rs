//! The order on one connection: a read sees the writes before it, and writes commit in the order they came.

use serde_json::json;

use crate::harness::{Framing, Home};

#[test]
fn a_read_sees_the_write_before_it_and_none_behind_it_however_fast_they_come() {
    for framing in [Framing::Headers, Framing::Lines] {
        let home = Home::new();
        let mut server = home.start().framing(framing).run();
        server.set_key(&home.key());
        let mut bytes = Vec::new();
        let mut pairs = Vec::new();
        for n in 0..500 {
            let (write, text) =
                server.request_text("setPersistentData", &json!(["user", {"n": n}]).to_string());
            bytes.extend(server.frame(&text));
            let (read, text) = server.request_text("getPersistentData", r#"["user"]"#);
            bytes.extend(server.frame(&text));
            pairs.push((n, write, read));
        }
        server.send_raw(&bytes);
        let mut last = 0;
        for (n, write, read) in pairs {
            let revision = server.wait(write).ok()["revision"].as_u64().unwrap();
            assert!(revision > last);
            last = revision;
            assert_eq!(server.wait(read).ok(), json!({"n": n}));
        }
        assert_eq!(server.ok("getPersistentData", ["user"]), json!({"n": 499}));
    }
}

#[test]
fn writes_in_flight_get_revisions_of_their_own_in_the_order_they_came() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let writes: Vec<_> = (0..200)
        .map(|n| {
            let params = json!({"context": "user", "name": format!("n{}", n % 7), "data": {"n": n}});
            script.begin("setPersistentData", params)
        })
        .collect();
    let revisions: Vec<_> =
        writes.into_iter().map(|id| script.wait(id).ok()["revision"].as_u64().unwrap()).collect();
    assert!(revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
    for name in 0..7 {
        let last = (0..200).rev().find(|n| n % 7 == name).unwrap();
        let record = script.ok("getPersistentRecord", json!({"context": "user", "name": format!("n{name}")}));
        assert_eq!(record["data"], json!({"n": last}));
        assert_eq!(record["revision"], revisions[last]);
    }
}

#[test]
fn a_refused_write_harms_none_of_those_that_are_committed_with_it() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let writes: Vec<_> = (0..100)
        .map(|n| {
            let mut params = json!({"context": "user", "name": format!("n{n}"), "data": {"n": n}});
            if n % 3 == 0 {
                params["ifRevision"] = 9_999_999.into();
            }
            script.begin("setPersistentData", params)
        })
        .collect();
    for (n, id) in writes.into_iter().enumerate() {
        match script.wait(id).outcome() {
            Ok(_) => assert_ne!(n % 3, 0),
            Err(refused) => {
                assert_eq!((n % 3, refused.code, &refused.data["revision"]), (0, 2001, &json!(0)));
            }
        }
    }
    assert_eq!(script.ok("listPersistentData", json!({})).as_array().unwrap().len(), 66);
}

#[test]
fn a_write_depends_on_those_before_it_in_the_same_commit() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let mut ids = Vec::new();
    for n in 0..50 {
        ids.push(script.begin("patchPersistentData", json!(["user", {format!("m{n}"): n, "last": n}])));
        if n % 10 == 9 {
            ids.push(script.begin("deletePersistentData", ["user"]));
        }
    }
    ids.push(script.begin("patchPersistentData", json!(["user", {"end": true}])));
    for id in ids {
        script.wait(id).ok();
    }
    assert_eq!(script.ok("getPersistentData", ["user"]), json!({"end": true}));
}

#[test]
fn what_one_process_was_answered_every_other_sees() {
    let home = Home::new();
    let key = home.key();
    let mut servers: Vec<_> = (0..3).map(|_| home.script()).collect();
    for server in &mut servers {
        server.set_key(&key);
    }
    for n in 0..150 {
        let writer = n % servers.len();
        let revision = servers[writer].revision("setPersistentData", json!(["user", {"n": n}]));
        for server in &mut servers {
            let record = server.ok("getPersistentRecord", ["user"]);
            assert_eq!((&record["data"]["n"], &record["revision"]), (&json!(n), &json!(revision)));
        }
    }
}
