//! What stdin and stdout may be.

use std::fs::{self, File};

use serde_json::{Value, json};

use crate::harness::{Framing, Home, Message, request_lines};

#[test]
fn sockets_do_as_well_as_pipes() {
    for framing in [Framing::Headers, Framing::Lines] {
        let home = Home::new();
        let object = home.object();
        let mut server = home.start().framing(framing).sockets().run();
        server.initialize(&[]);
        server.set_key(&home.key());
        server.ok("setPersistentData", json!(["user", object]));
        assert_eq!(server.ok("getPersistentData", ["user"]), object);
    }
}

#[test]
fn files_do_as_well_as_pipes() {
    let home = Home::new();
    let (key, object) = (home.key(), home.object());
    let (input, output) = (home.root().join("input"), home.root().join("output"));
    let requests = [
        ("setAPIKey", json!([key])),
        ("setPersistentData", json!(["user", object])),
        ("getPersistentData", json!(["user"])),
    ];
    fs::write(&input, request_lines(&requests)).unwrap();
    let start = home.start();
    let mut command = start.command();
    command.stdin(File::open(&input).unwrap()).stdout(File::create(&output).unwrap());
    let ended = command.output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
    let text = fs::read_to_string(&output).unwrap();
    let answers: Vec<_> = text.lines().map(Message::read).collect();
    assert_eq!(answers.iter().map(Message::id).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(answers[2].ok(), object);
}

#[cfg(unix)]
#[test]
fn both_ends_may_be_one_socket() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::Shutdown;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let home = Home::new();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let start = home.start();
    let mut command = start.command();
    command.stdin(OwnedFd::from(theirs.try_clone().unwrap())).stdout(OwnedFd::from(theirs));
    let mut child = command.spawn().unwrap();
    drop(command);
    ours.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"vault/status\"}\n").unwrap();
    ours.shutdown(Shutdown::Write).unwrap();
    let lines: Vec<_> = BufReader::new(ours).lines().map(Result::unwrap).collect();
    assert_eq!(lines.len(), 1);
    Message::read(&lines[0]).ok();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn input_may_come_a_byte_at_a_time_and_blank_lines_between() {
    let home = Home::new();
    let mut server = home.start().run();
    let frame = server.frame(r#"{"jsonrpc":"2.0","id":1,"method":"vault/status"}"#);
    for bytes in [b"\xEF\xBB\xBF\r\n\n".as_slice(), &frame, b"\n \r\n", &frame] {
        for byte in bytes {
            server.send_raw(&[*byte]);
        }
    }
    server.next().ok();
    server.next().ok();
}

#[test]
fn one_stray_line_does_not_end_the_connection() {
    let home = Home::new();
    let mut server = home.client();
    server.send_raw(b"a stray line\n");
    server.send_raw(
        b"content-length :  2 \nX-Other: 1\nContent-Type: application/vscode-jsonrpc; charset=utf8\n\n{}",
    );
    let answers = [server.next(), server.next()];
    assert_eq!(answers.map(|answer| answer.refused().code), [-32700, -32600]);
    server.send_raw(b"Content-Length: 4\r\nContent-Type: x; charset=latin1\r\n\r\n{}{}");
    assert_eq!(server.next().refused().code, -32700);
    server.send_raw(b"Content-Length: 4\r\n\r\n\"\xFF\xFE\"");
    assert_eq!(server.next().refused().code, -32700);
    assert_eq!(server.ok("vault/status", Value::Null)["records"], 0);
}
