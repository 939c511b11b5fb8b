//! Backups of a whole store for people to keep, and their restore.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use crate::crypto::StoreId;
use crate::protector::{self, New, Protector};
use crate::store::{
    BadArchive, CopySource, CopyTarget, Location, NotPacked, NotUnpacked, Progress, ProtectorRow, Restored,
    SoundTables, StoreError, Unpacked, verify_backup,
};

use super::{Config, Error, Opened, Passphrase, Timestamp, Vault};

/// Why a store could not be copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotBackedUp {
    /// The store could not be read, or its key is not available.
    Store(Error),
    /// The target of the copy could not be written.
    Target(std::io::ErrorKind),
}

/// Why a backup was not restored. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotRestored {
    /// The archive is not a whole backup.
    Archive(BadArchive),
    /// The backup could not be read.
    Source(std::io::ErrorKind),
    /// The store could not be replaced.
    Store(Error),
    /// The protectors of the present store have changed since the backup was read.
    ProtectorsChanged,
}

impl fmt::Display for NotBackedUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(formatter, "the store was not copied: {error}"),
            Self::Target(kind) => write!(formatter, "the copy could not be written: {kind}"),
        }
    }
}

impl std::error::Error for NotBackedUp {}

impl fmt::Display for NotRestored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(bad) => write!(formatter, "the backup is not whole: {bad}"),
            Self::Source(kind) => write!(formatter, "the backup could not be read: {kind}"),
            Self::Store(error) => write!(formatter, "the backup was not restored: {error}"),
            Self::ProtectorsChanged => formatter.write_str("the protectors of the store have changed"),
        }
    }
}

impl std::error::Error for NotRestored {}

impl From<NotUnpacked> for NotRestored {
    fn from(error: NotUnpacked) -> Self {
        match error {
            NotUnpacked::Archive(bad) => Self::Archive(bad),
            NotUnpacked::Source(kind) => Self::Source(kind),
            NotUnpacked::Store(error) => Self::Store(error.into()),
            NotUnpacked::OtherStore => Self::Store(Error::TargetExists),
        }
    }
}

impl From<StoreError> for NotRestored {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

impl From<Error> for NotRestored {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// A backup that was read, and that has changed nothing yet.
pub struct ReadBackup {
    unpacked: Unpacked,
    store_has_protectors: bool,
    arrivals: Vec<Arrival>,
}

/// A backup that was read wholly, and whose tables were checked.
pub struct Verified {
    /// The id of its store.
    pub store: String,
    /// What its tables contain.
    pub tables: SoundTables,
    /// The protectors that open it.
    pub protectors: Vec<Protector>,
}

/// A protector of a backup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// The protector in the backup.
    pub protector: Protector,
    /// Its relation to the present store.
    pub standing: Standing,
}

/// The relation of a backup's protector to the store that the backup is restored into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The protector opens that store already.
    Present,
    /// No protector opens that store, or there is no store.
    First,
    /// Other protectors open that store, and this one does not.
    Added,
    /// The protector was removed from that store.
    Removed,
}

impl Standing {
    /// Whether the user has to agree to it.
    pub const fn is_asked_for(self) -> bool {
        matches!(self, Self::Added | Self::Removed)
    }
}

impl ReadBackup {
    /// Its protectors.
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// Whether the present store has protectors of its own.
    pub fn store_has_protectors(&self) -> bool {
        self.store_has_protectors
    }
}

impl Opened {
    /// Writes the store into an archive: tables, slots and protectors, sealed as they are. A passphrase, if there is
    /// one, also opens the copy.
    ///
    /// # Errors
    /// If the store can't be read or the target can't be written. Nothing is left at the target then, unless it is a
    /// stream.
    pub fn pack(
        &self,
        config: &Config,
        to: CopyTarget<'_>,
        passphrase: Option<Passphrase>,
        progress: Progress<'_>,
    ) -> Result<(), NotBackedUp> {
        let extra = passphrase.map(|passphrase| {
            let secrets = self.secrets()?;
            let store_key = secrets.keys.store_key();
            let (new, now) = (New::Passphrase(passphrase), Timestamp::now().millis());
            let store = StoreId(self.store().id());
            Ok::<_, Error>(protector::make(&config.means(), &new, "", store, store_key, now)?)
        });
        let extra = extra.transpose().map_err(NotBackedUp::Store)?;
        self.store().back_up_to(to, extra.as_ref(), progress).map_err(|error| match error {
            NotPacked::Store(error) => NotBackedUp::Store(error.into()),
            NotPacked::Target(kind) => NotBackedUp::Target(kind),
        })
    }

    /// The file that the protector `key-file` reads. Without it, a copy that no other protector opens is lost.
    pub fn key_file(&self, config: &Config) -> PathBuf {
        protector::key_file(&config.means(), StoreId(self.store().id()))
    }
}

impl Vault {
    /// Reads what [`Opened::pack`] wrote, and changes nothing.
    ///
    /// # Errors
    /// If it is not a whole backup, or can't be unpacked beside the store.
    pub fn read_backup(
        &self,
        source: CopySource<'_>,
        progress: Progress<'_>,
    ) -> Result<ReadBackup, NotRestored> {
        let unpacked = self.location.read_backup(source, progress)?;
        let arrivals = arrivals(&self.location, unpacked.protectors())?;
        let store_has_protectors = !self.location.protectors()?.is_empty();
        Ok(ReadBackup { unpacked, store_has_protectors, arrivals })
    }

    /// Reads what [`Opened::pack`] wrote and checks its tables. This needs no store, and changes none.
    ///
    /// # Errors
    /// If it is not a whole backup, or there is no room to unpack it.
    pub fn verify_backup(
        &self,
        source: CopySource<'_>,
        progress: Progress<'_>,
    ) -> Result<Verified, NotRestored> {
        let found = verify_backup(source, progress)?;
        let protectors = protector::list(&found.protectors);
        Ok(Verified { store: StoreId(found.store).to_text(), tables: found.tables, protectors })
    }

    /// Replaces the store with a backup, under an exclusive lock. The old store goes to quarantine. A store with
    /// another id is not replaced. Protectors that the user has to agree to are restored only if `with_all`.
    ///
    /// # Errors
    /// If the backup was not restored. The tables of the present store have not changed then.
    pub fn restore(&self, backup: ReadBackup, with_all: bool) -> Result<Restored, NotRestored> {
        let ReadBackup { unpacked, arrivals: agreed, .. } = backup;
        let restored = self.location.restore(&unpacked, || {
            let arrivals = arrivals(&self.location, unpacked.protectors())?;
            let is_new = |arrival: &&Arrival| arrival.standing.is_asked_for() && !agreed.contains(arrival);
            if with_all && arrivals.iter().any(|arrival| is_new(&arrival)) {
                return Err(NotRestored::ProtectorsChanged);
            }
            Ok(brought(&unpacked, &arrivals, with_all))
        })?;
        self.announce();
        Ok(restored)
    }

    /// Moves the whole store into a folder in quarantine, and returns that folder; `None` if there is no store. Nothing
    /// is deleted, and the next request that needs a store creates a new one.
    ///
    /// # Errors
    /// [`super::Busy::Closing`] if a process keeps the store open.
    pub fn reset(&self) -> Result<Option<PathBuf>, Error> {
        let aside = self.location.reset()?;
        if aside.is_some() {
            self.announce();
        }
        Ok(aside)
    }
}

fn arrivals(location: &Location, rows: &[ProtectorRow]) -> Result<Vec<Arrival>, StoreError> {
    let there: BTreeSet<_> = location.protectors()?.into_iter().map(|(id, _)| id).collect();
    let removed = location.removed_protectors()?;
    let standing = |id| {
        if there.contains(&id) {
            Standing::Present
        } else if removed.contains(&id) {
            Standing::Removed
        } else if there.is_empty() {
            Standing::First
        } else {
            Standing::Added
        }
    };
    let protectors = protector::list(rows).into_iter();
    Ok(protectors.map(|protector| Arrival { protector, standing: standing(protector.id) }).collect())
}

/// The protector rows to write. A protector of a kind that this version does not know is restored only if all the known
/// ones are [`Standing::First`].
fn brought(unpacked: &Unpacked, arrivals: &[Arrival], with_all: bool) -> Vec<ProtectorRow> {
    let is_first = arrivals.iter().all(|arrival| arrival.standing == Standing::First);
    let is_wanted = |id: [u8; 16]| match arrivals.iter().find(|arrival| arrival.protector.id == id) {
        Some(arrival) => match arrival.standing {
            Standing::Present => false,
            Standing::First => true,
            Standing::Added | Standing::Removed => with_all,
        },
        None => is_first,
    };
    unpacked.protectors().iter().filter(|(id, _)| is_wanted(*id)).cloned().collect()
}
