//! Why a process ends, and with which exit code.

use tokio::sync::{Notify, oneshot};

use crate::session::Phase;

use super::signals::Signals;

/// Why the process ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The client sent `exit`.
    Exit,
    /// The input ended between two messages, or could not be read any more.
    EndOfInput,
    /// The input ended in the middle of a message.
    CutOff,
    /// The reader can't find the next message in the input.
    Violation,
    /// The input is not this protocol.
    NoProtocol,
    /// A signal of the system or the user.
    Signal,
    /// The client's process has ended.
    ClientEnded,
    /// A clean end: after `shutdown`, or a script that has all its answers.
    Orderly,
    /// The client sent `exit` without `shutdown` before it.
    ExitWithoutShutdown,
    /// The input ended in a session that the client began with `initialize` and did not end with `shutdown`.
    Abandoned,
    /// The input of a script ended, and the store could never be opened.
    StoreNeverOpened,
    /// The input ended cleanly, but answers could not be written.
    AnswersLost,
}

impl Ending {
    /// The final ending, given the phase of the session. Answers that a client does not read after its own `shutdown`
    /// are not lost.
    pub(super) fn judge(self, phase: Phase, never_opened: bool, answers: Answers) -> Self {
        match (self, phase) {
            (Self::Exit, Phase::Exited { after_shutdown: false }) => Self::ExitWithoutShutdown,
            (Self::EndOfInput, Phase::Initialized) => Self::Abandoned,
            (Self::Exit | Self::EndOfInput | Self::Signal, _) if answers == Answers::Failed => {
                Self::AnswersLost
            }
            (Self::EndOfInput, Phase::Script) if answers == Answers::NotTaken => Self::AnswersLost,
            (Self::EndOfInput, Phase::Script) if never_opened => Self::StoreNeverOpened,
            (Self::Exit | Self::EndOfInput, _) => Self::Orderly,
            (other, _) => other,
        }
    }

    /// The exit code of the process.
    pub const fn code(self) -> u8 {
        match self {
            Self::Orderly | Self::Signal | Self::Exit | Self::EndOfInput => 0,
            Self::CutOff
            | Self::Violation
            | Self::NoProtocol
            | Self::ClientEnded
            | Self::ExitWithoutShutdown
            | Self::AnswersLost
            | Self::Abandoned => 1,
            Self::StoreNeverOpened => 3,
        }
    }

    /// The message for the user: why the exit code is not 0, and what to do.
    pub const fn notice(self) -> Option<&'static str> {
        Some(match self {
            Self::Orderly | Self::Signal | Self::Exit | Self::EndOfInput => return None,
            Self::CutOff => "the input ended in the middle of a message; end it after a complete one",
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
            Self::AnswersLost => {
                "answers could not be written to stdout and are lost, but what they answer is done; \
                 free disk space or keep the reader open, and ask again"
            }
            Self::Abandoned => "the input ended without shutdown; send shutdown and exit before closing it",
            Self::StoreNeverOpened => "the store could not be opened; the error in each answer says why",
        })
    }
}

/// Whether the client has got the answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answers {
    /// The client has all of them.
    Taken,
    /// The client did not read all of them, or closed its end.
    NotTaken,
    /// The system refused to write them, because of a full disk for example.
    Failed,
}

/// Waits for the first event that ends the process.
pub(super) async fn wait(
    ended: oneshot::Receiver<Ending>,
    signals: &mut Signals,
    client_ended: &Notify,
) -> Ending {
    tokio::select! {
        ending = ended => ending.unwrap_or(Ending::EndOfInput),
        () = signals.received() => Ending::Signal,
        () = client_ended.notified() => Ending::ClientEnded,
    }
}
