//! From an API key to what it opens: the row in the table of keys, the slot file, the namespace's data key.

use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::{ApiKey, DataKeys, NotAnApiKey, SlotId, SlotKeys};
use crate::store::{SLOT_HEADER, Slot, Snapshot, Table};

use super::key_row::KeyRow;
use super::opened::Secrets;
use super::{Error, Opened, Timestamp};

/// An API key that a connection has set.
pub struct Key {
    api_key: ApiKey,
    cached: Mutex<Option<Cached>>,
}

/// What was found out about a key when the table of keys had this revision.
struct Cached {
    opened: u64,
    slot: Arc<SlotKeys>,
    keys_revision: u64,
    access: Option<Arc<Access>>,
}

/// What is remembered of a key.
pub(super) enum Remembered {
    /// It has to be looked up.
    Nothing,
    /// What it opens; `None` for a key that has no namespace.
    Known(Option<Arc<Access>>),
}

/// What a key opens.
pub(super) struct Access {
    pub(super) slot: SlotId,
    pub(super) row: KeyRow,
    pub(super) data: DataKeys,
}

/// Who calls: a key, and what was asked of it when it was set.
#[derive(Clone)]
pub struct Caller {
    /// The key.
    pub key: Arc<Key>,
    /// Whether the key was set on condition that it has a namespace, and that is not known yet.
    pub must_exist: bool,
    /// Which connection calls: random bytes of its own.
    pub origin: [u8; 16],
}

impl Key {
    /// Takes 40 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NotAnApiKey> {
        Ok(Self { api_key: ApiKey::parse(text)?, cached: Mutex::new(None) })
    }

    /// Whether two are the same API key.
    pub fn is(&self, other: &Self) -> bool {
        self.api_key == other.api_key
    }

    /// Whether two keys are known to open the same namespace.
    pub fn shares_namespace_with(&self, other: &Self) -> bool {
        let namespace = |key: &Self| {
            let cached = key.cached.lock().unwrap_or_else(PoisonError::into_inner);
            cached.as_ref()?.access.as_ref().map(|access| access.data.namespace())
        };
        self.is(other) || namespace(self).is_some_and(|ours| namespace(other) == Some(ours))
    }

    pub(super) fn slot(&self, opened: &Opened, secrets: &Secrets) -> Arc<SlotKeys> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *cached {
            Some(cached) if cached.opened == opened.serial() => cached.slot.clone(),
            other => {
                let slot = Arc::new(secrets.keys.slot(&self.api_key));
                // No revision is the highest: nothing is known yet.
                *other = Some(Cached {
                    opened: opened.serial(),
                    slot: slot.clone(),
                    keys_revision: u64::MAX,
                    access: None,
                });
                slot
            }
        }
    }

    /// What is known of the key for this revision of the table of keys.
    pub(super) fn remembered(&self, opened: &Opened, keys_revision: u64) -> Remembered {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some(cached) if cached.opened == opened.serial() && cached.keys_revision == keys_revision => {
                Remembered::Known(cached.access.clone())
            }
            _ => Remembered::Nothing,
        }
    }

    /// Finds out what the key opens, and remembers it for this revision of the table of keys.
    pub(super) fn learn(
        &self,
        opened: &Opened,
        secrets: &Secrets,
        keys_revision: u64,
        row: Option<&[u8]>,
    ) -> Result<Option<Arc<Access>>, Error> {
        let access = self.unseal(opened, secrets, row)?;
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = &mut *cached
            && cached.opened == opened.serial()
        {
            cached.keys_revision = keys_revision;
            cached.access.clone_from(&access);
        }
        Ok(access)
    }

    /// Opens the key's row and its slot. `None` for a key that has no namespace.
    pub(super) fn unseal(
        &self,
        opened: &Opened,
        secrets: &Secrets,
        row: Option<&[u8]>,
    ) -> Result<Option<Arc<Access>>, Error> {
        let Some(row) = row else { return Ok(None) };
        let slot = self.slot(opened, secrets);
        let row = KeyRow::open(&secrets.keys, slot.id(), row)?;
        if !row.is_live() {
            return Err(Error::ApiKeyRevoked);
        }
        let Slot::Wrapped(wrapped) = opened.store().folder().slot(&slot.id().0)? else {
            return Err(Error::RecordDamaged);
        };
        let (namespace, key) = slot.unwrap(SLOT_HEADER, &wrapped).map_err(|_| Error::RecordDamaged)?;
        if row.namespace() != Some(namespace) {
            return Err(Error::RecordDamaged);
        }
        let data = DataKeys::derive(secrets.keys.store(), namespace, &key);
        Ok(Some(Arc::new(Access { slot: slot.id(), row, data })))
    }
}

impl Caller {
    /// What the caller's key opens, once it is known to be good: `None` for a key that has no namespace.
    pub(super) fn admit(
        &self,
        access: Option<Arc<Access>>,
        now: Timestamp,
    ) -> Result<Option<Arc<Access>>, Error> {
        match &access {
            Some(access) => access.row.check(now)?,
            None if self.must_exist => return Err(Error::ApiKeyRequired),
            None => {}
        }
        Ok(access)
    }

    /// Runs a read with what the caller's key opens. What has to be found out about the key is found out with no
    /// snapshot open.
    pub(super) fn read<T>(
        &self,
        opened: &Opened,
        read: impl Fn(&Snapshot<'_>, Option<&Arc<Access>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let secrets = opened.secrets()?;
        let slot = self.key.slot(opened, secrets);
        loop {
            let snapshot = opened.store().snapshot()?;
            let keys_revision = snapshot.keys_revision()?;
            if let Remembered::Known(access) = self.key.remembered(opened, keys_revision) {
                let access = self.admit(access, Timestamp::now())?;
                return read(&snapshot, access.as_ref());
            }
            let row = snapshot.get(Table::Keys, &slot.id().0)?.map(<[u8]>::to_vec);
            drop(snapshot);
            self.key.learn(opened, secrets, keys_revision, row.as_deref())?;
        }
    }
}

/// A name for a key on one connection: 128 random bits.
pub fn random_handle() -> String {
    base16ct::lower::encode_string(&crate::crypto::random::<16>())
}

/// What tells a connection's own changes from others': 128 random bits.
pub fn random_origin() -> [u8; 16] {
    crate::crypto::random()
}
