//! Where in its life a connection is.

/// The phases, in the order of a life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Phase {
    /// The client has not sent `initialize`, and perhaps never will: then it is a script.
    #[default]
    Script,
    /// After `initialize`.
    Initialized,
    /// After `shutdown`.
    ShutDown,
    /// After `exit`, with what was before it: whether `shutdown` came.
    Exited {
        /// Whether `shutdown` came before.
        after_shutdown: bool,
    },
}

/// What was asked for has no place in this phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongPhase;

impl Phase {
    pub(super) fn enter(&mut self, next: Self) -> Result<(), WrongPhase> {
        if next <= *self {
            return Err(WrongPhase);
        }
        *self = next;
        Ok(())
    }
}
