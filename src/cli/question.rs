//! A question to the user, which ends with Ctrl-C or with the user's session, so that the window that asks closes. At
//! any other time a signal ends the process as usual.

use std::time::Duration;

use crate::process::CaughtSignals;
use crate::vault::Deadline;

/// How long the user may take to answer, or another process may keep the store busy.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// As long as this exists, the user may be asked, and signals end the question.
pub(super) struct Question {
    deadline: Deadline,
    _signals: CaughtSignals,
}

impl Question {
    pub(super) fn begin() -> Self {
        let deadline = Deadline::of(LONGEST_WAIT);
        Self { _signals: CaughtSignals::set(&deadline.ended()), deadline }
    }

    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }
}
