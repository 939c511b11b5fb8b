//! Repair of a damaged store. The result is the newest good backup, with the whole and newer rows of the damaged file
//! on top; without a backup, it is the whole rows. The damaged file goes to quarantine. If nothing can replace the
//! store, it stays unchanged, so that no process takes the folder for an empty one.

use std::time::{Duration, SystemTime};

use crate::rows::{Repair, Table, meta};
use crate::store::{Folder, Row, StoreError};

use super::DATA_FILE;
use super::header::StoreHeader;
use super::lock::ExclusiveLock;
use super::open::open_sound;
use super::replace::Replacement;
use super::salvage::{DamagedRow, Salvaged, Standing, WholeRow, salvage};

/// Bytes of rows that are written at a time, approximately.
const PIECE: usize = 8 << 20;
/// The possible sizes of LMDB's pages, the usual ones first.
const PAGE_SIZES: [usize; 4] = [4_096, 16_384, 8_192, 32_768];
/// Age from which a temporary folder counts as left over.
const LEFT_OVER: Duration = Duration::from_hours(1);

impl Folder {
    /// Repairs the store, at `now` (milliseconds since 1970 UTC). `None` if it is sound by now. [`StoreError::Damaged`]
    /// if nothing can replace it: then nothing has changed.
    pub(in crate::store) fn repair(
        &self,
        alone: &ExclusiveLock,
        now: u64,
    ) -> Result<Option<Repair>, StoreError> {
        self.check_files()?;
        let header = self.header_or_what_it_said()?;
        // The temporary folder of a running restore is younger.
        self.sweep(LEFT_OVER)?;
        if self.has_store() {
            match open_sound(&self.dir()?, header.page_size) {
                Ok(engine) => {
                    // A sound file that belongs to another store needs no repair.
                    let id = engine.snapshot()?.store_id()?;
                    engine.close();
                    if id != header.store {
                        return Err(StoreError::Damaged);
                    }
                    header.write(&self.header())?;
                    return Ok(None);
                }
                Err(StoreError::Damaged) => {}
                Err(error) => return Err(error),
            }
        }
        let data = match self.dir()?.read(DATA_FILE) {
            Ok(data) => Some(data),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let found = data.as_ref().map(|data| salvage(data, header.page_size, 0)).transpose()?;
        let plan = Plan::new(self, &header, found)?;
        header.write(&self.header())?;
        let (repaired, repair) = plan.prepare(now)?;
        // Not every system replaces a file that is open.
        drop(data);
        repaired.put_in_place(alone)?;
        tracing::error!(
            kept = repair.kept,
            lost = repair.lost,
            quarantine = repair.quarantine,
            "the store was damaged and is repaired"
        );
        Ok(Some(repair))
    }

    /// The header, or an equal one that is reconstructed from the data file.
    pub(in crate::store) fn header_or_what_it_said(&self) -> Result<StoreHeader, StoreError> {
        let header = StoreHeader::read(&self.header());
        if !matches!(header, Err(StoreError::Damaged)) || !self.has_store() {
            return header;
        }
        let data = self.dir()?.read(DATA_FILE)?;
        for page_size in PAGE_SIZES {
            let mut found = salvage(&data, page_size, 0)?;
            let is_id = |row: &&WholeRow| row.table == Table::Meta && row.key == meta::STORE_ID;
            let row = found.rows.iter().find(is_id).cloned();
            let id = row.map(|row| found.value(&row)).transpose()?.flatten();
            // Only a meta page proves the page size.
            if let Some(id) = id.filter(|_| found.txn.is_some()).and_then(|id| id.try_into().ok()) {
                return Ok(StoreHeader::new(id, page_size));
            }
        }
        header
    }

    /// The newest sound backup, and the time at which it was taken.
    fn good_backup(&self, header: &StoreHeader) -> Result<Option<(Replacement, SystemTime)>, StoreError> {
        for backup in self.backups()? {
            match Replacement::new(self, self.backup(&backup)?, header.page_size) {
                Ok(replacement) if replacement.id()? == header.store => {
                    return Ok(Some((replacement, backup.taken)));
                }
                Ok(_) | Err(StoreError::Damaged) => {
                    tracing::error!(
                        revision = backup.revision,
                        "a backup is not good; an older one is tried"
                    );
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// The replacement for the damaged store.
struct Plan<'f> {
    folder: &'f Folder,
    base: Replacement,
    /// The revision of the restored backup, and the time at which it was taken.
    backup: Option<(u64, SystemTime)>,
    found: Option<Salvaged<'f>>,
    rows: Vec<WholeRow>,
    damaged: Vec<DamagedRow>,
}

impl<'f> Plan<'f> {
    fn new(
        folder: &'f Folder,
        header: &StoreHeader,
        mut found: Option<Salvaged<'f>>,
    ) -> Result<Self, StoreError> {
        let (mut rows, damaged) = match &mut found {
            Some(found) => (std::mem::take(&mut found.rows), std::mem::take(&mut found.damaged)),
            None => (Vec::new(), Vec::new()),
        };
        // A stale row is dropped where the content of the snapshot is known.
        if let Some(found) = &found {
            rows.retain(|row| row.standing != Standing::Stale || !found.knows(row.table, &row.key));
        }
        // The other tables are rebuilt.
        let needed = [Table::Meta, Table::Keys, Table::Records];
        let is_complete =
            found.as_ref().is_some_and(|found| needed.iter().all(|table| found.is_complete(*table)));
        let backup = if is_complete { None } else { folder.good_backup(header)? };
        let (base, backup) = match backup {
            Some((base, taken)) => {
                let revision = base.revision()?;
                (base, Some((revision, taken)))
            }
            // A file without a whole row may be anything.
            None if !rows.is_empty() => (Replacement::empty(folder, header.store)?, None),
            None => {
                tracing::error!(
                    "nothing can replace the damaged store: plugin-vault restore puts a backup of yours in its place; \
                     plugin-vault reset puts it aside, and a new one begins"
                );
                return Err(StoreError::Damaged);
            }
        };
        Ok(Self { folder, base, backup, found, rows, damaged })
    }

    /// Completes the replacement. The old tables are in quarantine then, and also still in their place.
    fn prepare(mut self, now: u64) -> Result<(Replacement, Repair), StoreError> {
        let found_id = self.value_of(meta::STORE_ID)?;
        if found_id.is_some_and(|id| id != self.base.id().unwrap_or_default()) {
            // The file belongs to another store, so there is nothing to repair.
            return Err(StoreError::Damaged);
        }
        let revision = self.number(meta::REVISION)?;
        let backups = self.folder.backups()?;
        let backed_up = backups.iter().map(|backup| backup.revision);
        let found = self.rows.iter().filter_map(|row| row.revision);
        let highest = found.chain(revision).chain(backed_up).max().unwrap_or(0);
        let restored_before = self.number(meta::RESTORED)?;
        let may_be_old = self.may_be_old(restored_before);
        let is_replica = self.is_replica()?;
        let machine = self.value_of(meta::MACHINE)?;
        self.remove_what_was_removed()?;
        let (kept, lost) = self.put_rows()?;
        let repair = Repair {
            at: now,
            kept,
            lost,
            restored_from: self.backup.map(|(_, taken)| millis(taken)),
            quarantine: self.folder.quarantine()?,
        };
        let mut rows = vec![meta_row(meta::REPAIRED, repair.encode())];
        if let Some(revision) = may_be_old {
            rows.push(meta_row(meta::RESTORED, revision.to_be_bytes().to_vec()));
        }
        rows.extend(machine.map(|machine| meta_row(meta::MACHINE, machine)));
        if is_replica {
            // Before the first commit, so that the replica takes everything from its server again.
            rows.push(meta_row(meta::REMOTE, vec![0; meta::REMOTE_LENGTH]));
        }
        self.base.renumber(highest, rows)?;
        Ok((self.base, repair))
    }

    /// The revision up to which records may be older than the last stored ones. It is the highest of `before` (the same
    /// revision of an earlier repair or restore), the backup's revision, and the stale records' revisions.
    fn may_be_old(&self, before: Option<u64>) -> Option<u64> {
        let stale = |row: &&WholeRow| row.table == Table::Records && row.standing == Standing::Stale;
        let stale = self.rows.iter().filter(stale).filter_map(|row| row.revision);
        let is_complete = self.found.as_ref().is_some_and(|found| found.is_complete(Table::Records));
        let backup = self.backup.filter(|_| !is_complete).map(|(revision, _)| revision);
        stale.chain(before).chain(backup).max()
    }

    /// Removes the rows that the backup has and the damaged store is known not to have had.
    fn remove_what_was_removed(&mut self) -> Result<(), StoreError> {
        let Some(found) = &self.found else { return Ok(()) };
        let mut removed = Vec::new();
        for table in [Table::Records, Table::Keys] {
            for key in self.base.keys(table)? {
                if found.knows(table, &key) {
                    removed.push(Row { table, key, value: None });
                }
            }
        }
        self.base.put(removed)
    }

    /// Writes the salvaged rows over the base. Returns how many records of the damaged store are unchanged, and how
    /// many are lost, if that can be known.
    fn put_rows(&mut self) -> Result<(u64, Option<u64>), StoreError> {
        let mut kept = 0;
        let (mut piece, mut size) = (Vec::new(), 0);
        for row in std::mem::take(&mut self.rows) {
            if !self.is_wanted(&row)? {
                continue;
            }
            let Some(value) = self.found.as_mut().map(|found| found.value(&row)).transpose()?.flatten()
            else {
                continue;
            };
            kept += u64::from(row.table == Table::Records && row.standing != Standing::Stale);
            size += value.len();
            piece.push(Row { table: row.table, key: row.key, value: Some(value) });
            if size >= PIECE {
                self.base.put(std::mem::take(&mut piece))?;
                size = 0;
            }
        }
        self.base.put(piece)?;
        self.put_damaged_rows()?;
        let records = self.found.as_ref().and_then(|found| found.expected(Table::Records));
        Ok((kept, records.map(|records| records.saturating_sub(kept))))
    }

    /// Keeps damaged rows, so that reads report them, unless a whole row with the same key exists by now.
    fn put_damaged_rows(&mut self) -> Result<(), StoreError> {
        for row in std::mem::take(&mut self.damaged) {
            let has_place = row.table.key_length().is_some_and(|length| row.key.len() == length);
            if has_place && !self.base.has(row.table, &row.key)? {
                let value = self.found.as_mut().map(|found| found.remains(&row)).transpose()?;
                self.base.put(vec![Row { table: row.table, key: row.key, value }])?;
            }
        }
        self.put_lost_keys()
    }

    /// Marks a key as damaged whose row is lost. Otherwise the key would be free, and the next plugin that writes with
    /// it would get a new namespace without its own data.
    fn put_lost_keys(&self) -> Result<(), StoreError> {
        if self.found.as_ref().is_some_and(|found| found.is_complete(Table::Keys)) {
            return Ok(());
        }
        for slot in self.folder.slots_there()? {
            if !self.base.has(Table::Keys, &slot)? {
                let value = Some(Vec::new());
                self.base.put(vec![Row { table: Table::Keys, key: slot.to_vec(), value }])?;
            }
        }
        Ok(())
    }

    fn is_wanted(&self, row: &WholeRow) -> Result<bool, StoreError> {
        let is_stale = row.standing == Standing::Stale;
        let is_newer = match (row.revision, &self.backup) {
            (Some(revision), Some((backup, _))) => revision > *backup,
            _ => true,
        };
        Ok(match row.table {
            Table::Records => !is_stale || (row.revision.is_some() && is_newer),
            // A row without a revision may be older than the backup's.
            Table::Keys => !is_stale || !self.base.has(Table::Keys, &row.key)?,
            Table::Meta if row.key.starts_with(meta::DESTROY) => true,
            // The others are rebuilt. Leases and notices must not outlive the numbers that they refer to.
            Table::Meta | Table::Leases | Table::Changes | Table::KeyIndex => false,
        })
    }

    fn number(&mut self, name: &[u8]) -> Result<Option<u64>, StoreError> {
        let value = self.value_of(name)?;
        Ok(value.and_then(|value| meta::counter(&value)))
    }

    /// Whether the store is a replica of a shared one. A damaged row says so as well.
    fn is_replica(&self) -> Result<bool, StoreError> {
        let says_so = |row: &WholeRow| row.table == Table::Meta && row.key == meta::REMOTE;
        Ok(self.rows.iter().any(says_so) || self.base.has(Table::Meta, meta::REMOTE)?)
    }

    fn value_of(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.rows.iter().find(|row| row.table == Table::Meta && row.key == name);
        match (row, &mut self.found) {
            (Some(row), Some(found)) if row.standing != Standing::Stale => found.value(row),
            _ => Ok(None),
        }
    }
}

fn meta_row(name: &[u8], value: Vec<u8>) -> Row {
    Row { table: Table::Meta, key: name.to_vec(), value: Some(value) }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
