//! An open store, with or without its key.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use crate::crypto::{SlotId, StoreId, StoreKey, StoreKeys};
use crate::limits::Limits;
use crate::protector::{self, Given, Kind, New, Protects, Reason, StoredRow, Turn, Unavailable, UnlockMode};
use crate::remote::{self, Credentials};
use crate::rows::{Id, Table, meta};
use crate::store::{Batch, Location, NewStore, ProtectorRow, Row, Snapshot, Store, StoreError, WriteLock};
use crate::sync;

use super::reasons::Server;
use super::renewed::{self, RenewedReplica};
use super::replica::{NotCommitted, RemoteStatus, Replica};
use super::slots::{self, ToDestroy};
use super::{Config, Error, Timestamp, key_index};

/// An open store.
pub struct Opened {
    serial: u64,
    store: Store,
    /// Records up to this revision came back from a backup. It changes only when another file replaces this one.
    restored: Option<u64>,
    this_process: Id,
    limits: Limits,
    /// What connects the store with a server, if several machines share it.
    replica: Option<Replica>,
    /// The name of this machine in the addresses of folders; empty for a machine alone.
    machine_name: Arc<str>,
    /// Absent while the store is locked.
    secrets: RwLock<Option<Arc<Secrets>>>,
    /// Why the last attempt to get the key failed.
    unavailable: Mutex<Unavailable>,
}

/// The keys that are derived from the store key, and the protector that gave it.
pub(super) struct Secrets {
    pub(super) keys: StoreKeys,
    pub(super) protector: Kind,
}

/// Why no protector was asked, or none gave the key.
enum NotAsked {
    Store(StoreError),
    Unavailable(Unavailable),
}

/// The state of a store. It never contains a name or a value.
pub struct Status {
    /// The id of the store; absent if there is no store.
    pub store_id: Option<String>,
    /// The folder where the store is, or would be.
    pub data_folder: PathBuf,
    /// The protector that gave the key.
    pub protector: Option<&'static str>,
    /// All protectors that can give the key.
    pub protectors: Vec<&'static str>,
    /// Whether the store key is available.
    pub key_available: bool,
    /// Whether the user has locked the store.
    pub locked: bool,
    /// What the protectors guard against together.
    pub protects: Protects,
    /// The number of records, of all plugins.
    pub records: u64,
    /// The size of the store on the disk, in bytes.
    pub bytes: u64,
    /// What the last repair did.
    pub repaired: Option<Repaired>,
    /// The state of a store that several machines share.
    pub remote: Option<RemoteStatus>,
}

/// What a repair of the store did.
pub struct Repaired {
    /// When the repair took place.
    pub at: Timestamp,
    /// When the backup was taken that the repair restored, if it restored one.
    pub restored_from: Option<Timestamp>,
    /// How many records of the damaged store were intact.
    pub kept: u64,
    /// How many records of the damaged store were not intact; `None` if this can't be known.
    pub lost: Option<u64>,
    /// The folder with the damaged file, if there was one.
    pub quarantine: Option<PathBuf>,
}

/// A store with a new key, which the protector `key-file` keeps.
struct NewlyMade<'c> {
    config: &'c Config,
}

impl NewStore for NewlyMade<'_> {
    type Error = Error;

    fn may_be_made(&self) -> Result<(), Error> {
        Ok(protector::may_keep(&self.config.means()).map_err(StoreError::from)?)
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), Error> {
        let id = StoreId::generate();
        let store_key = StoreKey::generate();
        let now = Timestamp::now().millis();
        let protector = protector::make(&self.config.means(), &New::KeyFile, "", id, &store_key, now)?;
        Ok((id.0, protector, vec![key_index::of_no_keys()]))
    }
}

/// The name of this machine in addresses. The store has it as well, since the credentials may be lost.
fn machine_name(stored: &str, replica: Option<&Replica>) -> Arc<str> {
    let named = replica.map(Replica::name).filter(|_| stored.is_empty());
    named.unwrap_or(stored).into()
}

impl Opened {
    /// Opens the store at a location, and repairs it if it is damaged. If there is none, creates a store if `make`, and
    /// otherwise returns `None`.
    pub(super) fn open(config: &Config, location: &Location, make: bool) -> Result<Option<Self>, Error> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let (anew, again);
        let new: Option<&dyn NewStore<Error = Error>> = match &config.store {
            Some(url) => {
                again = RenewedReplica::new(config, url);
                Some(&again)
            }
            None if make => {
                anew = NewlyMade { config };
                Some(&anew)
            }
            None => None,
        };
        let now = || Timestamp::now().millis();
        let Some(store) = location.open(config.limits.store, now, new)? else { return Ok(None) };
        let snapshot = store.snapshot()?;
        let (restored, was_repaired) = (snapshot.restored()?, snapshot.repaired()?.is_some());
        let machine = snapshot.get(Table::Meta, meta::MACHINE)?.map(<[u8]>::to_vec).unwrap_or_default();
        let machine = String::from_utf8(machine).map_err(|_| StoreError::Damaged)?;
        let mut is_shared = remote::is_replica(&snapshot)?;
        drop(snapshot);
        if !is_shared && was_repaired {
            // The row that says so may have been lost with the rest.
            is_shared = Credentials::are_of_shared(&config.keys, &store.id())?;
        }
        let replica = is_shared.then(|| Replica::find(config, store.id())).transpose()?;
        renewed::complete(config, &store, replica.as_ref())?;
        Ok(Some(Self {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            store,
            restored,
            this_process: location.this_process(),
            limits: config.limits,
            machine_name: machine_name(&machine, replica.as_ref()),
            replica,
            secrets: RwLock::default(),
            unavailable: Mutex::new(Unavailable { protector: Kind::KeyFile, reason: Reason::Locked }),
        }))
    }

    /// Gets the store key in the given mode, unless it is available. Returns whether this call got it. Asks no
    /// protector while the user has locked the store.
    pub fn unlock(&self, config: &Config, mode: &UnlockMode<'_>) -> Result<bool, Error> {
        if self.is_unlocked() {
            return Ok(false);
        }
        if self.is_marked_locked()? {
            self.drop_key();
            return Err(self.why_locked());
        }
        self.get_key(config, mode, false)
    }

    /// As [`Self::unlock`], but at the user's request: if the user has locked the store, asks the protectors anew, and
    /// removes the mark once one of them has given the key. Returns whether this call changed anything.
    pub fn unlock_for_user(&self, config: &Config, mode: &UnlockMode<'_>) -> Result<bool, Error> {
        if self.is_unlocked() && !self.is_marked_locked()? {
            return Ok(false);
        }
        self.get_key(config, mode, true)
    }

    fn get_key(&self, config: &Config, mode: &UnlockMode<'_>, for_user: bool) -> Result<bool, Error> {
        let rows = self.store.protectors()?;
        let id = StoreId(self.store.id());
        let asked = match self.ask(config, &rows, mode, for_user) {
            Err(NotAsked::Store(error)) => return Err(error.into()),
            Err(NotAsked::Unavailable(why)) => {
                *sync::lock(&self.unavailable) = why;
                return Err(why.into());
            }
            Ok(asked) => asked,
        };
        // The turn ends once the others can find the key.
        let Some((Given { store_key, protector, fresh }, turn)) = asked else { return Ok(false) };
        let keys = StoreKeys::derive(id, store_key);
        // Before anything is read, what another process had begun to destroy before it ended is destroyed.
        let left_over = ToDestroy::find(&self.store.snapshot()?, &keys)?;
        self.destroy_slots(&left_over.slots);
        // The session's cache gets the key only once the mark is gone: a process that is killed in between leaves
        // either a locked store or a key that may be used.
        let unmarked = for_user && self.store.unmark_locked()?;
        if let Some(fresh) = fresh {
            fresh.keep();
        }
        drop(turn);
        let is_first = self.keep_secrets(Secrets { keys, protector });
        // A process that has marked the store since then could not drop a key that was not there yet.
        if self.is_marked_locked()? {
            self.drop_key();
            return Err(self.why_locked());
        }
        Ok(is_first || unmarked)
    }

    /// Keeps the key. Returns `false` if another thread was first; it has kept the same key.
    fn keep_secrets(&self, secrets: Secrets) -> bool {
        let mut kept = sync::write(&self.secrets);
        let is_first = kept.is_none();
        kept.get_or_insert_with(|| Arc::new(secrets));
        is_first
    }

    /// Drops the store key, here and in the session's cache. Requests that have begun may still finish with it.
    pub(super) fn drop_key(&self) {
        let why = protector::store_locked(&self.store.protectors().unwrap_or_default());
        *sync::lock(&self.unavailable) = why;
        *sync::write(&self.secrets) = None;
        protector::forget_cached(StoreId(self.store.id()));
    }

    /// Whether the user has locked the store, so that no protector may be asked.
    pub fn is_marked_locked(&self) -> Result<bool, Error> {
        Ok(self.store.is_marked_locked()?)
    }

    /// Asks the protectors. If that asks a person or runs a program, processes take turns, and the later ones find the
    /// key that the first one got: the caller keeps the turn until it has cached the key. `None` if this process has got
    /// the key meanwhile.
    fn ask(
        &self,
        config: &Config,
        rows: &[StoredRow],
        mode: &UnlockMode<'_>,
        for_user: bool,
    ) -> Result<Option<(Given, Option<Turn>)>, NotAsked> {
        let (means, id) = (config.means(), StoreId(self.store.id()));
        let runs = matches!(mode, UnlockMode::Quiet) && protector::takes_turns(id, rows);
        let is_marked = || self.store.is_marked_locked().map_err(NotAsked::Store);
        let mut turn = None;
        if runs || protector::asks(rows, mode) {
            let locked = if is_marked()? {
                protector::store_locked(rows)
            } else {
                match protector::open(&means, id, rows, &UnlockMode::CachedOnly) {
                    Ok(found) => return Ok(Some((found, None))),
                    Err(locked) => locked,
                }
            };
            turn = protector::turn(&means, mode).map_err(|error| NotAsked::Store(error.into()))?;
            if mode.is_over() {
                return Err(NotAsked::Unavailable(locked.too_late()));
            }
            if self.is_unlocked() && !is_marked()? {
                return Ok(None);
            }
        }
        if is_marked()? {
            if !for_user {
                return Err(NotAsked::Unavailable(protector::store_locked(rows)));
            }
            protector::forget_cached(id);
        }
        let found = protector::open(&means, id, rows, mode).map_err(NotAsked::Unavailable)?;
        Ok(Some((found, turn)))
    }

    /// See [`slots::destroy`].
    pub(super) fn destroy_slots(&self, slots: &[SlotId]) -> bool {
        slots::destroy(&self.store, slots)
    }

    /// Whether the store key is available.
    pub fn is_unlocked(&self) -> bool {
        sync::read(&self.secrets).is_some()
    }

    pub(super) fn secrets(&self) -> Result<Arc<Secrets>, Error> {
        sync::read(&self.secrets).clone().ok_or_else(|| self.why_locked())
    }

    /// Why the last attempt to get the store key failed.
    pub fn why_locked(&self) -> Error {
        (*sync::lock(&self.unavailable)).into()
    }

    /// Whether a record of this revision came back from a backup.
    pub(super) fn is_restored(&self, revision: u64) -> bool {
        self.restored.is_some_and(|up_to| revision <= up_to)
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// What connects the store with a server, if several machines share it.
    pub(super) fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    /// The name of this machine in the addresses of folders.
    pub(super) fn machine_name(&self) -> Arc<str> {
        self.machine_name.clone()
    }

    /// Whether several machines share the store.
    pub fn is_shared(&self) -> bool {
        self.replica.is_some()
    }

    /// Whether what the store holds may be read without a question to a server.
    pub(super) fn may_be_read(&self) -> bool {
        self.replica.as_ref().is_none_or(Replica::may_be_read)
    }

    /// Refuses to read a replica that its server has not confirmed for too long.
    pub(super) fn check_age(&self) -> Result<(), Error> {
        if self.replica.as_ref().is_some_and(Replica::is_too_old) {
            return Err(Error::ServerRefused(Server::Offline));
        }
        Ok(())
    }

    /// The time by which records and leases end. Machines that share a store use their server's.
    pub(super) fn now(&self) -> Timestamp {
        self.replica.as_ref().and_then(Replica::now).unwrap_or_else(Timestamp::now)
    }

    /// The same time, and never behind the server's clock.
    pub(super) fn latest(&self) -> Timestamp {
        self.replica.as_ref().and_then(Replica::latest).unwrap_or_else(Timestamp::now)
    }

    /// Commits a batch, here and on the server of a shared store. `destroyed` are the slots that it ends.
    pub(super) fn commit(
        &self,
        lock: &WriteLock<'_>,
        batch: &mut Batch,
        destroyed: &[SlotId],
    ) -> Result<(), NotCommitted> {
        match &self.replica {
            Some(replica) => replica.commit(&self.store, lock, batch, destroyed),
            None => Ok(self.store.commit(lock, batch)?),
        }
    }

    /// After writes were decided that change nothing, in a shared store: see [`Replica::confirm_decision`].
    pub(super) fn confirm_decision(&self, lock: &WriteLock<'_>) -> Result<(), NotCommitted> {
        self.replica.as_ref().map_or(Ok(()), |replica| replica.confirm_decision(&self.store, lock))
    }

    /// Whether the store was moved to a server, or away from it, since it was opened.
    pub(super) fn is_moved(&self, snapshot: &Snapshot<'_>) -> Result<bool, StoreError> {
        Ok(remote::is_replica(snapshot)? != self.replica.is_some())
    }

    /// The store, to be closed.
    pub(super) fn into_store(self) -> Store {
        self.store
    }

    /// This process, as its leases name it.
    pub(super) fn this_process(&self) -> Id {
        self.this_process
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The number of this opening, unique in this process.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }
}

impl Status {
    pub(super) fn new(config: &Config, opened: Option<&Opened>) -> Result<Self, Error> {
        let gave_key = opened.and_then(|opened| opened.secrets().ok()).map(|secrets| secrets.protector);
        let locked = opened.map(Opened::is_marked_locked).transpose()?.unwrap_or_default();
        let store = opened.map(|opened| StoreId(opened.store.id()));
        let protectors = opened.map(Opened::protectors).transpose()?.unwrap_or_default();
        let status = opened.map(|opened| opened.store.status()).transpose()?;
        let protects =
            store.map(|store| protector::protects(&config.means(), store, &protectors, &config.data));
        Ok(Self {
            store_id: store.map(StoreId::to_text),
            data_folder: config.data.clone(),
            protector: gave_key.map(Kind::name),
            protectors: protectors.iter().map(|protector| protector.kind.name()).collect(),
            key_available: gave_key.is_some(),
            locked,
            protects: protects.unwrap_or_default(),
            records: status.as_ref().map_or(0, |status| status.records),
            bytes: status.as_ref().map_or(0, |status| status.bytes),
            remote: opened.and_then(Opened::replica).map(Replica::status),
            repaired: status.and_then(|status| Some((status.repaired?, status.quarantine))).map(
                |(repair, quarantine)| Repaired {
                    at: Timestamp::from_millis(repair.at),
                    restored_from: repair.restored_from.map(Timestamp::from_millis),
                    kept: repair.kept,
                    lost: repair.lost,
                    quarantine,
                },
            ),
        })
    }
}
