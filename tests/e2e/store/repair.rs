//! Damaged stores that are repaired: from a backup, from what is whole, while others have the store open, by one of many.

use std::fs;
use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(unix)]
use rustix::process::Signal;
use serde_json::{Value, json};

use super::backup::{LEAP, age, archive, backups, content, done, notice, wait_for};
use crate::harness::Home;

/// Of each page, where it says of which kind it is, and the kind of those that hold rows.
const FLAGS: usize = 10;
const LEAF: u8 = 2;

fn data_file(home: &Home) -> PathBuf {
    home.data().join("data.mdb")
}

fn page_size(home: &Home) -> usize {
    let header = fs::read_to_string(home.data().join("header")).unwrap();
    header.split_ascii_whitespace().last().unwrap().parse().unwrap()
}

/// Zeros every page that holds rows, where it lies; returns the file as it is then.
fn zero_rows(home: &Home) -> Vec<u8> {
    damage(home, |number, page| {
        if number > 1 && page[FLAGS] == LEAF {
            page.fill(0);
        }
    })
}

/// Damages the file in place: every process that has it open sees that.
fn damage(home: &Home, mut harm: impl FnMut(usize, &mut [u8])) -> Vec<u8> {
    let mut file = fs::read(data_file(home)).unwrap();
    for (number, page) in file.chunks_mut(page_size(home)).enumerate() {
        harm(number, page);
    }
    fs::write(data_file(home), &file).unwrap();
    file
}

fn quarantined(home: &Home) -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir(home.data().join("quarantine")) else { return Vec::new() };
    folders.map(|folder| folder.unwrap().path().join("data.mdb")).collect()
}

fn named(name: &str) -> Value {
    json!({"context": "user", "name": name})
}

fn set(name: &str, data: &Value) -> Value {
    json!({"context": "user", "name": name, "data": data})
}

/// Stores `before`, waits for a backup, and then stores `after` beside it; returns the last revision.
fn backed_up(home: &Home, key: &str, before: &Value, after: &Value) -> u64 {
    let mut client = home.start().arguments(["--backup-idle-seconds", "1"]).run();
    client.initialize(&[]);
    client.set_key(key);
    client.ok("setPersistentData", set("before", before));
    let there = backups(home).len();
    wait_for(|| backups(home).len() > there && backups(home).iter().all(|path| path.extension().is_some()));
    client.revision("setPersistentData", set("after", after))
}

#[test]
fn the_newest_backup_comes_back_and_says_so() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    let last = backed_up(&home, &key, &before, &after);
    let damaged = zero_rows(&home);

    let mut client = home.start().usual_log().run();
    client.initialize(&[]);
    client.set_key(&key);
    // Unasked, since the record that is missing looks like one that never was.
    let told = notice(&mut client, "vault/didChangeStatus");
    let repaired = &told["repaired"];
    assert_eq!(repaired["kept"], 0);
    assert!(repaired["at"].as_str() > repaired["restoredFrom"].as_str());
    assert_eq!(client.ok("vault/status", Value::Null)["repaired"], *repaired);
    assert!(
        fs::read(PathBuf::from(repaired["quarantine"].as_str().unwrap()).join("data.mdb")).unwrap()
            == damaged
    );

    let record = client.ok("getPersistentRecord", named("before"));
    assert_eq!((&record["data"], &record["restored"]), (&before, &json!(true)));
    assert_eq!(client.ok("getPersistentData", named("after")), Value::Null);
    // Until it is written.
    let revision = client.revision("setPersistentData", set("before", &after));
    assert!(revision > LEAP && revision > last, "{revision}");
    let record = client.ok("getPersistentRecord", named("before"));
    assert_eq!((&record["data"], &record["restored"]), (&after, &Value::Null));
    let end = client.shut_down();
    assert!(end.stderr.contains("is repaired"), "{}", end.stderr);
    // Once is enough.
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentData", named("before")), after);
    assert_eq!(quarantined(&home).len(), 1);
}

#[test]
fn without_a_backup_what_is_whole_stays() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    {
        let mut client = home.client_with(&key);
        client.ok("setPersistentData", json!(["user", {}]));
        client.ok("setPersistentData", json!(["user", object]));
    }
    // One of the two pages that say where everything lies.
    for meta in 0..2 {
        damage(&home, |number, page| {
            if number == meta {
                page.fill(0xff);
            }
        });
        let mut client = home.client_with(&key);
        let record = client.ok("getPersistentRecord", ["user"]);
        assert_eq!((&record["data"], &record["restored"]), (&object, &Value::Null));
        let repaired = &client.ok("vault/status", Value::Null)["repaired"];
        assert_eq!((&repaired["kept"], &repaired["lost"]), (&json!(1), &json!(0)));
        assert_eq!(repaired["restoredFrom"], Value::Null);
        client.shut_down();
        client.forget_answers();
        assert_eq!(quarantined(&home).len(), meta + 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_process_continues_with_the_repaired_store() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    let mut other = home.client_with(&key);
    other.ok("watchPersistentData", json!({}));
    // A process that reads while the file is being damaged meets the damage, so this one does nothing now.
    other.stays_for(Duration::from_millis(500));
    zero_rows(&home);

    let mut client = home.client_with(&key);
    assert_eq!(notice(&mut other, "vault/didChangeStatus")["repaired"]["kept"], 0);
    assert_eq!(other.ok("getPersistentData", named("before")), before);
    let revision = client.revision("setPersistentData", set("before", &after));
    let mut told = notice(&mut other, "persistentData/didChange");
    while told["resync"] == true {
        told = notice(&mut other, "persistentData/didChange");
    }
    assert_eq!(told["revision"], revision);
    client.shut_down();
    client.forget_answers();
}

#[test]
fn one_of_many_processes_repairs_the_store() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    zero_rows(&home);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = home.client_with(&key);
                assert_eq!(client.ok("getPersistentData", named("before")), before);
                client.shut_down();
                client.forget_answers();
            });
        }
    });
    assert_eq!(quarantined(&home).len(), 1);
}

#[cfg(unix)]
#[test]
fn nothing_is_moved_while_a_process_keeps_the_store_open() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    let mut other = home.client_with(&key);
    let damaged = zero_rows(&home);
    other.signal(Signal::STOP);
    let mut client = home.client();
    assert_eq!(client.refused("setAPIKey", [key.as_str()]).why(), (5002, "closing"));
    assert!(fs::read(data_file(&home)).unwrap() == damaged);
    assert!(quarantined(&home).is_empty());
    other.signal(Signal::CONT);
    client.set_key(&key);
    assert_eq!(client.ok("getPersistentData", named("before")), before);
    for client in [&mut client, &mut other] {
        client.shut_down();
        client.forget_answers();
    }
}

#[test]
fn a_store_whose_tables_are_gone_is_no_empty_place() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    fs::remove_file(data_file(&home)).unwrap();
    let mut client = home.client_with(&key);
    assert_eq!(client.ok("getPersistentRecord", named("before"))["restored"], true);
    let repaired = &client.ok("vault/status", Value::Null)["repaired"];
    assert!(repaired["restoredFrom"].is_string());
    assert_eq!((&repaired["lost"], &repaired["quarantine"]), (&Value::Null, &Value::Null));
    client.shut_down();
    client.forget_answers();
}

#[test]
fn a_backup_that_is_damaged_too_is_passed_over() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    age(&backups(&home)[0]);
    backed_up(&home, &key, &after, &before);
    let both = backups(&home);
    assert_eq!(both.len(), 2);
    fs::write(&both[1], b"nothing").unwrap();
    zero_rows(&home);
    {
        let mut client = home.start().usual_log().run();
        client.initialize(&[]);
        client.set_key(&key);
        assert_eq!(client.ok("getPersistentData", named("before")), before);
        client.shut_down();
        client.forget_answers();
    }
    // None of them: then nothing is touched, and nothing new begins.
    for backup in backups(&home) {
        fs::write(backup, b"nothing").unwrap();
    }
    let damaged = zero_rows(&home);
    let mut client = home.start().usual_log().run();
    client.initialize(&[]);
    for _ in 0..2 {
        assert_eq!(client.code("setAPIKey", [key.as_str()]), 4003);
    }
    assert_eq!(client.code("vault/status", Value::Null), 4003);
    assert!(fs::read(data_file(&home)).unwrap() == damaged);
    fs::remove_file(data_file(&home)).unwrap();
    assert_eq!(client.code("setAPIKey", [key.as_str()]), 4003);
    assert!(!data_file(&home).exists());
}

#[test]
fn what_was_revoked_does_not_come_back() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    {
        let mut client = home.client_with(&key);
        client.ok("revokeAPIKey", json!({}));
    }
    zero_rows(&home);
    let mut client = home.client();
    let code = client.code("setAPIKey", [key.as_str()]);
    assert!([1004, 4002].contains(&code), "{code}");
    client.shut_down();
    client.forget_answers();
}

#[test]
fn a_key_whose_row_is_lost_is_not_taken_for_a_new_one() {
    let home = Home::new();
    let (key, other) = (home.key(), home.key());
    let (before, after) = (home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    {
        let mut client = home.client_with(&other);
        client.ok("setPersistentData", json!(["user", after]));
    }
    zero_rows(&home);
    let mut client = home.client();
    assert_eq!(client.code("setAPIKey", [other.as_str()]), 4002);
    client.set_key(&key);
    assert_eq!(client.ok("getPersistentData", named("before")), before);
    client.shut_down();
    client.forget_answers();
}

#[test]
fn a_backup_of_ones_own_takes_a_damaged_stores_place() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let last = {
        let mut client = home.client_with(&key);
        client.revision("setPersistentData", json!(["user", object]))
    };
    let file = archive(&home, "copy");
    done(&home, &["backup", &file], "");
    fs::write(data_file(&home), b"nothing at all").unwrap();
    assert_eq!(home.client().code("setAPIKey", [key.as_str()]), 4003);
    done(&home, &["restore", "--yes", &file], "");
    let mut client = home.client_with(&key);
    let record = client.ok("getPersistentRecord", ["user"]);
    assert_eq!((&record["data"], &record["restored"]), (&object, &json!(true)));
    assert!(client.revision("setPersistentData", json!(["user", {}])) > last + LEAP);
    assert_eq!(client.ok("vault/status", Value::Null)["repaired"], Value::Null);
    drop(client);
    assert_eq!(content(&home).len(), 2);
}

#[test]
fn a_second_repair_assigns_no_number_again() {
    let home = Home::new();
    let (key, before, after) = (home.key(), home.object(), home.object());
    backed_up(&home, &key, &before, &after);
    let mut last = 0;
    for _ in 0..3 {
        zero_rows(&home);
        let mut client = home.client_with(&key);
        for _ in 0..3 {
            let revision = client.revision("setPersistentData", set("before", &home.object()));
            assert!(revision > last, "{revision} after {last}");
            last = revision;
        }
        client.shut_down();
        client.forget_answers();
    }
    assert_eq!(quarantined(&home).len(), 3);
}
