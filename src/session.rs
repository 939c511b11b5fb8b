//! One connection: its phase, the keys it has set, the folders open in it, and the order of its requests.
//!
//! A session only holds state. The reading thread settles what each request means, in the order of reading. The task of
//! a request waits for its outcome; the reading thread never waits for one.

mod folders;
mod keys;
mod leases;
mod pending;
mod phase;
pub mod tasks;
mod waiting;
mod watches;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use crate::limits::Limits;
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Caller, Denied, Error, Key, NoKey, Place, StoreEvent, Taking, Vault};

pub use folders::OpenFolder;
pub use keys::Attempt;
pub use pending::{BatchRoom, Id, Pending, PendingRequests, Unanswered};
pub use phase::{Phase, WrongPhase};

use folders::OpenFolders;
use keys::{Keys, Position, Resolved};
use watches::Watches;
pub use watches::{NoNotices, Told};

/// Why a request that had to wait got no answer from the vault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The vault's error.
    Vault(Error),
    /// The client cancelled the request.
    Cancelled,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(error) => error.fmt(formatter),
            Self::Cancelled => formatter.write_str("the client cancelled the request"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Vault(error)
    }
}

/// The client's end of the connection.
pub trait Client: Send + Sync {
    /// Takes a message for the client. Never blocks.
    fn send(&self, message: Vec<u8>);
    /// Lets the messages that this thread sends wait for [`Self::flush`], so that they go out together.
    fn gather(&self) {}
    /// Sends the messages that this thread has gathered.
    fn flush(&self) {}
    /// Whether the client has few enough unread answers for another long one. Waits for up to `_most` until it has.
    fn has_room(&self, _most: Duration) -> bool {
        true
    }
    /// A counter that increases whenever the client takes a part of what was sent.
    fn taken(&self) -> u64 {
        0
    }
    /// Calls `taken` once the client has taken everything that was sent, or never will.
    fn when_taken(&self, taken: Box<dyn FnOnce() + Send>);
    /// Ends the connection when this process ends. The process is looked up at once, because later its number could
    /// belong to another process.
    fn watch(&self, process: u32);
}

/// One connection.
pub struct Session {
    vault: Arc<Vault>,
    origin: [u8; 16],
    phase: Mutex<Phase>,
    keys: Arc<Mutex<Keys>>,
    key_settled: Notify,
    folders: Mutex<OpenFolders>,
    pending: Arc<PendingRequests>,
    watches: Arc<Watches>,
    waiting_leases: Mutex<usize>,
    /// Signals each commit that a store event reports.
    commits: watch::Sender<()>,
    /// Signals each change of the store's state.
    calls: watch::Sender<()>,
    client: Arc<dyn Client>,
    ending: watch::Sender<bool>,
    /// The handle of the only key that the connection may use, if it is bound to one.
    bound: Option<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A wait for the outcome of an attempt to set a key. No attempt is forgotten while one exists.
struct KeyWait<'k>(&'k Mutex<Keys>);

impl<'k> KeyWait<'k> {
    fn new(keys: &'k Mutex<Keys>) -> Self {
        lock(keys).wait();
        Self(keys)
    }
}

impl Drop for KeyWait<'_> {
    fn drop(&mut self) {
        lock(self.0).end_wait();
    }
}

impl Session {
    /// A new connection. `folders` are open in it until `initialize` names others.
    pub fn new(vault: Arc<Vault>, folders: Vec<WorkspaceFolder>, client: Arc<dyn Client>) -> Self {
        let (commits, calls) = (watch::Sender::new(()), watch::Sender::new(()));
        let (watches, keys) = (Arc::new(Watches::default()), Arc::new(Mutex::new(Keys::default())));
        vault.on_store_event({
            let (commits, calls) = (commits.clone(), calls.clone());
            let (watches, keys) = (watches.clone(), keys.clone());
            move |heard| match heard {
                StoreEvent::Committed => commits.send_replace(()),
                StoreEvent::StateChanged => {
                    // The store may have been locked. Otherwise the keys are looked up once more.
                    lock(&keys).forget();
                    calls.send_replace(());
                }
                StoreEvent::Replaced => {
                    watches.lose_store();
                    calls.send_replace(());
                    commits.send_replace(());
                }
            }
        });
        Self {
            vault,
            origin: crate::vault::random_origin(),
            phase: Mutex::default(),
            keys,
            key_settled: Notify::new(),
            folders: Mutex::new(OpenFolders::new(folders.into_iter().map(OpenFolder::Named))),
            pending: Arc::default(),
            watches,
            waiting_leases: Mutex::default(),
            commits,
            calls,
            client,
            ending: watch::Sender::new(false),
            bound: None,
        }
    }

    /// Binds the connection to this key, before its first request: every call means it, and no other can be set.
    pub fn bind(&mut self, key: Key) {
        let mut keys = lock(&self.keys);
        // There is no other key yet, so that the limit can't be exceeded.
        if let Ok((attempt, _)) = keys.begin(key, false, 1) {
            self.bound = Some(keys.accept(attempt));
        }
    }

    /// The handle of the key that the connection is bound to.
    pub fn bound(&self) -> Option<&str> {
        self.bound.as_deref()
    }

    /// Makes the vault's thread run the tasks of the requests whose outcomes it delivers. On that thread the tasks use
    /// `runtime`.
    pub fn answer_on_the_vaults_thread(&self, runtime: Handle) {
        let client = self.client.clone();
        self.vault.after_turn(move || tasks::run_woken(&runtime, &*client));
        let client = self.client.clone();
        self.vault.on_reading(move |most| {
            let before = client.taken();
            match client.has_room(most) {
                true => Taking::Enough,
                false if client.taken() != before => Taking::Some,
                false => Taking::Nothing,
            }
        });
    }

    /// The caps in force.
    pub fn limits(&self) -> &Limits {
        self.vault.limits()
    }

    /// The client's end of the connection.
    pub fn client(&self) -> &Arc<dyn Client> {
        &self.client
    }

    /// The phase that the connection is in.
    pub fn phase(&self) -> Phase {
        *lock(&self.phase)
    }

    /// Enters a later phase. Fails if `next` is the current phase or an earlier one.
    pub fn enter(&self, next: Phase) -> Result<(), WrongPhase> {
        lock(&self.phase).enter(next)
    }

    /// Records an attempt to set a key. From then on it counts for which key a later request means, even before its
    /// outcome is known.
    pub fn begin_key(&self, key: Key, must_exist: bool) -> Result<(Attempt, Caller), Error> {
        let (attempt, key) = lock(&self.keys).begin(key, must_exist, self.limits().handles)?;
        Ok((attempt, Caller { key, must_exist, origin: self.origin }))
    }

    /// Records that the key of an attempt is valid, and returns its handle.
    pub fn accept_key(&self, attempt: Attempt) -> String {
        let handle = lock(&self.keys).accept(attempt);
        self.key_settled.notify_waiters();
        handle
    }

    /// Records that the key of an attempt was refused.
    pub fn refuse_key(&self, attempt: Attempt) {
        lock(&self.keys).refuse(attempt);
        self.key_settled.notify_waiters();
    }

    /// Records a refused attempt whose text is not a key. A bound connection goes on with its own key.
    pub fn refuse_no_key(&self) {
        if self.bound.is_some() {
            return;
        }
        lock(&self.keys).refuse_no_key();
    }

    /// The caller: the key of `handle`, or without a handle the only key, by the requests that were read before this
    /// one. Waits only for the outcome of a second key that was set right before.
    pub async fn caller(&self, handle: Option<&str>) -> Result<Caller, Error> {
        let position = lock(&self.keys).now();
        if let Some(caller) = self.meant(handle, position) {
            return caller;
        }
        let _waiting = KeyWait::new(&self.keys);
        loop {
            let mut settled = std::pin::pin!(self.key_settled.notified());
            // Enabled before the check, so that an outcome in between is not missed.
            settled.as_mut().enable();
            if let Some(caller) = self.meant(handle, position) {
                return caller;
            }
            settled.await;
        }
    }

    /// `None` while the answer depends on an earlier attempt that has no outcome yet.
    fn meant(&self, handle: Option<&str>, position: Position) -> Option<Result<Caller, Error>> {
        match lock(&self.keys).find(handle, position) {
            Resolved::Key(key, must_exist) => Some(Ok(Caller { key, must_exist, origin: self.origin })),
            Resolved::None if self.bound.is_some() => Some(Err(Error::NotPermitted(Denied::Relay))),
            Resolved::None => {
                let reason = if handle.is_some() { NoKey::Handle } else { NoKey::Unselected };
                Some(Err(Error::ApiKeyRequired(reason)))
            }
            Resolved::Open => None,
        }
    }

    /// The folder that `"workspace"` means if the request names none.
    pub fn only_folder(&self) -> Place {
        lock(&self.folders).only()
    }

    /// Replaces the open folders.
    pub fn set_folders(&self, folders: Vec<OpenFolder>) {
        *lock(&self.folders) = OpenFolders::new(folders);
    }

    /// Closes the folders in `removed`, and then opens those in `added`.
    pub fn change_folders(&self, removed: &[OpenFolder], added: Vec<OpenFolder>) {
        let mut folders = lock(&self.folders);
        folders.remove(removed);
        folders.add(added);
    }

    /// Memory for the answers of one batch, which together are at most as long as a message.
    pub fn batch_room(&self) -> Arc<BatchRoom> {
        Arc::new(BatchRoom::new(&self.pending, self.limits().message))
    }

    /// The requests that have no answer yet.
    pub fn pending(&self) -> &Arc<PendingRequests> {
        &self.pending
    }

    /// Signals each commit that a store event reports, and each new watch.
    pub fn commits(&self) -> watch::Receiver<()> {
        self.commits.subscribe()
    }

    /// Signals each change of the store's state.
    pub fn calls(&self) -> watch::Receiver<()> {
        self.calls.subscribe()
    }

    /// Forgets what the keys of the connection open, but not the keys.
    fn forget_keys(&self) {
        lock(&self.keys).forget();
    }

    fn wake_watches(&self) {
        self.commits.send_replace(());
    }

    /// The handle of a caller's key.
    fn handle_of(&self, caller: &Caller) -> String {
        lock(&self.keys).handle_of(&caller.key)
    }

    /// Marks that the process is ending. Requests then stop waiting for a person or for a lease.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// The vault, for operations that need no API key.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}
