//! Listing keys: never a key itself.

use serde_json::json;

use crate::harness::Home;

#[test]
fn a_list_has_the_owner_and_says_which_key_asks() {
    let home = Home::new();
    let (plugin, installation, label) = (home.word(), home.word(), home.word());
    let mut script = home.script();
    let params = json!({
        "plugin": plugin,
        "installation": installation,
        "label": label,
        "expiresAt": "2100-01-01T00:00:00Z",
    });
    let issued = script.ok("issueAPIKey", params);
    script.set_key(issued["apiKey"].as_str().unwrap());
    let expected = json!([{
        "keyId": issued["keyId"],
        "plugin": plugin,
        "installation": installation,
        "label": label,
        "issuedAt": issued["issuedAt"],
        "expiresAt": "2100-01-01T00:00:00.000Z",
        "owner": true,
        "current": true,
    }]);
    assert_eq!(script.ok("listAPIKeys", json!({})), expected);
}

#[test]
fn a_list_has_only_keys_of_the_callers_namespace() {
    let home = Home::new();
    let mut script = home.script();
    script.ok("issueAPIKey", [home.word()]);
    script.set_key(&home.key());
    assert_eq!(script.ok("listAPIKeys", json!({})), json!([]));
    script.ok("setPersistentData", json!(["user", {}]));
    let list = script.ok("listAPIKeys", json!({}));
    assert_eq!(list.as_array().unwrap().len(), 1);
    let members: Vec<_> = list[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["current", "keyId", "owner"]);
}

#[test]
fn each_handle_lists_its_own() {
    let home = Home::new();
    let mut client = home.client();
    let issued = [client.ok("issueAPIKey", [home.word()]), client.ok("issueAPIKey", [home.word()])];
    let handles = issued.each_ref().map(|issued| client.set_key(issued["apiKey"].as_str().unwrap()));
    for (issued, handle) in issued.iter().zip(handles) {
        let list = client.ok("listAPIKeys", json!({"handle": handle}));
        assert_eq!(list[0]["keyId"], issued["keyId"]);
        assert_eq!(list.as_array().unwrap().len(), 1);
    }
    assert_eq!(client.code("listAPIKeys", json!({})), 1001);
}
