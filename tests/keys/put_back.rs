//! A person who can write the folder, and has an older copy of it, puts the row and the slot file of a key back that has
//! ended since. What is refused, and what is not.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::disk::{Disk, KEY_INDEX, KEYS, META};
use crate::server::{Home, Server, random_key, with};

/// A key's row and slot file as they were.
struct Kept {
    id: Vec<u8>,
    row: Vec<u8>,
    path: PathBuf,
    slot: Vec<u8>,
}

impl Kept {
    fn of(home: &Home, disk: &Disk, key_id: &Value) -> Self {
        let text = key_id.as_str().unwrap();
        let id = base16ct::lower::decode_vec(text).unwrap();
        let (_, row) = disk.rows(KEYS).into_iter().find(|(found, _)| *found == id).unwrap();
        let path = home.data().join("slots").join(text);
        let slot = fs::read(&path).unwrap();
        Self { id, row, path, slot }
    }

    fn put_back(&self, disk: &Disk) {
        let mut slot = fs::File::options().write(true).truncate(true).open(&self.path).unwrap();
        slot.write_all(&self.slot).unwrap();
        disk.put(&[(KEYS, &self.id, &self.row)]);
    }
}

/// The lists of live keys, as they are now.
fn lists(disk: &Disk) -> Vec<(Vec<u8>, Vec<u8>)> {
    disk.rows(KEY_INDEX).into_iter().filter(|(name, _)| name[0] == 3).collect()
}

fn lose_the_index(disk: &Disk) {
    for (name, _) in disk.rows(KEY_INDEX) {
        disk.remove(KEY_INDEX, &name);
    }
    disk.remove(META, b"key index");
}

fn user(handle: &Value) -> Value {
    with(handle, json!({"context": "user"}))
}

/// A write, so that no row of the store asks for a slot file to be overwritten any more.
fn write(server: &mut Server, handle: &Value) {
    server.ok("setPersistentData", with(handle, json!({"context": "user", "name": "n", "data": {}})));
}

/// An owner and a key that it has shared, with a secret of the namespace.
struct Namespace {
    owner: Value,
    owners_handle: Value,
    shared: Value,
    secret: Value,
}

impl Namespace {
    fn new(server: &mut Server) -> Self {
        let (owner, owners_handle) = server.issue("a.b");
        let secret = json!({"secret": random_key()});
        let params = with(&owners_handle, json!({"context": "user", "data": secret}));
        server.ok("setPersistentData", &params);
        let shared = server.ok("shareAPIKey", with(&owners_handle, json!({})));
        Self { owner, owners_handle, shared, secret }
    }
}

/// The key is refused, in a process that knew it as it was, in one that knew it as ended, and in a new one.
#[track_caller]
fn is_refused(home: &Home, known: &mut [(Server, Value)], key: &Value, what: &str) {
    for (server, handle) in known {
        assert_eq!(server.code("getPersistentData", user(handle)), 1004, "{what}");
    }
    assert_eq!(home.server().code("setAPIKey", json!([key])), 1004, "{what}");
}

#[test]
fn a_key_that_has_ended_stays_ended_when_its_row_and_its_slot_file_are_put_back() {
    for what in
        ["a rotated owner", "a rotated shared key", "a revoked shared key", "a key that was given an end"]
    {
        let home = Home::new();
        let (mut server, mut other) = (home.server(), home.server());
        let space = Namespace::new(&mut server);
        let is_owner = what == "a rotated owner";
        let key = if is_owner { &space.owner } else { &space.shared };
        let disk = Disk::open(&home.data(), &home.keys());
        let kept = Kept::of(&home, &disk, &key["keyId"]);
        let before = other.handle_of(&key["apiKey"]);
        assert_eq!(other.ok("getPersistentData", user(&before)), space.secret);
        let mine = if is_owner { space.owners_handle.clone() } else { server.handle_of(&key["apiKey"]) };
        match what {
            "a revoked shared key" => {
                server.ok("revokeAPIKey", with(&space.owners_handle, json!({"keyId": key["keyId"]})));
            }
            "a key that was given an end" => {
                let id = key["keyId"].as_str().unwrap();
                home.command(&["--json", "key", "extend", id, "--until", "2099-01-01T00:00:00Z"]);
            }
            _ => drop(server.ok("rotateAPIKey", with(&mine, json!({})))),
        }
        write(&mut server, &space.owners_handle);
        kept.put_back(&disk);
        let mut known = [(other, before)];
        is_refused(&home, &mut known, &key["apiKey"], what);
        // Another change of a key of the namespace, and of another namespace, does not make it good.
        server.ok("shareAPIKey", with(&space.owners_handle, json!({})));
        server.issue("c.d");
        is_refused(&home, &mut known, &key["apiKey"], what);
        assert_eq!(server.ok("getPersistentData", user(&space.owners_handle)), space.secret);
        disk.close();
    }
}

/// The namespace is gone with its owner, and so is what would be read.
#[test]
fn an_owner_whose_key_was_revoked_stays_revoked() {
    let home = Home::new();
    let mut server = home.server();
    let space = Namespace::new(&mut server);
    let disk = Disk::open(&home.data(), &home.keys());
    let kept = [&space.owner, &space.shared].map(|key| Kept::of(&home, &disk, &key["keyId"]));
    server.ok("revokeAPIKey", with(&space.owners_handle, json!({})));
    let (_, stranger) = server.issue("c.d");
    write(&mut server, &stranger);
    for kept in &kept {
        kept.put_back(&disk);
    }
    for key in [&space.owner, &space.shared] {
        is_refused(&home, &mut [], &key["apiKey"], "with its list");
    }
    disk.close();
}

#[test]
fn an_owners_key_of_before_a_rotation_is_refused_without_the_index_too() {
    for rebuilt in [false, true] {
        let home = Home::new();
        let mut server = home.server();
        let space = Namespace::new(&mut server);
        let disk = Disk::open(&home.data(), &home.keys());
        let kept = [&space.owner, &space.shared].map(|key| Kept::of(&home, &disk, &key["keyId"]));
        let shared = server.handle_of(&space.shared["apiKey"]);
        server.ok("rotateAPIKey", with(&shared, json!({})));
        server.ok("rotateAPIKey", with(&space.owners_handle, json!({})));
        write(&mut server, &space.owners_handle);
        for kept in &kept {
            kept.put_back(&disk);
        }
        lose_the_index(&disk);
        disk.put(&[]);
        if rebuilt {
            write(&mut server, &space.owners_handle);
            assert!(!disk.rows(KEY_INDEX).is_empty());
        }
        for key in [&space.owner, &space.shared] {
            is_refused(&home, &mut [], &key["apiKey"], &format!("without the list; made anew: {rebuilt}"));
        }
        for handle in [&space.owners_handle, &shared] {
            assert_eq!(server.ok("getPersistentData", user(handle)), space.secret);
        }
        disk.close();
    }
}

#[test]
fn an_old_row_with_an_old_list_or_without_a_list_opens_its_data() {
    for with_list in [true, false] {
        let home = Home::new();
        let mut server = home.server();
        let space = Namespace::new(&mut server);
        let disk = Disk::open(&home.data(), &home.keys());
        let kept = Kept::of(&home, &disk, &space.shared["keyId"]);
        let before = lists(&disk);
        server.ok("revokeAPIKey", with(&space.owners_handle, json!({"keyId": space.shared["keyId"]})));
        write(&mut server, &space.owners_handle);
        kept.put_back(&disk);
        if with_list {
            for (name, list) in &before {
                disk.put(&[(KEY_INDEX, name, list)]);
            }
        } else {
            lose_the_index(&disk);
            disk.put(&[]);
        }
        let mut other = home.server();
        let handle = other.handle_of(&space.shared["apiKey"]);
        assert_eq!(other.ok("getPersistentData", user(&handle)), space.secret, "{with_list}");
        disk.close();
    }
    // A list of before has none of the keys that came since: their owners notice.
    let home = Home::new();
    let mut server = home.server();
    let space = Namespace::new(&mut server);
    let disk = Disk::open(&home.data(), &home.keys());
    let kept = Kept::of(&home, &disk, &space.owner["keyId"]);
    let before = lists(&disk);
    server.ok("rotateAPIKey", with(&space.owners_handle, json!({})));
    write(&mut server, &space.owners_handle);
    kept.put_back(&disk);
    for (name, list) in &before {
        disk.put(&[(KEY_INDEX, name, list)]);
    }
    let mut other = home.server();
    let handle = other.handle_of(&space.owner["apiKey"]);
    assert_eq!(other.ok("getPersistentData", user(&handle)), space.secret);
    assert_eq!(server.code("getPersistentData", user(&space.owners_handle)), 1004);
    disk.close();
}

/// Rows of the index that are another's, damaged, or gone: nothing is refused for it, and nothing found that is not.
#[test]
fn an_index_that_is_wrong_or_gone_changes_no_answer() {
    let home = Home::new();
    let mut server = home.server();
    let asked = |plugin: &str| json!({"plugin": plugin, "installation": "nvim"});
    let kept = ["a.b", "c.d"].map(|plugin| server.ok("issueAPIKey", asked(plugin))["apiKey"].clone());
    let handles = kept.each_ref().map(|key| server.handle_of(key));
    for handle in &handles {
        server.ok("setPersistentData", with(handle, json!({"context": "user", "data": {"of": handle}})));
        server.ok("shareAPIKey", with(handle, json!({})));
    }
    let disk = Disk::open(&home.data(), &home.keys());
    let rows = disk.rows(KEY_INDEX);
    assert_eq!(rows.len(), 2 + 4 + 2);
    let look = |server: &mut Server, what: &str| {
        let mut fresh = home.server();
        for (handle, (plugin, key)) in handles.iter().zip(["a.b", "c.d"].iter().zip(&kept)) {
            let found = fresh.ok("issueAPIKey", asked(plugin));
            assert_eq!((&found["apiKey"], &found["created"]), (key, &json!(false)), "{what}");
            assert_eq!(server.ok("getPersistentData", user(handle)), json!({"of": handle}), "{what}");
            let listed = server.ok("listAPIKeys", with(handle, json!({})));
            assert_eq!(listed.as_array().unwrap().len(), 2, "{what}");
        }
    };
    for (name, value) in rows.iter().filter(|(name, _)| name[0] != 2) {
        for (other, theirs) in rows.iter().filter(|(other, _)| other[0] == name[0] && other != name) {
            disk.put(&[(KEY_INDEX, name, theirs)]);
            look(&mut server, &format!("row {other:?} at {name:?}"));
        }
        let mut flipped = value.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for wrong in [flipped, Vec::new(), vec![2; 16]] {
            disk.put(&[(KEY_INDEX, name, &wrong)]);
            look(&mut server, &format!("{wrong:?} at {name:?}"));
        }
        disk.put(&[(KEY_INDEX, name, value)]);
    }
    lose_the_index(&disk);
    disk.put(&[]);
    look(&mut server, "nothing");
    write(&mut server, &handles[0]);
    let mut again = disk.rows(KEY_INDEX);
    // Sealed anew, each list is another text.
    let without_lists = |rows: &mut Vec<(Vec<u8>, Vec<u8>)>| rows.retain(|(name, _)| name[0] != 3);
    let mut before = rows;
    assert_eq!(lists(&disk).len(), 2);
    without_lists(&mut before);
    without_lists(&mut again);
    assert_eq!(again, before);
    look(&mut server, "made anew");
    disk.close();
}
