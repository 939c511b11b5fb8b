//! What one connection asks for, without waiting, before its key is rotated: it means the key as it was, or as it is
//! then, but the handle is good all the time.

use serde_json::{Value, json};

use crate::server::{Home, with};

/// The reads wait for a write, are let go together, and are long enough for the rotation to be committed while they
/// still run.
#[test]
fn reads_that_were_asked_for_before_a_rotation_are_not_hurt_by_it() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    let text = "x".repeat(200_000);
    for round in 0..4 {
        let data = json!({"round": round, "text": text});
        let write = with(&handle, json!({"context": "user", "data": data}));
        let written = server.send("setPersistentData", &write);
        let read = with(&handle, json!({"context": "user"}));
        let reads: Vec<_> = (0..60).map(|_| server.send("getPersistentData", &read)).collect();
        let rotated = server.send("rotateAPIKey", &with(&handle, json!({})));
        server.wait(written).unwrap();
        for id in reads {
            let answer: Result<Value, _> = server.wait(id);
            let found =
                answer.unwrap_or_else(|refused| panic!("a read before a rotation was refused: {refused:?}"));
            assert_eq!(found["round"], round);
        }
        server.wait(rotated).unwrap();
    }
}
