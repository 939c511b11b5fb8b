//! One running process, and the client's end of its streams.

mod calls;
mod frame;

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
#[cfg(unix)]
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::contract::Conversation;
use super::start::spawn;
use super::{Framing, Home, Message, Refused, Start, Started};

/// Longer than anything takes that works, on the slowest machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);

/// A running server. Dropping it ends it politely, and checks how it ends.
pub(crate) struct Server {
    home: Home,
    framing: Framing,
    id: u32,
    input: Option<Box<dyn Write + Send>>,
    output: Option<BufReader<Box<dyn Read + Send>>>,
    to_us: Option<Sender<Result<String, String>>>,
    incoming: Receiver<Result<String, String>>,
    /// Came while another answer was waited for.
    early: VecDeque<Message>,
    listener: Option<JoinHandle<()>>,
    errors: Option<JoinHandle<Vec<u8>>>,
    exited: Receiver<ExitStatus>,
    last_id: u64,
    initialized: bool,
    ended: Option<End>,
    conversation: Conversation,
}

/// How a process has ended.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stderr: String,
}

impl Server {
    pub(super) fn new(start: Start) -> Self {
        let started = start.spawn();
        let mut server = Self::of(start.home, start.framing, started);
        if start.listens {
            server.listen();
        }
        server
    }

    /// A process that was started in this home.
    pub(super) fn of(home: Home, framing: Framing, started: Started) -> Self {
        let mut child = started.child;
        let id = child.id();
        let mut stderr = child.stderr.take().unwrap();
        let errors = thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).unwrap();
            text
        });
        let (tell, exited) = channel();
        thread::spawn(move || tell.send(child.wait().unwrap()));
        let (to_us, incoming) = channel();
        Self {
            home,
            framing,
            id,
            input: Some(started.input),
            output: Some(BufReader::new(started.output)),
            to_us: Some(to_us),
            incoming,
            early: VecDeque::new(),
            listener: None,
            errors: Some(errors),
            exited,
            last_id: 0,
            initialized: false,
            ended: None,
            conversation: Conversation::default(),
        }
    }

    /// The process's id as a number.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    #[cfg(unix)]
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.id.cast_signed()).unwrap()
    }

    /// Starts to take what the server sends.
    pub(crate) fn listen(&mut self) {
        let mut output = self.output.take().unwrap();
        let (framing, to_us) = (self.framing, self.to_us.take().unwrap());
        self.listener = Some(thread::spawn(move || {
            while let Some(text) = frame::read(&mut output, framing).transpose() {
                let wrong = text.is_err();
                if to_us.send(text).is_err() || wrong {
                    return;
                }
            }
        }));
    }

    /// Takes one message of a server that has no other reader.
    #[cfg(target_os = "linux")]
    pub(crate) fn take_one(&mut self) -> Message {
        let output = self.output.as_mut().expect("no other reader has the output");
        let text = frame::read(output, self.framing).unwrap().expect("the output is open");
        self.conversation.heard(&text);
        Message::read(&text)
    }

    /// Begins an editor's session.
    pub(crate) fn initialize(&mut self, folders: &[&str]) -> Value {
        let folders: Vec<_> = folders.iter().map(|uri| json!({"uri": uri, "name": "x"})).collect();
        self.initialize_with(json!({"processId": null, "capabilities": {}, "workspaceFolders": folders}))
    }

    pub(crate) fn initialize_with(&mut self, params: Value) -> Value {
        self.initialized = true;
        let answer = self.ok("initialize", params);
        self.notify("initialized", json!({}));
        answer
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    /// Sends bytes that the server may be in no haste to take.
    pub(crate) fn send_all_in_time(&mut self, bytes: Vec<u8>) {
        let mut input = self.input.take().unwrap();
        let (tell, sent) = channel();
        thread::spawn(move || {
            let outcome = input.write_all(&bytes).map(|()| input);
            let _ = tell.send(outcome);
        });
        self.input = Some(sent.recv_timeout(DEADLINE).expect("the server takes its input").unwrap());
    }

    /// Sends one message to a process that may have ended already.
    #[cfg(target_os = "linux")]
    pub(crate) fn send_ignoring_a_closed_pipe(&mut self, text: &str) {
        self.conversation.sent(text);
        let frame = self.frame(text);
        let _ = self.input.as_mut().expect("the input is open").write_all(&frame);
    }

    /// Sends one message.
    pub(crate) fn send_text(&mut self, text: &str) {
        self.conversation.sent(text);
        let frame = self.frame(text);
        self.send_raw(&frame);
    }

    pub(crate) fn frame(&self, text: &str) -> Vec<u8> {
        match self.framing {
            Framing::Headers => format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes(),
            Framing::Lines => format!("{text}\n").into_bytes(),
        }
    }

    pub(crate) fn notify(&mut self, method: &str, params: impl Into<Value>) {
        self.send_text(&json!({"jsonrpc": "2.0", "method": method, "params": params.into()}).to_string());
    }

    /// The next thing that the server says, whatever it is.
    pub(crate) fn next_text(&mut self) -> String {
        assert!(self.early.is_empty(), "a message came before this one");
        match self.incoming.recv_timeout(DEADLINE) {
            Ok(Ok(text)) => {
                self.conversation.heard(&text);
                text
            }
            Ok(Err(wrong)) => panic!("{wrong}"),
            Err(error) => panic!("no message: {error}"),
        }
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Message {
        self.early.pop_front().unwrap_or_else(|| Message::read(&self.next_text()))
    }

    /// The answer to a request, whatever else comes before it.
    #[track_caller]
    pub(crate) fn wait(&mut self, id: u64) -> Message {
        let id = id.to_string();
        self.first(|message| message.id() == id)
    }

    /// The next notification with this method, whatever else comes before it.
    #[track_caller]
    pub(crate) fn notice(&mut self, method: &str) -> Value {
        self.first(|message| message.notice(method).is_some()).notice(method).unwrap()
    }

    #[track_caller]
    fn first(&mut self, wanted: impl Fn(&Message) -> bool) -> Message {
        if let Some(at) = self.early.iter().position(&wanted) {
            return self.early.remove(at).unwrap();
        }
        loop {
            let early = std::mem::take(&mut self.early);
            let message = self.next();
            self.early = early;
            if wanted(&message) {
                return message;
            }
            self.early.push_back(message);
        }
    }

    /// The answer to a request, from a process that may end instead; after that [`Server::wait_for_end`] says how.
    pub(crate) fn answer_or_end(&mut self, id: u64) -> Option<Result<Value, Refused>> {
        let id = id.to_string();
        loop {
            if let Some(at) = self.early.iter().position(|message| message.id() == id) {
                return self.early.remove(at).map(|message| message.outcome());
            }
            match self.incoming.recv_timeout(DEADLINE) {
                Ok(text) => {
                    let message = self.heard(text);
                    self.early.push_back(message);
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("no answer"),
            }
        }
    }

    /// A message that came, held against the contract.
    fn heard(&mut self, text: Result<String, String>) -> Message {
        let text = text.unwrap_or_else(|wrong| panic!("{wrong}"));
        self.conversation.heard(&text);
        Message::read(&text)
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Sends a signal. The system stops one thread after another, and until then the others go on: so this waits.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
        #[cfg(target_os = "linux")]
        if signal == Signal::STOP {
            self.wait_until_stopped();
        }
    }

    /// Ends the process at once, wherever it is. It may have ended already.
    pub(crate) fn kill(&self) {
        #[cfg(unix)]
        let _ = kill_process(self.pid(), Signal::KILL);
        #[cfg(windows)]
        let _ = Command::new("taskkill").args(["/f", "/pid", &self.id.to_string()]).output();
    }

    #[cfg(target_os = "linux")]
    fn wait_until_stopped(&self) {
        let tasks = format!("/proc/{}/task", self.id);
        let is_stopped = |task: std::fs::DirEntry| {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
            status.lines().any(|line| line.starts_with("State:\tT"))
        };
        let began = std::time::Instant::now();
        while !std::fs::read_dir(&tasks).unwrap().all(|task| is_stopped(task.unwrap())) {
            assert!(began.elapsed() < DEADLINE, "it does not stop");
            thread::yield_now();
        }
    }

    /// Lets some time go by, in which the process must not end.
    #[cfg(target_os = "linux")]
    pub(crate) fn stays_for(&self, time: Duration) {
        if let Ok(status) = self.exited.recv_timeout(time) {
            panic!("the process has ended by itself: {status}");
        }
    }

    /// Waits for the end of the process. What it sent before can still be read.
    pub(crate) fn wait_for_end(&mut self) -> End {
        if let Some(end) = &self.ended {
            return end.clone();
        }
        let Ok(status) = self.exited.recv_timeout(DEADLINE) else {
            self.kill();
            panic!("the process does not end");
        };
        self.input = None;
        if let Some(listener) = self.listener.take() {
            listener.join().unwrap();
        }
        let stderr = self.errors.take().unwrap().join().unwrap();
        self.home.keep_stderr(&stderr);
        let stderr = String::from_utf8(stderr).unwrap();
        #[cfg(unix)]
        let signal = status.signal();
        #[cfg(not(unix))]
        let signal = None;
        let end = End { code: status.code(), signal, stderr };
        self.ended = Some(end.clone());
        end
    }

    /// Ends the input, and waits for the end of the process.
    pub(crate) fn finish(&mut self) -> End {
        self.close_input();
        self.wait_for_end()
    }

    /// Ends the session as an editor should.
    pub(crate) fn shut_down(&mut self) -> End {
        assert_eq!(self.ok("shutdown", Value::Null), Value::Null);
        self.send_text(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        self.wait_for_end()
    }

    /// After the end of the process: what it still said, one message after another.
    pub(crate) fn last_words(&mut self) -> Option<Message> {
        assert!(self.ended.is_some(), "the process may still say something");
        self.early.pop_front().or_else(|| self.incoming.try_recv().ok().map(|text| self.heard(text)))
    }

    /// Ends the input, and waits for the end; notifications are not asked for, answers are.
    pub(crate) fn finish_without_notices(&mut self) -> End {
        let end = self.finish();
        let mut rest = VecDeque::new();
        while let Some(message) = self.last_words() {
            if message.id() != "none" {
                rest.push_back(message);
            }
        }
        self.early = rest;
        end
    }

    /// No `drop` will complain that the answers were not read.
    pub(crate) fn forget_answers(&mut self) {
        self.early.clear();
        while self.incoming.try_recv().is_ok() {}
    }
}

impl Home {
    /// Starts a command that is the program or becomes it, and talks to it as a script does.
    pub(crate) fn serve(&self, command: Command) -> Server {
        let mut server = Server::of(self.clone(), Framing::Lines, spawn(command));
        server.listen();
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            if self.ended.is_none() {
                self.kill();
            }
            return;
        }
        if self.ended.is_none() {
            let end = if self.initialized { self.shut_down() } else { self.finish() };
            assert_eq!(end.code, Some(0), "{end:?}");
        }
        let mut unread = Vec::new();
        while let Some(message) = self.last_words() {
            unread.push(message);
        }
        assert!(unread.is_empty(), "messages that the test has not read: {unread:?}");
    }
}
