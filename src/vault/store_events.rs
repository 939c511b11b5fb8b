//! Store events: commits and changes of state by any process that shares the store, and the listener for them.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

use crate::store::{StoreEvent, StoreWatcher};
use crate::sync;

use super::{Opened, Vault};

/// The watcher of the open store, and the listener for its events.
#[derive(Default)]
pub(super) struct StoreEvents {
    told: OnceLock<Box<dyn Fn(StoreEvent) + Send + Sync>>,
    /// Held while the watcher starts or stops following commits, which waits for the watcher's thread. A call on that
    /// thread must never take this lock.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The watcher of the open store.
    watcher: Option<StoreWatcher>,
    /// The number of [`Following`] values that exist.
    followers: usize,
}

impl StoreEvents {
    fn state(&self) -> MutexGuard<'_, State> {
        sync::lock(&self.state)
    }

    pub(super) fn tell(&self, heard: StoreEvent) {
        if let Some(told) = self.told.get() {
            told(heard);
        }
    }
}

/// Commits are followed for as long as this is kept.
pub struct Following(Arc<Vault>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.change_followers(|followers| *followers -= 1);
    }
}

impl Vault {
    /// Registers the listener for store events: commits while they are followed, and changes of the store's state.
    /// Called on any thread; must not block. Only the first registration takes effect.
    pub fn on_store_event(&self, told: impl Fn(StoreEvent) + Send + Sync + 'static) {
        let _ = self.events.told.set(Box::new(told));
    }

    /// Follows commits from now on, including those of this process. The caller has to look once for earlier commits
    /// itself.
    pub fn follow(self: &Arc<Self>) -> Following {
        self.change_followers(|followers| *followers += 1);
        Following(self.clone())
    }

    fn change_followers(&self, change: impl FnOnce(&mut usize)) {
        let mut state = self.events.state();
        change(&mut state.followers);
        let follow = state.followers > 0;
        if let Some(watcher) = &state.watcher {
            watcher.follow_commits(follow);
        }
    }

    /// Watches the store that was just opened.
    pub(super) fn listen(self: &Arc<Self>, opened: &Opened) {
        let vault: Weak<Self> = Arc::downgrade(self);
        let heard = {
            let vault = vault.clone();
            move |event| {
                if let Some(vault) = vault.upgrade() {
                    vault.hear(event);
                }
            }
        };
        let leave = move || {
            if let Some(vault) = vault.upgrade() {
                vault.queue.push_leave();
            }
        };
        let watcher = opened.store().watch(heard, leave);
        let mut state = self.events.state();
        watcher.follow_commits(state.followers > 0);
        state.watcher = Some(watcher);
    }

    /// Whether a change by another process or another machine is waited for.
    pub(super) fn is_followed(&self) -> bool {
        self.events.state().followers > 0
    }

    /// Closes a store that was moved to a server, or away from it, so that it is opened again as what it is now.
    fn leave_if_moved(&self) {
        let opened = sync::read(&self.opened).clone();
        let is_moved = |opened: &Opened| {
            let snapshot = opened.store().snapshot();
            snapshot.and_then(|snapshot| opened.is_moved(&snapshot)).unwrap_or_default()
        };
        if opened.is_some_and(|opened| is_moved(&opened)) {
            self.queue.push_leave();
        }
    }

    fn hear(&self, heard: StoreEvent) {
        match heard {
            StoreEvent::Committed => {}
            StoreEvent::StateChanged => {
                self.leave_if_moved();
                self.obey_lock();
            }
            StoreEvent::Replaced => {
                let opened = sync::read(&self.opened).clone();
                match opened {
                    // The old store is not used any more. The next request opens what the folder has now.
                    Some(opened) if !opened.store().is_in_place() => {
                        tracing::warn!(
                            "the data folder was replaced or deleted; the store that is there now is used"
                        );
                    }
                    // The store that the folder has now is already open.
                    Some(_) => return,
                    None => {
                        self.events.tell(StoreEvent::StateChanged);
                        return self.events.tell(StoreEvent::Committed);
                    }
                }
            }
        }
        self.events.tell(heard);
    }

    /// Notifies every process that has the store open, including this one, that the store's state has changed.
    pub fn announce(&self) {
        self.location.announce();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use crate::vault::sample::Sample;

    const TURNS: usize = 300;

    #[test]
    fn following_and_hearing_do_not_wait_for_each_other() {
        let sample = Sample::new();
        sample.opened();
        let vault = sample.vault.clone();
        let (done, ended) = channel();
        let (follower, announced) = (vault.clone(), done.clone());
        thread::spawn(move || {
            (0..TURNS).for_each(|_| drop(follower.follow()));
            done.send(()).unwrap();
        });
        thread::spawn(move || {
            (0..TURNS).for_each(|_| vault.announce());
            announced.send(()).unwrap();
        });
        for _ in 0..2 {
            ended.recv_timeout(Duration::from_mins(1)).expect("neither waits for the other");
        }
    }
}
