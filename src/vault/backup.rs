//! Copies of a whole store for people to keep, and the way back.

use std::path::{Path, PathBuf};

use crate::crypto::StoreId;
use crate::protector::{self, New};
use crate::store::{Progress, Replacement, Row, StoreError, Table, meta, pack, unpack};

use super::{Config, Error, Opened, Passphrase, Timestamp, Vault};

/// A store that was restored.
pub struct Restored {
    /// How many records it has.
    pub records: u64,
    /// Where the tables lie that were there before, if there were any.
    pub quarantine: Option<PathBuf>,
}

impl Opened {
    /// Writes the store into a new file: tables and slots, sealed as they are. With a passphrase, that opens the copy too.
    pub fn pack(
        &self,
        config: &Config,
        to: &Path,
        passphrase: Option<Passphrase>,
        progress: Progress<'_>,
    ) -> Result<(), Error> {
        let mut rows = Vec::new();
        if let Some(passphrase) = passphrase {
            let store_key = self.secrets()?.keys.store_key();
            let new = New::Passphrase(passphrase);
            let now = Timestamp::now().millis();
            let (id, row) =
                protector::make(&config.means(), &new, StoreId(self.store().id()), store_key, now)?;
            let key = [meta::PROTECTOR, &id].concat();
            rows.push(Row { table: Table::Meta, key, value: Some(row) });
        }
        Ok(pack(self.store(), to, rows, progress)?)
    }

    /// The file that the protector `key-file` reads; without it a copy that no other protector opens is lost.
    pub fn key_file(&self, config: &Config) -> PathBuf {
        protector::key_file(&config.means(), StoreId(self.store().id()))
    }
}

impl Vault {
    /// Puts what [`Opened::pack`] wrote in the place of the store, with every other process out of the way. What was
    /// there goes to quarantine; another store is not replaced.
    pub fn restore(&self, from: &Path, progress: Progress<'_>) -> Result<Restored, Error> {
        let unpacked = unpack(&self.folder, from, progress)?;
        let alone = self.folder.alone(|| true)?.ok_or(Error::Internal)?;
        let highest = match self.folder.glance(&alone)? {
            Some(there) if there.store != unpacked.id() => return Err(Error::TargetExists),
            Some(there) => there.revision,
            None => 0,
        };
        let replacement = Replacement::new(&self.folder, &unpacked.tables(), unpacked.page_size())?;
        if replacement.id()? != unpacked.id() {
            return Err(StoreError::Damaged.into());
        }
        let records = replacement.records()?;
        let restored = replacement.revision()?.to_be_bytes().to_vec();
        let row = |name: &[u8], value| Row { table: Table::Meta, key: name.to_vec(), value };
        let rows = vec![row(meta::RESTORED, Some(restored)), row(meta::REPAIRED, None)];
        replacement.renumber(highest, rows)?;
        unpacked.put_slots_in_place(&self.folder)?;
        let quarantine = replacement.put_in_place(&alone)?;
        drop(alone);
        self.announce();
        Ok(Restored { records, quarantine })
    }
}
