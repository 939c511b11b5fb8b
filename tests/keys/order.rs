//! What one connection asks for, without waiting, before its key is rotated: the handle is good all the time.

use serde_json::{Value, json};

use crate::server::{Home, with};

/// Rotations, each with reads under way.
const ROUNDS: u64 = 10;

/// The reads wait for a write, are let go together, and are long enough for the rotation to be committed while some of
/// them still run.
#[test]
fn reads_that_were_asked_for_before_a_rotation_are_not_hurt_by_it() {
    let home = Home::new();
    let mut server = home.server();
    let (_, handle) = server.issue("a.b");
    let read = with(&handle, json!({"context": "user"}));
    for round in 1..=ROUNDS {
        let data = json!({"round": round, "text": "x".repeat(100_000)});
        let written =
            server.begin("setPersistentData", with(&handle, json!({"context": "user", "data": data})));
        let reads: Vec<_> = (0..40).map(|_| server.begin("getPersistentData", &read)).collect();
        let rotated = server.begin("rotateAPIKey", with(&handle, json!({})));
        server.answer(written).unwrap();
        let reads: Vec<Result<Value, _>> = reads.into_iter().map(|id| server.answer(id)).collect();
        server.answer(rotated).unwrap();
        let refused: Vec<_> = reads.iter().filter_map(|read| read.as_ref().err()).collect();
        assert!(refused.is_empty(), "{} of {} were refused: {:?}", refused.len(), reads.len(), refused[0]);
        assert!(reads.iter().all(|read| read.as_ref().is_ok_and(|read| read["round"] == round)));
        assert_eq!(server.ok("getPersistentData", &read)["round"], round);
    }
}
