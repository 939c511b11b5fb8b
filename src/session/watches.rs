//! What a connection watches: for each handle the revision up to which it has been told everything. Nothing waits here;
//! however much changes while the client does not listen, all that is kept is that revision.

use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::vault::{Caller, Following, Timestamp};

use super::{Session, lock};

/// One watch.
struct Watch {
    handle: String,
    caller: Caller,
    told: Told,
    ends: Option<Timestamp>,
}

/// Up to where a watch has been told everything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The revision.
    pub revision: u64,
    /// How many stores the connection had lost before the one that the revision is of.
    store: u64,
}

impl Told {
    /// A revision of the same store.
    #[must_use]
    pub fn at(self, revision: u64) -> Self {
        Self { revision, ..self }
    }
}

#[derive(Default)]
pub(super) struct Watches {
    state: Mutex<State>,
    quiet: Arc<Quiet>,
}

/// How many answers are still to be sent before which no notice may come.
#[derive(Default)]
struct Quiet {
    awaited: Mutex<usize>,
    sent: Notify,
}

/// As long as this is there, nothing is told.
pub struct NoNotices(Arc<Quiet>);

impl Drop for NoNotices {
    fn drop(&mut self) {
        *lock(&self.0.awaited) -= 1;
        self.0.sent.notify_one();
    }
}

#[derive(Default)]
struct State {
    watches: Vec<Watch>,
    /// How many stores were lost: another lay in the folder, or none. Revisions of different stores can't be compared.
    lost_stores: u64,
    /// As long as anything is watched.
    following: Option<Following>,
}

impl Watches {
    /// The store that was open is not the one that lies in the folder: each watch has missed what came between.
    pub(super) fn lose_store(&self) {
        lock(&self.state).lost_stores += 1;
    }
}

impl Session {
    /// Tells nothing before an answer is sent that has that of a watch in it.
    pub fn no_notices(&self) -> NoNotices {
        let quiet = self.watches.quiet.clone();
        *lock(&quiet.awaited) += 1;
        NoNotices(quiet)
    }

    /// Waits until something may be told.
    pub async fn notices(&self) {
        let quiet = &self.watches.quiet;
        while *lock(&quiet.awaited) > 0 {
            quiet.sent.notified().await;
        }
    }

    /// Follows commits, if nothing is watched yet: before the revision is read from which on a watch tells.
    pub fn follow(&self) {
        lock(&self.watches.state).following.get_or_insert_with(|| self.vault.follow());
    }

    /// Watches for a caller from a revision on; returns the one up to which it has been told. One that watches already
    /// goes on from where it is, unless it says from where.
    pub fn watch(&self, caller: &Caller, since: Option<u64>, now: u64) -> u64 {
        let handle = self.handle_of(caller);
        let told = {
            let mut state = lock(&self.watches.state);
            let known = state.watches.iter().position(|watch| watch.handle == handle);
            let begin = |revision| Told { revision, store: state.lost_stores };
            let told = since.map(begin).or(known.map(|at| state.watches[at].told)).unwrap_or(begin(now));
            let watch = Watch { handle, caller: caller.clone(), told, ends: None };
            match known {
                Some(at) => state.watches[at] = watch,
                None => state.watches.push(watch),
            }
            told
        };
        self.wake_watches();
        told.revision
    }

    /// Follows no longer, unless something is watched.
    pub fn unfollow(&self) {
        let mut state = lock(&self.watches.state);
        if state.watches.is_empty() {
            state.following = None;
        }
    }

    /// Watches no longer; returns the revision up to which the handle was told, if it watched.
    pub fn unwatch(&self, handle: &str) -> Option<u64> {
        let mut state = lock(&self.watches.state);
        let at = state.watches.iter().position(|watch| watch.handle == handle)?;
        let told = state.watches.swap_remove(at).told.revision;
        drop(state);
        self.unfollow();
        Some(told)
    }

    /// The same, for whoever calls.
    pub fn unwatch_caller(&self, caller: &Caller) -> Option<u64> {
        self.unwatch(&self.handle_of(caller))
    }

    /// The handles that are watched.
    pub fn watched(&self) -> Vec<String> {
        lock(&self.watches.state).watches.iter().map(|watch| watch.handle.clone()).collect()
    }

    /// Who watches with this handle, up to where it has been told, and up to where it is told when it is told what the
    /// store holds now: the two are of one store, or else it has to read everything again. `None` if it watches no more.
    pub fn watcher(&self, handle: &str) -> Option<(Caller, Told, Told)> {
        let state = lock(&self.watches.state);
        let watch = state.watches.iter().find(|watch| watch.handle == handle)?;
        Some((watch.caller.clone(), watch.told, Told { store: state.lost_stores, ..watch.told }))
    }

    /// What was told up to `before` has been told up to `told`. `false` if the watch is another by now.
    pub fn has_been_told(&self, handle: &str, before: Told, told: Told, ends: Option<Timestamp>) -> bool {
        let mut state = lock(&self.watches.state);
        let watch = state.watches.iter_mut().find(|watch| watch.handle == handle && watch.told == before);
        match watch {
            Some(watch) => {
                (watch.told, watch.ends) = (told, ends);
                true
            }
            None => false,
        }
    }

    /// When the first of the keys ends that watch.
    pub fn first_end(&self) -> Option<Timestamp> {
        lock(&self.watches.state).watches.iter().filter_map(|watch| watch.ends).min()
    }
}
