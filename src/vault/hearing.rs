//! What a vault hears of the other processes that share its store, and who is told.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use crate::crypto;
use crate::store::{Heard, Listener};

use super::Vault;

/// What a vault hears with, and who is told.
#[derive(Default)]
pub(super) struct Hearing {
    told: OnceLock<Box<dyn Fn(Heard) + Send + Sync>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of the store that is open.
    listener: Option<Listener>,
    /// How many follow commits.
    followers: usize,
    /// What was announced last.
    announced: String,
}

impl Hearing {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, heard: Heard) {
        if let Some(told) = self.told.get() {
            told(heard);
        }
    }
}

/// Somebody follows commits, for as long as this is kept.
pub struct Following(Arc<Vault>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.change_followers(|followers| *followers -= 1);
    }
}

impl Vault {
    /// Who is told what is heard: of commits while somebody follows them, and of what befalls the store. On any thread,
    /// and it must not block. The first word counts.
    pub fn on_heard(&self, told: impl Fn(Heard) + Send + Sync + 'static) {
        let _ = self.hearing.told.set(Box::new(told));
    }

    /// Follows commits from now on: those of this process, too. Those before are to be looked for once.
    pub fn follow(self: &Arc<Self>) -> Following {
        self.change_followers(|followers| *followers += 1);
        Following(self.clone())
    }

    fn change_followers(&self, change: impl FnOnce(&mut usize)) {
        let mut state = self.hearing.state();
        change(&mut state.followers);
        let follow = state.followers > 0;
        if let Some(listener) = &state.listener {
            listener.follow_commits(follow);
        }
    }

    /// Listens to the store that was opened just now.
    pub(super) fn listen(self: &Arc<Self>) {
        let vault: Weak<Self> = Arc::downgrade(self);
        let listener = Listener::new(&self.folder, move |heard| {
            if let Some(vault) = vault.upgrade() {
                vault.hear(heard);
            }
        });
        let mut state = self.hearing.state();
        listener.follow_commits(state.followers > 0);
        state.announced = self.folder.announced();
        state.listener = Some(listener);
    }

    fn hear(&self, heard: Heard) {
        if heard == Heard::Call {
            if self.folder.is_wanted_alone() {
                self.queue.push_leave();
            }
            let announced = self.folder.announced();
            if std::mem::replace(&mut self.hearing.state().announced, announced.clone()) == announced {
                return;
            }
        }
        self.hearing.tell(heard);
    }

    /// Tells every process that has the store open, this one too, that its state is another.
    pub fn announce(&self) {
        if self.folder.announce(crypto::random()).is_err() {
            tracing::warn!("other windows could not be told that the state of the store has changed");
        }
    }
}
