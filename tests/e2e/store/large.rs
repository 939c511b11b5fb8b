//! A store that is too large for all of it to be checked at each opening: after an orderly end nothing is checked if
//! nothing has touched the file since, and otherwise its structure; after any other end each row.

use std::fs::File;

use plugin_vault::files;
use serde_json::json;

use crate::harness::{Framing, Home, Server};

const MEBIBYTE: usize = 1 << 20;

/// A sidecar that has opened the store.
fn opened(home: &Home, key: &str) -> Server {
    let mut server = home.start().usual_log().framing(Framing::Lines).run();
    server.set_key(key);
    server
}

fn fill(home: &Home, key: &str) {
    let mut server = opened(home, key);
    let data = json!({"x": "y".repeat(7 * MEBIBYTE)});
    for n in 0..10 {
        server.ok("setPersistentData", json!({"context": "user", "name": format!("n{n}"), "data": data}));
    }
}

/// Flips a bit in the middle of the file, which is full of values; it stays as long.
fn damage_a_value(home: &Home) {
    let file = File::options().read(true).write(true).open(home.data().join("data.mdb")).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    assert!(middle > 32 * MEBIBYTE as u64);
    let mut byte = [0];
    files::read_exact_at(&file, &mut byte, middle).unwrap();
    files::write_all_at(&file, &[byte[0] ^ 1], middle).unwrap();
}

/// How much of the store a process checks that opens it.
#[cfg(target_os = "linux")]
fn depth(home: &Home, key: &str) -> &'static str {
    let mut server = home.start().usual_log().arguments(["--log", "debug"]).framing(Framing::Lines).run();
    server.set_key(key);
    let log = server.finish().stderr;
    let line = log.lines().find(|line| line.contains("is checked before it is used")).expect("it says so");
    let depths = ["depth=None", "depth=Some(Structure)", "depth=Some(Rows)"];
    depths.into_iter().find(|depth| line.contains(depth)).expect("it says how much")
}

#[cfg(target_os = "linux")]
fn data_file(home: &Home) -> File {
    File::options().read(true).write(true).open(home.data().join("data.mdb")).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_store_is_taken_as_it_is_only_if_nothing_has_touched_it_since_it_was_closed() {
    let home = Home::new();
    let key = home.key();
    fill(&home, &key);
    assert_eq!(depth(&home, &key), "depth=None", "it was closed in an orderly way");
    assert_eq!(depth(&home, &key), "depth=None", "and again");

    let modified = data_file(&home).metadata().unwrap().modified().unwrap();
    let later = modified + std::time::Duration::from_nanos(1);
    data_file(&home).set_modified(later).unwrap();
    assert_eq!(depth(&home, &key), "depth=Some(Structure)", "the time of its last change is another");
    assert_eq!(depth(&home, &key), "depth=None", "that process has closed it in an orderly way");

    let path = home.data().join("data.mdb");
    std::fs::copy(&path, home.root().join("copy")).unwrap();
    std::fs::rename(home.root().join("copy"), &path).unwrap();
    data_file(&home).set_modified(later).unwrap();
    assert_eq!(depth(&home, &key), "depth=Some(Structure)", "it is another file");

    let length = data_file(&home).metadata().unwrap().len();
    data_file(&home).set_len(length + 4_096).unwrap();
    data_file(&home).set_modified(later).unwrap();
    assert_eq!(depth(&home, &key), "depth=Some(Structure)", "it is longer");
    data_file(&home).set_len(length).unwrap();
    data_file(&home).set_modified(later).unwrap();
    assert_eq!(depth(&home, &key), "depth=Some(Structure)", "it is shorter");

    let record = home.data().join("closed");
    let text = std::fs::read_to_string(&record).unwrap();
    opened(&home, &key).ok("setPersistentData", json!({"context": "user", "name": "small", "data": {}}));
    data_file(&home).set_modified(later).unwrap();
    assert_eq!(data_file(&home).metadata().unwrap().len(), length, "a small record has room in it");
    std::fs::write(&record, text).unwrap();
    assert_eq!(depth(&home, &key), "depth=Some(Structure)", "a transaction came after the record");

    let text = std::fs::read_to_string(&record).unwrap();
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    let ["plugin-vault", "1", boot, ..] = words[..] else { panic!("{text}") };
    let this_boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(boot, this_boot.trim().replace('-', ""), "another boot ends it");
    for wrong in ["", "plugin-vault", &text[..text.len() - 2], &text.replacen(boot, &"0".repeat(32), 1)] {
        std::fs::write(&record, wrong).unwrap();
        assert_eq!(depth(&home, &key), "depth=Some(Structure)", "{wrong}");
    }

    // The last one to close it says so, and no other.
    let (first, second) = (opened(&home, &key), opened(&home, &key));
    std::fs::remove_file(&record).unwrap();
    drop(first);
    assert!(!record.exists());
    drop(second);
    assert!(record.exists());
    kill(opened(&home, &key));
    assert_eq!(depth(&home, &key), "depth=Some(Rows)", "a process was killed");
}

fn kill(mut server: Server) {
    server.kill();
    server.wait_for_end();
}

#[test]
fn a_large_store_is_checked_after_an_unclean_end_and_only_then() {
    let home = Home::new();
    let key = home.key();
    fill(&home, &key);
    damage_a_value(&home);
    let told = |mut server: Server| server.finish().stderr.contains("damaged");
    assert!(!told(opened(&home, &key)), "it was closed in an orderly way");
    kill(opened(&home, &key));
    assert!(told(opened(&home, &key)), "a process was killed");
    assert!(!told(opened(&home, &key)), "it was checked since");
}

#[cfg(target_os = "linux")]
#[test]
fn an_unclean_end_is_remembered_until_the_store_was_checked() {
    let home = Home::new();
    let key = home.key();
    fill(&home, &key);
    damage_a_value(&home);
    kill(opened(&home, &key));
    // It comes as far as to the files of those before it, and cannot map the store.
    let limit = ["prlimit", "--as=250000000"];
    let mut cramped = home.start().usual_log().framing(Framing::Lines).under(limit).run();
    assert_eq!(cramped.refused("setAPIKey", [key.as_str()]).why(), (5002, "addressSpace"));
    assert!(!cramped.finish().stderr.contains("damaged"));
    assert!(opened(&home, &key).finish().stderr.contains("damaged"));
}
