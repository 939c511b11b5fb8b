//! Records that expire.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::{DEADLINE, Home};

const PAST: &str = "2001-01-01T00:00:00Z";
const FUTURE: &str = "2100-01-01T00:00:00Z";

fn set(data: &Value, expires_at: &str) -> Value {
    json!({"context": "user", "data": data, "expiresAt": expires_at})
}

#[test]
fn an_end_in_the_past_is_taken_and_the_record_is_not_there() {
    let home = Home::new();
    let object = home.object();
    let mut script = home.script_with_key();
    script.ok("setPersistentData", json!(["user", home.object()]));
    assert!(script.revision("setPersistentData", set(&object, PAST)) > 0);
    assert_eq!(script.ok("getPersistentData", ["user"]), Value::Null);
    assert_eq!(script.ok("getPersistentRecord", ["user"]), Value::Null);
    assert_eq!(script.ok("listPersistentData", json!({})), json!([]));
    assert_eq!(script.ok("deletePersistentData", ["user"]), json!({"deleted": false, "revision": 0}));
    let refused =
        script.refused("setPersistentData", json!({"context": "user", "data": {}, "ifRevision": 7}));
    assert_eq!((refused.code, &refused.data["revision"]), (2001, &json!(0)));
    script.ok("setPersistentData", json!({"context": "user", "data": object, "ifRevision": 0}));
    assert_eq!(script.ok("getPersistentData", ["user"]), object);
}

#[test]
fn a_record_is_gone_when_its_end_comes() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let end = OffsetDateTime::now_utc() + Duration::from_millis(500);
    script.ok("setPersistentData", set(&home.object(), &end.format(&Rfc3339).unwrap()));
    let began = Instant::now();
    while script.ok("getPersistentData", ["user"]) != Value::Null {
        assert!(began.elapsed() < DEADLINE);
    }
    // Times are kept to the millisecond.
    assert!(OffsetDateTime::now_utc() + Duration::from_millis(1) >= end, "it has expired too early");
    script.ok("setPersistentData", json!({"context": "user", "data": {}, "ifRevision": 0}));
}

#[test]
fn a_patch_keeps_the_end_and_a_set_without_one_takes_it_away() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let end = "2100-01-01T00:00:00.000Z";
    script.ok("setPersistentData", set(&json!({"a": 1}), FUTURE));
    script.ok("patchPersistentData", json!(["user", {"b": 1}]));
    assert_eq!(script.ok("getPersistentRecord", ["user"])["expiresAt"], end);
    script.ok("setPersistentData", json!(["user", {"a": 1}]));
    assert_eq!(script.ok("getPersistentRecord", ["user"]).get("expiresAt"), None);
}

#[test]
fn the_same_text_with_another_end_is_a_change() {
    let home = Home::new();
    let mut script = home.script_with_key();
    let object = home.object();
    let first = script.revision("setPersistentData", set(&object, FUTURE));
    assert_eq!(script.revision("setPersistentData", set(&object, "2100-01-01T01:00:00.000+01:00")), first);
    let second = script.revision("setPersistentData", set(&object, "2100-01-01T00:00:01Z"));
    let third = script.revision("setPersistentData", json!(["user", object]));
    assert!(first < second && second < third);
    assert_eq!(script.revision("setPersistentData", json!(["user", object])), third);
}

#[test]
fn a_patch_on_what_has_expired_begins_anew() {
    let home = Home::new();
    let mut script = home.script_with_key();
    script.ok("setPersistentData", set(&json!({"old": 1}), PAST));
    script.ok("patchPersistentData", json!(["user", {"new": 1}]));
    let record = script.ok("getPersistentRecord", ["user"]);
    assert_eq!((&record["data"], record.get("expiresAt")), (&json!({"new": 1}), None));
}
