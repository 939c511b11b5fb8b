//! One connection: what it has said of itself, which keys it has set, which folders are open in it, and the order of
//! what it asked for.
//!
//! A session only remembers; what it remembers is settled on the thread that reads, in the order of reading. Waiting
//! is done by the tasks of single requests, never by that thread.

mod batch;
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
use crate::vault::{Caller, Error, Key, NoKey, Place, StoreEvent, Taking, Vault};

pub use batch::BatchRoom;
pub use folders::OpenFolder;
pub use keys::Attempt;
pub use pending::{Id, Pending, PendingRequests, Unanswered};
pub use phase::{Phase, WrongPhase};

use folders::OpenFolders;
use keys::{Keys, Position, Resolved};
use watches::Watches;
pub use watches::{NoNotices, Told};

/// Why a request that had to wait got no answer from the vault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The vault says why.
    Vault(Error),
    /// The client takes the request back.
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
    /// What this thread sends from now on may wait for [`Self::flush`], so that it goes out together.
    fn gather(&self) {}
    /// Lets go of what this thread has gathered.
    fn flush(&self) {}
    /// Whether so few answers lie unread that another long one may be made, for which this waits so long at most.
    fn has_room(&self, _most: Duration) -> bool {
        true
    }
    /// Grows whenever the client takes a part of what was sent.
    fn taken(&self) -> u64 {
        0
    }
    /// Calls when everything that was sent has been taken, or never will be.
    fn when_taken(&self, taken: Box<dyn FnOnce() + Send>);
    /// The connection shall end when this process does. It is looked for at once: later it could be another's number.
    fn watch(&self, process: u32);
}

/// One connection.
pub struct Session {
    vault: Arc<Vault>,
    origin: [u8; 16],
    phase: Mutex<Phase>,
    keys: Mutex<Keys>,
    key_settled: Notify,
    folders: Mutex<OpenFolders>,
    pending: Arc<PendingRequests>,
    watches: Arc<Watches>,
    waiting_leases: Mutex<usize>,
    /// Told at each commit that is heard of.
    commits: watch::Sender<()>,
    /// Told when the state of the store is another.
    calls: watch::Sender<()>,
    client: Arc<dyn Client>,
    ending: watch::Sender<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody waits for what becomes of an attempt to set a key.
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
    /// A connection of which nothing is known yet. `folders` are open in it until `initialize` says otherwise.
    pub fn new(vault: Arc<Vault>, folders: Vec<WorkspaceFolder>, client: Arc<dyn Client>) -> Self {
        let (commits, calls) = (watch::Sender::new(()), watch::Sender::new(()));
        let watches = Arc::new(Watches::default());
        vault.on_store_event({
            let (commits, calls, watches) = (commits.clone(), calls.clone(), watches.clone());
            move |heard| match heard {
                StoreEvent::Committed => commits.send_replace(()),
                StoreEvent::StateChanged => calls.send_replace(()),
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
            keys: Mutex::default(),
            key_settled: Notify::new(),
            folders: Mutex::new(OpenFolders::new(folders.into_iter().map(OpenFolder::Named))),
            pending: Arc::default(),
            watches,
            waiting_leases: Mutex::default(),
            commits,
            calls,
            client,
            ending: watch::Sender::new(false),
        }
    }

    /// From now on the vault's thread runs the tasks of the requests whose outcomes it brings. They find this runtime
    /// there.
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

    /// Where in its life the connection is.
    pub fn phase(&self) -> Phase {
        *lock(&self.phase)
    }

    /// Goes on to a later phase.
    pub fn enter(&self, next: Phase) -> Result<(), WrongPhase> {
        lock(&self.phase).enter(next)
    }

    /// Notes that the client has begun to set a key; which key a later request means is settled by this at once.
    pub fn begin_key(&self, key: Key, must_exist: bool) -> Result<(Attempt, Caller), Error> {
        let (attempt, key) = lock(&self.keys).begin(key, must_exist, self.limits().handles)?;
        Ok((attempt, Caller { key, must_exist, origin: self.origin }))
    }

    /// The key was good; returns its handle.
    pub fn accept_key(&self, attempt: Attempt) -> String {
        let handle = lock(&self.keys).accept(attempt);
        self.key_settled.notify_waiters();
        handle
    }

    /// The key was refused.
    pub fn refuse_key(&self, attempt: Attempt) {
        lock(&self.keys).refuse(attempt);
        self.key_settled.notify_waiters();
    }

    /// What the client gave for a key was none.
    pub fn refuse_no_key(&self) {
        lock(&self.keys).refuse_no_key();
    }

    /// Who calls: the key of this handle, or without one the only key, by what was read before this. Waits only for
    /// what becomes of a second key that was set right before.
    pub async fn caller(&self, handle: Option<&str>) -> Result<Caller, Error> {
        let position = lock(&self.keys).now();
        if let Some(caller) = self.meant(handle, position) {
            return caller;
        }
        let _waiting = KeyWait::new(&self.keys);
        loop {
            let mut settled = std::pin::pin!(self.key_settled.notified());
            // Before looking: an outcome that comes in between is not missed.
            settled.as_mut().enable();
            if let Some(caller) = self.meant(handle, position) {
                return caller;
            }
            settled.await;
        }
    }

    /// `None` while that depends on what becomes of a key that was set before.
    fn meant(&self, handle: Option<&str>, position: Position) -> Option<Result<Caller, Error>> {
        match lock(&self.keys).find(handle, position) {
            Resolved::Key(key, must_exist) => Some(Ok(Caller { key, must_exist, origin: self.origin })),
            Resolved::Nobody => {
                let reason = if handle.is_some() { NoKey::Handle } else { NoKey::Unselected };
                Some(Err(Error::ApiKeyRequired(reason)))
            }
            Resolved::Open => None,
        }
    }

    /// The folder that `"workspace"` means where none is named.
    pub fn only_folder(&self) -> Place {
        lock(&self.folders).only()
    }

    /// These folders are open, and no others.
    pub fn set_folders(&self, folders: Vec<OpenFolder>) {
        *lock(&self.folders) = OpenFolders::new(folders);
    }

    /// Folders were closed and opened.
    pub fn change_folders(&self, removed: &[OpenFolder], added: Vec<OpenFolder>) {
        let mut folders = lock(&self.folders);
        folders.remove(removed);
        folders.add(added);
    }

    /// Room for the answers of one batch.
    pub fn batch_room(&self) -> Arc<BatchRoom> {
        Arc::new(BatchRoom::new(&self.pending, self.limits().message))
    }

    /// The requests that have no answer yet.
    pub fn pending(&self) -> &Arc<PendingRequests> {
        &self.pending
    }

    /// Told at each commit that is heard of, and when something new is watched.
    pub fn commits(&self) -> watch::Receiver<()> {
        self.commits.subscribe()
    }

    /// Told when the state of the store is another.
    pub fn calls(&self) -> watch::Receiver<()> {
        self.calls.subscribe()
    }

    fn wake_watches(&self) {
        self.commits.send_replace(());
    }

    /// The handle of a caller's key.
    fn handle_of(&self, caller: &Caller) -> String {
        lock(&self.keys).handle_of(&caller.key)
    }

    /// The process is ending: nothing is waited for that may take long.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// The vault, for what needs no key.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}
