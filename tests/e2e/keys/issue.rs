//! Issuing keys.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Home;

#[test]
fn an_issued_key_has_the_shape_of_a_key_and_a_namespace_of_its_own() {
    let home = Home::new();
    let plugin = home.word();
    let mut script = home.script();
    let issued = script.ok("issueAPIKey", [plugin.as_str()]);
    let key = issued["apiKey"].as_str().unwrap();
    assert!(key.len() == 40 && key.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
    let members: Vec<_> = issued.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["apiKey", "created", "issuedAt", "keyId", "owner", "plugin"]);
    assert_eq!(
        (&issued["created"], &issued["owner"], &issued["plugin"]),
        (&json!(true), &json!(true), &json!(plugin))
    );
    // Issuing does not set.
    assert_eq!(script.code("getPersistentData", ["user"]), 1001);
    let set = script.ok("setAPIKey", json!({"apiKey": key, "mustExist": true}));
    assert_eq!((&set["known"], &set["keyId"]), (&json!(true), &issued["keyId"]));
    script.ok("setPersistentData", json!(["user", home.object()]));
}

#[test]
fn without_an_installation_each_key_is_a_new_one() {
    let home = Home::new();
    let plugin = home.word();
    let mut script = home.script();
    let keys: BTreeSet<_> =
        (0..10).map(|_| script.ok("issueAPIKey", [plugin.as_str()])["apiKey"].to_string()).collect();
    assert_eq!(keys.len(), 10);
}

#[test]
fn the_same_pair_has_the_same_key_in_every_process() {
    let home = Home::new();
    let (plugin, installation, label) = (home.word(), home.word(), home.word());
    let pair = json!({"plugin": plugin, "installation": installation, "label": label});
    let first = home.script().ok("issueAPIKey", pair.clone());
    assert_eq!((&first["created"], &first["installation"]), (&json!(true), &json!(installation)));
    let mut script = home.script();
    let mut again = script.ok("issueAPIKey", pair);
    assert_eq!(again["created"], false);
    again["created"] = true.into();
    assert_eq!(again, first);
    // What is asked for besides changes nothing of a key that is there.
    let other = json!({"plugin": plugin, "installation": installation, "label": "new", "expiresAt": "2001-01-01T00:00:00Z"});
    let mut other = script.ok("issueAPIKey", other);
    other["created"] = true.into();
    assert_eq!(other, first);
}

#[test]
fn another_pair_has_another_key() {
    let home = Home::new();
    let (one, other) = (home.word(), home.word());
    let mut script = home.script();
    let pairs = [
        json!({"plugin": one, "installation": one}),
        json!({"plugin": one, "installation": other}),
        json!({"plugin": other, "installation": one}),
        json!({"plugin": format!("{one}."), "installation": one}),
        json!({"plugin": one}),
        json!({"plugin": one.to_ascii_uppercase(), "installation": one}),
    ];
    let keys: BTreeSet<_> = pairs
        .into_iter()
        .map(|pair| {
            let issued = script.ok("issueAPIKey", pair);
            assert_eq!(issued["created"], true);
            issued["apiKey"].to_string()
        })
        .collect();
    assert_eq!(keys.len(), 6);
}

#[test]
fn issuing_needs_no_key_and_leaves_the_connections_key_alone() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let object = home.object();
    script.ok("setPersistentData", json!(["user", object]));
    script.ok("issueAPIKey", [home.word()]);
    assert_eq!(script.ok("getPersistentData", ["user"]), object);
}

#[test]
fn an_expired_key_is_refused_and_its_data_stays() {
    let home = Home::new();
    let mut script = home.script();
    let issued =
        script.ok("issueAPIKey", json!({"plugin": home.word(), "expiresAt": "2001-01-01T00:00:00Z"}));
    assert_eq!(issued["expiresAt"], "2001-01-01T00:00:00.000Z");
    for must_exist in [false, true] {
        let params = json!({"apiKey": issued["apiKey"], "mustExist": must_exist});
        assert_eq!(script.code("setAPIKey", params), 1005);
    }
    assert_eq!(script.code("getPersistentData", ["user"]), 1001);
}

#[test]
fn a_key_that_expires_while_it_is_set_is_refused_from_then_on() {
    use std::time::{Duration, Instant};
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    let home = Home::new();
    let mut script = home.script();
    let end = OffsetDateTime::now_utc() + Duration::from_secs(2);
    let params = json!({"plugin": home.word(), "expiresAt": end.format(&Rfc3339).unwrap()});
    let key = script.ok("issueAPIKey", params)["apiKey"].clone();
    let set = json!({"apiKey": key});
    if let Err(refused) = script.call("setAPIKey", set.clone()) {
        // A very slow machine.
        assert_eq!(refused.code, 1005);
        return;
    }
    let began = Instant::now();
    let refused = loop {
        match script.call("getPersistentData", ["user"]) {
            Ok(got) => assert_eq!(got, Value::Null),
            Err(refused) => break refused,
        }
        assert!(began.elapsed() < crate::harness::DEADLINE);
    };
    assert_eq!(refused.code, 1005);
    assert!(OffsetDateTime::now_utc() + Duration::from_millis(1) >= end, "it has expired too early");
    for (method, params) in [
        ("setPersistentData", json!(["user", {}])),
        ("listPersistentData", json!({})),
        ("listAPIKeys", json!({})),
        ("setAPIKey", set),
    ] {
        assert_eq!(script.code(method, params), 1005, "{method}");
    }
}
