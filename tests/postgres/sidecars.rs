//! Sidecars of two machines that share a store: what one writes, the other reads; and what each does without the server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cable::Cable;
use crate::harness::{Home, Server as Sidecar};
use crate::machines::{Shared, URL_WITHOUT_SERVER, edit_credentials, joined};

/// Two machines of one store, and an API key that clients of both use.
struct Machines {
    shared: Shared,
    other: Home,
    key: String,
}

impl Machines {
    fn new() -> Self {
        let shared = Shared::pushed();
        let (other, _) = joined(&shared, &["--machine", "desk"]);
        let key = shared.first.key();
        other.keep_key(&key);
        Self { shared, other, key }
    }

    fn sidecars(&self) -> (Sidecar, Sidecar) {
        (self.shared.first.client_with(&self.key), self.other.client_with(&self.key))
    }
}

fn read(client: &mut Sidecar) -> Value {
    client.ok("getPersistentData", json!({"context": "user", "fresh": true}))
}

fn write(data: &Value) -> Value {
    json!({"context": "user", "data": data})
}

#[test]
fn what_one_machine_writes_the_other_reads_and_conflicts_are_seen() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    let (first, second) = (machines.shared.first.object(), machines.other.object());
    let revision = one.revision("setPersistentData", write(&first));
    assert_eq!(read(&mut other), first);
    // A write decides from the newest state, also where the replica is behind.
    other.ok("setPersistentData", json!({"context": "user", "data": second, "ifRevision": revision}));
    let conflict =
        one.refused("setPersistentData", json!({"context": "user", "data": {}, "ifRevision": revision}));
    assert_eq!((conflict.code, conflict.data["revision"].as_u64()), (2001, Some(revision + 1)));
    assert_eq!(read(&mut one), second);
    for client in [&mut one, &mut other] {
        let remote = &client.ok("vault/status", json!({}))["remote"];
        assert_eq!(remote["state"], "current");
        assert!(remote["asOf"].is_string(), "{remote}");
    }
}

#[test]
fn each_of_many_changes_of_one_record_by_two_machines_is_there() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    one.ok("setPersistentData", write(&json!({})));
    let change = |name: String| json!({"context": "user", "patch": {name: 1}});
    let mut asked = Vec::new();
    for number in 0..40 {
        asked.push((
            one.begin("patchPersistentData", change(format!("a{number}"))),
            other.begin("patchPersistentData", change(format!("b{number}"))),
        ));
    }
    for (first, second) in asked {
        one.answer(first).unwrap();
        other.answer(second).unwrap();
    }
    for client in [&mut one, &mut other] {
        assert_eq!(read(client).as_object().unwrap().len(), 80);
    }
}

#[test]
fn without_the_server_reads_go_on_and_writes_are_refused_until_it_is_back() {
    let machines = Machines::new();
    let cable = Cable::to(machines.shared.server().port());
    edit_credentials(
        &machines.other,
        &format!("postgres://app@127.0.0.1:{}/{}", cable.port, machines.shared.database),
    );
    let (mut one, mut other) = machines.sidecars();
    let object = machines.other.object();
    other.ok("setPersistentData", write(&object));
    cable.cut();
    let refused = other.refused("setPersistentData", write(&json!({})));
    assert_eq!(
        (refused.code, &refused.data["kind"], &refused.data["retryable"]),
        (5007, &json!("storeUnreachable"), &json!(true))
    );
    assert_eq!(other.ok("getPersistentData", json!(["user"])), object);
    assert_eq!(other.code("getPersistentData", json!({"context": "user", "fresh": true})), 5007);
    assert_eq!(other.code("acquireLease", json!({"name": "refresh", "ttlMs": 1_000})), 5007);
    assert_eq!(other.notice("vault/didChangeStatus")["remote"]["state"], "offline");
    assert_eq!(other.ok("vault/status", json!({}))["remote"]["state"], "offline");
    // At once, as long as the last attempt is not old.
    let begun = Instant::now();
    assert_eq!(other.code("setPersistentData", write(&json!({}))), 5007);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    // The other machine goes on.
    let newer = machines.shared.first.object();
    one.ok("setPersistentData", write(&newer));
    cable.join();
    assert_eq!(other.notice("vault/didChangeStatus")["remote"]["state"], "current");
    assert_eq!(other.ok("getPersistentData", json!(["user"])), newer);
    other.ok("setPersistentData", write(&object));
    assert_eq!(read(&mut one), object);
}

#[test]
fn a_lease_excludes_other_machines_until_it_is_released_or_ends() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    let lease = |ttl: u64, wait: u64| json!({"name": "refresh", "ttlMs": ttl, "waitMs": wait});
    let token = one.ok("acquireLease", lease(60_000, 0))["lease"].as_u64().unwrap();
    assert_eq!(other.code("acquireLease", lease(60_000, 0)), 3001);
    // It waits for the release by the other machine.
    let waits = other.begin("acquireLease", lease(2_000, 60_000));
    one.ok("renewLease", json!({"name": "refresh", "lease": token}));
    one.ok("releaseLease", json!({"name": "refresh", "lease": token}));
    let next = other.answer(waits).unwrap()["lease"].as_u64().unwrap();
    assert!(next > token);
    assert_eq!(one.code("setPersistentData", json!({"context": "user", "data": {}, "lease": token})), 3002);
    // The holder ends without a release, which this machine can't see: the lease lasts until its end.
    let held = Instant::now();
    other.kill();
    other.wait_for_end();
    assert_eq!(one.code("acquireLease", lease(60_000, 0)), 3001);
    one.ok("acquireLease", lease(60_000, 60_000));
    assert!(held.elapsed() < Duration::from_secs(30), "{:?}", held.elapsed());
}

#[test]
fn a_holder_that_died_is_noticed_at_once_on_its_own_machine() {
    let machines = Machines::new();
    let (mut one, _other) = machines.sidecars();
    let lease = json!({"name": "refresh", "ttlMs": 600_000, "waitMs": 30_000});
    one.ok("acquireLease", lease.clone());
    let mut next = machines.shared.first.client_with(&machines.key);
    one.kill();
    one.wait_for_end();
    next.ok("acquireLease", lease);
}

#[test]
fn a_watch_hears_of_the_changes_of_another_machine() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    one.ok("setPersistentData", write(&json!({})));
    let handle = other.set_key(&machines.key);
    other.ok("watchPersistentData", json!({"handle": handle}));
    let revision = one.revision("setPersistentData", write(&machines.shared.first.object()));
    // The first notice may be of the write before.
    let mut heard = 0;
    while heard < revision {
        let notice = other.notice("persistentData/didChange");
        assert_eq!(notice["handle"], json!(handle));
        heard = notice["revision"].as_u64().unwrap();
    }
    assert_eq!(heard, revision);
}

#[test]
fn the_same_folder_of_two_machines_is_two_and_one_of_a_file_server_is_one() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    let (here, there) = (machines.shared.first.object(), machines.other.object());
    let at = |folder: &str| json!({"context": "workspace", "workspaceFolder": folder, "fresh": true});
    let set =
        |folder: &str, data: &Value| json!({"context": "workspace", "workspaceFolder": folder, "data": data});
    // Also the very first write of a key, with which its namespace begins.
    other.ok("setPersistentData", set("file:///workspace", &there));
    assert_eq!(other.ok("getPersistentData", at("file:///workspace")), there);
    assert_eq!(one.ok("getPersistentData", at("file:///workspace")), Value::Null);
    one.ok("setPersistentData", set("file:///workspace", &here));
    one.ok("setPersistentData", set("file://nas/share", &here));
    assert_eq!(other.ok("getPersistentData", at("file://nas/share")), here);
    assert_eq!(one.ok("getPersistentData", at("file:///workspace")), here);
    assert_eq!(other.ok("getPersistentData", at("file:///workspace")), there);
    // A list has the folders of the own machine.
    for client in [&mut one, &mut other] {
        let list = client.ok("listPersistentData", json!({"context": "workspace", "fresh": true}));
        assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
    }
}

#[test]
fn a_shared_key_is_bound_to_the_folders_of_the_machine_that_made_it() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    one.ok("setPersistentData", write(&json!({})));
    let scope = json!({"workspaceFolders": ["file:///workspace"]});
    read(&mut other);
    let issued = other.ok("shareAPIKey", json!({"scope": scope}));
    let key = issued["apiKey"].as_str().unwrap();
    for home in [&machines.shared.first, &machines.other] {
        home.keep_key(key);
    }
    let set = json!({"context": "workspace", "workspaceFolder": "file:///workspace", "data": {}});
    machines.other.client_with(key).ok("setPersistentData", set.clone());
    read(&mut one);
    assert_eq!(machines.shared.first.client_with(key).code("setPersistentData", set), 1006);
}

#[test]
fn a_revoked_key_opens_nothing_on_another_machine() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    one.ok("setPersistentData", write(&machines.shared.first.object()));
    read(&mut other);
    one.ok("revokeAPIKey", json!({}));
    assert_eq!(other.code("getPersistentData", json!({"context": "user", "fresh": true})), 1004);
    assert_eq!(other.code("setPersistentData", write(&json!({}))), 1004);
}

#[test]
fn a_machine_that_was_removed_reads_and_writes_nothing_more() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    let object = machines.shared.first.object();
    one.ok("setPersistentData", write(&object));
    assert_eq!(read(&mut other), object);
    assert_eq!(machines.shared.first.run(&["remote", "remove", "--yes", "desk"], "").code, 0);
    let refused = other.refused("setPersistentData", write(&json!({})));
    assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("serverRefused")));
    assert_eq!(other.notice("vault/didChangeStatus")["remote"]["state"], "refused");
    assert_eq!(other.ok("getPersistentData", json!(["user"])), object);
    assert_eq!(other.ok("vault/status", json!({}))["remote"]["state"], "refused");
    assert_eq!(read(&mut one), object);
}

#[test]
fn a_copy_that_its_server_has_not_confirmed_for_too_long_is_not_read_until_it_is() {
    let machines = Machines::new();
    let object = machines.other.object();
    let mut other = machines.other.client_with(&machines.key);
    other.ok("setPersistentData", write(&object));
    other.shut_down();
    let url =
        format!("postgres://app@127.0.0.1:{}/{}", machines.shared.server().port(), machines.shared.database);
    let folder = machines.other.key_folders().pop().unwrap();
    let confirmed = |days: u64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let then = now.checked_sub(Duration::from_hours(24 * days)).unwrap();
        std::fs::write(folder.join("confirmed"), format!("{}\n", then.as_millis())).unwrap();
    };
    edit_credentials(&machines.other, URL_WITHOUT_SERVER);
    for (days, is_read) in [(29, true), (31, false)] {
        confirmed(days);
        let mut offline = machines.other.client();
        let known = offline.call("setAPIKey", json!([machines.key]));
        if is_read {
            known.unwrap();
            assert_eq!(offline.ok("getPersistentData", json!(["user"])), object);
            assert_eq!(offline.code("setPersistentData", write(&json!({}))), 5007);
        } else {
            assert_eq!(known.unwrap_err().why(), (5005, "offlineTooLong"));
        }
        assert_eq!(offline.notice("vault/didChangeStatus")["remote"]["state"], "offline");
    }
    edit_credentials(&machines.other, &url);
    let mut online = machines.other.client_with(&machines.key);
    assert_eq!(online.ok("getPersistentData", json!(["user"])), object);
    // It can be taken back even then.
    online.shut_down();
    edit_credentials(&machines.other, URL_WITHOUT_SERVER);
    confirmed(31);
    assert_eq!(machines.other.run(&["remote", "leave", "--yes"], "").code, 0);
    let mut alone = machines.other.client_with(&machines.key);
    assert_eq!(alone.ok("getPersistentData", json!(["user"])), object);
}

#[test]
fn a_damaged_copy_is_repaired_and_takes_everything_from_the_server() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    let object = machines.shared.first.object();
    one.ok("setPersistentData", write(&object));
    assert_eq!(read(&mut other), object);
    other.shut_down();
    // What salvage needs is there, and once also the row that says that the store is shared.
    let needed: [&[u8]; 2] = [b"store id", b"record"];
    for name in needed {
        let file = machines.other.data().join("data.mdb");
        let mut bytes = std::fs::read(&file).unwrap();
        let is_needed = |page: &[u8]| page.windows(name.len()).any(|text| text == name);
        for page in bytes.chunks_mut(4_096).skip(2).filter(|page| !is_needed(page)) {
            page.fill(0xa5);
        }
        std::fs::write(&file, bytes).unwrap();
        let mut repaired = machines.other.client_with(&machines.key);
        assert_eq!(read(&mut repaired), object);
        assert!(repaired.notice("vault/didChangeStatus")["repaired"].is_object());
        let newer = json!({"a": machines.other.word()});
        repaired.ok("setPersistentData", write(&newer));
        assert_eq!(read(&mut one), newer);
        one.ok("setPersistentData", write(&object));
        assert_eq!(read(&mut repaired), object);
        repaired.shut_down();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_whose_disk_has_no_room_for_its_own_commit_reads_nothing_older() {
    let machines = Machines::new();
    let (mut one, mut other) = machines.sidecars();
    one.ok("setPersistentData", write(&json!({"n": 1})));
    read(&mut other);
    other.shut_down();
    let bytes = std::fs::metadata(machines.other.data().join("data.mdb")).unwrap().len();
    let limit = format!("--fsize={}", bytes + 8_192);
    let mut other = machines.other.start().under(["prlimit", &limit]).run();
    other.initialize(&[]);
    other.set_key(&machines.key);
    assert_eq!(other.ok("getPersistentData", ["user"]), json!({"n": 1}));
    // The server commits it, and the copy of this machine has no room.
    let large = json!({"n": 2, "x": "y".repeat(400_000)});
    other.ok("setPersistentData", write(&large));
    assert_eq!(read(&mut one), large);
    assert_eq!(other.refused("getPersistentData", ["user"]).why(), (5001, "disk"));
    assert_eq!(other.refused("setPersistentData", write(&json!({}))).why(), (5001, "disk"));
    other.shut_down();
    other.forget_answers();
    // There is room again.
    assert_eq!(machines.other.client_with(&machines.key).ok("getPersistentData", ["user"]), large);
}
