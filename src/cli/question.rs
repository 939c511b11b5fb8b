//! A question to the user, which ends with Ctrl-C or with the user's session, so that the window that asks closes. At
//! any other time a signal ends the process as usual.

use std::time::Duration;

use crate::vault::Deadline;

/// How long the user may take to answer, or another process may keep the store busy.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// As long as this exists, the user may be asked, and signals end the question.
pub(super) struct Question {
    deadline: Deadline,
    #[cfg(unix)]
    _signals: signals::SignalsEnd,
}

impl Question {
    pub(super) fn begin() -> Self {
        let deadline = Deadline::of(LONGEST_WAIT);
        Self {
            #[cfg(unix)]
            _signals: signals::end_by_signals(&deadline),
            deadline,
        }
    }

    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }
}

#[cfg(unix)]
mod signals {
    use std::sync::Arc;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::flag::{register, register_conditional_default};
    use signal_hook::{SigId, low_level::unregister};

    use super::Deadline;
    use crate::server::is_ignored;

    /// The signals that end a question: SIGTERM, and of the others those that the parent has not ignored, as `nohup`
    /// does with SIGHUP. Determined before the first of them is caught.
    static ALL: LazyLock<Vec<i32>> = LazyLock::new(|| {
        let all = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];
        all.into_iter().filter(|signal| *signal == SIGTERM || !is_ignored(*signal)).collect()
    });

    /// Whether a signal ends the process. Not while the user is asked, since the question would stay on the screen.
    static ENDS: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let ends = Arc::new(AtomicBool::new(true));
        for signal in ALL.iter().copied() {
            // A signal that can't be caught ends the process in any case.
            let _ = register_conditional_default(signal, ends.clone());
        }
        ends
    });

    /// As long as this exists, signals end a deadline.
    pub(super) struct SignalsEnd(Vec<SigId>);

    pub(super) fn end_by_signals(deadline: &Deadline) -> SignalsEnd {
        ENDS.store(false, Ordering::SeqCst);
        let registered = ALL.iter().filter_map(|signal| register(*signal, deadline.ended()).ok());
        SignalsEnd(registered.collect())
    }

    impl Drop for SignalsEnd {
        fn drop(&mut self) {
            ENDS.store(true, Ordering::SeqCst);
            for id in self.0.drain(..) {
                unregister(id);
            }
        }
    }
}
