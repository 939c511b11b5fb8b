//! A question to a person, and what becomes of it when they go away: with Ctrl-C, or with the end of their session, the
//! window that asks goes too. At any other time a signal ends the process as it always does.

use crate::vault::Deadline;

use super::operator::PATIENCE;

/// Somebody may be asked, for as long as this is kept.
pub(super) struct Question {
    deadline: Deadline,
    #[cfg(unix)]
    _signals: signals::StoreEvent,
}

impl Question {
    pub(super) fn begin() -> Self {
        let deadline = Deadline::of(PATIENCE);
        Self {
            #[cfg(unix)]
            _signals: signals::hear(&deadline),
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

    /// The signals that end a question: SIGTERM, and of the others those that the parent has not ignored, as `nohup` does
    /// with SIGHUP. Looked at before the first of them is caught.
    static ALL: LazyLock<Vec<i32>> = LazyLock::new(|| {
        let all = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];
        all.into_iter().filter(|signal| *signal == SIGTERM || !is_ignored(*signal)).collect()
    });

    /// Whether a signal ends the process: not while somebody is asked, since the question would stay behind.
    static ENDS: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let ends = Arc::new(AtomicBool::new(true));
        for signal in ALL.iter().copied() {
            // Where it can't be caught, it ends the process in any case.
            let _ = register_conditional_default(signal, ends.clone());
        }
        ends
    });

    /// Signals end somebody's deadline, for as long as this is kept.
    pub(super) struct StoreEvent(Vec<SigId>);

    pub(super) fn hear(deadline: &Deadline) -> StoreEvent {
        ENDS.store(false, Ordering::SeqCst);
        let heard = ALL.iter().filter_map(|signal| register(*signal, deadline.ended()).ok());
        StoreEvent(heard.collect())
    }

    impl Drop for StoreEvent {
        fn drop(&mut self) {
            ENDS.store(true, Ordering::SeqCst);
            for id in self.0.drain(..) {
                unregister(id);
            }
        }
    }
}
