//! `closed`: the record of the last orderly close. While it holds, nothing has written to the data file since a process
//! closed it that had it open alone, and a large file need not be walked again.
//!
//! The record names the boot, so that a loss of power ends it, and the file as it was: device, inode, size, time of the
//! last change, and LMDB's transaction. Every write makes it wrong, by the transaction or by the time, so no process
//! has to take it away before it writes. It is no defence against a person who writes to the folder: that person can
//! write the record as well.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::UNIX_EPOCH;

use crate::files::{self, FileId};
use crate::rows::id_text;
use crate::store::Folder;
use crate::store::boot::boot_id;

use super::check::check_heads;
use super::header::FORMAT;
use super::lock::OpenLock;

/// No record is longer.
const LONGEST: usize = 1024;

impl Folder {
    /// Whether a data file, whose newest transaction is this, is as the last process left it in an orderly close.
    pub(in crate::store) fn was_closed_in_order(&self, data: &File, txn: u64) -> bool {
        let Ok(Some(record)) = record(data, txn) else { return false };
        files::read_whole(&self.closed(), LONGEST).is_ok_and(|found| found == record.as_bytes())
    }

    /// Records that a data file was closed, and that no process has it open: that is what the lock says.
    pub(in crate::store) fn record_close(
        &self,
        _alone: &OpenLock,
        closed: FileId,
        page_size: usize,
    ) -> io::Result<()> {
        let data = files::open(&self.data_file())?;
        if files::id(&data.metadata()?) != closed {
            // Another file lies there by now, which this process knows nothing of.
            return Ok(());
        }
        let Ok(txn) = check_heads(&data, page_size) else { return Ok(()) };
        if let Some(record) = record(&data, txn)? {
            // Not synced: a record that does not outlive the boot is of no use after it.
            let mut file = files::open_or_create(&self.closed())?;
            file.set_len(0)?;
            file.write_all(record.as_bytes())?;
        }
        Ok(())
    }
}

/// What the record says of a data file as it is now; `None` where a boot has no name.
fn record(data: &File, txn: u64) -> io::Result<Option<String>> {
    let Some(boot) = boot_id() else { return Ok(None) };
    let metadata = data.metadata()?;
    let Ok(changed) = metadata.modified()?.duration_since(UNIX_EPOCH) else { return Ok(None) };
    let (id, size) = (files::id(&metadata), metadata.len());
    let (boot, changed) = (id_text(&boot), changed.as_nanos());
    Ok(Some(format!("plugin-vault {FORMAT} {boot} {id} {size} {changed} {txn}\n")))
}
