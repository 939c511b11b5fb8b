//! The server's clock, as far as its last answer says: between two times, since an answer takes a while.

use crate::process;

/// What an answer of the server says about its clock, in milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    /// The server's clock, at a time between the two others.
    server: u64,
    /// The boot clock of this machine when the request was sent.
    sent: u64,
    /// The boot clock when the answer was read. A process that was stopped reads it late.
    read: u64,
}

impl Clock {
    /// The clock of an answer that is read now, to a request that was sent at `sent`.
    pub(super) fn read(server: u64, sent: u64) -> Self {
        Self { server, sent, read: process::boot_millis() }
    }

    /// The server's time now, or earlier.
    pub(super) fn earliest(self) -> u64 {
        self.server + process::boot_millis().saturating_sub(self.read)
    }

    /// The server's time now, or later: both clocks show whole milliseconds.
    pub(super) fn latest(self) -> u64 {
        self.server + process::boot_millis().saturating_sub(self.sent) + 2
    }
}
