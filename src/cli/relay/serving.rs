//! The running relay: one thread accepts connections, one thread for each sidecar waits for its end, and this thread
//! starts sidecars and decides when the relay ends.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::limits;
use crate::process::{self, CaughtSignals, LocalListener, LocalStream, ReservedDescriptor};
use crate::vault::Config;
use crate::vault::folder::WorkspaceFolder;

use crate::cli::connect::VARIABLE as CONNECT;

/// How long the relay waits before it accepts again, if the system had no descriptor for a connection.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Serving {
    pub(super) config: Config,
    pub(super) key: Zeroizing<String>,
    pub(super) folders: Vec<WorkspaceFolder>,
    pub(super) once: bool,
}

enum Event {
    Connected(LocalStream),
    /// The sidecar with this process id has ended.
    Ended(u32),
    /// The relay has to end.
    End,
}

/// What the relay has to react to, from before anyone hears of it.
pub(super) struct Events {
    tell: Sender<Event>,
    come: Receiver<Event>,
    _signals: CaughtSignals,
}

/// A function that waits for the end of the process that started the relay; `None` if it is not known.
pub(super) type Parent = Option<Box<dyn FnOnce() + Send>>;

/// Finds the parent. Called first of all: the parent of a process whose parent has ended is another one.
pub(super) fn parent() -> Parent {
    process::parent().and_then(process::waiter)
}

impl Events {
    /// From now on a signal, or the end of the parent, ends the relay in order.
    pub(super) fn begin(parent: Parent) -> io::Result<Self> {
        let (tell, events) = channel();
        let ending = tell.clone();
        let signals = process::on_ending_signal(move || drop(ending.send(Event::End)))?;
        if let Some(wait) = parent {
            let tell = tell.clone();
            let body = move || {
                wait();
                let _ = tell.send(Event::End);
            };
            std::thread::Builder::new().name("parent".into()).spawn(body)?;
        }
        Ok(Self { tell, come: events, _signals: signals })
    }
}

impl Serving {
    /// Serves until the relay has to end. Then ends its sidecars, which answer what they have read, and waits for them.
    pub(super) fn run(self, listener: LocalListener, events: Events) -> io::Result<()> {
        let Events { tell, come: events, _signals } = events;
        let listener = Arc::new(listener);
        accept(listener.clone(), tell.clone())?;
        let running = self.serve(&events, &tell);
        // First, so that no client finds a relay that does not serve it any more.
        listener.remove();
        running.iter().copied().for_each(process::terminate);
        wait_for(running, &events);
        Ok(())
    }

    fn serve(&self, events: &Receiver<Event>, tell: &Sender<Event>) -> BTreeSet<u32> {
        let mut running = BTreeSet::new();
        let mut served = false;
        while let Ok(event) = events.recv() {
            match event {
                Event::Connected(_)
                    if running.len() >= limits::RELAY_CONNECTIONS || (self.once && served) =>
                {
                    tracing::warn!(
                        "the relay has as many connections as it may have, so it closed another one"
                    );
                }
                Event::Connected(stream) => match self.start(stream, tell) {
                    Ok(process) => {
                        served = true;
                        running.insert(process);
                    }
                    Err(error) => tracing::error!("the relay could not start a sidecar: {error}"),
                },
                Event::Ended(process) => {
                    running.remove(&process);
                    if self.once && running.is_empty() {
                        break;
                    }
                }
                Event::End => break,
            }
        }
        running
    }

    /// Starts the sidecar of a connection.
    fn start(&self, stream: LocalStream, tell: &Sender<Event>) -> io::Result<u32> {
        let (number, reader, mut writer) = descriptor()?;
        writer.write_all(self.key.as_bytes())?;
        drop(writer);
        // Open until the child has it.
        let _inherited = number.1.give(&reader)?;
        let child = self.spawn(stream, number.0)?;
        let id = child.id();
        wait_in_thread(child, tell.clone())?;
        Ok(id)
    }

    fn spawn(&self, stream: LocalStream, key: u16) -> io::Result<Child> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--data-dir").arg(&self.config.data).arg("--key-dir").arg(&self.config.keys);
        command.args(self.config.limits.arguments());
        if self.config.allow_network {
            command.arg("--allow-network-file-system");
        }
        if let Some(url) = &self.config.store {
            command.arg("--store").arg(url);
        }
        for folder in &self.folders {
            command.arg("--workspace-folder").arg(folder.as_str());
        }
        command.arg(format!("--clientProcessId={}", std::process::id()));
        command.arg(format!("--bound-key-fd={key}")).arg("serve");
        command.env_remove(CONNECT);
        let (input, output) = process::as_stdio(stream)?;
        command.stdin(input).stdout(output);
        command.spawn()
    }
}

/// A free descriptor with its number, and a pipe for it.
#[allow(clippy::type_complexity, reason = "it is taken apart at once")]
fn descriptor() -> io::Result<((u16, ReservedDescriptor), io::PipeReader, io::PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    let number = (3..256).find_map(|number| Some((number, ReservedDescriptor::reserve(number)?)));
    let number = number.ok_or_else(|| io::Error::other("no descriptor is free"))?;
    Ok((number, reader, writer))
}

fn wait_in_thread(mut child: Child, tell: Sender<Event>) -> io::Result<()> {
    let id = child.id();
    let body = move || {
        let _ = child.wait();
        let _ = tell.send(Event::Ended(id));
    };
    std::thread::Builder::new().name("sidecar".into()).spawn(body).map(drop)
}

/// Accepts connections on a thread of its own, no faster than the relay's pace: each one costs a process.
fn accept(listener: Arc<LocalListener>, tell: Sender<Event>) -> io::Result<()> {
    let body = move || {
        let mut pace = Pace::new(Instant::now());
        loop {
            std::thread::sleep(pace.wait(Instant::now()));
            match listener.accept() {
                Ok(Some(stream)) => {
                    if tell.send(Event::Connected(stream)).is_err() {
                        return;
                    }
                }
                Ok(None) => tracing::warn!("the relay closed a connection of another user"),
                Err(error) => {
                    tracing::warn!("the relay could not accept a connection: {error}");
                    std::thread::sleep(PAUSE);
                }
            }
        }
    };
    std::thread::Builder::new().name("listener".into()).spawn(body).map(drop)
}

fn wait_for(mut running: BTreeSet<u32>, events: &Receiver<Event>) {
    // A sidecar ends within this time.
    let end = Instant::now() + limits::LAST_WAIT + Duration::from_secs(1);
    while !running.is_empty() {
        match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Event::Ended(process)) => drop(running.remove(&process)),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// How fast connections are taken: some at once, and then so many in a second.
struct Pace {
    credit: Duration,
    last: Instant,
}

/// The time that one connection costs.
const COST: Duration = Duration::from_millis(1_000 / limits::RELAY_PACE.1 as u64);

impl Pace {
    fn new(now: Instant) -> Self {
        Self { credit: COST * limits::RELAY_PACE.0, last: now }
    }

    /// Takes one connection, and returns how long it has to wait.
    fn wait(&mut self, now: Instant) -> Duration {
        let earned = now.saturating_duration_since(self.last);
        self.credit = (self.credit + earned).min(COST * limits::RELAY_PACE.0);
        let missing = COST.saturating_sub(self.credit);
        self.credit = self.credit.saturating_sub(COST);
        // What is earned during the wait is spent on this connection.
        self.last = self.last.max(now) + missing;
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_taken_at_once_and_then_at_a_pace() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..limits::RELAY_PACE.0 {
            assert_eq!(pace.wait(start), Duration::ZERO);
        }
        assert_eq!(pace.wait(start), COST);
        assert_eq!(pace.wait(start + COST), COST);
        assert_eq!(pace.wait(start + COST * 5 / 2), COST / 2);
        assert_eq!(pace.wait(start + COST * 9), Duration::ZERO);
    }
}
