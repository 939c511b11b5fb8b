//! One connection: what it has said of itself, which keys it has set, which folders are open in it, and the order of
//! what it asked for.
//!
//! A session only remembers; what it remembers is settled on the thread that reads, in the order of reading. Waiting
//! is done by the tasks of single requests, never by that thread.

mod keys;
mod phase;
mod turns;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};

use crate::limits::{self, Limits};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Behind, Caller, Error, Key, Need, Opened, Passphrase, Place, Read, Vault, Write};

pub use keys::Attempt;
pub use phase::{Phase, WrongPhase};

use keys::{Keys, Meant};
use turns::Turns;

/// How long the store may take to be opened: others have to get out of the way of one that mends it.
const OPENING: Duration = Duration::from_secs(10);

/// Why a request that had to wait got no answer from the vault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The vault says why.
    Vault(Error),
    /// The client takes the request back.
    Cancelled,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Vault(error)
    }
}

/// Tells a request that its client takes it back.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Notify>);

impl Cancel {
    /// Takes the request back. It is answered all the same.
    pub fn cancel(&self) {
        // Kept for the one task that waits or will wait.
        self.0.notify_one();
    }

    async fn cancelled(&self) {
        self.0.notified().await;
    }
}

/// The client's end of the connection.
pub trait Client: Send + Sync {
    /// Takes a message for the client. Never blocks.
    fn send(&self, message: Vec<u8>);
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
    folders: Mutex<Vec<WorkspaceFolder>>,
    turns: Turns,
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
        Self {
            vault,
            origin: crate::vault::random_origin(),
            phase: Mutex::default(),
            keys: Mutex::default(),
            key_settled: Notify::new(),
            folders: Mutex::new(folders),
            turns: Turns::default(),
            client,
            ending: watch::Sender::new(false),
        }
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
        let mut waiting = None;
        loop {
            let mut settled = std::pin::pin!(self.key_settled.notified());
            // Before looking: an outcome that comes in between is not missed.
            settled.as_mut().enable();
            match lock(&self.keys).find(handle, position) {
                Meant::Key(key, must_exist) => return Ok(Caller { key, must_exist, origin: self.origin }),
                Meant::Nobody => return Err(Error::ApiKeyRequired),
                Meant::Open => {}
            }
            waiting.get_or_insert_with(|| KeyWait::new(&self.keys));
            settled.await;
        }
    }

    /// The folder that `"workspace"` means where none is named.
    pub fn only_folder(&self) -> Place {
        match lock(&self.folders).as_slice() {
            [folder] => Place::Workspace(folder.clone()),
            _ => Place::FolderRequired,
        }
    }

    /// These folders are open, and no others.
    pub fn set_folders(&self, folders: Vec<WorkspaceFolder>) {
        *lock(&self.folders) = folders;
    }

    /// Folders were closed and opened.
    pub fn change_folders(&self, removed: &[WorkspaceFolder], added: Vec<WorkspaceFolder>) {
        let mut folders = lock(&self.folders);
        folders.retain(|folder| !removed.contains(folder));
        for folder in added {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }

    /// The store with its key, opened if it is not open yet.
    pub async fn opened(&self, cancel: &Cancel) -> Result<Arc<Opened>, Failure> {
        self.need(Need::Key, cancel).await?.ok_or(Failure::Vault(Error::Internal))
    }

    /// The store if there is one, with or without its key.
    pub async fn existing(&self, cancel: &Cancel) -> Result<Option<Arc<Opened>>, Failure> {
        self.need(Need::Existing, cancel).await
    }

    /// The process is ending: nothing is waited for that may take long.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    async fn ended(&self) {
        // The sender lives as long as this.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }

    /// Asks for the store's key; a person may be asked. Whether it is at hand then: not where there is no store.
    pub async fn unlock(
        &self,
        passphrase: Option<Passphrase>,
        deadline: Duration,
        cancel: &Cancel,
    ) -> Result<bool, Failure> {
        let Some(opened) = self.existing(cancel).await? else { return Ok(false) };
        let asks = passphrase.is_none();
        let locked = opened.why_locked();
        let (done, unlocked) = oneshot::channel();
        self.vault.unlock(opened, passphrase, deadline, move |result| {
            // Nobody waits any more where the request was cancelled.
            let _ = done.send(result);
        });
        tokio::select! {
            unlocked = unlocked => unlocked.unwrap_or(Err(Error::Internal))?,
            () = cancel.cancelled() => return Err(Failure::Cancelled),
            // A person is not waited for once the process is ending.
            () = self.ended(), if asks => return Err(locked.into()),
        }
        Ok(true)
    }

    /// The vault, for what needs no key.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    async fn need(&self, need: Need, cancel: &Cancel) -> Result<Option<Arc<Opened>>, Failure> {
        if let Some(opened) = self.vault.opened() {
            return Ok(Some(opened));
        }
        let (done, opened) = oneshot::channel();
        self.vault.open(need, move |result| {
            // Nobody waits any more where the request was cancelled.
            let _ = done.send(result);
        });
        self.opening(opened, cancel).await
    }

    /// Waits for what comes once the store is open.
    async fn opening<T>(
        &self,
        outcome: oneshot::Receiver<Result<T, Error>>,
        cancel: &Cancel,
    ) -> Result<T, Failure> {
        tokio::select! {
            outcome = outcome => Ok(outcome.unwrap_or(Err(Error::Internal))?),
            () = tokio::time::sleep(OPENING) => Err(Error::StoreBusy.into()),
            () = cancel.cancelled() => Err(Failure::Cancelled),
        }
    }

    /// Reads, in the order of asking: sees the writes that this connection asked for before in the same namespace, and
    /// none that it asked for after; waits for nothing else. At once where no such write is pending.
    pub async fn read<R: Read + 'static>(&self, read: R, cancel: &Cancel) -> Result<R::Outcome, Failure> {
        self.read_with(Need::Key, read, cancel).await
    }

    /// The same, with the store's key only if it is at hand.
    pub async fn read_at_hand<R: Read + 'static>(
        &self,
        read: R,
        cancel: &Cancel,
    ) -> Result<R::Outcome, Failure> {
        self.read_with(Need::AtHand, read, cancel).await
    }

    async fn read_with<R: Read + 'static>(
        &self,
        need: Need,
        read: R,
        cancel: &Cancel,
    ) -> Result<R::Outcome, Failure> {
        if self.turns.has_pending(&read.caller().key) {
            return self.read_behind(Arc::new(read), cancel).await;
        }
        if let Some(opened) = self.vault.opened() {
            return Ok(opened.read(&read)?);
        }
        // On the vault's thread, once the store is open: before any write that is asked for after this.
        let (done, outcome) = oneshot::channel();
        self.vault.open(need, move |opened| {
            let opened = opened.and_then(|opened| opened.ok_or(Error::Internal));
            // Nobody waits any more where the request was cancelled.
            let _ = done.send(opened.and_then(|opened| opened.read(&read)));
        });
        self.opening(outcome, cancel).await
    }

    /// Whether something that this connection has asked for before may still change what is read now.
    pub fn has_pending_writes(&self) -> bool {
        self.turns.any_pending()
    }

    /// Takes the read's place in the queue. If the writes before it are given up there, it need not wait any more.
    async fn read_behind<R: Read + 'static>(
        &self,
        read: Arc<R>,
        cancel: &Cancel,
    ) -> Result<R::Outcome, Failure> {
        let turn = self.turns.last();
        let (done, mut outcome) = oneshot::channel();
        let ticket = self.vault.submit(Behind(read.clone()), move |result| {
            // Whoever asked may have gone with the connection.
            let _ = done.send(result);
        });
        let cancelled = tokio::select! {
            biased;
            outcome = &mut outcome => return Ok(outcome.unwrap_or(Err(Error::Internal))?),
            () = self.turns.wait(turn, &read.caller().key) => false,
            () = cancel.cancelled() => true,
        };
        if !self.vault.withdraw(ticket) {
            return Ok(outcome.await.unwrap_or(Err(Error::Internal))?);
        }
        match self.vault.opened() {
            _ if cancelled => Err(Failure::Cancelled),
            Some(opened) => Ok(opened.read(&*read)?),
            None => Err(Error::StoreBusy.into()),
        }
    }

    /// Waits for all writes that this connection has asked for.
    pub async fn all_written(&self) {
        self.turns.all_done().await;
    }

    /// Carries a write out, in the order of asking. Its outcome is the true one: whoever takes it first, the vault's
    /// thread, the deadline or the client, decides.
    pub async fn write<W: Write + 'static>(
        &self,
        key: Option<&Arc<Key>>,
        write: W,
        cancel: &Cancel,
    ) -> Result<W::Outcome, Failure> {
        let _turn = self.turns.take(key.cloned());
        self.carry_out(write, cancel).await
    }

    async fn carry_out<W: Write + 'static>(&self, write: W, cancel: &Cancel) -> Result<W::Outcome, Failure> {
        let (done, mut outcome) = oneshot::channel();
        let ticket = self.vault.submit(write, move |result| {
            // Whoever asked may have gone with the connection.
            let _ = done.send(result);
        });
        let given_up = tokio::select! {
            biased;
            outcome = &mut outcome => return Ok(outcome.unwrap_or(Err(Error::Internal))?),
            () = tokio::time::sleep(limits::LOCK_WAIT) => Failure::Vault(Error::StoreBusy),
            () = cancel.cancelled() => Failure::Cancelled,
        };
        if self.vault.withdraw(ticket) {
            if given_up == Failure::Vault(Error::StoreBusy) {
                let holder = self.vault.writer().unwrap_or_default();
                tracing::warn!(
                    "process {holder} keeps the store's lock; if it is stopped, let it go on or end it"
                );
            }
            return Err(given_up);
        }
        Ok(outcome.await.unwrap_or(Err(Error::Internal))?)
    }
}
