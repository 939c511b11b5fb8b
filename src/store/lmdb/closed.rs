//! `closed`: the record of the last clean close. A process writes it when it closes the data file as the only process
//! that has it open. While the record is valid, no process has written to the data file since, and a large file need
//! not be walked again.
//!
//! The record names the boot, so that a loss of power invalidates it. It also describes the file: device, inode, size,
//! modification time, and LMDB's transaction. Every write invalidates it, by the transaction or by the time, so no
//! process has to remove it before it writes. It is no defence against a person who writes to the folder: that person
//! can write the record as well.

use std::fs::File;
use std::io;
use std::time::UNIX_EPOCH;

use crate::files::{self, FileId, write_all_at};
use crate::process;
use crate::store::Folder;

use super::check::check_heads;
use super::header::FORMAT;
use super::lock::OpenLock;

/// The largest size of a record, in bytes.
const LONGEST: usize = 1024;

impl Folder {
    /// Whether a data file, whose newest transaction is `txn`, has not changed since the last clean close.
    pub(in crate::store) fn was_closed_in_order(&self, data: &File, txn: u64) -> bool {
        let Ok(Some(record)) = record(data, txn) else { return false };
        self.has_record(&record)
    }

    fn has_record(&self, record: &str) -> bool {
        files::read_whole(&self.closed(), LONGEST).is_ok_and(|found| found == record.as_bytes())
    }

    /// Records that a data file was closed. The lock proves that no process has it open.
    pub(in crate::store) fn record_close(
        &self,
        _alone: &OpenLock,
        closed: FileId,
        page_size: usize,
    ) -> io::Result<()> {
        let data = files::open(&self.data_file())?;
        if files::id(&data)? != closed {
            // The folder holds another file by now, which this process has not checked.
            return Ok(());
        }
        let Ok(txn) = check_heads(&data, page_size) else { return Ok(()) };
        // A process that has only read leaves the record as it is. To write it again may take milliseconds: a file system
        // can make the next writer wait until the last one's bytes are on the disk.
        if let Some(record) = record(&data, txn)?
            && !self.has_record(&record)
        {
            // Not synced: the record is of no use after this boot.
            let file = files::open_or_create(&self.closed())?;
            file.set_len(0)?;
            write_all_at(&file, record.as_bytes(), 0)?;
        }
        Ok(())
    }
}

/// The record of a data file in its present state; `None` where a boot has no id.
fn record(data: &File, txn: u64) -> io::Result<Option<String>> {
    let Some(boot) = process::boot_id() else { return Ok(None) };
    let metadata = data.metadata()?;
    let Ok(changed) = metadata.modified()?.duration_since(UNIX_EPOCH) else { return Ok(None) };
    let (id, size) = (files::id(data)?, metadata.len());
    let changed = changed.as_nanos();
    Ok(Some(format!("plugin-vault {FORMAT} {boot} {id} {size} {changed} {txn}\n")))
}
