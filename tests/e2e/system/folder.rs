//! A data folder that is taken away, or replaced by another one, while processes have it open.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::geteuid;
use serde_json::json;

use super::{read, write};
use crate::harness::{Framing, Home};

#[test]
fn a_folder_that_is_moved_away_takes_its_store_along() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut other, mut late) = (home.script(), home.script(), home.script());
    for server in [&mut one, &mut other, &mut late] {
        server.set_key(&key);
    }
    write(&mut one, 1, &json!({"n": 1})).unwrap();
    assert_eq!(read(&mut other, 1), json!({"n": 1}));
    let aside = home.root().join("aside");
    fs::rename(home.data(), &aside).unwrap();
    // Who knows it may read it, and who does not is no worse off than one that comes later. What is written goes to where the store has to be, and nowhere else.
    assert_eq!(read(&mut other, 1), json!({"n": 1}));
    let params = json!({"context": "user", "name": "n1"});
    assert_eq!(late.refused("getPersistentData", params).why(), (5002, "replaced"));
    assert!(read(&mut late, 1).is_null());
    write(&mut one, 2, &json!({"n": 2})).unwrap();
    assert!(read(&mut one, 1).is_null());
    write(&mut other, 3, &json!({"n": 3})).unwrap();
    for server in [&mut one, &mut other, &mut late] {
        assert_eq!((read(server, 2), read(server, 3)), (json!({"n": 2}), json!({"n": 3})));
    }
    drop((one, other, late));

    // And back again.
    fs::remove_dir_all(home.data()).unwrap();
    fs::rename(&aside, home.data()).unwrap();
    let mut server = home.script_with(&key);
    assert_eq!(read(&mut server, 1), json!({"n": 1}));
    assert!(read(&mut server, 2).is_null());
}

#[test]
fn a_lease_in_a_store_that_is_made_anew_is_held() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut other) = (home.script(), home.script());
    for server in [&mut one, &mut other] {
        server.set_key(&key);
    }
    write(&mut one, 1, &json!({"n": 1})).unwrap();
    fs::remove_dir_all(home.data()).unwrap();
    let lease = json!({"name": "l", "ttlMs": 600_000});
    let token = one.ok("acquireLease", lease.clone())["lease"].clone();
    assert_eq!(other.code("acquireLease", lease), 3001);
    let held = json!({"context": "user", "data": {}, "lease": token});
    one.ok("setPersistentData", held);
}

#[test]
fn a_folder_that_is_deleted_leaves_a_process_that_goes_on() {
    let home = Home::new();
    let key = home.key();
    let (mut one, mut other) = (home.script(), home.script());
    for server in [&mut one, &mut other] {
        server.set_key(&key);
    }
    write(&mut one, 1, &json!({"n": 1})).unwrap();
    fs::remove_dir_all(home.data()).unwrap();
    write(&mut one, 2, &json!({"n": 2})).unwrap();
    write(&mut other, 3, &json!({"n": 3})).unwrap();
    for server in [&mut one, &mut other] {
        assert_eq!((read(server, 2), read(server, 3)), (json!({"n": 2}), json!({"n": 3})));
    }
    let mut late = home.script_with(&key);
    assert_eq!((read(&mut late, 2), read(&mut late, 3)), (json!({"n": 2}), json!({"n": 3})));
}

#[test]
fn a_folder_that_may_not_be_written_is_refused_and_left_alone() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut server = home.script_with(&key);
    server.ok("setPersistentData", json!(["user", object]));
    drop(server);
    // Where the user may do anything, what permissions say counts only without that.
    let without: &[&str] =
        if geteuid().is_root() { &["setpriv", "--bounding-set=-dac_override,-dac_read_search"] } else { &[] };
    let set_mode = |mode| fs::set_permissions(home.data(), fs::Permissions::from_mode(mode)).unwrap();
    for file in ["open.lock", "make.lock"] {
        fs::remove_file(home.data().join(file)).unwrap();
    }
    set_mode(0o500);
    let mut server = home.start().usual_log().framing(Framing::Lines).under(without).run();
    let refused = server.refused("setAPIKey", [key.as_str()]);
    assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("access")));
    set_mode(0o700);
    server.set_key(&key);
    assert_eq!(server.ok("getPersistentData", ["user"]), object);
    let stderr = server.shut_down().stderr;
    let repair = format!("run: chmod u=rwx '{}'", home.data().display());
    assert!(stderr.contains(&repair), "{stderr}");
}
