//! The header: stores of later versions, and of builds whose lock file has another shape.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Home;

fn home_with_record(home: &Home, key: &str, object: &Value) -> String {
    let mut client = home.client_with(key);
    client.ok("setPersistentData", json!(["user", object]));
    fs::read_to_string(home.data().join("header")).unwrap()
}

#[test]
fn a_store_of_a_later_version_is_refused_and_left_alone() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let header = home_with_record(&home, &key, &object);
    assert!(header.starts_with("plugin-vault 1 "), "{header}");
    let path = home.data().join("header");
    let data = fs::read(home.data().join("data.mdb")).unwrap();
    for later in [header.replacen(" 1 ", " 2 ", 1), "plugin-vault 17 and then something else\n".to_owned()] {
        fs::write(&path, &later).unwrap();
        let mut client = home.client();
        for (method, params) in
            [("setAPIKey", json!([key])), ("issueAPIKey", json!(["p"])), ("vault/status", Value::Null)]
        {
            assert_eq!(client.code(method, params), 5003, "{method}");
        }
        drop(client);
        assert_eq!(fs::read_to_string(&path).unwrap(), later);
        assert_eq!(fs::read(home.data().join("data.mdb")).unwrap(), data);
    }
    fs::write(&path, header).unwrap();
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_store_of_a_build_with_other_locks_is_refused_only_while_a_process_has_it_open() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let header = home_with_record(&home, &key, &object);
    let path = home.data().join("header");
    let mut words: Vec<_> = header.split_ascii_whitespace().collect();
    words[3] = "pthread-plan9-24";
    let foreign = words.join(" ") + "\n";

    let first = home.client_with(&key);
    fs::write(&path, &foreign).unwrap();
    let mut second = home.start().usual_log().run();
    second.initialize(&[]);
    let refused = second.refused("setAPIKey", [key.as_str()]);
    assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("platform")));
    assert_eq!(fs::read_to_string(&path).unwrap(), foreign);
    drop(first);
    second.set_key(&key);
    assert_eq!(second.ok("getPersistentData", ["user"]), object);
    assert_eq!(fs::read_to_string(&path).unwrap(), header);
    let mut third = home.client_with(&key);
    assert_eq!(third.ok("getPersistentData", ["user"]), object);
    let stderr = second.shut_down().stderr;
    assert!(stderr.contains("whose locks differ, has the store open; end that one first"), "{stderr}");
}

#[test]
fn a_header_that_is_damaged_is_made_out_from_the_store() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let header = home_with_record(&home, &key, &object);
    let path = home.data().join("header");
    for wrong in [&b""[..], b"plugin-vault", b"plugin-vault one\n", b"\xFF\xFE", b"plugin-vault 1 0 x 4096"] {
        fs::write(&path, wrong).unwrap();
        let mut client = home.client_with(&key);
        assert_eq!(client.ok("getPersistentRecord", ["user"])["data"], object);
        assert_eq!(fs::read_to_string(&path).unwrap(), header);
    }
    fs::remove_file(&path).unwrap();
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    assert_eq!(client.ok("vault/status", serde_json::Value::Null)["repaired"], serde_json::Value::Null);
}

#[test]
fn a_header_of_another_store_does_not_start_a_repair() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let header = home_with_record(&home, &key, &object);
    let path = home.data().join("header");
    let other_store = header.replacen(header.split(' ').nth(2).unwrap(), &"0".repeat(32), 1);
    fs::write(&path, &other_store).unwrap();
    assert_eq!(home.client().code("setAPIKey", [key.as_str()]), 4003);
    assert_eq!(fs::read_to_string(&path).unwrap(), other_store);
    fs::write(&path, header).unwrap();
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
}

#[test]
fn only_what_differs_in_the_lock_file_is_recorded_of_a_build() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let header = home_with_record(&home, &key, &object);
    let words: Vec<_> = header.split_ascii_whitespace().collect();
    let [magic, format, store, shape, page_size] = words[..] else { panic!("{header}") };
    assert_eq!((magic, format, store.len()), ("plugin-vault", "1", 32));
    assert!(page_size.parse::<usize>().unwrap().is_power_of_two());
    for of_a_build in [std::env::consts::ARCH, "static", "lmdb", env!("CARGO_PKG_VERSION")] {
        assert!(!shape.contains(of_a_build), "{shape}");
    }
}
