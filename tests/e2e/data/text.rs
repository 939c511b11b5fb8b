//! Stored text comes back byte for byte.

use serde_json::json;

use crate::harness::{Framing, Home, Message};

const TEXTS: &[&str] = &[
    "{}",
    r#"{"z":1,"a":2,"m":3}"#,
    r#"{"big":123456789012345678901234567890,"small":0.1000000000000000055511151231257827,"e":1E400,"m":-0}"#,
    r#"{"e":1e-400,"f":1.0,"g":1E+2}"#,
    r#"{"a":1,"a":2,"a":{"a":3}}"#,
    r#"{"\u0061":"\u0041\/\n\"\\","A":"\ud83d\ude00"}"#,
    r#"{"lone":"\ud800","other":"\udc00\ud800","name \ud800":1}"#,
    r#"{"":{"":[{},[],null,true,false]}}"#,
    "{\"text\":\"\u{0} is none, \u{e9}\u{4f60}\u{1f600}\u{fffd}\u{feff}\u{7f}\u{2028}\"}",
    "{ \"white\" :\t[ 1 ,  2 ] }",
];

#[test]
fn an_object_comes_back_byte_for_byte() {
    for framing in [Framing::Headers, Framing::Lines] {
        let home = Home::new();
        let key = home.key();
        let mut server = home.start().framing(framing).run();
        server.set_key(&key);
        for (at, text) in TEXTS.iter().enumerate() {
            // A real control character is no JSON.
            let text = text.replace('\u{0}', r"\u0000");
            let address = format!(r#""context":"user","name":"n{at}""#);
            server.exact("setPersistentData", &format!(r#"{{{address},"data":{text}}}"#));
            assert_eq!(server.exact("getPersistentData", &format!("{{{address}}}")), text);
            let record = server.exact("getPersistentRecord", &format!("{{{address}}}"));
            assert!(record.contains(&format!(r#""data":{text}"#)), "{record}");
        }
        server.finish();
        let mut server = home.start().framing(framing).run();
        server.set_key(&key);
        for (at, text) in TEXTS.iter().enumerate() {
            let text = text.replace('\u{0}', r"\u0000");
            let got = server.exact("getPersistentData", &format!(r#"{{"context":"user","name":"n{at}"}}"#));
            assert_eq!(got, text);
        }
    }
}

#[test]
fn white_space_at_the_ends_is_not_kept() {
    let home = Home::new();
    let mut server = home.start().run();
    server.set_key(&home.key());
    server.exact("setPersistentData", "[\"user\", \r\n\t {\"a\" : 1} \n\t ]");
    assert_eq!(server.exact("getPersistentData", r#"["user"]"#), r#"{"a" : 1}"#);
    let list = server.ok("listPersistentData", json!({}));
    assert_eq!(list[0]["bytes"], r#"{"a" : 1}"#.len());
}

#[test]
fn line_breaks_inside_are_kept_and_go_out_as_blanks_where_a_message_is_a_line() {
    let home = Home::new();
    let key = home.key();
    let text = "{\r\n  \"a\":\n1\r}";
    let mut client = home.start().run();
    client.set_key(&key);
    client.exact("setPersistentData", &format!(r#"["user",{text}]"#));
    assert_eq!(client.exact("getPersistentData", r#"["user"]"#), text);
    let mut script = home.script_with(&key);
    assert_eq!(script.exact("getPersistentData", r#"["user"]"#), "{    \"a\": 1 }");
}

#[test]
fn nesting_may_be_as_deep_as_a_message_can_be_long() {
    const LEVELS: usize = 100_000;
    let home = Home::new();
    let mut server = home.start().run();
    server.set_key(&home.key());
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let text = format!(r#"{{"deep":{}1{}}}"#, open.repeat(LEVELS), close.repeat(LEVELS));
        server.exact("setPersistentData", &format!(r#"["user",{text}]"#));
        assert!(server.exact("getPersistentData", r#"["user"]"#) == text);
        // A merge patch that does not touch it leaves it alone.
        server.exact("patchPersistentData", r#"["user",{"b":1}]"#);
        let merged = server.exact("getPersistentData", r#"["user"]"#);
        assert!(merged.contains(&text[..text.len() - 1]) && merged.contains(r#""b":1"#));
    }
}

#[test]
fn text_that_is_not_json_is_refused_and_affects_no_other_message() {
    let home = Home::new();
    let mut server = home.client_with(&home.key());
    for data in ["{\"a\":\"\u{1}\"}", "{'a':1}", "{\"a\":01}", "{\"a\":1,}", "{\"a\":NaN}", "{\"a\":\"\\x\"}"]
    {
        let request =
            format!(r#"{{"jsonrpc":"2.0","id":9,"method":"setPersistentData","params":["user",{data}]}}"#);
        server.send_text(&request);
        let answer = Message::read(&server.next_text());
        assert_eq!((answer.id(), answer.refused().code), ("9", -32700), "{data}");
    }
    assert_eq!(server.ok("listPersistentData", json!({})), json!([]));
}
