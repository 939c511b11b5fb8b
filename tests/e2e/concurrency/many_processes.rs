//! Many processes that begin at the same moment.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{Home, Server};

/// Starts processes and lets them all ask the same before any answer is read.
fn all_at_once(home: &Home, count: usize, method: &str, params: &serde_json::Value) -> Vec<(Server, u64)> {
    let mut servers: Vec<_> = (0..count).map(|_| home.script()).collect();
    let ids: Vec<_> = servers.iter_mut().map(|server| server.begin(method, params.clone())).collect();
    servers.into_iter().zip(ids).collect()
}

#[test]
fn forty_processes_make_one_store() {
    let home = Home::new();
    let key = home.key();
    let mut servers = all_at_once(&home, 40, "setAPIKey", &json!([key]));
    for (server, id) in &mut servers {
        server.wait(*id).ok();
    }
    let write = |n: usize| json!({"context": "user", "name": format!("n{n}"), "data": {"n": n}});
    let writes: Vec<_> = servers
        .iter_mut()
        .enumerate()
        .map(|(n, (server, _))| server.begin("setPersistentData", write(n)))
        .collect();
    let mut revisions = BTreeSet::new();
    let mut stores = BTreeSet::new();
    for ((server, _), id) in servers.iter_mut().zip(writes) {
        let written = server.wait(id).ok();
        revisions.insert(written["revision"].as_u64().unwrap());
        stores.insert(server.ok("vault/status", json!({}))["storeId"].to_string());
    }
    assert_eq!((stores.len(), revisions.len()), (1, 40));
    assert!(home.key_file().is_file());
    drop(servers);
    let mut script = home.script_with(&key);
    for n in 0..40 {
        let params = json!({"context": "user", "name": format!("n{n}")});
        assert_eq!(script.ok("getPersistentData", params), json!({"n": n}));
    }
    let left: Vec<_> = std::fs::read_dir(home.data())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("new-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn twenty_processes_that_ask_for_the_same_installation_get_one_key() {
    let home = Home::new();
    let pair = json!({"plugin": home.word(), "installation": home.word()});
    let mut servers = all_at_once(&home, 20, "issueAPIKey", &pair);
    let mut keys = BTreeSet::new();
    let mut created = 0;
    for (server, id) in &mut servers {
        let issued = server.wait(*id).ok();
        let key = issued["apiKey"].as_str().unwrap().to_owned();
        home.keep_key(&key);
        keys.insert(key);
        created += u32::from(issued["created"] == true);
    }
    assert_eq!((keys.len(), created), (1, 1));
}

#[test]
fn requests_in_flight_for_the_same_installation_get_one_key() {
    let home = Home::new();
    let pair = json!({"plugin": home.word(), "installation": home.word()});
    let mut script = home.script();
    let ids: Vec<_> = (0..20).map(|_| script.begin("issueAPIKey", pair.clone())).collect();
    let mut keys = BTreeSet::new();
    let mut created = 0;
    for id in ids {
        let issued = script.wait(id).ok();
        let key = issued["apiKey"].as_str().unwrap().to_owned();
        home.keep_key(&key);
        keys.insert(key);
        created += u32::from(issued["created"] == true);
    }
    assert_eq!((keys.len(), created), (1, 1));
}
