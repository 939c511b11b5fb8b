//! A process of the binary: one JSON text a line, no `initialize`; any number of threads ask it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::Refused;
use super::harness::Home;
use super::harness::contract::Conversation;

/// Longer than anything takes that works, even beside other work on few processors.
const DEADLINE: Duration = Duration::from_mins(5);

/// If no notice comes for this long, no notice is on its way.
const QUIET: Duration = Duration::from_secs(30);

impl Home {
    /// The command that serves this home's store.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.start().usual_log().command();
        command.stderr(self.stderr_file());
        command
    }
}

pub(crate) type Answer = Result<Value, Refused>;

/// A request that has no answer yet: what was asked, and who waits for the answer.
type Open = (Conversation, Sender<(Answer, Instant)>);

/// The requests that have no answer yet; `None` once the output has ended.
type Waiting = Arc<Mutex<Option<HashMap<u64, Open>>>>;

pub(crate) struct Sidecar {
    child: Mutex<Child>,
    #[cfg(unix)]
    pid: Pid,
    input: Mutex<Option<ChildStdin>>,
    waiting: Waiting,
    notices: Mutex<Receiver<(Value, Instant)>>,
    listener: Mutex<Option<JoinHandle<()>>>,
    last_id: AtomicU64,
}

impl Sidecar {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        #[cfg(unix)]
        let pid = Pid::from_child(&child);
        let input = Mutex::new(child.stdin.take());
        let output = BufReader::new(child.stdout.take().unwrap());
        let waiting = Waiting::new(Mutex::new(Some(HashMap::new())));
        let (told, notices) = channel();
        let listener = std::thread::spawn({
            let waiting = waiting.clone();
            move || {
                // Also if a message is not as the contract says, which the end of the process tells.
                let _end = End(&waiting);
                for line in output.lines() {
                    let (at, line) = (Instant::now(), line.unwrap());
                    // A process that was killed may have said half of a line.
                    let Ok(message) = serde_json::from_str(&line) else { break };
                    if let Some((id, answer)) = read(&message) {
                        let open = waiting.lock().unwrap().as_mut().and_then(|waits| waits.remove(&id));
                        let (conversation, waits) = open.expect("an answer to a request, and only one");
                        conversation.heard(&line);
                        // The answer to a request that was given up is dropped.
                        let _ = waits.send((answer, at));
                    } else {
                        Conversation::default().heard(&line);
                        // As long as anybody is there to ask for it.
                        let _ = told.send((message, at));
                    }
                }
            }
        });
        let child = Mutex::new(child);
        let (notices, listener) = (Mutex::new(notices), Mutex::new(Some(listener)));
        Self {
            child,
            #[cfg(unix)]
            pid,
            input,
            waiting,
            notices,
            listener,
            last_id: AtomicU64::new(0),
        }
    }

    /// Sends a request. What is received ends without an answer if the process ends without one.
    pub(crate) fn begin(&self, method: &str, params: &Value) -> Receiver<(Answer, Instant)> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (answers, answer) = channel();
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        let mut conversation = Conversation::default();
        conversation.sent(&message);
        if let Some(waiting) = self.waiting.lock().unwrap().as_mut() {
            waiting.insert(id, (conversation, answers));
        }
        if let Some(input) = self.input.lock().unwrap().as_mut() {
            // A caller that waits for the answer sees that the process is gone.
            let _ = input.write_all(format!("{message}\n").as_bytes());
        }
        answer
    }

    /// An answer and when it came; `None` if the process ended without one.
    pub(crate) fn wait(answer: &Receiver<(Answer, Instant)>) -> Option<(Answer, Instant)> {
        match answer.recv_timeout(DEADLINE) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("a request has no answer"),
        }
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Option<Answer> {
        Self::wait(&self.begin(method, params)).map(|(answer, _)| answer)
    }

    /// The next notice and when it came; `None` if there is none for so long that there will be none.
    pub(crate) fn notice(&self) -> Option<(Value, Instant)> {
        self.notices.lock().unwrap().recv_timeout(QUIET).ok()
    }

    #[track_caller]
    pub(crate) fn ok(&self, method: &str, params: &Value) -> Value {
        self.call(method, params).expect("the process is there").unwrap()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended already.
        let _ = kill_process(self.pid, signal);
    }

    /// Whether the process has ended by itself.
    pub(crate) fn has_ended(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_some()
    }

    /// Kills the process. When this returns it can do nothing more, and all that it said was heard.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.hear_all();
    }

    /// Ends the input, and waits for the end of the process.
    pub(crate) fn end(&self) -> ExitStatus {
        *self.input.lock().unwrap() = None;
        let mut child = self.child.lock().unwrap();
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the process does not end");
            std::thread::sleep(Duration::from_millis(2));
        };
        self.hear_all();
        status
    }

    fn hear_all(&self) {
        if let Some(listener) = self.listener.lock().unwrap().take() {
            listener.join().expect("the process says what a client can read");
        }
    }
}

/// Nothing comes any more.
struct End<'w>(&'w Waiting);

impl Drop for End<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }
}

/// The request that is answered, and with what; `None` for a notification.
fn read(message: &Value) -> Option<(u64, Answer)> {
    let id = message["id"].as_u64()?;
    Some(match message.get("error") {
        Some(error) => (id, Err(Refused::read(error))),
        None => (id, Ok(message["result"].clone())),
    })
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        // A rig that has failed must not leave a process behind.
        let mut child = self.child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if matches!(child.try_wait(), Ok(None)) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
