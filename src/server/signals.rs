//! Signals: which ones end the process cleanly, and their state at the start. A process inherits the signals that its
//! parent has blocked or ignored, and many parents block signals by accident.

/// Makes signals work as in a process that a shell has started, in this process and in the programs that it starts. To
/// be called first, since every thread inherits the mask of the thread that starts it.
#[cfg(unix)]
pub fn restore_signals() {
    // Unblocks all signals that the parent has blocked: a blocked SIGTERM would not end the process. Cannot fail for
    // these arguments.
    let _ = nix::sys::signal::SigSet::empty().thread_set_mask();
    // Catches these signals and does nothing. Then a file that grows over the process's limit is an error of the write
    // and not the end of the process, and the exit status of child programs is not lost. If they were ignored, child
    // programs would inherit that.
    for signal in [signal_hook::consts::SIGXFSZ, signal_hook::consts::SIGCHLD] {
        // Cannot fail: both may be caught. If it did, the default would stay: SIGXFSZ would end the process.
        let _ = signal_hook::flag::register(signal, std::sync::Arc::default());
    }
}

/// Does nothing: a process on this system inherits no signal state.
#[cfg(not(unix))]
pub fn restore_signals() {}

/// Whether this process has inherited a signal as ignored. Only Linux gives the answer without replacing the handler;
/// on other systems it is always no. To be called before the signal is caught.
#[cfg(unix)]
pub fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}

#[cfg(unix)]
pub(super) use unix::Signals;

#[cfg(not(unix))]
pub(super) use other::Signals;

#[cfg(unix)]
mod unix {
    use std::future::pending;
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::is_ignored;

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
}

#[cfg(not(unix))]
mod other {
    use std::io;

    /// The signals that end the process cleanly.
    pub(in crate::server) struct Signals;

    impl Signals {
        #[allow(clippy::unnecessary_wraps, reason = "the same interface as on Unix")]
        pub(in crate::server) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits for the first of them.
        pub(in crate::server) async fn received(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
