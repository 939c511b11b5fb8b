//! Files and folders are their owner's alone; a store that others can read is refused, with what to do.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::Home;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn check_modes(path: &Path) {
    let is_folder = path.is_dir();
    assert_eq!(mode(path), if is_folder { 0o700 } else { 0o600 }, "{}", path.display());
    if is_folder {
        for entry in fs::read_dir(path).unwrap() {
            check_modes(&entry.unwrap().path());
        }
    }
}

#[test]
fn folders_have_0700_and_files_0600() {
    let home = Home::new();
    let mut client = home.client_with(&home.key());
    client.ok("setPersistentData", json!(["user", home.object()]));
    client.ok("issueAPIKey", json!({"plugin": home.word(), "installation": home.word()}));
    check_modes(&home.data());
    check_modes(&home.keys());
    check_modes(&home.root().join("logs/0"));
    drop(client);
    check_modes(&home.data());
}

#[test]
fn folders_above_that_had_to_be_made_are_private_too() {
    let home = Home::new();
    let (data, keys) = (home.root().join("a/b/data"), home.root().join("c/d/keys"));
    let mut server =
        home.start().without_folders().arguments(["--data-dir", "a/b/data", "--key-dir", "c/d/keys"]).run();
    server.initialize(&[]);
    server.set_key(&home.key());
    for folder in [home.root().join("a"), home.root().join("c"), data, keys] {
        check_modes(&folder);
    }
}

#[test]
fn a_store_that_other_users_can_read_is_refused_until_its_mode_is_changed() {
    for (file, open, private) in
        [("", 0o755, 0o700), ("", 0o710, 0o700), ("data.mdb", 0o644, 0o600), ("data.mdb", 0o620, 0o600)]
    {
        let home = Home::new();
        let (key, object) = (home.key(), home.object());
        let mut client = home.client_with(&key);
        client.ok("setPersistentData", json!(["user", object]));
        drop(client);
        let path = home.data().join(file);
        set_mode(&path, open);

        let mut client = home.start().usual_log().run();
        client.initialize(&[]);
        let refused = client.refused("setAPIKey", [key.as_str()]);
        assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("permissions")), "{file} {open:o}");
        assert_eq!(client.code("vault/status", Value::Null), 5005);
        assert_eq!(mode(&path), open, "no mode is changed unasked");
        set_mode(&path, private);
        client.set_key(&key);
        assert_eq!(client.ok("getPersistentData", ["user"]), object);
        let stderr = client.shut_down().stderr;
        let hint = format!("chmod -R go= '{}'", home.data().display());
        assert!(stderr.contains(&hint), "{stderr}");
    }
}

#[test]
fn an_empty_folder_of_ours_is_made_private_and_used() {
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    set_mode(&home.data(), 0o755);
    let _client = home.client_with(&home.key());
    check_modes(&home.data());
}

#[test]
fn a_folder_with_something_in_it_that_others_can_read_gets_no_store() {
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    set_mode(&home.data(), 0o755);
    fs::write(home.data().join("notes"), "mine").unwrap();
    let mut client = home.client();
    assert_eq!(client.refused("setAPIKey", [home.key()]).data["reason"], "permissions");
    assert!(!home.data().join("data.mdb").exists() && home.key_folders().is_empty());
}

#[test]
fn a_key_file_that_other_users_can_read_is_refused_until_its_mode_is_changed() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut client = home.client_with(&key);
    client.ok("setPersistentData", json!(["user", object]));
    drop(client);
    set_mode(&home.key_file(), 0o640);
    let mut client = home.start().usual_log().run();
    client.initialize(&[]);
    let refused = client.refused("setAPIKey", [key.as_str()]);
    assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("permissions")));
    set_mode(&home.key_file(), 0o600);
    client.set_key(&key);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    let stderr = client.shut_down().stderr;
    assert!(stderr.contains(&format!("chmod 600 '{}'", home.key_file().display())), "{stderr}");
}

#[test]
fn what_is_no_folder_is_an_error_and_nothing_is_made() {
    let home = Home::new();
    fs::write(home.data(), "a file").unwrap();
    let mut client = home.client();
    assert_eq!(client.refused("setAPIKey", [home.key()]).data["reason"], "fileType");
    assert_eq!(client.refused("issueAPIKey", ["p"]).data["reason"], "fileType");
    assert_eq!(fs::read_to_string(home.data()).unwrap(), "a file");
    assert!(home.key_folders().is_empty());
}

#[test]
fn without_a_place_for_the_key_no_store_is_made() {
    let home = Home::new();
    fs::write(home.keys(), "a file").unwrap();
    let key = home.key();
    let mut client = home.client();
    assert_eq!(client.refused("setAPIKey", [key.as_str()]).data["reason"], "fileType");
    assert!(!home.data().join("data.mdb").exists());
    fs::remove_file(home.keys()).unwrap();
    client.set_key(&key);
    client.ok("setPersistentData", json!(["user", {}]));
}
