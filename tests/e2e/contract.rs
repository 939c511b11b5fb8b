//! The contract as data: what `rpc.discover` and `plugin-vault schema` give; and the check of messages against it.

use plugin_vault::rpc::CONTRACT;
use serde_json::json;

use crate::harness::Home;
use crate::harness::contract::Conversation;

#[test]
fn discover_returns_the_contract_byte_for_byte() {
    let home = Home::new();
    let mut client = home.client();
    assert_eq!(client.exact("rpc.discover", "{}"), CONTRACT.trim_end());
    // Lines have no line breaks inside.
    let mut script = home.script();
    assert_eq!(script.exact("rpc.discover", "[]"), CONTRACT.trim_end().replace('\n', " "));
    assert_eq!(client.refused("rpc.discover", json!({"verbose": true})).parameter(), (&json!(0), "unknown"));
}

#[test]
fn the_command_line_prints_it_and_makes_nothing() {
    let home = Home::new();
    let output = home.start().usual_log().arguments(["schema"]).command().output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), CONTRACT);
    assert!(!home.data().exists());
}

/// Whether a request and its answer pass.
fn passes(request: &str, answer: &str) -> bool {
    let mut conversation = Conversation::default();
    conversation.sent(request);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| conversation.heard(answer))).is_ok()
}

#[test]
fn what_the_contract_does_not_have_is_found() {
    #[track_caller]
    fn check(expected: bool, method: &str, params: &str, answer: &str) {
        let request = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let answer = format!(r#"{{"jsonrpc":"2.0","id":1,{answer}}}"#);
        assert_eq!(passes(&request, &answer), expected, "{request} {answer}");
    }
    check(true, "setPersistentData", r#"["user",{}]"#, r#""result":{"revision":1}"#);
    check(true, "setPersistentData", r#"["user",{},null]"#, r#""result":{"revision":1}"#);
    check(false, "setPersistentData", r#"["user",{}]"#, r#""result":{"revision":1,"more":1}"#);
    check(false, "setPersistentData", r#"["user",{}]"#, r#""result":{"revision":-1}"#);
    check(false, "setPersistentData", r#"["user",{}]"#, r#""result":{}"#);
    check(false, "setPersistentData", r#"["user",[]]"#, r#""result":{"revision":1}"#);
    check(false, "setPersistentData", r#"{"context":"user"}"#, r#""result":{"revision":1}"#);
    check(
        false,
        "setPersistentData",
        r#"{"context":"user","data":{},"more":1}"#,
        r#""result":{"revision":1}"#,
    );
    let error = |code: i32, message: &str, data: &str| {
        format!(r#""error":{{"code":{code},"message":"{message}","data":{data}}}"#)
    };
    let sentence = "No live lease has this token, because it expired or was released. Acquire the lease again, then \
                    read again.";
    let lost = 3002;
    let data = r#"{"kind":"leaseLost","retryable":false}"#;
    check(true, "renewLease", r#"["a",1]"#, &error(lost, sentence, data));
    check(false, "renewLease", r#"["a",1]"#, &error(3001, sentence, data));
    check(false, "renewLease", r#"["a",1]"#, &error(lost, "Lost.", data));
    check(
        false,
        "renewLease",
        r#"["a",1]"#,
        &error(lost, sentence, r#"{"kind":"leaseLost","retryable":true}"#),
    );
    check(false, "renewLease", r#"["a","1"]"#, &error(lost, sentence, data));
    check(false, "vault/status", "[]", &error(lost, sentence, data));
    let data = r#"{"kind":"invalidParams","retryable":false,"reason":"wrongType","parameter":"ttlMs"}"#;
    let rule = "`ttlMs` must be a whole number.";
    check(true, "renewLease", r#"["a","1"]"#, &error(-32602, rule, data));
    check(false, "renewLease", r#"["a","1"]"#, &error(-32602, "`ttl` must be a whole number.", data));
    check(false, "renewLease", r#"["a","1"]"#, &error(-32602, "`ttlMs` must be there.", data));
    check(false, "renewLease", r#"["a","1"]"#, &error(-32602, rule, &data.replace("wrongType", "missing")));
}

#[test]
fn a_notice_that_the_contract_does_not_have_is_found() {
    #[track_caller]
    fn check(expected: bool, method: &str, params: &str) {
        let notice = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#);
        assert_eq!(passes("", &notice), expected, "{notice}");
    }
    check(true, "persistentData/didChange", r#"{"handle":"h","revision":1,"resync":true}"#);
    check(false, "persistentData/didChange", r#"{"handle":"h","revision":1,"resync":false}"#);
    check(false, "persistentData/didChange", r#"{"handle":"h","revision":1,"resync":true,"more":1}"#);
    check(false, "persistentData/didChanged", r#"{"handle":"h","revision":1,"resync":true}"#);
}
