//! Says on stderr, if that is a terminal, that work takes longer than a second.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// After this time a person wants to know that something happens.
const LONG: Duration = Duration::from_secs(1);

/// As long as this exists, work is in progress.
pub(super) struct Progress {
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Begins to count the seconds of `what`.
    pub(super) fn begin(what: &'static str) -> Self {
        if !io::stderr().is_terminal() {
            return Self { shown: None };
        }
        let (done, is_done) = channel();
        let begun = Instant::now();
        let show = move || {
            let mut is_shown = false;
            while is_done.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
                is_shown = true;
                let _ = write!(io::stderr(), "\r{what}, {} s", begun.elapsed().as_secs());
            }
            if is_shown {
                // The line belongs to what comes next.
                let _ = write!(io::stderr(), "\r\u{1b}[K");
            }
        };
        let thread = std::thread::Builder::new().name("progress".into()).spawn(show);
        Self { shown: thread.ok().map(|thread| (done, thread)) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.shown.take() {
            drop(done);
            let _ = thread.join();
        }
    }
}
