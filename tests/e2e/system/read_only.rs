//! A file system that becomes read-only, as they do when a disk begins to fail.

use serde_json::json;

use super::{read, write};
use crate::harness::Home;
use crate::harness::mount::Mount;

#[test]
fn a_store_on_a_read_only_disk_is_refused_and_goes_on_when_it_can_be_written() {
    let home = Home::new();
    let disk = Mount::memory(&home.data(), 10 << 20);
    let key = home.key();
    let mut server = home.script_with(&key);
    write(&mut server, 1, &json!({"n": 1})).unwrap();
    drop(server);
    disk.again("ro");
    let mut server = home.script();
    for _ in 0..2 {
        let refused = server.refused("setAPIKey", [key.as_str()]);
        assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("readOnly")));
    }
    disk.again("rw");
    server.set_key(&key);
    assert_eq!(read(&mut server, 1), json!({"n": 1}));
    write(&mut server, 1, &json!({"n": 2})).unwrap();
    assert_eq!(read(&mut server, 1), json!({"n": 2}));
}

#[test]
fn nothing_is_made_on_a_read_only_disk() {
    let home = Home::new();
    let disk = Mount::memory(&home.data(), 10 << 20);
    disk.again("ro");
    let key = home.key();
    let mut server = home.script();
    assert_eq!(server.code("setAPIKey", [key.as_str()]), 5005);
    assert!(home.key_folders().is_empty(), "a key without a store");
    disk.again("rw");
    server.set_key(&key);
}
