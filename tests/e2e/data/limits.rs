//! Limits: what is just within them is taken, what is just over them is refused.

use serde_json::{Value, json};

use crate::harness::{Home, Server};

fn limited(home: &Home, flag: &str, limit: u64) -> Server {
    let mut server = home.start().argument(format!("{flag}={limit}")).run();
    server.initialize(&[]);
    server.set_key(&home.key());
    server
}

#[test]
fn data_may_be_as_long_as_the_limit() {
    let home = Home::new();
    let mut server = limited(&home, "--max-data-bytes", 100);
    let object = |bytes: usize| json!({"x": "y".repeat(bytes - 8)});
    server.ok("setPersistentData", json!(["user", object(100)]));
    let refused = server.refused("setPersistentData", json!(["user", object(101)]));
    assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(100)));
    assert_eq!(server.ok("getPersistentData", ["user"]), object(100));
    // Blanks at the ends are not stored, and not counted.
    server.exact("setPersistentData", &format!(r#"["user",   {}   ]"#, object(100)));
}

#[test]
fn data_over_the_usual_limit_is_refused_and_the_longest_is_taken() {
    const LIMIT: usize = 8 * 1024 * 1024;
    let home = Home::new();
    let mut script = home.script_with_key();
    let refused = script.refused("setPersistentData", json!(["user", {"x": "y".repeat(LIMIT - 7)}]));
    assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(LIMIT)));
    let longest = format!(r#"{{"x":"{}"}}"#, "y".repeat(LIMIT - 8));
    script.exact("setPersistentData", &format!(r#"["user",{longest}]"#));
    assert!(script.exact("getPersistentData", r#"["user"]"#) == longest);
}

#[test]
fn a_plugin_has_no_more_records_than_the_limit() {
    let home = Home::new();
    let mut server = limited(&home, "--max-records", 3);
    let set = |name: &str| json!({"context": "user", "name": name, "data": {"n": name}});
    for name in ["a", "b", "c"] {
        server.ok("setPersistentData", set(name));
    }
    let folder = home.folder();
    for (method, params) in [
        ("setPersistentData", set("d")),
        ("setPersistentData", json!(["user", {}])),
        ("patchPersistentData", json!(["user", {}])),
        ("setPersistentData", json!({"context": "workspace", "workspaceFolder": folder, "data": {}})),
    ] {
        let refused = server.refused(method, params);
        assert_eq!((refused.code, &refused.data["limit"]), (2002, &json!(3)));
    }
    server.ok("setPersistentData", json!({"context": "user", "name": "c", "data": {"n": 2}}));
    server.ok("deletePersistentData", json!({"context": "user", "name": "a"}));
    server.ok("setPersistentData", set("d"));
    // Another plugin has room of its own.
    let handle = server.set_key(&home.key());
    server.ok("setPersistentData", json!({"context": "user", "data": {}, "handle": handle}));
}

#[test]
fn the_limit_of_records_holds_inside_one_commit_too() {
    let home = Home::new();
    let mut server = limited(&home, "--max-records", 10);
    let writes: Vec<_> = (0..30)
        .map(|n| {
            let params = json!({"context": "user", "name": format!("n{n}"), "data": {}});
            server.begin("setPersistentData", params)
        })
        .collect();
    let outcomes: Vec<_> = writes.into_iter().map(|id| server.wait(id).outcome().is_ok()).collect();
    assert_eq!(outcomes.iter().filter(|written| **written).count(), 10);
    assert_eq!(server.ok("vault/status", Value::Null)["records"], 10);
}

#[test]
fn names_have_1_to_256_bytes() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let names =
        ["n", " ", "\0", "\u{7f}/..\\", &"n".repeat(256), &"\u{e9}".repeat(128), &"\u{1f600}".repeat(64)];
    for name in names {
        script.ok("setPersistentData", json!({"context": "user", "name": name, "data": {"name": name}}));
    }
    for name in names {
        let got = script.ok("getPersistentData", json!({"context": "user", "name": name}));
        assert_eq!(got["name"], name);
    }
    for name in [String::new(), "n".repeat(257), "\u{e9}".repeat(129), format!("n{}", "\u{1f600}".repeat(64))]
    {
        let refused = script.refused("getPersistentData", json!({"context": "user", "name": name}));
        assert_eq!(refused.parameter(), (&json!("name"), "outOfRange"));
    }
}

#[test]
fn a_full_store_refuses_writes_and_still_reads_and_deletes() {
    let home = Home::new();
    let mut server = limited(&home, "--max-store-bytes", 2 * 1024 * 1024);
    let set =
        |n: usize| json!({"context": "user", "name": format!("n{n}"), "data": {"x": "y".repeat(200_000)}});
    let full =
        (0..20).find_map(|n| server.call("setPersistentData", set(n)).err().map(|refused| (n, refused)));
    let (count, refused) = full.expect("the store is full at some time");
    assert_eq!(refused.why(), (5001, "limit"));
    assert!(count > 2);
    for n in 0..count {
        let got = server.ok("getPersistentData", json!({"context": "user", "name": format!("n{n}")}));
        assert_eq!(got["x"].as_str().unwrap().len(), 200_000);
    }
    for n in 0..count {
        server.ok("deletePersistentData", json!({"context": "user", "name": format!("n{n}")}));
    }
    server.ok("setPersistentData", set(0));
}
