//! Merge patches (RFC 7396).

use serde_json::{Value, json};

use crate::harness::Home;

#[test]
fn a_patch_merges_as_the_standard_says() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let table = [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        (r#"{"a":1}"#, r#"{"a":{"b":null,"c":[null]}}"#, r#"{"a":{"c":[null]}}"#),
        (r#"{"a":1}"#, "{}", r#"{"a":1}"#),
        (r#"{"\u0061":1}"#, r#"{"a":null}"#, "{}"),
    ];
    for (data, patch, expected) in table {
        script.exact("setPersistentData", &format!(r#"["user",{data}]"#));
        script.exact("patchPersistentData", &format!(r#"["user",{patch}]"#));
        let merged: Value = serde_json::from_str(&script.exact("getPersistentData", r#"["user"]"#)).unwrap();
        assert_eq!(merged, serde_json::from_str::<Value>(expected).unwrap(), "{data} {patch}");
    }
}

#[test]
fn a_patch_where_nothing_is_begins_with_an_empty_object() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let revision = script.revision("patchPersistentData", json!(["user", {"a": {"b": null}, "c": null}]));
    assert!(revision > 0);
    assert_eq!(script.ok("getPersistentData", ["user"]), json!({"a": {}}));
    script.ok("patchPersistentData", json!({"context": "user", "name": "empty", "patch": {}}));
    assert_eq!(script.ok("getPersistentData", json!({"context": "user", "name": "empty"})), json!({}));
}

#[test]
fn members_that_a_patch_does_not_touch_keep_their_text() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let kept =
        r#""big": 123456789012345678901234567890 ,"e":1E400,"s":"\ud800\u0041\/","o": { "z":1 , "a" : 1.0 }"#;
    script.exact("setPersistentData", &format!(r#"["user",{{{kept},"b":1}}]"#));
    script.exact("patchPersistentData", r#"["user",{"b":2E500}]"#);
    let text = script.exact("getPersistentData", r#"["user"]"#);
    for part in [
        "123456789012345678901234567890",
        "1E400",
        r#""\ud800\u0041\/""#,
        r#"{ "z":1 , "a" : 1.0 }"#,
        "2E500",
    ] {
        assert!(text.contains(part), "{text} has no {part}");
    }
}

#[test]
fn a_patch_that_changes_nothing_keeps_the_revision() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let revision = script.revision("setPersistentData", json!(["user", {"a": 1, "b": {"c": [1]}}]));
    for patch in
        [json!({}), json!({"a": 1}), json!({"b": {"c": [1]}}), json!({"d": null}), json!({"b": {"d": null}})]
    {
        let after = script.revision("patchPersistentData", json!(["user", patch]));
        assert_eq!(after, revision, "{patch}");
    }
    assert!(script.revision("patchPersistentData", json!(["user", {"a": 2}])) > revision);
}

#[test]
fn patches_are_atomic_among_processes() {
    const EACH: u64 = 40;
    let home = Home::new();
    let key = home.key();
    let mut servers: Vec<_> = (0..4).map(|_| home.script()).collect();
    for server in &mut servers {
        server.set_key(&key);
    }
    for (at, server) in servers.iter_mut().enumerate() {
        for n in 0..EACH {
            server.begin("patchPersistentData", json!(["user", {format!("s{at}n{n}"): n}]));
        }
    }
    for server in &mut servers {
        for _ in 0..EACH {
            server.next().ok();
        }
    }
    let all = servers[0].ok("getPersistentData", ["user"]);
    assert_eq!(all.as_object().unwrap().len() as u64, 4 * EACH);
}

#[test]
fn a_patch_goes_128_levels_deep_and_no_deeper() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let text = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let patch = |levels| (0..levels).fold(json!(1), |inner, _| json!({"a": inner}));
    script.ok("patchPersistentData", json!(["user", patch(128)]));
    let refused = script.refused("patchPersistentData", json!(["user", patch(129)]));
    assert_eq!(refused.parameter(), (&json!("patch"), "outOfRange"));
    let refused =
        script.refused("patchPersistentData", json!({"context": "user", "name": "n", "patch": patch(129)}));
    assert_eq!(refused.parameter(), (&json!("patch"), "outOfRange"));
    assert_eq!(script.exact("getPersistentData", r#"["user"]"#), text(128));
}

#[test]
fn what_a_patch_makes_must_be_within_the_limit() {
    let home = Home::new();
    let mut server = home.start().arguments(["--max-data-bytes", "50"]).run();
    server.initialize(&[]);
    server.set_key(&home.key());
    server.ok("setPersistentData", json!(["user", {"a": "x".repeat(30)}]));
    let refused = server.refused("patchPersistentData", json!(["user", {"b": "y".repeat(30)}]));
    assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(50)));
    server.ok("patchPersistentData", json!(["user", {"a": null, "b": "y".repeat(30)}]));
}
