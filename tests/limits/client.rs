//! A process of the binary, and a client that says anything in any order: one message a line. What it answers is kept by a
//! thread, so that neither end ever waits for the other, unless the client is told not to listen.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::{Home, tell};

pub(crate) const MEBIBYTE: usize = 1024 * 1024;

/// No input takes more than this.
const MOST: usize = 128 * MEBIBYTE;

/// Longer than anything takes that works, even beside other work on few processors.
const DEADLINE: Duration = Duration::from_mins(5);

pub(crate) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    lines: Option<Receiver<String>>,
    last: u64,
}

/// An API key of so many equal digits.
pub(crate) fn key(digit: char) -> String {
    String::from(digit).repeat(40)
}

pub(crate) fn request(id: u64, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

/// A batch of requests, as one text.
pub(crate) fn batch(requests: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", requests.into_iter().collect::<Vec<_>>().join(","))
}

impl Client {
    pub(crate) fn start(home: &Home) -> Self {
        Self::run(home.command())
    }

    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take());
        Self { child, input, output, lines: None, last: 0 }
    }

    /// With a key of its own, in a store that is open.
    pub(crate) fn with_key(home: &Home, key: &str) -> Self {
        let mut client = Self::start(home);
        client.call("setAPIKey", &json!([key]));
        client
    }

    /// Sends texts, one a line; waits for as long as the process does not read.
    pub(crate) fn send(&mut self, texts: impl IntoIterator<Item = String>) {
        let input = self.input.as_mut().expect("the input is open");
        for text in texts {
            input.write_all(text.as_bytes()).unwrap();
            input.write_all(b"\n").unwrap();
        }
    }

    /// Hears answers from now on.
    pub(crate) fn listen(&mut self) -> &Receiver<String> {
        let output = &mut self.output;
        self.lines.get_or_insert_with(|| {
            let output = BufReader::new(output.take().expect("only this reader takes the output"));
            let (hear, lines) = channel();
            std::thread::spawn(move || {
                for line in output.lines() {
                    // The receiver may be gone.
                    let _ = hear.send(line.unwrap());
                }
            });
            lines
        })
    }

    /// The next answer, or notice.
    pub(crate) fn next(&mut self) -> Value {
        let line = self.listen().recv_timeout(DEADLINE).expect("the process answers");
        serde_json::from_str(&line).unwrap()
    }

    /// Asks, with nothing else under way; the whole answer.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let text = request(1 << 40 | self.last, method, params);
        self.send([text]);
        self.next()
    }

    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer.get("result").is_some(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// The most memory that the process has ever had, in bytes.
    pub(crate) fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the process is there");
        1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
    }

    /// Holds the process to what it may take, and ends it.
    #[track_caller]
    pub(crate) fn stayed_small(mut self, input: &str) {
        let peak = self.peak();
        tell(&format!("{input}: {} MiB", peak / MEBIBYTE));
        assert!(peak < MOST, "{input}: {} MiB", peak / MEBIBYTE);
        self.input = None;
        self.listen();
        assert!(self.child.wait().unwrap().success(), "{input}");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A test that has failed must not leave a process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
