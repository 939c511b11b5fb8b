//! Listing: what is there, and never what is in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Home, Server};

fn listed(server: &mut Server, params: Value) -> BTreeSet<String> {
    let list = server.ok("listPersistentData", params);
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |name: &str| entry.get(name).map_or("-", |value| value.as_str().unwrap());
            format!("{} {} {}", text("context"), text("workspaceFolder"), text("name"))
        })
        .collect()
}

#[test]
fn a_list_has_what_was_asked_for() {
    let home = Home::new();
    let (one, other, name) = (home.folder(), home.folder(), home.word());
    let mut client = home.client_in(&[&one]);
    client.set_key(&home.key());
    assert_eq!(client.ok("listPersistentData", json!({})), json!([]));
    for address in [
        json!({"context": "user"}),
        json!({"context": "user", "name": name}),
        json!({"context": "workspace"}),
        json!({"context": "workspace", "workspaceFolder": other, "name": name}),
    ] {
        let mut params = address;
        params["data"] = home.object();
        client.ok("setPersistentData", params);
    }
    let user = [format!("user - {name}"), "user - -".to_owned()];
    let (first, second) = (format!("workspace {one} -"), format!("workspace {other} {name}"));
    let set = |entries: &[&String]| entries.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let all = set(&[&user[0], &user[1], &first, &second]);
    assert_eq!(listed(&mut client, json!({})), all);
    assert_eq!(listed(&mut client, json!({"context": "user"})), set(&[&user[0], &user[1]]));
    assert_eq!(listed(&mut client, json!({"context": "workspace"})), set(&[&first, &second]));
    let folder = json!({"context": "workspace", "workspaceFolder": other});
    assert_eq!(listed(&mut client, folder), set(&[&second]));
    assert_eq!(listed(&mut client, json!({"workspaceFolder": format!("{one}/")})), set(&[&first]));
    let none = json!({"context": "workspace", "workspaceFolder": home.folder()});
    assert_eq!(listed(&mut client, none), set(&[]));
    assert_eq!(client.code("listPersistentData", json!({"workspaceFolder": "no/uri"})), 2004);
}

#[test]
fn an_entry_says_the_same_as_the_record() {
    let home = Home::new();
    let name = home.word();
    let mut script = home.script_with_key();
    let data = r#"{ "a" : "é" }"#;
    let params = format!(
        r#"{{"context":"user","name":"{name}","data":{data},"expiresAt":"2100-01-01T01:00:00+01:00"}}"#
    );
    script.exact("setPersistentData", &params);
    let record = script.ok("getPersistentRecord", json!({"context": "user", "name": name}));
    let list = script.ok("listPersistentData", json!({}));
    let expected = json!({
        "context": "user",
        "name": name,
        "revision": record["revision"],
        "createdAt": record["createdAt"],
        "updatedAt": record["updatedAt"],
        "expiresAt": "2100-01-01T00:00:00.000Z",
        "bytes": data.len(),
    });
    assert_eq!(list, json!([expected]));
    assert_eq!(record["expiresAt"], expected["expiresAt"]);
}
