//! What a person may know of an installation: the state of its files, processes and backups, and of its protectors,
//! without opening the store.

use std::path::PathBuf;

use crate::crypto::StoreId;
use crate::protector::{self, Protector, UnlockMode};
use crate::rows::{StoredRecord, Table};
use crate::store::{
    FileSystem, OwnBackup, Problem, Quarantined, RelayEntry, RelayMark, SoundTables, StaleRelay, StoreProcess,
};

use super::record::{expires_at, is_expired};
use super::{Error, KeyReason, Opened, Timestamp, Vault};

/// What the records of a store say without a key.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RecordFacts {
    /// How many came back from a backup and have not been written since.
    pub restored: u64,
    /// How many have expired, and will be removed.
    pub expired: u64,
    /// The time of the last write.
    pub last_write: Option<Timestamp>,
    /// The last revision.
    pub revision: u64,
}

/// A protector, and the reason if it does not give the key without the user.
pub type TestedProtector = (Protector, Option<KeyReason>);

impl Vault {
    /// What is wrong with the files of the store and of its keys.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.location.problems();
        if let Some(store) = self.location.said_id() {
            problems.extend(protector::problems(&self.config.means(), StoreId(store)));
        }
        problems
    }

    /// Whether the key folder is inside the data folder, so that each copy of the data folder has the keys as well.
    pub fn keys_are_in_data_folder(&self) -> bool {
        protector::is_below(&self.config.keys, &self.config.data)
    }

    /// The file system of the data folder.
    pub fn file_system(&self) -> FileSystem {
        self.location.file_system()
    }

    /// Checks every row of the tables; `None` if there is no store.
    ///
    /// # Errors
    /// [`Error::StoreDamaged`] if the store needs a repair.
    pub fn check_tables(&self) -> Result<Option<SoundTables>, Error> {
        Ok(self.location.check_tables()?)
    }

    /// Whether opening the damaged store would repair it.
    pub fn can_be_repaired(&self) -> bool {
        self.location.can_be_repaired()
    }

    /// Whether another build, whose locks differ, was the last to use the store.
    pub fn was_used_by_another_build(&self) -> bool {
        self.location.has_our_locks() == Some(false)
    }

    /// The other processes that have the store open, and those that ended without closing it.
    ///
    /// # Errors
    /// If their files can't be read.
    pub fn processes(&self) -> Result<Vec<StoreProcess>, Error> {
        Ok(self.location.processes()?)
    }

    /// The relays of this store that run, and those that were killed before they could end their keys.
    ///
    /// # Errors
    /// If their files can't be read.
    pub fn relays(&self) -> Result<(Vec<RelayEntry>, Vec<StaleRelay>), Error> {
        Ok(self.location.relays()?)
    }

    /// Lets other processes see a relay of this process, until the result is dropped.
    ///
    /// # Errors
    /// If its file can't be written.
    pub fn begin_relay(&self, entry: &RelayEntry) -> Result<RelayMark, Error> {
        Ok(self.location.begin_relay(crate::crypto::random(), entry)?)
    }

    /// The process that holds the write lock now.
    pub fn write_lock_holder(&self) -> Option<u32> {
        self.location.write_lock_holder()
    }

    /// The backups that the store took of itself, the newest first.
    ///
    /// # Errors
    /// If they can't be read.
    pub fn own_backups(&self) -> Result<Vec<OwnBackup>, Error> {
        Ok(self.location.own_backups()?)
    }

    /// Checks a backup that the store took of itself.
    ///
    /// # Errors
    /// If it is not sound.
    pub fn check_own_backup(&self, backup: &OwnBackup) -> Result<SoundTables, Error> {
        Ok(self.location.check_own_backup(backup)?)
    }

    /// Moves a backup that is not sound into quarantine.
    ///
    /// # Errors
    /// It is still in its place then.
    pub fn set_own_backup_aside(&self, backup: &OwnBackup) -> Result<(), Error> {
        Ok(self.location.set_own_backup_aside(backup)?)
    }

    /// The folder of the backups that the store takes of itself, whether or not it exists.
    pub fn backups_folder(&self) -> PathBuf {
        self.location.backups_folder()
    }

    /// What was replaced by repairs, restores and resets, the oldest first.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn quarantined(&self) -> Result<Vec<Quarantined>, Error> {
        Ok(self.location.quarantined()?)
    }

    /// Deletes folders in quarantine.
    ///
    /// # Errors
    /// Some may have been deleted.
    pub fn purge(&self, names: &[String]) -> Result<(), Error> {
        Ok(self.location.purge(names)?)
    }

    /// The number of protector files of which one copy is damaged, and of those that are damaged wholly.
    ///
    /// # Errors
    /// If the files can't be read.
    pub fn damaged_protectors(&self) -> Result<(usize, usize), Error> {
        Ok(self.location.damaged_protectors()?)
    }

    /// Whether a person has locked the store for every process. Then no protector may be asked.
    pub fn is_locked_by_marker(&self) -> bool {
        self.location.is_locked_by_marker()
    }

    /// Asks each protector for the key, without the user and without the session's cache. Empty if there is no store.
    ///
    /// # Errors
    /// If the files of the protectors can't be read.
    pub fn test_protectors(&self) -> Result<Vec<TestedProtector>, Error> {
        let Some(store) = self.location.said_id() else { return Ok(Vec::new()) };
        let rows = self.location.protectors()?;
        let is_locked = self.is_locked_by_marker();
        let test = |one: Protector| {
            if is_locked {
                return (one, Some(KeyReason::Locked));
            }
            let own: Vec<_> = rows.iter().filter(|(id, _)| *id == one.id).cloned().collect();
            let tested = protector::test(&self.config.means(), StoreId(store), &own, &UnlockMode::Quiet);
            (one, tested.err().map(|why| why.reason))
        };
        Ok(protector::list(&rows).into_iter().map(test).collect())
    }

    /// The path of the store's key file, whether or not it exists; `None` if there is no store.
    pub fn key_file(&self) -> Option<PathBuf> {
        self.location.said_id().map(|store| protector::key_file(&self.config.means(), StoreId(store)))
    }
}

impl Opened {
    /// What the records say without a key.
    ///
    /// # Errors
    /// If the tables can't be read.
    pub fn record_facts(&self) -> Result<RecordFacts, Error> {
        let now = Timestamp::now();
        let snapshot = self.store().snapshot()?;
        let mut facts = RecordFacts { revision: snapshot.revision()?, ..RecordFacts::default() };
        snapshot.scan(Table::Records, &[], |_, row| {
            let Some(record) = StoredRecord::decode(row) else { return };
            let header = record.header;
            facts.restored += u64::from(self.is_restored(header.revision));
            facts.expired += u64::from(expires_at(&header).is_some() && is_expired(&header, now));
            facts.last_write = facts.last_write.max(Some(Timestamp::from_millis(header.updated_at)));
        })?;
        Ok(facts)
    }

    /// Takes a backup beside the tables, unless there is one of this revision. Returns whether it took one.
    ///
    /// # Errors
    /// There is no new backup then.
    pub fn back_up_here(&self) -> Result<bool, Error> {
        Ok(self.store().back_up()?)
    }

    /// Writes damaged copies of protectors again from their whole copies.
    ///
    /// # Errors
    /// Some may be unrepaired.
    pub fn repair_protector_files(&self) -> Result<(), Error> {
        let lock = self.store().lock()?;
        Ok(self.store().repair_protectors(&lock)?)
    }
}
