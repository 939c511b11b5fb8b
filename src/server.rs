//! Runs a sidecar: starts its threads, waits for the end, and shuts everything down.
//!
//! There are three threads. One reads frames and runs the requests that need no waiting. The vault's thread writes.
//! This one waits for the end, and runs the tasks that wait. Whatever ends the process, it answers the requests that it
//! has read, and ends within ten seconds.

mod ending;
mod signals;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{self, Runtime};
use tokio::sync::{Notify, oneshot};

use crate::limits;
use crate::process;
use crate::rpc::{Connection, Flow};
use crate::session::{Client, Session};
use crate::transport::{FrameReader, Input, Outbox, StdinReader, stdin_hung_up, take_stdio};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{self, Config, Key, Vault};

pub use ending::Ending;

use ending::Answers;
use signals::Signals;

/// The options of a server.
pub struct Options {
    /// The folders, the prompt and the limits.
    pub config: Config,
    /// The workspace folders of a client that never sends `initialize`.
    pub folders: Vec<WorkspaceFolder>,
    /// The client's process. The server ends when it ends.
    pub client_process: Option<u32>,
    /// The only key that the client may use, if the client is at the other end of a relay.
    pub bound: Option<Key>,
}

/// Why the server could not start.
#[derive(Debug)]
pub enum NoServer {
    /// Stdin and stdout, or the runtime that waits for them, can't be used.
    Streams(io::Error),
    /// The system refused to start the thread that reads.
    Thread(io::Error),
}

impl From<io::Error> for NoServer {
    fn from(error: io::Error) -> Self {
        Self::Streams(error)
    }
}

/// Serves the client on stdin and stdout, until the connection or the client's process ends.
///
/// # Errors
/// [`NoServer`] if it could not start. Later failures are an [`Ending`].
pub fn serve(options: Options) -> Result<Ending, NoServer> {
    process::check_descriptors()?;
    let (input, output) = take_stdio()?;
    // The runtime checks its timers often: one task may write megabytes of answers, and the end has a deadline.
    let runtime = runtime::Builder::new_current_thread().enable_all().event_interval(4).build()?;
    // Before the first request is read, so that no signal cuts off a request.
    let mut signals = {
        let _runtime = runtime.enter();
        Signals::new()?
    };
    let outbox = Outbox::start(output);
    let longest = options.config.limits.message;
    let vault = Vault::new(options.config);
    let client_ended = Arc::new(Notify::new());
    let client = Arc::new(Stdout { outbox: outbox.clone(), ended: client_ended.clone() });
    if let Some(process) = options.client_process {
        client.watch(process);
    }
    let mut session = Session::new(vault.clone(), options.folders, client);
    if let Some(key) = options.bound {
        session.bind(key);
    }
    let session = Arc::new(session);
    let connection = Arc::new(Connection::new(session.clone(), runtime.handle().clone()));
    let reader = FrameReader::new(Answering { input, outbox: outbox.clone() }, longest);
    let enough = Arc::new(AtomicBool::new(false));
    let ended = start_reading(&runtime, reader, &connection, &outbox, &enough).map_err(NoServer::Thread)?;
    let ending = runtime.block_on(async {
        let ending = ending::wait(ended, &mut signals, &client_ended).await;
        enough.store(true, Ordering::Relaxed);
        session.end();
        let began = Instant::now();
        let _ = tokio::time::timeout(limits::LAST_REQUESTS_WAIT, connection.all_answered()).await;
        vault.end();
        vault::end_programs();
        let taken = outbox.close(limits::LAST_OUTPUT_WAIT, limits::LAST_WAIT.saturating_sub(began.elapsed()));
        let answers = match (taken, outbox.failed()) {
            (true, _) => Answers::Taken,
            (false, true) => Answers::Failed,
            (false, false) => Answers::NotTaken,
        };
        ending.judge(session.phase(), vault.was_never_to_be_had(), answers)
    });
    // The process ends now. Until then the vault's thread may still run tasks, whose timers need the runtime.
    std::mem::forget(runtime);
    Ok(ending)
}

/// The client: stdout, and the client's process.
struct Stdout {
    outbox: Arc<Outbox>,
    /// Notified when the client's process has ended.
    ended: Arc<Notify>,
}

impl Client for Stdout {
    fn send(&self, message: Vec<u8>) {
        self.outbox.send(message);
    }

    fn gather(&self) {
        self.outbox.gather();
    }

    fn flush(&self) {
        self.outbox.flush();
    }

    fn has_room(&self, most: Duration) -> bool {
        self.outbox.has_room(limits::UNREAD_BYTES, most)
    }

    fn taken(&self) -> u64 {
        self.outbox.writes()
    }

    fn when_taken(&self, taken: Box<dyn FnOnce() + Send>) {
        self.outbox.when_taken(taken);
    }

    fn watch(&self, process: u32) {
        let Some(wait) = process::waiter(process) else { return };
        let ended = self.ended.clone();
        // The thread sleeps until then. If the system refuses to start it, the sidecar ends at the end of its input.
        let _ = std::thread::Builder::new().name("client".into()).spawn(move || {
            wait();
            ended.notify_one();
        });
    }
}

/// Stdin. Gathers the answers to the requests of one read, and flushes them before the next read.
struct Answering {
    input: StdinReader,
    outbox: Arc<Outbox>,
}

impl Read for Answering {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.outbox.flush();
        let read = self.input.read(into);
        self.outbox.gather();
        read
    }
}

/// Starts the thread that reads. It waits for the client to read its answers only if too many are unread.
fn start_reading(
    runtime: &Runtime,
    mut reader: FrameReader<Answering>,
    connection: &Arc<Connection>,
    outbox: &Arc<Outbox>,
    enough: &Arc<AtomicBool>,
) -> io::Result<oneshot::Receiver<Ending>> {
    let (end, ended) = oneshot::channel();
    let (connection, outbox, runtime) = (connection.clone(), outbox.clone(), runtime.handle().clone());
    let enough = enough.clone();
    std::thread::Builder::new().name("reader".into()).spawn(move || {
        // Requests create their timers on this thread, so it needs the runtime.
        let _runtime = runtime.enter();
        let ending = loop {
            if !outbox.wait_for_room(limits::UNREAD_BYTES, limits::LAST_OUTPUT_WAIT) {
                // The client has closed stdin and reads no answers, so the remaining requests can be dropped.
                if stdin_hung_up() {
                    break Ending::EndOfInput;
                }
                continue;
            }
            connection.wait_for_turn();
            let input = reader.next();
            if enough.load(Ordering::Relaxed) {
                break Ending::EndOfInput;
            }
            if let Some(framing) = reader.framing() {
                outbox.set_framing(framing);
            }
            if let Some(ending) = take(input, &connection) {
                break ending;
            }
        };
        let _ = end.send(ending);
    })?;
    Ok(ended)
}

fn take(input: io::Result<Input>, connection: &Connection) -> Option<Ending> {
    match input {
        Ok(Input::Frame(frame)) => match connection.receive(frame.as_ref()) {
            Flow::Continue => None,
            Flow::Exit => Some(Ending::Exit),
        },
        Ok(Input::LastLine(frame)) => {
            let whole = Connection::is_whole(frame.as_ref());
            match connection.receive(frame.as_ref()) {
                Flow::Exit => Some(Ending::Exit),
                Flow::Continue if whole => None,
                Flow::Continue => Some(Ending::CutOff),
            }
        }
        Ok(Input::Malformed) => {
            connection.refuse_malformed();
            None
        }
        Ok(Input::Violation) => {
            connection.refuse_violation();
            Some(Ending::Violation)
        }
        Ok(Input::NoProtocol) => Some(Ending::NoProtocol),
        Ok(Input::CutOff) => Some(Ending::CutOff),
        Ok(Input::End) => Some(Ending::EndOfInput),
        Err(error) => {
            tracing::error!(error = %error, "stdin could not be read");
            Some(Ending::EndOfInput)
        }
    }
}
