//! The meaning of the data: API keys, scopes, records, revisions; and the only thread that writes.
//!
//! The only room that holds both keys and records. Everything in it is synchronous. Reads ([`Opened`]) run on the
//! caller's thread and wait for no writer. Writes ([`Vault::submit`]) are queued for the vault's own thread, which also
//! opens the store at the first request that needs it. Nothing is decided about a write before that thread holds the
//! store's lock.

mod access;
mod address;
mod backup;
mod boot_clock;
mod changes;
mod draft;
mod error;
pub mod folder;
#[cfg(test)]
mod forged;
mod guard;
mod inherit;
mod inspect;
mod issue;
mod key_index;
mod key_row;
mod keys;
mod lease;
mod locking;
mod merge;
mod namespace;
mod opened;
mod operator;
mod queue;
mod reading;
mod reads;
mod reasons;
mod record;
mod renewed;
mod replica;
mod revoke;
mod rotate;
#[cfg(test)]
mod sample;
mod share;
pub mod sharing;
mod slots;
mod store_events;
mod sweep;
mod thread;
mod timestamp;
mod unlock;
mod view;
mod writes;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use crate::crypto;
use crate::limits::Limits;
use crate::protector::ProtectorConfig;
use crate::store::Location;
use crate::sync;

pub use access::{Caller, Key, Target, random_handle, random_key, random_origin};
pub use address::{Address, Context, Name, Place};
pub use backup::{Arrival, NotBackedUp, NotRestored, ReadBackup, Standing, Verified};
pub use changes::{BeginWatch, Change, Changed};
pub use error::Error;
pub use guard::{AddProtector, RemoveProtector};
pub use inherit::{GetInherited, Inherited};
pub use inspect::{RecordFacts, TestedProtector};
pub use issue::{Issue, Issued, KeptKeys};
pub use key_row::Scope;
pub use keys::{KeyInfo, KnowKey, Known, ListKeys};
pub use lease::{AcquireLease, LeaseIsFree, Leased, ReleaseLease, RenewLease};
pub use locking::Locking;
pub use opened::{Opened, Repaired, Status};
pub use operator::{EndKey, ExtendKey, ForgetPlugin, KeyState, KeySummary};
pub use queue::Need;
pub use queue::Ticket;
pub use reading::{OneByOne, Read, Room};
pub use reads::{After, Entry, GetRecord, ListRecords, Record};
pub use reasons::{
    Busy, DamagedPart, DamagedStore, Denied, Failed, Full, NoKey, OverLimit, Overload, Server,
};
pub use replica::{RemoteStatus, State as RemoteState};
pub use revoke::{Revoke, Revoked};
pub use rotate::{Rotate, Rotated};
pub use share::Share;
pub use store_events::Following;
pub use timestamp::Timestamp;
pub use unlock::UnlockTicket;
pub use writes::{Delete, Deleted, MergePatch, Move, Moved, Patch, Set, Text, Written};

pub use crate::protector::{
    Askpass, Deadline, Kind, New, Passphrase, Protector, Reason as KeyReason, Unavailable, UnlockMode,
    end_programs,
};
pub use crate::store::{
    BadArchive, CopySource, CopyTarget, FORMAT, FileSystem, Member, OwnBackup, Problem, Quarantined, Refusal,
    RelayEntry, RelayMark, Restored, SoundTables, StaleRelay, StoreEvent, StoreProcess, quoted,
};
pub use draft::Write;
use queue::{Queue, Queued, QueuedRead};
use store_events::StoreEvents;
use sweep::Sweeper;
use unlock::Unlocks;

/// The folders, the prompt and the limits of a vault.
#[derive(Clone)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// The folder of key files.
    pub keys: PathBuf,
    /// The program that asks a person for the passphrase.
    pub askpass: Option<Askpass>,
    /// Whether a store on a network file system is allowed.
    pub allow_network: bool,
    /// The URL of the server whose store this machine takes when the data folder is empty.
    pub store: Option<String>,
    /// The caps in force.
    pub limits: Limits,
}

impl Config {
    fn means(&self) -> ProtectorConfig<'_> {
        ProtectorConfig { data_folder: &self.data, key_folder: &self.keys, askpass: self.askpass.as_ref() }
    }
}

/// How a client takes its answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taking {
    /// Few enough answers are unread for another one to be made.
    Enough,
    /// Too many answers are unread, but the client takes some.
    Some,
    /// Too many answers are unread, and the client takes none.
    Nothing,
}

/// One vault: a store on the disk, opened when it is first needed.
pub struct Vault {
    config: Config,
    location: Location,
    queue: Queue,
    sweeper: Mutex<Sweeper>,
    opened: RwLock<Option<Arc<Opened>>>,
    was_opened: AtomicBool,
    was_refused: AtomicBool,
    events: StoreEvents,
    after_turn: OnceLock<Box<dyn Fn() + Send + Sync>>,
    taking: OnceLock<Box<dyn Fn(Duration) -> Taking + Send + Sync>>,
    unlocks: Unlocks,
    /// Whether the open store is watched for events of other processes.
    watches: bool,
    /// Whether the vault's thread runs. `starting` is held while it is started.
    started: AtomicBool,
    starting: Mutex<()>,
}

impl Vault {
    /// A vault that opens no file before the first request.
    pub fn new(config: Config) -> Arc<Self> {
        Self::with(config, true)
    }

    /// A vault for one task, which hears nothing of other processes: the system takes up to 15 ms to end a watch.
    pub fn for_one_task(config: Config) -> Arc<Self> {
        Self::with(config, false)
    }

    fn with(config: Config, watches: bool) -> Arc<Self> {
        let location = Location::new(config.data.clone(), config.allow_network, crypto::random());
        Arc::new(Self {
            config,
            location,
            queue: Queue::default(),
            sweeper: Mutex::default(),
            opened: RwLock::default(),
            was_opened: AtomicBool::new(false),
            was_refused: AtomicBool::new(false),
            events: StoreEvents::default(),
            after_turn: OnceLock::new(),
            taking: OnceLock::new(),
            unlocks: Unlocks::default(),
            watches,
            started: AtomicBool::new(false),
            starting: Mutex::default(),
        })
    }

    /// The caps in force.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// The store, if it is already open, its key is available, and no server has to be asked first.
    pub fn opened(&self) -> Option<Arc<Opened>> {
        let opened = sync::read(&self.opened);
        let is_ready =
            |opened: &Opened| opened.is_unlocked() && opened.store().is_usable() && opened.may_be_read();
        opened.as_ref().filter(|opened| is_ready(opened)).cloned()
    }

    /// Whether the process has tried to open the store and never succeeded.
    pub fn was_never_to_be_had(&self) -> bool {
        self.was_refused.load(Ordering::Relaxed) && !self.was_opened.load(Ordering::Relaxed)
    }

    /// Opens the store on the vault's thread, and passes the outcome to `done`. With [`Need::Existing`] the outcome is
    /// `None` if there is no store.
    pub fn open(
        self: &Arc<Self>,
        need: Need,
        done: impl FnOnce(Result<Option<Arc<Opened>>, Error>) + Send + 'static,
    ) {
        match self.start() {
            Ok(()) => self.queue.push_opener(need, Box::new(done)),
            Err(error) => done(Err(error)),
        }
    }

    /// The configuration that the vault was created with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Queues a write. The vault's thread passes its one true outcome to `done`, unless the write is withdrawn before.
    pub fn submit<W: Write + 'static>(
        self: &Arc<Self>,
        write: W,
        done: impl FnOnce(Result<W::Outcome, Error>) + Send + 'static,
    ) -> Ticket {
        if let Err(error) = self.start() {
            done(Err(error));
            return Ticket::ANSWERED;
        }
        self.queue.push(Box::new(Queued::new(write, done)))
    }

    /// Queues a read behind the writes that were submitted before it. It sees those writes, and none that are submitted
    /// later. The vault's thread passes its outcome to `done`, unless the read is withdrawn before. The memory for the
    /// outcome is reserved in `room`.
    pub fn submit_read<R: Read + 'static>(
        self: &Arc<Self>,
        read: Arc<R>,
        room: Arc<dyn Room>,
        done: impl FnOnce(Result<R::Outcome, Error>) + Send + 'static,
    ) -> Ticket {
        if let Err(error) = self.start() {
            done(Err(error));
            return Ticket::ANSWERED;
        }
        self.queue.push(Box::new(QueuedRead::new(read, room, done)))
    }

    /// Registers the call that the vault's thread makes between two outcomes of reads. The call returns how the client
    /// takes its answers, and may wait for at most the time that it gets. Only the first registration takes effect.
    pub fn on_reading(&self, taking: impl Fn(Duration) -> Taking + Send + Sync + 'static) {
        let _ = self.taking.set(Box::new(taking));
    }

    /// Registers the call that the vault's thread makes at the end of each turn, and within a turn before any work that
    /// may take long. The thread has delivered outcomes by then. Only the first registration takes effect.
    pub fn after_turn(&self, call: impl Fn() + Send + Sync + 'static) {
        let _ = self.after_turn.set(Box::new(call));
    }

    /// Withdraws a queued request. Returns `false` if the vault's thread has already taken it. Its outcome comes in
    /// that case.
    pub fn withdraw(&self, ticket: Ticket) -> bool {
        self.queue.withdraw(ticket)
    }

    /// Closes the store and frees its leases, because the process is ending. No other call of the vault may follow.
    pub fn end(&self) {
        self.close_in_order();
        self.location.end();
    }

    /// Why a write that has waited for [`crate::limits::LOCK_WAIT`] was not begun.
    pub fn why_not_written(&self) -> Error {
        let opened = sync::read(&self.opened).clone();
        let Some(opened) = opened.filter(|opened| opened.is_unlocked() && opened.store().is_usable()) else {
            return Error::busy(Busy::Opening);
        };
        let process = self.location.writer().filter(|process| *process != std::process::id());
        if process.is_none() && opened.replica().is_some() {
            // This process is the writer, and waits for the server.
            return Error::StoreUnreachable;
        }
        Error::StoreBusy { reason: Busy::Lock, process }
    }

    /// Whether the data folder has a store now.
    pub fn has_store(&self) -> bool {
        self.location.has_store()
    }

    /// The state of the store, whether or not it could be opened.
    pub fn status(&self, opened: Option<&Opened>) -> Result<Status, Error> {
        Status::new(&self.config, opened)
    }

    /// Starts the vault's thread, unless it runs. If the system has no room for the thread, the next request tries
    /// again.
    fn start(self: &Arc<Self>) -> Result<(), Error> {
        if self.started.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one = sync::lock(&self.starting);
        if !self.started.load(Ordering::Acquire) {
            let vault = self.clone();
            start_thread("vault", move || thread::run(&vault))
                .inspect_err(|_| self.was_refused.store(true, Ordering::Relaxed))?;
            self.started.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// Starts a thread. If the system has no room for it, writes a line to the log and returns [`Busy::Threads`].
fn start_thread<T: Send + 'static>(
    name: &'static str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<(), Error> {
    let started = std::thread::Builder::new().name(name.into()).spawn(body);
    started.map(drop).map_err(|error| {
        tracing::error!(
            "the thread {name:?} can't be started: {error}. The system allows this user, or this container, no more \
             threads, or it has no memory; end other programs, or raise the limit (ulimit -u)"
        );
        Error::busy(Busy::Threads)
    })
}
