//! Revisions: strictly increasing over the whole store, and what `ifRevision` makes of them.

use serde_json::{Value, json};

use crate::harness::Home;

#[test]
fn if_revision_0_writes_only_where_nothing_is() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let set = |data: Value, revision: u64| json!({"context": "user", "data": data, "ifRevision": revision});
    let refused = script.refused("setPersistentData", set(json!({}), 1));
    assert_eq!((refused.code, &refused.data["revision"]), (2001, &json!(0)));
    let revision = script.revision("setPersistentData", set(json!({"a": 1}), 0));
    let refused = script.refused("setPersistentData", set(json!({"a": 2}), 0));
    assert_eq!((refused.code, &refused.data["revision"]), (2001, &json!(revision)));
    assert_eq!(script.ok("getPersistentData", ["user"]), json!({"a": 1}));
}

#[test]
fn a_write_with_an_old_revision_is_refused_with_the_current_one() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let first = script.revision("setPersistentData", json!(["user", {"a": 1}]));
    let second = script.revision("setPersistentData", json!(["user", {"a": 2}]));
    for (method, mut params) in [
        ("setPersistentData", json!({"data": {"a": 3}})),
        ("patchPersistentData", json!({"patch": {"a": 3}})),
        ("deletePersistentData", json!({})),
    ] {
        params["context"] = "user".into();
        params["ifRevision"] = first.into();
        let refused = script.refused(method, params);
        assert_eq!((refused.code, &refused.data["revision"]), (2001, &json!(second)), "{method}");
    }
    let params = json!({"context": "user", "patch": {"b": 3}, "ifRevision": second});
    let third = script.revision("patchPersistentData", params);
    assert_eq!(script.ok("getPersistentData", ["user"]), json!({"a": 2, "b": 3}));
    let params = json!({"context": "user", "ifRevision": third});
    assert_eq!(script.ok("deletePersistentData", params.clone())["deleted"], true);
    let refused = script.refused("deletePersistentData", params);
    assert_eq!((refused.code, &refused.data["revision"]), (2001, &json!(0)));
    script.ok("deletePersistentData", json!({"context": "user", "ifRevision": 0}));
}

#[test]
fn of_two_writers_with_one_revision_one_wins() {
    let home = Home::new();
    let key = home.key();
    let mut servers = [home.script(), home.script()];
    for server in &mut servers {
        server.set_key(&key);
    }
    let mut revision = 0;
    for n in 0..20 {
        let ids: Vec<_> = servers
            .iter_mut()
            .enumerate()
            .map(|(at, server)| {
                let params = json!({"context": "user", "data": {"n": n, "by": at}, "ifRevision": revision});
                server.begin("setPersistentData", params)
            })
            .collect();
        let outcomes: Vec<_> =
            servers.iter_mut().zip(ids).map(|(server, id)| server.wait(id).outcome()).collect();
        let won: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        let lost: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!((won.len(), lost.len()), (1, 1));
        revision = won[0]["revision"].as_u64().unwrap();
        assert_eq!((lost[0].code, &lost[0].data["revision"]), (2001, &json!(revision)));
    }
}

#[test]
fn the_same_text_keeps_its_revision() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let first = script.exact("setPersistentData", r#"["user",{"a":1,"b":2}]"#);
    let before = script.ok("getPersistentRecord", ["user"]);
    assert_eq!(script.exact("setPersistentData", r#"["user", {"a":1,"b":2} ]"#), first);
    assert_eq!(script.ok("getPersistentRecord", ["user"]), before);
    // Another text, though it means the same, is another.
    assert_ne!(script.exact("setPersistentData", r#"["user",{"b":2,"a":1}]"#), first);
    assert_eq!(script.exact("getPersistentData", r#"["user"]"#), r#"{"b":2,"a":1}"#);
}

#[test]
fn the_same_text_is_checked_against_its_revision_too() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let revision = script.revision("setPersistentData", json!(["user", {}]));
    let params = json!({"context": "user", "data": {}, "ifRevision": revision + 1});
    assert_eq!(script.code("setPersistentData", params), 2001);
    let params = json!({"context": "user", "data": {}, "ifRevision": revision});
    assert_eq!(script.revision("setPersistentData", params), revision);
}

#[test]
fn revisions_grow_over_namespaces_contexts_and_restarts() {
    let home = Home::new();
    let keys = [home.key(), home.key()];
    let folder = home.folder();
    let mut last = 0;
    for round in 0..3 {
        let mut client = home.client_in(&[&folder]);
        let handles = keys.clone().map(|key| client.set_key(&key));
        for handle in &handles {
            for context in ["user", "workspace"] {
                let params = json!({"context": context, "data": {"round": round}, "handle": handle});
                let revision = client.revision("setPersistentData", params);
                assert!(revision > last);
                last = revision;
            }
        }
        let params = json!({"context": "user", "handle": handles[0]});
        let revision = client.revision("deletePersistentData", params);
        assert!(revision > last);
        last = revision;
    }
}

#[test]
fn the_revision_in_a_record_is_that_of_its_write() {
    let home = Home::new();
    let mut script = home.script_with_key();
    for n in 0..5 {
        let revision = script.revision("setPersistentData", json!(["user", {"n": n}]));
        script.ok("setPersistentData", json!({"context": "user", "name": "other", "data": {"n": n}}));
        assert_eq!(script.ok("getPersistentRecord", ["user"])["revision"], revision);
    }
}
