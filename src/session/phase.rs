//! The phase of a connection.

/// The phases, in the order in which a connection enters them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Phase {
    /// The client has not sent `initialize`. A client that never sends it is a script.
    #[default]
    Script,
    /// After `initialize`.
    Initialized,
    /// After `shutdown`.
    ShutDown,
    /// After `exit`.
    Exited {
        /// Whether `shutdown` came before.
        after_shutdown: bool,
    },
}

/// The connection is already in the requested phase or a later one.
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
