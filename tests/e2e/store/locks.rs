//! Locks and what processes tell each other: on Windows a locked file can be neither written nor read, so the two lie in
//! different files on every system.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::backup::{age, archive, backups, done, wait_for};
use crate::harness::Home;

fn in_data(home: &Home, name: &str) -> PathBuf {
    home.data().join(name)
}

/// Every file that is locked, after a store was made, written to, backed up and restored under a second process.
#[test]
fn files_that_are_locked_are_never_written() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let mut one = home.start().arguments(["--backup-idle-seconds", "1"]).run();
    one.initialize(&[]);
    one.set_key(&key);
    one.ok("setPersistentData", json!(["user", object]));
    wait_for(|| backups(&home).len() == 1);
    age(&backups(&home)[0]);
    let mut other = home.client_with(&key);
    other.ok("setPersistentData", json!(["user", object]));
    let copy = archive(&home, "copy");
    done(&home, &["backup", &copy], "");
    done(&home, &["restore", &copy, "--yes"], "");
    assert_eq!(one.ok("getPersistentData", ["user"]), object);
    assert_eq!(other.ok("getPersistentData", ["user"]), object);

    let mut locked = ["open.lock", "make.lock", "write.lock", "backup.lock"].map(str::to_owned).to_vec();
    let live = fs::read_dir(in_data(&home, "live")).unwrap().map(|entry| entry.unwrap().file_name());
    let live: Vec<_> = live.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(live.len(), 4, "{live:?}");
    locked.extend(live.iter().filter(|name| name.len() == 32).map(|name| format!("live/{name}")));
    for name in &locked {
        assert_eq!(fs::metadata(in_data(&home, name)).unwrap().len(), 0, "{name}");
    }
    for server in [&one, &other] {
        let about = format!("plugin-vault {} {}\n", env!("CARGO_PKG_VERSION"), server.id());
        let names = live.iter().filter(|name| name.len() > 32);
        let said =
            |name: &String| fs::read_to_string(in_data(&home, &format!("live/{name}"))).unwrap() == about;
        assert_eq!(names.filter(|name| said(name)).count(), 1, "{about}");
    }
    let writer = fs::read_to_string(in_data(&home, "writer")).unwrap();
    assert_eq!(writer.trim(), other.id().to_string());
    assert_eq!(fs::read(in_data(&home, "news")).unwrap().len(), 33, "a line feed, and the last announcement");
    // Both were told that the store was restored.
    for mut server in [one, other] {
        server.shut_down();
        server.forget_answers();
    }
}
