//! Backups, those that the store takes of itself and those that people keep, and the way back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

#[cfg(unix)]
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Home, Server, files};

/// What every restored number is above.
pub(super) const LEAP: u64 = 1 << 32;

/// What a command shows that has to succeed.
#[track_caller]
pub(super) fn done(home: &Home, arguments: &[&str], input: &str) -> String {
    let ran = home.start().arguments(arguments).ran(input);
    assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.said);
    ran.shown
}

/// What a command says that has to fail.
#[track_caller]
pub(super) fn refused(home: &Home, arguments: &[&str]) -> String {
    let ran = home.start().arguments(arguments).ran("");
    // 6 is the exit code for what is damaged or refused.
    assert!(matches!(ran.code, 1 | 6), "{arguments:?}: {}", ran.code);
    ran.said
}

pub(super) fn archive(home: &Home, name: &str) -> String {
    home.root().join(name).to_str().unwrap().to_owned()
}

/// The next notification with this method, for a client that has no answers coming.
pub(super) fn notice(server: &mut Server, method: &str) -> Value {
    loop {
        if let Some(params) = server.next().notice(method) {
            return params;
        }
    }
}

/// What lies in the data folder, apart from locks and the like.
pub(super) fn content(home: &Home) -> Vec<(PathBuf, Vec<u8>)> {
    let (data, slots) = (home.data().join("data.mdb"), home.data().join("slots"));
    let mut found = files(&home.data());
    found.retain(|(path, _)| *path == data || path.parent() == Some(&slots));
    found.sort();
    found
}

#[test]
fn what_was_backed_up_comes_back_while_others_have_the_store_open() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    let mut client = home.client_with(&key);
    client.ok("setPersistentData", json!(["user", before]));
    let file = archive(&home, "copy");
    assert!(done(&home, &["backup", &file], "").contains("keep a copy of this key file"));
    let last = client.revision("setPersistentData", json!(["user", after]));
    client.ok("watchPersistentData", json!({}));

    let restored: Value =
        serde_json::from_str(&done(&home, &["restore", "--yes", &file, "--json"], "")).unwrap();
    assert_eq!(restored["records"], 1);
    let told = notice(&mut client, "persistentData/didChange");
    assert_eq!(told["resync"], true);
    let quarantine = PathBuf::from(restored["quarantine"].as_str().unwrap());
    assert!(quarantine.join("data.mdb").exists());
    let mut other = home.client_with(&key);
    assert_eq!(other.ok("getPersistentData", ["user"]), before);
    // No number of before ever fits again.
    let stale =
        other.refused("setPersistentData", json!({"context": "user", "data": {}, "ifRevision": last}));
    assert_eq!(stale.code, 2001);
    let next = other.revision("setPersistentData", json!(["user", {}]));
    assert!(next > last + LEAP, "{next}");
    assert_eq!(notice(&mut client, "persistentData/didChange")["revision"], next);
    // The process that had the store open all the time goes on with it.
    let again = client.revision("setPersistentData", json!(["user", after]));
    assert!(again > next);
    // A second time, from the same file, gives no number twice.
    drop((client, other));
    done(&home, &["restore", "--yes", &file], "");
    let mut client = home.client_with(&key);
    assert!(client.revision("setPersistentData", json!(["user", {}])) > again + LEAP);
}

#[test]
fn everybody_is_told_of_a_restored_store() {
    let home = Home::new();
    let key = home.key();
    let mut client = home.client_with(&key);
    client.ok("setPersistentData", json!(["user", {}]));
    let file = archive(&home, "copy");
    done(&home, &["backup", &file], "");
    done(&home, &["restore", "--yes", &file], "");
    assert_eq!(notice(&mut client, "vault/didChangeStatus")["keyAvailable"], true);
    client.forget_answers();
}

#[test]
fn a_copy_with_a_passphrase_opens_on_another_machine() {
    let (home, there) = (Home::new(), Home::new());
    let (key, object) = (home.key(), home.object());
    {
        let mut client = home.client_with(&key);
        client.ok("setPersistentData", json!(["user", object]));
    }
    let file = archive(&there, "copy");
    let words = done(&home, &["backup", "--new-passphrase-fd", "0", &file], "a passphrase\n");
    assert!(words.contains("passphrase"));
    done(&there, &["restore", "--yes", &file], "");
    let mut client = there.start().usual_log().run();
    client.initialize(&[]);
    assert_eq!(client.ok("vault/unlock", json!({"passphrase": "a passphrase"}))["keyAvailable"], true);
    client.set_key(&key);
    assert_eq!(client.ok("getPersistentData", ["user"]), object);
    assert_eq!(notice(&mut client, "vault/didChangeStatus")["keyAvailable"], true);
}

#[test]
fn what_is_no_whole_backup_changes_nothing() {
    let home = Home::new();
    let key = home.key();
    {
        let mut client = home.client_with(&key);
        client.ok("setPersistentData", json!(["user", home.object()]));
    }
    let file = archive(&home, "copy");
    done(&home, &["backup", &file], "");
    let whole = fs::read(&file).unwrap();
    let there = content(&home);
    let mut damaged = whole.clone();
    // The root of the table of records lies behind both meta pages, and those behind the header.
    let root = 1_024 + 512 + 8_192;
    for byte in &mut damaged[root..root + 64] {
        *byte ^= 0xff;
    }
    let cases: [(&str, &[u8]); 5] = [
        ("nothing", b""),
        ("no archive", b"this is no archive at all, but it is long enough to be looked at by anybody"),
        ("cut off", &whole[..whole.len() / 2]),
        ("cut in the header", &whole[..600]),
        ("damaged inside", &damaged),
    ];
    for (name, bytes) in cases {
        let path = archive(&home, "broken");
        fs::write(&path, bytes).unwrap();
        let words = refused(&home, &["restore", &path, "--yes"]);
        assert!(words.contains("nothing was changed"), "{name}: {words}");
        assert!(content(&home) == there, "{name}");
    }
    assert!(refused(&home, &["restore", &archive(&home, "missing")]).contains("no such file"));
    assert!(refused(&home, &["backup", &file]).contains("already"));
    assert!(fs::read(&file).unwrap() == whole);
}

#[test]
fn another_store_is_not_replaced() {
    let (home, other) = (Home::new(), Home::new());
    for home in [&home, &other] {
        let mut client = home.client_with(&home.key());
        client.ok("setPersistentData", json!(["user", home.object()]));
    }
    let file = archive(&other, "copy");
    done(&other, &["backup", &file], "");
    let there = content(&home);
    assert!(refused(&home, &["restore", "--yes", &file]).contains("another store"));
    assert!(content(&home) == there);
}

#[cfg(unix)]
#[test]
fn a_stopped_process_keeps_its_store() {
    let home = Home::new();
    let key = home.key();
    let mut client = home.client_with(&key);
    client.ok("setPersistentData", json!(["user", {"a": 1}]));
    let file = archive(&home, "copy");
    done(&home, &["backup", &file], "");
    client.ok("setPersistentData", json!(["user", {"a": 2}]));
    let there = content(&home);
    client.signal(Signal::STOP);
    let words = refused(&home, &["restore", "--yes", &file]);
    client.signal(Signal::CONT);
    assert!(words.contains("has not closed it"), "{words}");
    assert!(content(&home) == there);
    assert_eq!(client.ok("getPersistentData", ["user"]), json!({"a": 2}));
}

pub(super) fn backups(home: &Home) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(home.data().join("backups")) else { return Vec::new() };
    let mut backups: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    backups.sort();
    backups
}

pub(super) fn age(backup: &Path) {
    let yesterday = SystemTime::now() - Duration::from_hours(25);
    fs::File::options().write(true).open(backup).unwrap().set_modified(yesterday).unwrap();
}

#[track_caller]
pub(super) fn wait_for(mut what: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !what() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits for one more backup, and until the oldest is gone for it. A copy that is not whole has another name.
fn the_next_one_is_there(home: &Home, before: &[PathBuf]) -> Vec<PathBuf> {
    let mut taken = Vec::new();
    wait_for(|| {
        taken = backups(home);
        let is_whole = taken.iter().all(|path| path.extension().is_some());
        is_whole && taken.len() <= 3 && taken.last() != before.last()
    });
    taken
}

#[test]
fn an_idle_process_takes_a_backup_a_day_and_keeps_three() {
    let home = Home::new();
    let mut client = home.start().arguments(["--backup-idle-seconds", "1"]).run();
    client.initialize(&[]);
    client.set_key(&home.key());
    let mut taken = Vec::new();
    for number in 0..5 {
        client.ok("setPersistentData", json!(["user", {"number": number}]));
        taken = the_next_one_is_there(&home, &taken);
        assert_eq!(taken.len(), 3.min(number + 1));
        for backup in &taken {
            age(backup);
        }
    }
    // Nothing has changed since: there is no other to be taken.
    client.ok("vault/status", Value::Null);
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(backups(&home), taken);
    // Something has changed, but the last one is of today.
    client.ok("setPersistentData", json!(["user", {"number": 5}]));
    let taken = the_next_one_is_there(&home, &taken);
    client.ok("setPersistentData", json!(["user", {"number": 6}]));
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(backups(&home), taken);
}
