//! A store that several machines share: what this machine's replica does with its server. The rest of the vault reads
//! and decides from the replica as from any store.
//!
//! A commit is appended on the server before it is made here, on the condition that the replica is at the server's
//! head. Reads are answered from the replica while the server has confirmed it within [`limits::CONFIRMED`]. Without the
//! server reads go on, and writes are refused.

mod age;
mod clock;
mod not_committed;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::crypto::{self, SlotId};
use crate::faults::{self, Fault, Point};
use crate::limits;
use crate::process;
use crate::remote::{
    self, Appended, CaughtUp, Commit, Credentials, Deadline, Head, Log, PlacedRow, Position, RemoteError,
    Standing,
};
use crate::rows::{Id, Table, meta};
use crate::store::{Batch, BusyReason, Row, Store, StoreError, WriteLock};
use crate::sync;

use age::Age;
use clock::Clock;
pub(super) use not_committed::NotCommitted;

use super::{Config, Timestamp, slots};

/// The replica of a shared store on this machine.
pub(super) struct Replica {
    /// This machine, as its leases name it.
    machine: Id,
    /// The name of this machine in the addresses of folders.
    name: Box<str>,
    /// The log on the server; `None` if this machine has no credentials for it.
    log: Mutex<Option<Box<dyn Log + Send>>>,
    contact: Mutex<Contact>,
    /// Until when reads need not ask the server: milliseconds on the boot clock.
    confirmed_until: AtomicU64,
    /// Whether the replica was needed since this was last asked.
    is_used: AtomicBool,
    /// How long the replica may be read without the server; `None` without credentials.
    age: Option<Age>,
    /// Whether the server has confirmed nothing for so long that the replica must not be read.
    is_too_old: AtomicBool,
}

/// What the last contact with the server has shown.
#[derive(Clone, Copy)]
struct Contact {
    /// `None` before the first one.
    state: Option<State>,
    /// The state that clients know.
    told: State,
    /// Why the last contact failed.
    failure: Option<RemoteError>,
    clock: Option<Clock>,
    /// When the server last confirmed the replica, by the server's clock.
    as_of: Option<u64>,
}

/// How the replica and the server are to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The server was reached at the last contact, and the replica is what the server has.
    Current,
    /// The server can't be reached, or has not been asked yet.
    Offline,
    /// The server does not let this machine in.
    Refused,
    /// The server has lost commits that it had confirmed.
    WentBack,
}

/// The state of a replica, for the user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RemoteStatus {
    /// How the replica and the server are to each other.
    pub state: State,
    /// When the server last confirmed what the replica holds, as far as this process knows.
    pub as_of: Option<Timestamp>,
}

impl State {
    /// The name for clients.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Offline => "offline",
            Self::Refused => "refused",
            Self::WentBack => "wentBack",
        }
    }

    const fn after(failure: RemoteError) -> Self {
        match failure {
            RemoteError::WentBack => Self::WentBack,
            RemoteError::Refused(_) | RemoteError::NotInstalled | RemoteError::TooNew => Self::Refused,
            RemoteError::Unreachable | RemoteError::Unanswered | RemoteError::Full | RemoteError::Failed => {
                Self::Offline
            }
        }
    }
}

impl Replica {
    /// The replica of the store with this id, as the credentials of this machine describe it.
    pub(super) fn find(config: &Config, store: Id) -> Result<Self, StoreError> {
        let Some(credentials) = Credentials::load(&config.keys, &store)? else {
            tracing::error!(
                "the store is shared by several machines, and this machine has no credentials for its server; it can \
                 only be read. Run `plugin-vault remote leave` to make it a store of this machine alone"
            );
            return Ok(Self::new([0; 16], "", None, None));
        };
        let log = credentials.log(store).map_err(|_| StoreError::Damaged)?;
        let machine = crypto::machine_id(&credentials.token);
        let age = Age::find(config.keys.clone(), store, credentials.offline_days)?;
        Ok(Self::new(machine, &credentials.machine, Some(Box::new(log)), Some(age)))
    }

    fn new(machine: Id, name: &str, log: Option<Box<dyn Log + Send>>, age: Option<Age>) -> Self {
        let as_of = age.as_ref().and_then(Age::kept);
        let contact = Contact { state: None, told: State::Current, failure: None, clock: None, as_of };
        Self {
            machine,
            name: name.into(),
            log: Mutex::new(log),
            contact: Mutex::new(contact),
            confirmed_until: AtomicU64::new(0),
            is_used: AtomicBool::new(true),
            age,
            is_too_old: AtomicBool::new(false),
        }
    }

    /// This machine, as its leases name it.
    pub(super) fn machine(&self) -> Id {
        self.machine
    }

    /// The name of this machine in the addresses of folders.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The folder of keys, with the credentials; `None` without credentials.
    pub(super) fn keys(&self) -> Option<&Path> {
        self.age.as_ref().map(Age::keys)
    }

    /// The time on the server, as far as it is known. It is never ahead of the server's clock, except by what this
    /// machine's boot clock gains.
    pub(super) fn now(&self) -> Option<Timestamp> {
        if Fault::LocalClock.is_injected() {
            return None;
        }
        let clock = sync::lock(&self.contact).clock?;
        Some(Timestamp::from_millis(clock.earliest()))
    }

    /// The time on the server, as far as it is known, and never behind the server's clock.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        if Fault::LocalClock.is_injected() {
            return None;
        }
        let clock = sync::lock(&self.contact).clock?;
        Some(Timestamp::from_millis(clock.latest()))
    }

    /// The state, for the user.
    pub(super) fn status(&self) -> RemoteStatus {
        let Contact { state, as_of, .. } = *sync::lock(&self.contact);
        RemoteStatus { state: state.unwrap_or(State::Offline), as_of: as_of.map(Timestamp::from_millis) }
    }

    /// Whether the state is another one than at the last call. Before the first contact all is expected to be well.
    pub(super) fn has_another_state(&self) -> bool {
        let mut contact = sync::lock(&self.contact);
        let state = contact.state.unwrap_or(State::Current);
        std::mem::replace(&mut contact.told, state) != state
    }

    /// Whether a read may be answered from the replica now.
    pub(super) fn may_be_read(&self) -> bool {
        self.is_used.store(true, Ordering::Relaxed);
        process::boot_millis() < self.confirmed_until.load(Ordering::Relaxed)
    }

    /// Whether the replica was needed since the last call.
    pub(super) fn was_used(&self) -> bool {
        self.is_used.swap(false, Ordering::Relaxed)
    }

    /// Whether the server has confirmed nothing for so long that the replica must not be read: a key that was revoked
    /// meanwhile would still open it.
    pub(super) fn is_too_old(&self) -> bool {
        self.is_too_old.load(Ordering::Relaxed)
    }

    /// Closes the connection until it is needed again.
    pub(super) fn rest(&self) {
        if let Some(log) = &mut *sync::lock(&self.log) {
            log.rest();
        }
    }

    /// Before a read: brings the replica to the server's head, unless it was confirmed a short time ago. If that fails,
    /// the read goes on with what the replica holds, and the next attempt is [`limits::SERVER_RETRY`] later.
    pub(super) fn confirm(&self, store: &Store) -> Result<(), NotCommitted> {
        if self.may_be_read() {
            return Ok(());
        }
        self.refresh(store, &Deadline::within(limits::CONFIRMING))
    }

    /// Brings the replica to the server's head, by a request that begins now.
    pub(super) fn refresh(&self, store: &Store, deadline: &Deadline) -> Result<(), NotCommitted> {
        let began = process::boot_millis();
        let outcome = self.with_log(|log| self.follow(store, log, deadline));
        self.note(began, outcome)
    }

    /// Takes everything from the server, for a replica that is empty.
    pub(super) fn fill(&self, store: &Store) -> Result<(), NotCommitted> {
        self.refresh(store, &Deadline::without_progress(limits::SERVER_STALL, limits::SERVER_TRANSFER))
    }

    /// Before writes are decided: refuses them at once if the server could not be reached a short time ago.
    pub(super) fn before_writing(&self, store: &Store) -> Result<(), NotCommitted> {
        let (is_fresh, contact) = (self.may_be_read(), *sync::lock(&self.contact));
        match contact.failure {
            Some(failure) if is_fresh => Err(NotCommitted::Remote(failure)),
            None if is_fresh && contact.clock.is_some() => Ok(()),
            _ => self.refresh(store, &deadline()),
        }
    }

    /// Commits a batch on the server, and then here. `destroyed` are the slots that it ends.
    pub(super) fn commit(
        &self,
        store: &Store,
        lock: &WriteLock<'_>,
        batch: &mut Batch,
        destroyed: &[SlotId],
    ) -> Result<(), NotCommitted> {
        let mut rows = remote::shared_rows(&batch.rows);
        if rows.is_empty() {
            return Ok(store.commit(lock, batch)?);
        }
        slots::add_changed(store, destroyed, &mut rows)?;
        let began = process::boot_millis();
        let outcome = self.with_log(|log| self.append(store, lock, log, batch, &rows));
        if let Err(NotCommitted::NotApplied(_) | NotCommitted::Remote(RemoteError::Unanswered)) = outcome {
            // The replica may be behind this machine's own commit.
            self.confirmed_until.store(0, Ordering::Relaxed);
            return outcome;
        }
        self.note(began, outcome)
    }

    fn append(
        &self,
        store: &Store,
        lock: &WriteLock<'_>,
        log: &mut dyn Log,
        batch: &mut Batch,
        rows: &[PlacedRow],
    ) -> Result<(), NotCommitted> {
        let position = remote::position(&store.snapshot()?)?;
        let write_id = crypto::random();
        let commit = Commit { position: &position, write_id: &write_id, revision: batch.revision, rows };
        let appended = if Fault::NewWriteId.is_injected() {
            // A request without an answer counts as not carried out, and is decided anew.
            let appended = log.append(&commit, &deadline());
            if appended == Err(RemoteError::Unanswered) { Ok(Appended::Conflict) } else { appended }
        } else {
            remote::append(log, &commit, &deadline())
        };
        match appended.map_err(NotCommitted::Remote)? {
            Appended::Done => {}
            Appended::Conflict => {
                self.take(store, lock, log, &deadline())?;
                return Err(StoreError::Busy(BusyReason::Overtaken).into());
            }
            Appended::Forgotten => return Err(NotCommitted::Remote(RemoteError::Unanswered)),
        }
        batch.rows.push(Position { turn: position.turn + 1, write_id }.row());
        if faults::reach(Point::AfterAppend).is_err() {
            return Err(NotCommitted::NotApplied(StoreError::Failed.into()));
        }
        store.commit(lock, batch).map_err(NotCommitted::NotApplied)
    }

    /// After writes were decided that change nothing: whether the replica was at the server's head. If it was not, takes
    /// what it lacks, and fails as a commit does that another machine has overtaken.
    pub(super) fn confirm_decision(&self, store: &Store, lock: &WriteLock<'_>) -> Result<(), NotCommitted> {
        let began = process::boot_millis();
        let outcome = self.with_log(|log| {
            // A repair of this machine may have raised the revision. The decision is at the head all the same.
            if self.standing(store, log, &deadline())?.0 == Standing::AtHead {
                return Ok(());
            }
            self.take(store, lock, log, &deadline())?;
            Err(StoreError::Busy(BusyReason::Overtaken).into())
        });
        self.note(began, outcome)
    }

    /// Asks for the head, and takes what the replica lacks.
    fn follow(&self, store: &Store, log: &mut dyn Log, deadline: &Deadline) -> Result<(), NotCommitted> {
        if self.standing(store, log, deadline)? == (Standing::AtHead, true) {
            return Ok(());
        }
        let lock = store.lock()?;
        self.take(store, &lock, log, deadline)
    }

    /// Asks for the head. Returns where the replica stands, and whether both have the same revision.
    fn standing(
        &self,
        store: &Store,
        log: &mut dyn Log,
        deadline: &Deadline,
    ) -> Result<(Standing, bool), NotCommitted> {
        let snapshot = store.snapshot()?;
        let (mine, revision) = (remote::position(&snapshot)?, snapshot.revision()?);
        drop(snapshot);
        let sent = process::boot_millis();
        let head = log.head(mine.turn, deadline).map_err(NotCommitted::Remote)?;
        self.note_head(&head, sent);
        Ok((mine.standing(&head), revision == head.revision))
    }

    /// Takes what the replica lacks, under the lock: another process may have taken it meanwhile.
    fn take(
        &self,
        store: &Store,
        lock: &WriteLock<'_>,
        log: &mut dyn Log,
        deadline: &Deadline,
    ) -> Result<(), NotCommitted> {
        let (sent, snapshot) = (process::boot_millis(), store.snapshot()?);
        let (caught_up, revision) = (remote::catch_up(log, &snapshot, deadline)?, snapshot.revision()?);
        drop(snapshot);
        self.note_head(&caught_up.head, sent);
        let CaughtUp { head, batch, slots: changed } = caught_up;
        if let Some(batch) = batch {
            slots::apply(store, lock, batch, changed)?;
        }
        if revision > head.revision { self.raise(store, lock, log, revision) } else { Ok(()) }
    }

    /// Raises the revision on the server to that of this machine, which a repair has raised: watchers of this machine
    /// would not see changes with lower ones.
    fn raise(
        &self,
        store: &Store,
        lock: &WriteLock<'_>,
        log: &mut dyn Log,
        revision: u64,
    ) -> Result<(), NotCommitted> {
        let keys_revision = store.snapshot()?.keys_revision()?.to_be_bytes().to_vec();
        let row = Row { table: Table::Meta, key: meta::KEYS_REVISION.to_vec(), value: Some(keys_revision) };
        let rows = remote::shared_rows(std::slice::from_ref(&row));
        let mut batch = Batch { expected: revision, revision, rows: vec![row] };
        self.append(store, lock, log, &mut batch, &rows)
    }

    fn with_log<T>(
        &self,
        call: impl FnOnce(&mut dyn Log) -> Result<T, NotCommitted>,
    ) -> Result<T, NotCommitted> {
        match &mut *sync::lock(&self.log) {
            Some(log) => call(&mut **log),
            None => Err(NotCommitted::Remote(RemoteError::Refused(remote::Refused::Machine))),
        }
    }

    /// Notes the clock of the answer to a request that was sent at `sent`.
    fn note_head(&self, head: &Head, sent: u64) {
        sync::lock(&self.contact).clock = Some(Clock::read(head.clock, sent));
    }

    /// Notes how a contact that began at `began` ended, and how long reads need not ask again.
    fn note(&self, began: u64, outcome: Result<(), NotCommitted>) -> Result<(), NotCommitted> {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut contact = sync::lock(&self.contact);
        let until = match outcome {
            Ok(()) => {
                contact.as_of = contact.clock.map(Clock::earliest);
                contact.failure = None;
                contact.state = Some(State::Current);
                if let (Some(age), Some(as_of)) = (&self.age, contact.as_of) {
                    age.keep(as_of);
                }
                self.is_too_old.store(false, Ordering::Relaxed);
                began + millis(limits::CONFIRMED)
            }
            Err(NotCommitted::Remote(RemoteError::Full)) => return outcome,
            Err(NotCommitted::Remote(failure)) => {
                let state = Some(State::after(failure));
                if contact.state != state {
                    tracing::warn!(
                        ?failure,
                        "the server of the shared store was not of use; reads go on without it"
                    );
                }
                (contact.state, contact.failure) = (state, Some(failure));
                let is_over = |age: &Age| age.is_over(contact.as_of, Timestamp::now());
                self.is_too_old.store(self.age.as_ref().is_some_and(is_over), Ordering::Relaxed);
                process::boot_millis() + millis(limits::SERVER_RETRY)
            }
            Err(failed @ (NotCommitted::Store(error) | NotCommitted::NotApplied(error))) => {
                if failed.is_of_disk() {
                    tracing::warn!(?error, "the replica could not follow the server of the shared store");
                }
                return outcome;
            }
        };
        drop(contact);
        self.confirmed_until.store(until, Ordering::Relaxed);
        outcome
    }
}

/// The deadline of a write's call: the server must make progress, and the lock of this machine is held meanwhile.
fn deadline() -> Deadline {
    Deadline::without_progress(limits::SERVER_STALL, limits::SERVER_WAIT)
}

#[cfg(test)]
mod tests;
