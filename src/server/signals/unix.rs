//! Signals on Unix.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::process::is_ignored;

/// The signals that end the process cleanly.
pub(in crate::server) struct Signals {
    terminate: Signal,
    interrupt: Option<Signal>,
    hang_up: Option<Signal>,
}

impl Signals {
    /// Catches the signals, so that none of them kills the process. A signal that the parent has ignored stays
    /// ignored: `nohup` does that with SIGHUP, and a shell does it with SIGINT for background processes. SIGTERM is
    /// a request to this process alone, and always ends it.
    pub(in crate::server) fn new() -> io::Result<Self> {
        let unless_ignored =
            |kind: SignalKind| (!is_ignored(kind.as_raw_value())).then(|| signal(kind)).transpose();
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: unless_ignored(SignalKind::interrupt())?,
            hang_up: unless_ignored(SignalKind::hangup())?,
        })
    }

    /// Waits for the first of them.
    pub(in crate::server) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            () = one(self.interrupt.as_mut()) => {}
            () = one(self.hang_up.as_mut()) => {}
        }
    }
}

async fn one(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}
