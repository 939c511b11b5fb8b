//! Links, FIFOs and devices that a person put into the data folder: nothing outside of it is written to, nothing is waited
//! for, and what has the wrong kind is told.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode};
use serde_json::{Value, json};

use super::server;
use crate::harness::Home;

/// What every process that opens the store needs as it is.
const NEEDED: [&str; 10] = [
    "data.mdb",
    "lock.mdb",
    "open.lock",
    "make.lock",
    "write.lock",
    "bell",
    "slots",
    "live",
    "backups",
    "quarantine",
];

/// A home with one record, which no process has open.
fn home_with_record(home: &Home) -> (String, Value) {
    let (key, object) = (home.key(), home.object());
    let mut server = home.script_with(&key);
    server.ok("setPersistentData", json!(["user", object]));
    (key, object)
}

fn make_special(path: &Path, kind: FileType) {
    rustix::fs::mknodat(CWD, path, kind, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// All that is in a folder, by name.
fn contents(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
            found.push((path, None));
        } else {
            let content = fs::read(&path).unwrap();
            found.push((path, Some(content)));
        }
    }
    found.sort();
    found
}

/// Asks for all that needs the store, without a key and with one. The reason of what is refused.
fn reason_of(home: &Home, key: &str, path: &Path) -> Option<Value> {
    let mut server = server(home);
    let status = server.call("vault/status", Value::Null);
    let set = server.call("setAPIKey", json!([key]));
    let reason = match (status, set) {
        (Ok(_), Ok(set)) => {
            assert_eq!(set["known"], true, "{}", path.display());
            None
        }
        (status, Err(refused)) => {
            assert_eq!(refused.code, 5005, "{}", path.display());
            assert_eq!(status.err().map(|refused| refused.code), Some(5005), "{}", path.display());
            Some(refused.data["reason"].clone())
        }
        (Err(refused), Ok(_)) => panic!("{}: {}", path.display(), refused.code),
    };
    let stderr = server.shut_down().stderr;
    assert_eq!(stderr.contains(&format!("'{}'", path.display())), reason.is_some(), "{stderr}");
    reason
}

#[test]
fn a_link_in_the_place_of_a_file_or_folder_is_refused_and_not_followed() {
    let home = Home::new();
    let (key, _) = home_with_record(&home);
    let outside = home.root().join("outside");
    let names: Vec<_> = fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(NEEDED.iter().all(|needed| names.iter().any(|name| name == needed)), "{names:?}");
    for name in names {
        let (path, aside) = (home.data().join(&name), home.root().join("aside"));
        for target_is_there in [true, false] {
            fs::rename(&path, &aside).unwrap();
            fs::create_dir(&outside).unwrap();
            let target = outside.join("target");
            if !target_is_there {
            } else if aside.is_dir() {
                fs::create_dir(&target).unwrap();
                fs::write(target.join("ab".repeat(16)), "another program's").unwrap();
            } else {
                fs::copy(&aside, &target).unwrap();
            }
            let before = contents(&outside);
            symlink(&target, &path).unwrap();
            let reason = reason_of(&home, &key, &path);
            assert!(
                reason == Some(json!("link")) || !NEEDED.iter().any(|needed| name == *needed),
                "{}: {reason:?}",
                path.display()
            );
            assert!(contents(&outside) == before, "{} was followed", path.display());
            fs::remove_file(&path).unwrap();
            fs::rename(&aside, &path).unwrap();
            fs::remove_dir_all(&outside).unwrap();
        }
        assert_eq!(reason_of(&home, &key, &path), None);
    }
}

#[test]
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let home = Home::new();
    let (key, _) = home_with_record(&home);
    let names: Vec<_> = fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for name in names {
        let (path, aside) = (home.data().join(&name), home.root().join("aside"));
        for kind in [FileType::Fifo, FileType::Socket] {
            fs::rename(&path, &aside).unwrap();
            make_special(&path, kind);
            let reason = reason_of(&home, &key, &path);
            assert!(
                reason == Some(json!("fileType")) || !NEEDED.iter().any(|needed| name == *needed),
                "{}: {reason:?}",
                path.display()
            );
            fs::remove_file(&path).unwrap();
            fs::rename(&aside, &path).unwrap();
        }
    }
    assert_eq!(reason_of(&home, &key, &home.data()), None);
}

#[test]
fn a_file_with_a_second_name_elsewhere_is_not_written_to() {
    for name in ["data.mdb", "lock.mdb", "open.lock", "make.lock", "write.lock", "bell"] {
        let home = Home::new();
        let (key, object) = home_with_record(&home);
        let (path, second) = (home.data().join(name), home.root().join("second"));
        fs::hard_link(&path, &second).unwrap();
        let before = fs::read(&second).unwrap();
        assert_eq!(reason_of(&home, &key, &path), Some(json!("link")), "{name}");
        assert!(fs::read(&second).unwrap() == before, "{name}");
        // What the log says repairs it.
        let copy = home.root().join("copy");
        fs::copy(&path, &copy).unwrap();
        fs::rename(&copy, &path).unwrap();
        let mut server = home.script_with(&key);
        assert_eq!(server.ok("getPersistentData", ["user"]), object, "{name}");
        server.ok("setPersistentData", json!(["user", {}]));
        drop(server);
        assert!(fs::read(&second).unwrap() == before, "{name}");
    }
}

#[test]
fn a_data_file_that_quarantine_names_too_is_opened() {
    let home = Home::new();
    let (key, object) = home_with_record(&home);
    let own = home.data().join("quarantine/0000");
    fs::create_dir(&own).unwrap();
    fs::hard_link(home.data().join("data.mdb"), own.join("data.mdb")).unwrap();
    let mut server = home.script_with(&key);
    assert_eq!(server.ok("getPersistentData", ["user"]), object);
}

/// The slot files of a store.
fn slots(home: &Home) -> Vec<PathBuf> {
    fs::read_dir(home.data().join("slots")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_revocation_overwrites_no_slot_that_is_a_link_or_has_a_second_name() {
    for how in ["symbolic link", "second name", "stray link", "stray second name", "folder"] {
        let home = Home::new();
        let key = home.key();
        let mut server = server(&home);
        server.set_key(&key);
        server.ok("setPersistentData", json!(["user", {}]));
        let [slot] = &slots(&home)[..] else { panic!("one key has one slot") };
        let outside = home.root().join("outside");
        fs::create_dir(&outside).unwrap();
        let target = outside.join(slot.file_name().unwrap());
        fs::copy(slot, &target).unwrap();
        // Left behind by a commit that never came, as far as the store knows.
        let stray = slot.with_file_name("ab".repeat(16));
        if how.starts_with("stray") {
            let pending = home.data().join("pending-slots");
            fs::write(pending, format!("{}\n", "ab".repeat(16))).unwrap();
        }
        let told = match how {
            "symbolic link" => {
                fs::remove_file(slot).unwrap();
                symlink(&target, slot).unwrap();
                slot.clone()
            }
            "second name" => {
                fs::remove_file(slot).unwrap();
                fs::hard_link(&target, slot).unwrap();
                slot.clone()
            }
            "stray link" => {
                symlink(&target, &stray).unwrap();
                stray.clone()
            }
            "stray second name" => {
                fs::hard_link(&target, &stray).unwrap();
                stray.clone()
            }
            _ => {
                fs::rename(home.data().join("slots"), home.root().join("aside")).unwrap();
                symlink(&outside, home.data().join("slots")).unwrap();
                home.data().join("slots")
            }
        };
        let before = fs::read(&target).unwrap();
        let _ = server.call("revokeAPIKey", json!({}));
        let stderr = server.shut_down().stderr;
        assert!(stderr.contains(&format!("'{}'", told.display())), "{how}: {stderr}");
        assert_eq!(fs::read(&target).unwrap(), before, "{how}");
        assert_eq!(contents(&outside).len(), 1, "{how}");
    }
}

#[test]
fn a_slot_is_read_through_no_link_and_an_endless_one_fills_no_memory() {
    let home = Home::new();
    let (key, _) = home_with_record(&home);
    let [slot] = &slots(&home)[..] else { panic!("one key has one slot") };
    let aside = home.root().join("aside");
    fs::rename(slot, &aside).unwrap();
    symlink(&aside, slot).unwrap();
    let mut server = home.client();
    assert_eq!(server.refused("setAPIKey", [key.as_str()]).data["reason"], "link");
    fs::remove_file(slot).unwrap();
    make_special(slot, FileType::Fifo);
    assert_eq!(server.refused("setAPIKey", [key.as_str()]).data["reason"], "fileType");
    fs::remove_file(slot).unwrap();
    fs::write(slot, "").unwrap();
    fs::File::options().write(true).open(slot).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(server.code("setAPIKey", [key.as_str()]), 4002);
    fs::rename(&aside, slot).unwrap();
    server.set_key(&key);
}

#[test]
fn the_folders_and_the_key_file_may_be_reached_through_links() {
    let home = Home::new();
    let (key, object) = home_with_record(&home);
    let moved = home.root().join("moved");
    fs::create_dir(&moved).unwrap();
    let key_file = home.key_file();
    for (at, name) in [(&key_file, "key"), (&home.keys(), "keys"), (&home.data(), "data")] {
        fs::rename(at, moved.join(name)).unwrap();
        symlink(moved.join(name), at).unwrap();
        let mut server = home.script_with(&key);
        assert_eq!(server.ok("getPersistentData", ["user"]), object, "{name}");
        server.ok("setPersistentData", json!(["user", object]));
    }
}

#[test]
fn a_key_file_that_is_a_fifo_or_a_device_is_told() {
    let home = Home::new();
    let (key, object) = home_with_record(&home);
    let (path, aside) = (home.key_file(), home.root().join("aside"));
    fs::rename(&path, &aside).unwrap();
    let makes: [fn(&Path); 3] = [
        |path| make_special(path, FileType::Fifo),
        |path| symlink("/dev/zero", path).unwrap(),
        |path| fs::create_dir(path).unwrap(),
    ];
    for make in makes {
        make(&path);
        let mut server = server(&home);
        assert_eq!(server.refused("setAPIKey", [key.as_str()]).data["reason"], "fileType");
        server.ok("vault/status", Value::Null);
        let stderr = server.shut_down().stderr;
        assert!(stderr.contains(&format!("'{}'", path.display())), "{stderr}");
        fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)).unwrap();
    }
    // And one that never ends.
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let mut server = home.client();
    server.ok("setAPIKey", [key.as_str()]);
    assert_eq!(server.refused("getPersistentData", ["user"]).data["reason"], "wrong");
    fs::rename(&aside, &path).unwrap();
    server.set_key(&key);
    assert_eq!(server.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_repair_follows_no_link_among_the_backups() {
    let home = Home::new();
    let (key, _) = home_with_record(&home);
    let data = home.data().join("data.mdb");
    let outside = home.root().join("outside");
    fs::rename(&data, &outside).unwrap();
    let backup = home.data().join("backups/00000000000000000009.mdb");
    let makes: [fn(&Path, &Path); 2] = [
        |backup, outside| symlink(outside, backup).unwrap(),
        |backup, _| make_special(backup, FileType::Fifo),
    ];
    for (make, reason) in makes.into_iter().zip(["link", "fileType"]) {
        make(&backup, &outside);
        let mut server = server(&home);
        assert_eq!(server.refused("setAPIKey", [key.as_str()]).data["reason"], reason);
        let stderr = server.shut_down().stderr;
        assert!(stderr.contains(&format!("'{}'", backup.display())), "{stderr}");
        fs::remove_file(&backup).unwrap();
    }
}
