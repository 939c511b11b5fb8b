//! The signals of a console on Windows.

use std::io;

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

/// The signals that end the process cleanly.
pub(in crate::server) struct Signals {
    key: CtrlC,
    other_key: CtrlBreak,
    close: CtrlClose,
    log_off: CtrlLogoff,
    shut_down: CtrlShutdown,
}

impl Signals {
    /// Catches the signals, so that none of them kills the process.
    pub(in crate::server) fn new() -> io::Result<Self> {
        Ok(Self {
            key: ctrl_c()?,
            other_key: ctrl_break()?,
            close: ctrl_close()?,
            log_off: ctrl_logoff()?,
            shut_down: ctrl_shutdown()?,
        })
    }

    /// Waits for the first of them.
    pub(in crate::server) async fn received(&mut self) {
        tokio::select! {
            _ = self.key.recv() => {}
            _ = self.other_key.recv() => {}
            _ = self.close.recv() => {}
            _ = self.log_off.recv() => {}
            _ = self.shut_down.recv() => {}
        }
    }
}
