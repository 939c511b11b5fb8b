//! Why a process ends, and with which exit code.

use std::io;

use tokio::sync::{Notify, oneshot};

use crate::session::Phase;

/// Why the process ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The client sent `exit`.
    Exit,
    /// The input ended.
    EndOfInput,
    /// The input ended in the middle of a message.
    CutOff,
    /// Nothing can be read after this.
    Violation,
    /// The input is no protocol.
    NoProtocol,
    /// The system or the user asked for it.
    Signal,
    /// The client's process has ended.
    ClientEnded,
    /// After `shutdown`, or in a script that had all its answers: as it should be.
    Orderly,
    /// `exit` came, but no `shutdown` before it.
    ExitWithoutShutdown,
    /// The input ended in a session that was begun with `initialize` and not ended with `shutdown`.
    Abandoned,
    /// The input of a script ended, and the store could never be opened.
    StoreNeverOpened,
}

impl Ending {
    /// What an end means where it happened.
    pub(super) fn judge(self, phase: Phase, never_opened: bool) -> Self {
        match (self, phase) {
            (Self::Exit, Phase::Exited { after_shutdown: false }) => Self::ExitWithoutShutdown,
            (Self::EndOfInput, Phase::Initialized) => Self::Abandoned,
            (Self::EndOfInput, Phase::Script) if never_opened => Self::StoreNeverOpened,
            (Self::Exit | Self::EndOfInput, _) => Self::Orderly,
            (other, _) => other,
        }
    }

    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Orderly | Self::Signal | Self::Exit | Self::EndOfInput => 0,
            Self::CutOff
            | Self::Violation
            | Self::NoProtocol
            | Self::ClientEnded
            | Self::ExitWithoutShutdown
            | Self::Abandoned => 1,
            Self::StoreNeverOpened => 3,
        }
    }

    /// Why the exit code is not 0, and what to do.
    pub const fn notice(self) -> Option<&'static str> {
        Some(match self {
            Self::Orderly | Self::Signal | Self::Exit | Self::EndOfInput => return None,
            Self::CutOff => "the input ended in the middle of a message; end it after a whole one",
            Self::Violation => {
                "a message's length is wrong or over the limit; see --max-message-bytes and docs/protocol.md"
            }
            Self::NoProtocol => {
                "the input is neither Content-Length frames nor one JSON text a line; see docs/protocol.md"
            }
            Self::ClientEnded => {
                "the client's process has ended without shutdown; all that was answered is stored"
            }
            Self::ExitWithoutShutdown => "exit came without shutdown; send shutdown first",
            Self::Abandoned => "the input ended without shutdown; send shutdown and exit before closing it",
            Self::StoreNeverOpened => {
                "the store could not be opened; the errors in the answers and the lines above say why"
            }
        })
    }
}

/// Waits for the first thing that ends the process.
pub(super) async fn wait(ended: oneshot::Receiver<Ending>, client_ended: &Notify) -> io::Result<Ending> {
    let mut signals = Signals::new()?;
    Ok(tokio::select! {
        ending = ended => ending.unwrap_or(Ending::EndOfInput),
        () = signals.received() => Ending::Signal,
        () = client_ended.notified() => Ending::ClientEnded,
    })
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[allow(clippy::unnecessary_wraps, reason = "the same face as on Unix")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn received(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
