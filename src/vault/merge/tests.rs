//! The examples of the standard, cases that it leaves open, and a comparison with its pseudocode.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;
use crate::json;

fn text(text: &str) -> &str {
    json::parse(text.as_bytes()).expect(text).get()
}

#[track_caller]
fn check(target: &str, patch: &str, expected: &str) {
    assert_eq!(merge(Some(text(target)), text(patch)), Ok(Some(expected.to_owned())));
}

#[track_caller]
fn check_unchanged(target: &str, patch: &str) {
    assert_eq!(merge(Some(text(target)), text(patch)), Ok(None));
}

#[test]
fn the_examples_of_the_standard_give_its_results() {
    check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
    check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#);
    check(r#"{"a":"b"}"#, r#"{"a":null}"#, "{}");
    check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#);
    check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
    check(r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#);
    check(r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#);
    check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
    check(r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#);
    check("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#);
    check("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
}

#[test]
fn without_a_target_the_patch_is_applied_to_an_empty_object() {
    #[track_caller]
    fn check(patch: &str, expected: &str) {
        assert_eq!(merge(None, text(patch)), Ok(Some(expected.to_owned())));
    }
    check("{}", "{}");
    check(r#"{"a":null}"#, "{}");
    check(
        r#"{ "a" : 1.0 , "b" : { "c" : null , "d" : [ {"e":null} ] } }"#,
        r#"{"a":1.0,"b":{"d":[ {"e":null} ]}}"#,
    );
}

#[test]
fn a_patch_that_says_nothing_new_changes_nothing() {
    check_unchanged("{}", "{}");
    check_unchanged(r#"{ "a": 1.0,  "b":1e400 }"#, "{}");
    check_unchanged(r#"{ "a": 1.0,  "b":1e400 }"#, r#"{"a":1.0}"#);
    check_unchanged(r#"{ "a": 1.0,  "b":1e400 }"#, r#"{"c":null,"b":1e400}"#);
    check_unchanged(r#"{"a":{ "b": 1 }}"#, r#"{"a":{}}"#);
    check_unchanged(r#"{"a":{ "b": 1 }}"#, r#"{"a":{"b":1,"c":null}}"#);
    check_unchanged(r#"{"a":1,"a":2}"#, r#"{"b":null}"#);
    check_unchanged(r#"{"\u0061":1}"#, r#"{"a":1}"#);
}

#[test]
fn a_difference_in_the_text_is_a_change() {
    check(r#"{"a":1}"#, r#"{"a":1.0}"#, r#"{"a":1.0}"#);
    check(r#"{"a":"b"}"#, r#"{"a":"\u0062"}"#, r#"{"a":"\u0062"}"#);
    check(r#"{"a":[1]}"#, r#"{"a":[ 1 ]}"#, r#"{"a":[ 1 ]}"#);
    check(r#"{"a":null}"#, r#"{"a":null}"#, "{}");
    check(r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":{}}"#);
    check(r#"{"a":[]}"#, r#"{"a":{"b":null}}"#, r#"{"a":{}}"#);
}

#[test]
fn members_that_the_patch_does_not_name_keep_text_and_place() {
    check(r#"{"a": 1.0,  "b":1e400}"#, r#"{"c":true}"#, r#"{"a":1.0,"b":1e400,"c":true}"#);
    check(
        r#"{"z":"\u0041\/","y":{ "k" : -0 },"x":12345678901234567890123}"#,
        r#"{"b":2,"y":{"n":1},"a":1}"#,
        r#"{"z":"\u0041\/","y":{"k":-0,"n":1},"x":12345678901234567890123,"b":2,"a":1}"#,
    );
    check(r#"{"a":{ "deep" : 1 },"b":0}"#, r#"{"a":{},"b":1}"#, r#"{"a":{ "deep" : 1 },"b":1}"#);
    check(r#"{"b":"\ud800","c":0}"#, r#"{"c":"\udfff"}"#, r#"{"b":"\ud800","c":"\udfff"}"#);
    check(r#"{"a":0,"b":0,"c":0}"#, r#"{"c":1,"b":null,"a":2}"#, r#"{"a":2,"c":1}"#);
}

#[test]
fn names_are_equal_however_they_are_escaped() {
    check(r#"{"\u0061":1}"#, r#"{"a":2}"#, r#"{"\u0061":2}"#);
    check(r#"{"a":1}"#, r#"{"\u0061":null}"#, "{}");
    check(r#"{"a/b":1}"#, r#"{"a\/b":2}"#, r#"{"a/b":2}"#);
    check(r#"{"\uD800":1}"#, r#"{"\ud800":2}"#, r#"{"\uD800":2}"#);
    check(r#"{"\ud800":1}"#, r#"{"\ud801":2}"#, r#"{"\ud800":1,"\ud801":2}"#);
    check(r#"{"\u0061":{"x":1}}"#, r#"{"a":{"\u0079":2}}"#, r#"{"\u0061":{"x":1,"\u0079":2}}"#);
}

#[test]
fn duplicates_stay_unless_the_patch_names_them() {
    check(r#"{"a":1,"b":2,"a":3}"#, r#"{"b":4}"#, r#"{"a":1,"b":4,"a":3}"#);
    check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":4}"#, r#"{"b":2,"a":4}"#);
    check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":null}"#, r#"{"b":2}"#);
    check(r#"{"a":1,"b":2,"\u0061":3}"#, r#"{"a":3}"#, r#"{"b":2,"\u0061":3}"#);
    check(r#"{"a":{"x":1},"a":{"y":1}}"#, r#"{"a":{"z":1}}"#, r#"{"a":{"y":1,"z":1}}"#);
    check(r#"{"a":1}"#, r#"{"a":2,"a":3}"#, r#"{"a":3}"#);
    check(r#"{"a":1}"#, r#"{"a":2,"a":null}"#, "{}");
    check(r#"{"a":1}"#, r#"{"a":null,"\u0061":2}"#, r#"{"a":2}"#);
    check("{}", r#"{"a":1,"b":2,"a":3}"#, r#"{"b":2,"a":3}"#);
    check("{}", r#"{"a":{"x":1},"a":{"y":1}}"#, r#"{"a":{"y":1}}"#);
}

#[test]
fn a_patch_with_too_many_levels_is_refused() {
    fn nested(levels: usize, core: &str) -> String {
        format!("{}{core}{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
    }
    #[track_caller]
    fn check(target: Option<&str>, patch: &str, expected: Result<Option<&str>, TooDeep>) {
        let merged = merge(target.map(text), text(patch));
        assert_eq!(merged.as_ref().map(Option::as_deref), expected.as_ref().copied());
    }
    let most = nested(PATCH_DEPTH, "1");
    let over = nested(PATCH_DEPTH + 1, "1");
    let far_over = nested(100_000, "1");
    check(None, &most, Ok(Some(&most)));
    check(Some(&most), &most, Ok(None));
    check(None, &over, Err(TooDeep));
    check(Some(&over), &over, Err(TooDeep));
    check(None, &far_over, Err(TooDeep));

    // Neither the target's depth nor what is inside an array counts.
    check(Some(&far_over), "{}", Ok(None));
    check(Some(&far_over), r#"{"a":1}"#, Ok(Some(r#"{"a":1}"#)));
    let array = format!("[{far_over}]");
    let in_array = nested(PATCH_DEPTH, &array);
    check(None, &in_array, Ok(Some(&in_array)));
}

#[test]
fn the_time_grows_with_the_length_of_the_texts() {
    // Each of these would run for hours if every part of one text were read once for each part of the other.
    const MANY: usize = 40_000;
    let long = (0..MANY).fold(String::new(), |long, at| long + &format!(r#""{at}":null,"#));
    let repeated = format!("{{{}\"b\":0}}", r#""a":{},"#.repeat(MANY));
    check(&repeated, &format!(r#"{{"a":{{{long}"x":1}}}}"#), r#"{"a":{"x":1},"b":0}"#);
    let repeated = format!("{{{}\"b\":0}}", format!(r#""a":{{{long}"x":1}},"#).repeat(3));
    check("{}", &repeated, r#"{"a":{"x":1},"b":0}"#);

    let deep = |core: &str| format!("{}{core}{}", r#"{"a":"#.repeat(PATCH_DEPTH), "}".repeat(PATCH_DEPTH));
    let wide = deep(&format!("[{}0]", r#""]","#.repeat(MANY)));
    check_unchanged(&wide, &wide);
    check(&wide, &deep("1"), &deep("1"));
}

/// The pseudocode of the standard, over values.
fn reference(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut target = if let Value::Object(target) = target { target } else { Map::new() };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            let old = target.remove(&name).unwrap_or(Value::Null);
            target.insert(name, reference(old, value));
        }
    }
    Value::Object(target)
}

fn any_object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..3).prop_map(Value::from),
        1 => "[a\"\\\\\u{e9}]{0,2}".prop_map(Value::from),
    ];
    let name = "[ab\"\u{e9}]{1,2}";
    let value = leaf.prop_recursive(5, 48, 4, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            4 => prop::collection::btree_map(name, inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    });
    prop::collection::btree_map(name, value, 0..6).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn the_result_equals_that_of_the_pseudocode(target in any_object(), patch in any_object(), pretty in any::<bool>()) {
        let spelled = if pretty { format!("{target:#}") } else { target.to_string() };
        let merged = merge(Some(text(&spelled)), text(&patch.to_string())).expect("not deep");
        let expected = reference(target.clone(), patch.clone());
        if let Some(merged) = &merged {
            prop_assert_eq!(&serde_json::from_str::<Value>(merged).expect("JSON"), &expected);
            // A second application changes nothing.
            prop_assert_eq!(merge(Some(text(merged)), text(&patch.to_string())), Ok(None));
        } else { prop_assert_eq!(&target, &expected) }
        // With another layout, an array of the same values is another text.
        prop_assert!(pretty || merged.is_none() == (target == expected));
    }

    #[test]
    fn without_a_target_the_result_equals_that_on_an_empty_object(patch in any_object()) {
        let merged = merge(None, text(&patch.to_string())).expect("not deep").expect("a text");
        let expected = reference(Value::Object(Map::new()), patch);
        prop_assert_eq!(serde_json::from_str::<Value>(&merged).expect("JSON"), expected);
    }
}
