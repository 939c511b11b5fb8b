//! From an API key to what it opens: the row in the table of keys, the slot file, the namespace's data key.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::crypto::{ApiKey, DataKey, DataKeys, NamespaceId, NotAnApiKey, SlotId, SlotKeys};
use crate::store::{SLOT_HEADER, Slot, Snapshot};
use crate::sync;

use super::key_index::{self, Found, LiveKeys};
use super::key_row::{KeyRow, Use};
use super::opened::Secrets;
use super::reasons::NoKey;
use super::{Address, Error, Name, Opened, Place, Timestamp};

/// An API key that a connection has set. After a rotation, all that hold this value use the new key.
pub struct Key(Mutex<State>);

struct State {
    api_key: Arc<ApiKey>,
    cached: Option<Cached>,
}

/// What is known about a key at one revision of the table of keys.
struct Cached {
    opened: u64,
    slot: Arc<SlotKeys>,
    /// `None` until the key was looked up.
    keys_revision: Option<u64>,
    access: Option<Arc<Access>>,
}

/// What is cached about a key.
pub(super) enum Remembered {
    /// It has to be looked up.
    Nothing,
    /// What it opens; `None` for a key that has no namespace.
    Known(Option<Arc<Access>>),
}

/// What a key opens.
pub struct Access {
    pub(super) slot: SlotId,
    pub(super) row: KeyRow,
    /// All live keys of the namespace.
    pub(super) keys: LiveKeys,
    pub(super) data: DataKeys,
    /// The name of this machine in the addresses of folders.
    pub(super) machine: Arc<str>,
}

/// The caller: a key, and the condition that it was set on.
#[derive(Clone)]
pub struct Caller {
    /// The key.
    pub key: Arc<Key>,
    /// Whether the key was set on condition that it has a namespace, and that is not known yet.
    pub must_exist: bool,
    /// Identifies the connection that calls, by random bytes.
    pub origin: [u8; 16],
}

impl Key {
    /// Takes 40 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NotAnApiKey> {
        let api_key = Arc::new(ApiKey::parse(text)?);
        Ok(Self(Mutex::new(State { api_key, cached: None })))
    }

    /// Whether two are the same API key.
    pub fn is(&self, other: &Self) -> bool {
        // One lock after the other, because the two may be the same value.
        let ours = self.api_key();
        *ours == *other.api_key()
    }

    /// Whether two keys are known to open the same namespace.
    pub fn shares_namespace_with(&self, other: &Self) -> bool {
        let namespace = |key: &Self| {
            let state = key.state();
            state.cached.as_ref()?.access.as_ref().map(|access| access.data.namespace())
        };
        self.is(other) || namespace(self).is_some_and(|ours| namespace(other) == Some(ours))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        sync::lock(&self.0)
    }

    pub(super) fn api_key(&self) -> Arc<ApiKey> {
        self.state().api_key.clone()
    }

    /// Forgets what the key opens, once the store was locked and its key dropped. A request that began before may still
    /// look the key up, but caches nothing: it checks that the store is unlocked while it holds this lock.
    pub fn forget(&self) {
        self.state().cached = None;
    }

    /// What is cached of what the key opens.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn access_for_test(&self) -> Option<std::sync::Weak<Access>> {
        self.state().cached.as_ref()?.access.as_ref().map(Arc::downgrade)
    }

    /// Replaces the key after a rotation.
    pub(super) fn replace(&self, api_key: Arc<ApiKey>) {
        *self.state() = State { api_key, cached: None };
    }

    pub(super) fn slot(&self, opened: &Opened, secrets: &Secrets) -> Arc<SlotKeys> {
        let mut state = self.state();
        match &state.cached {
            Some(cached) if cached.opened == opened.serial() => cached.slot.clone(),
            _ => {
                let slot = Arc::new(secrets.keys.slot(&state.api_key));
                // Not once the store was locked, see `forget`.
                state.cached = opened.is_unlocked().then(|| Cached {
                    opened: opened.serial(),
                    slot: slot.clone(),
                    keys_revision: None,
                    access: None,
                });
                slot
            }
        }
    }

    /// What is cached about the key for this revision of the table of keys.
    pub(super) fn remembered(&self, opened: &Opened, keys_revision: u64) -> Remembered {
        match &self.state().cached {
            Some(cached)
                if cached.opened == opened.serial() && cached.keys_revision == Some(keys_revision) =>
            {
                Remembered::Known(cached.access.clone())
            }
            _ => Remembered::Nothing,
        }
    }

    /// Opens the key's slot, given what the tables have about the key, and caches the result for this revision of the
    /// table of keys.
    pub(super) fn learn(
        &self,
        opened: &Opened,
        secrets: &Secrets,
        slot: &SlotKeys,
        keys_revision: u64,
        found: Option<Found>,
    ) -> Result<Option<Arc<Access>>, Error> {
        let access = Access::open(opened, secrets, slot, found)?;
        if let Some(cached) = &mut self.state().cached
            && opened.is_unlocked()
            && cached.opened == opened.serial()
            && cached.slot.id() == slot.id()
        {
            cached.keys_revision = Some(keys_revision);
            cached.access.clone_from(&access);
        }
        Ok(access)
    }
}

impl Access {
    /// Opens a key's slot. `None` for a key that has no namespace.
    pub(super) fn open(
        opened: &Opened,
        secrets: &Secrets,
        slot: &SlotKeys,
        found: Option<Found>,
    ) -> Result<Option<Arc<Self>>, Error> {
        let Some(Found { row, keys }) = found else { return Ok(None) };
        let (namespace, key) = data_key(opened, slot)?;
        if row.namespace() != Some(namespace) {
            return Err(Error::KEY_DAMAGED);
        }
        let data = DataKeys::derive(secrets.keys.store(), namespace, &key);
        Ok(Some(Arc::new(Self { slot: slot.id(), row, keys, data, machine: opened.machine_name() })))
    }
}

/// The namespace and the data key that a slot file holds.
pub(super) fn data_key(opened: &Opened, slot: &SlotKeys) -> Result<(NamespaceId, DataKey), Error> {
    match opened.store().slot(&slot.id().0).map_err(Error::of_a_key)? {
        Slot::Wrapped(wrapped) => slot.unwrap(SLOT_HEADER, &wrapped).map_err(|_| Error::KEY_DAMAGED),
        Slot::Absent => Err(Error::KEY_DAMAGED),
        Slot::Destroyed => Err(Error::ApiKeyRevoked),
    }
}

impl Caller {
    /// Checks the caller's key, and returns what it opens; `None` for a key that has no namespace.
    pub(super) fn admit(
        &self,
        access: Option<Arc<Access>>,
        now: Timestamp,
    ) -> Result<Option<Arc<Access>>, Error> {
        match &access {
            Some(access) => access.row.check(now)?,
            None if self.must_exist => return Err(Error::ApiKeyRequired(NoKey::Refused)),
            None => {}
        }
        Ok(access)
    }

    /// A snapshot of the store, and what the caller's key opens in it. The slot file is read while no snapshot is open.
    pub(super) fn moment<'o>(
        &self,
        opened: &'o Opened,
    ) -> Result<(Snapshot<'o>, Option<Arc<Access>>), Error> {
        let secrets = opened.secrets()?;
        loop {
            let slot = self.key.slot(opened, &secrets);
            let snapshot = opened.store().snapshot()?;
            let keys_revision = snapshot.keys_revision()?;
            if let Remembered::Known(access) = self.key.remembered(opened, keys_revision) {
                return Ok((snapshot, self.admit(access, opened.now())?));
            }
            let found = key_index::look(&snapshot, &secrets.keys, slot.id());
            drop(snapshot);
            let learnt =
                found.and_then(|found| self.key.learn(opened, &secrets, &slot, keys_revision, found));
            match learnt {
                // The key was rotated while it was looked up. The next round uses the new key.
                Err(Error::ApiKeyRevoked) if self.key.slot(opened, &secrets).id() != slot.id() => {}
                learnt => drop(learnt?),
            }
        }
    }
}

/// A record as a caller names it. Nothing of it has been checked against the store.
#[derive(Clone)]
pub struct Target {
    /// The caller, whose key selects the namespace.
    pub caller: Caller,
    /// The context and folder.
    pub place: Place,
    /// The record's name, if it has one.
    pub name: Option<Name>,
}

impl Target {
    /// The address on this machine, once the key is known to be good: the folder is checked before the scope.
    pub(super) fn address(
        &self,
        machine: &Arc<str>,
        access: Option<&Arc<Access>>,
        wanted: Use,
    ) -> Result<Address, Error> {
        let address = Address::new(machine, self.place.folder()?.cloned(), self.name.clone());
        if let Some(access) = access {
            access.row.permit(&address, wanted)?;
        }
        Ok(address)
    }
}

/// A name for a key on one connection: 128 random bits.
pub fn random_handle() -> String {
    base16ct::lower::encode_string(&crate::crypto::random::<16>())
}

/// A new API key, for a caller that has to save the key before it is used.
pub fn random_key() -> zeroize::Zeroizing<String> {
    ApiKey::generate("", Timestamp::now().millis()).to_text()
}

/// Distinguishes a connection's own changes from the changes of others: 128 random bits.
pub fn random_origin() -> [u8; 16] {
    crate::crypto::random()
}
