//! How a process ends by what came on its input: its exit code, and the one line that says why.

use std::process::Stdio;

use crate::harness::{Framing, Home};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
const SHUTDOWN: &str = r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#;
const EXIT: &str = r#"{"jsonrpc":"2.0","method":"exit"}"#;
const STATUS: &str = r#"{"jsonrpc":"2.0","id":3,"method":"vault/status"}"#;

/// Sends messages, ends the input, and looks at the end. `why` is a word of the line on stderr; empty for none.
#[track_caller]
fn check_messages(messages: &[&str], code: i32, why: &str) {
    for framing in [Framing::Headers, Framing::Lines] {
        let home = Home::new();
        let mut server = home.start().framing(framing).run();
        let bytes: Vec<u8> = messages.iter().flat_map(|message| server.frame(message)).collect();
        server.send_raw(&bytes);
        let end = server.finish();
        assert_eq!(end.code, Some(code), "{framing:?}: {end:?}");
        check_line(&end.stderr, why);
        server.forget_answers();
    }
}

#[track_caller]
fn check_line(stderr: &str, why: &str) {
    if why.is_empty() {
        assert_eq!(stderr, "");
    } else {
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("plugin-vault: ") && stderr.ends_with('\n'), "{stderr}");
        assert!(stderr.contains(why), "{stderr:?} does not say {why:?}");
    }
}

#[test]
fn exit_after_shutdown_is_a_good_end() {
    check_messages(&[INITIALIZE, SHUTDOWN, EXIT], 0, "");
    check_messages(&[SHUTDOWN, EXIT], 0, "");
}

#[test]
fn the_end_of_input_after_shutdown_is_a_good_end() {
    check_messages(&[INITIALIZE, SHUTDOWN], 0, "");
    check_messages(&[SHUTDOWN], 0, "");
}

#[test]
fn the_end_of_a_scripts_input_is_a_good_end() {
    check_messages(&[], 0, "");
    check_messages(&[STATUS], 0, "");
}

#[test]
fn exit_without_shutdown_is_a_bad_end() {
    check_messages(&[INITIALIZE, EXIT], 1, "without shutdown");
    check_messages(&[EXIT], 1, "without shutdown");
}

#[test]
fn the_end_of_input_in_a_session_is_a_bad_end() {
    check_messages(&[INITIALIZE], 1, "without shutdown");
    check_messages(&[INITIALIZE, STATUS], 1, "without shutdown");
}

#[test]
fn nothing_is_read_after_exit() {
    check_messages(&[INITIALIZE, SHUTDOWN, EXIT, "not json at all"], 0, "");
}

#[test]
fn a_frame_that_is_cut_off_is_a_bad_end() {
    #[track_caller]
    fn check(framing: Framing, bytes: &[u8]) {
        let home = Home::new();
        let mut server = home.start().framing(framing).run();
        server.send_raw(bytes);
        let end = server.finish();
        assert_eq!(end.code, Some(1), "{:?}: {end:?}", String::from_utf8_lossy(bytes));
        check_line(&end.stderr, "middle of a message");
        server.forget_answers();
    }
    check(Framing::Headers, b"Content-Len");
    check(Framing::Headers, b"Content-Length: 10");
    check(Framing::Headers, b"Content-Length: 10\r\n");
    check(Framing::Headers, b"Content-Length: 10\r\n\r\n");
    check(Framing::Headers, b"Content-Length: 10\r\n\r\n{\"json");
    check(Framing::Lines, b"{");
    check(Framing::Lines, br#"{"jsonrpc":"2.0","id":1,"method":"vault/status""#);
    check(Framing::Lines, br#"[{"jsonrpc":"2.0","id":1,"method":"vault/status"}"#);
}

#[test]
fn a_cut_off_frame_is_a_bad_end_after_shutdown_too() {
    for framing in [Framing::Headers, Framing::Lines] {
        let home = Home::new();
        let mut server = home.start().framing(framing).run();
        server.ok("shutdown", serde_json::Value::Null);
        let mut frame = server.frame(EXIT);
        frame.truncate(frame.len() - 5);
        server.send_raw(&frame);
        assert_eq!(server.finish().code, Some(1), "{framing:?}");
        server.forget_answers();
    }
}

#[test]
fn the_last_line_needs_no_line_break() {
    let home = Home::new();
    let mut server = home.start().framing(Framing::Lines).run();
    server.send_raw(STATUS.as_bytes());
    assert_eq!(server.finish().code, Some(0));
    assert_eq!(server.next().id(), "3");
}

#[test]
fn input_that_is_no_protocol_is_a_bad_end() {
    let home = Home::new();
    let mut server = home.start().run();
    server.send_raw("no protocol\n".repeat(6_000).as_bytes());
    let end = server.wait_for_end();
    assert_eq!(end.code, Some(1));
    check_line(&end.stderr, "neither");
    assert_eq!(server.next().refused().code, -32700);
}

#[test]
fn a_length_that_cannot_be_is_a_bad_end() {
    for length in
        ["16777217", "1000000000000", "99999999999999999999999", "-1", "ten", "1\r\nContent-Length: 2"]
    {
        let home = Home::new();
        let mut server = home.start().run();
        server.send_raw(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        let end = server.wait_for_end();
        assert_eq!(end.code, Some(1), "{length}");
        check_line(&end.stderr, "--max-message-bytes");
        let answer = server.next();
        assert_eq!((answer.id(), answer.refused().code), ("null", -32600), "{length}");
    }
}

#[test]
fn a_line_over_the_limit_is_a_bad_end() {
    let home = Home::new();
    let mut server = home.start().framing(Framing::Lines).arguments(["--max-message-bytes", "200"]).run();
    let fits = format!("{STATUS:200}");
    server.send_text(&fits);
    server.next().ok();
    server.send_raw(format!("{STATUS:201}\n").as_bytes());
    let end = server.wait_for_end();
    assert_eq!(end.code, Some(1));
    check_line(&end.stderr, "--max-message-bytes");
    assert_eq!(server.next().refused().code, -32600);
}

#[test]
fn a_script_whose_store_could_never_be_opened_ends_with_3() {
    let home = Home::new();
    std::fs::write(home.data(), "a file where the folder should be").unwrap();
    let mut server = home.script();
    let key = home.key();
    server.refused("setAPIKey", [key.as_str()]);
    let end = server.finish();
    assert_eq!(end.code, Some(3));
    check_line(&end.stderr, "the store could not be opened");
}

#[test]
fn a_script_whose_store_was_opened_in_the_end_ends_with_0() {
    let home = Home::new();
    std::fs::write(home.data(), "a file where the folder should be").unwrap();
    let mut server = home.script();
    let key = home.key();
    server.refused("setAPIKey", [key.as_str()]);
    std::fs::remove_file(home.data()).unwrap();
    server.set_key(&key);
}

#[test]
fn a_client_whose_store_could_never_be_opened_ends_as_it_should() {
    let home = Home::new();
    std::fs::write(home.data(), "a file where the folder should be").unwrap();
    let mut server = home.client();
    let key = home.key();
    server.refused("setAPIKey", [key.as_str()]);
    assert_eq!(server.shut_down().code, Some(0));
}

#[test]
fn unread_answers_after_shutdown_are_not_an_error() {
    let home = Home::new();
    let start = home.start();
    let mut command = start.command();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let message = |text: &str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
    let mut input = child.stdin.take().unwrap();
    let text = message(INITIALIZE) + &message(SHUTDOWN) + &message(EXIT);
    std::io::Write::write_all(&mut input, text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Runs a script whose answers go somewhere; how the process ends.
#[track_caller]
fn lose_answers(home: &Home, output: Stdio, script: &str) -> (Option<i32>, String) {
    let start = home.start();
    let mut command = start.command();
    let mut child = command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn answers_that_a_full_disk_does_not_take_are_a_bad_end() {
    let frame = |text: &str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
    let session = [INITIALIZE, SHUTDOWN, EXIT].map(frame).concat();
    for script in [format!("{STATUS}\n"), STATUS.to_owned(), session] {
        let home = Home::new();
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let (code, stderr) = lose_answers(&home, full.into(), &script);
        assert_eq!(code, Some(1), "{stderr}");
        check_line(&stderr, "answers could not be written");
    }
}

#[test]
fn answers_of_a_script_whose_reader_is_gone_are_a_bad_end() {
    let home = Home::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (code, stderr) = lose_answers(&home, writer.into(), &format!("{STATUS}\n"));
    assert_eq!(code, Some(1), "{stderr}");
    check_line(&stderr, "answers could not be written");
}
