//! What a connection watches: for each handle, the revision up to which the client has its notices. Nothing waits here.
//! However much changes while the client does not read, the connection keeps only that revision.

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

/// The point up to which the client has the notices of a watch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The revision.
    pub revision: u64,
    /// How many stores the connection had lost before the store of this revision.
    store: u64,
}

impl Told {
    /// Another revision of the same store.
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

/// Counts the answers that have to be sent before the next notice.
#[derive(Default)]
struct Quiet {
    awaited: Mutex<usize>,
    sent: Notify,
}

/// No notice is sent while this exists.
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
    /// How many stores the connection has lost, because the data folder then had another store or none. Revisions of
    /// different stores can't be compared.
    lost_stores: u64,
    /// Present while anything is watched.
    following: Option<Following>,
}

impl Watches {
    /// Records that the data folder no longer has the store that was open. Each watch has missed what came in between.
    pub(super) fn lose_store(&self) {
        lock(&self.state).lost_stores += 1;
    }
}

impl Session {
    /// Holds back notices until an answer is sent that includes the answer to a watch request.
    pub fn no_notices(&self) -> NoNotices {
        let quiet = self.watches.quiet.clone();
        *lock(&quiet.awaited) += 1;
        NoNotices(quiet)
    }

    /// Waits until a notice may be sent.
    pub async fn notices(&self) {
        let quiet = &self.watches.quiet;
        while *lock(&quiet.awaited) > 0 {
            quiet.sent.notified().await;
        }
    }

    /// Follows commits from now on. A watch calls this before it reads the revision that it begins with, so that no
    /// commit in between is missed.
    pub fn follow(&self) {
        lock(&self.watches.state).following.get_or_insert_with(|| self.vault.follow());
    }

    /// Starts a watch for a caller, from `since` or else from `now`. Returns the revision up to which the client has
    /// its notices. A caller that watches already continues where it is, unless it passes `since`.
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

    /// Stops following commits, unless something is watched.
    pub fn unfollow(&self) {
        let mut state = lock(&self.watches.state);
        if state.watches.is_empty() {
            state.following = None;
        }
    }

    /// Ends the watch of a handle. Returns the revision up to which the client has its notices, if there was a watch.
    pub fn unwatch(&self, handle: &str) -> Option<u64> {
        let mut state = lock(&self.watches.state);
        let at = state.watches.iter().position(|watch| watch.handle == handle)?;
        let told = state.watches.swap_remove(at).told.revision;
        drop(state);
        self.unfollow();
        Some(told)
    }

    /// Like [`Self::unwatch`], for the handle of the caller's key.
    pub fn unwatch_caller(&self, caller: &Caller) -> Option<u64> {
        self.unwatch(&self.handle_of(caller))
    }

    /// The handles that are watched.
    pub fn watched(&self) -> Vec<String> {
        lock(&self.watches.state).watches.iter().map(|watch| watch.handle.clone()).collect()
    }

    /// The caller that watches with this handle, the point up to which the client has its notices, and the same
    /// revision in the store that is open now. If the two differ, the store is another one, and the client has to read
    /// everything again. `None` if the watch has ended.
    pub fn watcher(&self, handle: &str) -> Option<(Caller, Told, Told)> {
        let state = lock(&self.watches.state);
        let watch = state.watches.iter().find(|watch| watch.handle == handle)?;
        Some((watch.caller.clone(), watch.told, Told { store: state.lost_stores, ..watch.told }))
    }

    /// Advances a watch from `before` to `told`. Returns `false`, and changes nothing, if the watch is another one by
    /// now.
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

    /// The earliest time at which a key that watches expires.
    pub fn first_end(&self) -> Option<Timestamp> {
        lock(&self.watches.state).watches.iter().filter_map(|watch| watch.ends).min()
    }
}
