//! Signals: which end the process in an orderly way, and the state in which they are found at the start. What a parent has
//! blocked or ignored is inherited, and many parents block signals by accident.

/// Makes signals work as in a process that a shell has started, in this process and in the programs that it starts. To be
/// called first: every thread inherits the mask of the thread that starts it.
#[cfg(unix)]
pub fn restore_signals() {
    // Nothing that the parent has blocked stays so: a blocked SIGTERM would end nothing. Cannot fail for these arguments.
    let _ = nix::sys::signal::SigSet::empty().thread_set_mask();
    // Caught, and nothing done about them: a file that would grow over the process's limit is then an error of the write
    // and not the end of the process, and the exit status of the programs that are started is not lost. Ignored, they would
    // be so in these programs.
    for signal in [signal_hook::consts::SIGXFSZ, signal_hook::consts::SIGCHLD] {
        // Cannot fail: both may be caught. Where one is not, only the limit's signal ends the process, as it always did.
        let _ = signal_hook::flag::register(signal, std::sync::Arc::default());
    }
}

/// Nothing is inherited here.
#[cfg(not(unix))]
pub fn restore_signals() {}

/// Whether this process has inherited that a signal is ignored. Only Linux can be asked without taking the signal over;
/// elsewhere the answer is no. To be asked before the signal is caught.
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

    /// The signals that end the process in an orderly way.
    pub(in crate::server) struct Signals {
        terminate: Signal,
        interrupt: Option<Signal>,
        hang_up: Option<Signal>,
    }

    impl Signals {
        /// From here on none of them kills the process. One that the parent has ignored stays so: `nohup` does that with
        /// SIGHUP, and a shell with the SIGINT of what it starts in the background. SIGTERM is a request to this process
        /// alone, and ends it in any case.
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

    /// The signals that end the process in an orderly way.
    pub(in crate::server) struct Signals;

    impl Signals {
        #[allow(clippy::unnecessary_wraps, reason = "the same face as on Unix")]
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
