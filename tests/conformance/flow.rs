//! How bytes flow: what a case file cannot say, since it is not in the bytes but in who reads and writes when.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::process::Stdio;

#[cfg(target_os = "linux")]
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::expect::Framing;
use crate::harness::reading;
use crate::process;

const SET_KEY: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"setAPIKey","#,
    r#""params":["0123456789abcdef0123456789abcdef01234567"]}"#
);
const SHUTDOWN: &str = r#"{"jsonrpc":"2.0","id":"last","method":"shutdown"}"#;

fn framed(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Requests of some kilobyte each, all of them refused at once.
fn many(count: usize) -> String {
    let padding = "x".repeat(1_000);
    (0..count).fold(String::new(), |mut all, id| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"none","params":["{padding}"]}}"#);
        write!(all, "{}", framed(&body)).unwrap();
        all
    })
}

#[test]
fn a_client_that_writes_5_mb_before_it_reads_gets_every_answer() {
    let mut child = process::piped();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(many(5_000).as_bytes()).unwrap();
    stdin.write_all(framed(SHUTDOWN).as_bytes()).unwrap();
    drop(stdin);
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    let answers = Framing::Headers.messages(&output).unwrap();
    assert_eq!(answers.len(), 5_001);
    assert!(answers[..5_000].iter().all(|answer| answer.contains("-32601")));
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_client_that_never_reads_stderr_gets_every_answer() {
    let mut child = process::command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = reading(child.stdout.take().unwrap());
    let stderr = child.stderr.take().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(framed(SET_KEY).as_bytes()).unwrap();
    for id in 0..2_000 {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"getPersistentData","params":["user"]}}"#);
        stdin.write_all(framed(&body).as_bytes()).unwrap();
    }
    drop(stdin);
    let output = stdout.recv_timeout(std::time::Duration::from_mins(1)).unwrap();
    assert_eq!(Framing::Headers.messages(&output).unwrap().len(), 2_001);
    assert!(child.wait().unwrap().success());
    drop(stderr);
}

/// A socket that keeps writes apart tells what was one write.
// Only Linux has pairs of sockets that keep writes apart.
#[cfg(target_os = "linux")]
#[test]
fn each_write_is_whole_frames() {
    let pair = || {
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .unwrap()
    };
    let (ours, its) = pair();
    let mut command = process::command(&[]);
    command.stdin(Stdio::piped()).stdout(its).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    let data = format!(r#"{{"a":"{}"}}"#, "x".repeat(20_000));
    let requests = [
        SET_KEY.to_owned(),
        format!(r#"{{"jsonrpc":"2.0","id":2,"method":"setPersistentData","params":["user",{data}]}}"#),
        r#"{"jsonrpc":"2.0","id":3,"method":"getPersistentData","params":["user"]}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":4,"method":"none"}"#.to_owned(),
        "not JSON".to_owned(),
        SHUTDOWN.to_owned(),
    ];
    let mut stdin = child.stdin.take().unwrap();
    for request in &requests {
        stdin.write_all(framed(request).as_bytes()).unwrap();
    }
    drop(stdin);
    let mut count = 0;
    let mut packet = vec![0; 256 * 1024];
    loop {
        let length = rustix::io::read(&ours, packet.as_mut_slice()).unwrap();
        if length == 0 {
            break;
        }
        count += Framing::Headers.messages(&packet[..length]).unwrap().len();
    }
    assert_eq!(count, requests.len());
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_unread_answer_to_shutdown_is_a_normal_end() {
    let mut child = process::command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#;
    let input = [framed(initialize), framed(SHUTDOWN)].concat();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn stdin_and_stdout_may_be_files() {
    let mut input: File = tempfile::tempfile().unwrap();
    let mut output: File = tempfile::tempfile().unwrap();
    input
        .write_all(
            [framed(r#"{"jsonrpc":"2.0","id":1,"method":"none"}"#), framed(SHUTDOWN)].concat().as_bytes(),
        )
        .unwrap();
    input.seek(SeekFrom::Start(0)).unwrap();
    let mut command = process::command(&[]);
    command.stdin(input).stdout(output.try_clone().unwrap()).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    output.seek(SeekFrom::Start(0)).unwrap();
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes).unwrap();
    assert_eq!(Framing::Headers.messages(&bytes).unwrap().len(), 2);
}

#[test]
fn an_answer_does_not_wait_for_the_next_request() {
    let mut child = process::piped();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    for _ in 0..3 {
        let expected = framed(r#"{"jsonrpc":"2.0","id":"\u0041","error":"#).len();
        stdin.write_all(framed(r#"{"jsonrpc":"2.0","id":"\u0041","method":"none"}"#).as_bytes()).unwrap();
        let mut start = vec![0; expected];
        stdout.read_exact(&mut start).unwrap();
        assert!(start.starts_with(b"Content-Length: "));
        let header = start.iter().position(|&byte| byte == b'{').unwrap();
        let digits = std::str::from_utf8(&start[16..header]).unwrap().trim();
        let mut rest = vec![0; digits.parse::<usize>().unwrap() - (start.len() - header)];
        stdout.read_exact(&mut rest).unwrap();
        assert_eq!(rest.last(), Some(&b'}'));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
