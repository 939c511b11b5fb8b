//! The program from its start to its end, with all of its input.

use std::io::{ErrorKind, Read, Write};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use super::contract::Conversation;
use super::start::spawn;
use super::{DEADLINE, Home, Start, Started};

/// What a run of the program gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) shown: String,
    pub(crate) said: String,
}

impl Ran {
    /// What was shown, as JSON; the run has to succeed.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.said);
        serde_json::from_str(&self.shown).unwrap()
    }
}

impl Start {
    /// Gives the program this input, and waits for its end.
    #[track_caller]
    pub(crate) fn ran(self, input: &str) -> Ran {
        self.home.finish(self.command(), input)
    }
}

impl Home {
    /// Starts a command that is the program or becomes it, gives it this input, and waits for its end.
    #[track_caller]
    pub(crate) fn finish(&self, command: Command, input: &str) -> Ran {
        input.lines().for_each(|line| self.canaries().add(line));
        // A program that reads nothing may have ended before it was written to.
        let feed = |mut stdin: Box<dyn Write + Send>| drop(stdin.write_all(input.as_bytes()));
        let output = finish(spawn(command), feed).expect("it ends");
        self.keep_stderr(&output.stderr);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (shown, said) = (text(output.stdout), text(output.stderr));
        keep_keys(self, &shown);
        Ran { code: output.status.code().expect("it ends by itself"), shown, said }
    }
}

/// Requests as a script sends them, one a line; their ids are their positions.
pub(crate) fn request_lines(requests: &[(&str, Value)]) -> String {
    let lines = requests.iter().enumerate().map(|(id, (method, params))| {
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
    });
    lines.collect()
}

/// Holds a script's answers, one a line, against the contract and the requests.
pub(crate) fn check_lines(input: &str, shown: &str) {
    let mut conversation = Conversation::default();
    input.lines().for_each(|line| conversation.sent(line));
    shown.lines().for_each(|line| conversation.heard(line));
}

/// New keys that a command shows are canaries.
fn keep_keys(home: &Home, shown: &str) {
    let is_key = |word: &&str| word.len() == 40;
    shown.split(|letter: char| !letter.is_ascii_hexdigit()).filter(is_key).for_each(|key| home.keep_key(key));
}

/// Feeds a process, reads all that it writes, and waits for its end; kills one that does not end.
pub(crate) fn finish(
    started: Started,
    feed: impl FnOnce(Box<dyn Write + Send>) + Send,
) -> Result<Output, String> {
    let Started { mut child, input, output } = started;
    let (stdout, stderr) = (reading(output), reading(child.stderr.take().unwrap()));
    thread::scope(|scope| {
        scope.spawn(|| feed(input));
        let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(DEADLINE), stderr.recv_timeout(DEADLINE)) else {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err("it hangs".to_owned());
        };
        Ok(Output { status: child.wait().unwrap(), stdout, stderr })
    })
}

/// Takes all that comes, on a thread of its own.
pub(crate) fn reading(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (all, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        match from.read_to_end(&mut bytes) {
            Ok(_) => {}
            // What a socket says whose other end closed with input unread.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("{error}"),
        }
        let _ = all.send(bytes);
    });
    receiver
}
