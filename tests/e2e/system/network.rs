//! A store on a file system of a network, as far as this machine can have one: one that a program makes up (FUSE), which
//! is also what `sshfs` and the shared folders of virtual machines are.

use serde_json::json;

use super::{read, write};
use crate::harness::mount::Mount;
use crate::harness::{Framing, Home};

#[test]
fn a_network_file_system_is_refused_with_what_to_do_unless_it_is_allowed() {
    let home = Home::new();
    let _mount = Mount::by_program(&home.data(), &home.root().join("real"));
    let (key, object) = (home.key(), home.object());
    let mut server = home.start().usual_log().framing(Framing::Lines).run();
    for _ in 0..2 {
        let refused = server.refused("setAPIKey", [key.as_str()]);
        assert_eq!((refused.code, &refused.data["reason"]), (5005, &json!("networkFileSystem")));
    }
    let end = server.finish();
    assert_eq!(end.code, Some(3));
    assert!(end.stderr.contains("--allow-network-file-system"), "{}", end.stderr);
    assert_eq!(std::fs::read_dir(home.data()).unwrap().count(), 0, "something was made there");
    assert!(home.key_folders().is_empty(), "a key without a store");

    let allowed = || home.start().framing(Framing::Lines).argument("--allow-network-file-system").run();
    let (mut one, mut other) = (allowed(), allowed());
    one.set_key(&key);
    other.set_key(&key);
    one.ok("setPersistentData", json!(["user", object]));
    write(&mut other, 1, &json!({"n": 1})).unwrap();
    assert_eq!(other.ok("getPersistentData", ["user"]), object);
    assert_eq!(read(&mut one, 1), json!({"n": 1}));
    drop((one, other));
    let mut refused = home.script();
    assert_eq!(refused.code("setAPIKey", [key.as_str()]), 5005);
    assert_eq!(refused.finish().code, Some(3));
}
