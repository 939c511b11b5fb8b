//! Why a process ends, and with which exit code.

use tokio::sync::{Notify, oneshot};

use crate::session::Phase;

use super::signals::Signals;

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
    /// The input ended as it should, but answers could not be written.
    AnswersLost,
}

impl Ending {
    /// What an end means where it happened. Answers that a client does not take after its own `shutdown` are no loss.
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

    /// The exit code.
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
            Self::AnswersLost => {
                "answers could not be written to stdout and are lost, but what they answer is done; \
                 free disk space or keep the reader open, and ask again"
            }
            Self::Abandoned => "the input ended without shutdown; send shutdown and exit before closing it",
            Self::StoreNeverOpened => "the store could not be opened; the errors in the answers say why",
        })
    }
}

/// What became of the answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answers {
    /// The client has all of them.
    Taken,
    /// The client did not take all of them, or closed its end.
    NotTaken,
    /// The system refused to write them, because of a full disk for example.
    Failed,
}

/// Waits for the first thing that ends the process.
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
