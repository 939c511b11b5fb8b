//! The changes that other connections have made in a caller's namespace. They are read from the table of changes, after
//! a revision, a few at a time. A watch is only such a revision, which advances.

use std::sync::Arc;

use crate::crypto::DataKeys;
use crate::rows::Table;
use crate::store::Snapshot;

use super::access::Access;
use super::key_row::Use;
use super::reading::Read;
use super::view::View;
use super::{Address, Caller, Error, Opened, Timestamp};

/// The format of a row.
const FORMAT: u8 = 1;
/// The length of the plain part of a row: format, namespace, origin.
const HEADER: usize = 1 + 16 + 16;
/// How many rows are copied at one time, since the addresses in them may be long.
const COPIED: usize = 64;
/// How many rows are read in one snapshot, which must be short.
const LOOKED_AT: usize = 1_000;

/// One change of a record.
pub struct Change {
    /// The revision of the change.
    pub revision: u64,
    /// The record's address.
    pub address: Address,
    /// Whether the record was deleted.
    pub deleted: bool,
}

/// The changes after a revision.
pub struct Changed {
    /// The changes to send to the caller, in order.
    pub told: Vec<Change>,
    /// They are complete up to this revision.
    pub up_to: u64,
    /// Whether there may be more changes after that.
    pub more: bool,
    /// Whether the store has already removed earlier changes that the caller has not got, so that the caller has to
    /// read everything again.
    pub fell_behind: bool,
    /// When the caller's key expires, if it does.
    pub ends: Option<Timestamp>,
}

impl Changed {
    /// The result for a caller at a revision if the store does not exist any more.
    pub fn without_store(after: u64) -> Self {
        Self { told: Vec::new(), up_to: 0, more: false, fell_behind: after > 0, ends: None }
    }
}

impl Opened {
    /// The changes of other connections after a revision, in the caller's namespace and scope.
    ///
    /// # Errors
    /// If the caller's key is refused, or the store can't be read.
    pub fn changes(&self, caller: &Caller, after: u64) -> Result<Changed, Error> {
        self.check_age()?;
        let (snapshot, access) = caller.moment(self)?;
        let last = snapshot.revision()?;
        let ends = access.as_ref().and_then(|access| access.row.expires_at());
        let fell_behind = after > last || after < snapshot.forgotten_changes()?;
        let nothing = Changed { told: Vec::new(), up_to: last, more: false, fell_behind, ends };
        let Some(access) = access else { return Ok(nothing) };
        if fell_behind || after == last {
            return Ok(nothing);
        }
        let (rows, up_to) = copy(&snapshot, &access, caller, after, last)?;
        drop(snapshot);
        let mut changed = Changed { up_to: up_to.unwrap_or(last), more: up_to.is_some(), ..nothing };
        for (revision, row) in rows {
            match open(&access, revision, &row) {
                Some(change)
                    if change.address.is_on(&access.machine)
                        && access.row.permit(&change.address, Use::Read).is_ok() =>
                {
                    changed.told.push(change);
                }
                Some(_) => {}
                // The change can't be read, but the caller must still learn that something changed.
                None => changed.fell_behind = true,
            }
        }
        Ok(changed)
    }
}

type Rows = Vec<(u64, Vec<u8>)>;

/// Copies the rows of other connections in the namespace. If there may be more, also returns the revision up to which
/// they are complete.
fn copy(
    snapshot: &Snapshot<'_>,
    access: &Access,
    caller: &Caller,
    after: u64,
    last: u64,
) -> Result<(Rows, Option<u64>), Error> {
    let namespace = access.data.namespace();
    let (mut rows, mut looked_at) = (Rows::new(), 0);
    let next = snapshot.scan_from(Table::Changes, &(after + 1).to_be_bytes(), |key, row| {
        if looked_at == LOOKED_AT || rows.len() == COPIED {
            return false;
        }
        looked_at += 1;
        let ours = row.get(1..17) == Some(&namespace.0) && row.get(17..HEADER) != Some(&caller.origin);
        // This program never writes a row with a revision above the last one.
        if ours
            && let Ok(revision) = key.try_into().map(u64::from_be_bytes)
            && revision <= last
        {
            rows.push((revision, row.to_vec()));
        }
        true
    })?;
    let next = next.and_then(|key| key.try_into().ok()).map(u64::from_be_bytes);
    Ok((rows, next.filter(|next| *next <= last).map(|next| next - 1)))
}

/// Seals the row of a change that a caller makes.
pub(super) fn seal(
    keys: &DataKeys,
    caller: &Caller,
    revision: u64,
    address: &Address,
    deleted: bool,
) -> Vec<u8> {
    let mut row = Vec::with_capacity(HEADER + 128);
    row.push(FORMAT);
    row.extend_from_slice(&keys.namespace().0);
    row.extend_from_slice(&caller.origin);
    let change = [&[u8::from(deleted)], address.encode().as_slice()].concat();
    let sealed = keys.seal_change(revision, &row, &change);
    row.extend_from_slice(&sealed);
    row
}

fn open(access: &Access, revision: u64, row: &[u8]) -> Option<Change> {
    let (header, sealed) = row.split_at_checked(HEADER)?;
    if header[0] != FORMAT {
        return None;
    }
    let opened = access.data.open_change(revision, header, sealed).ok()?;
    let (deleted, address) = opened.split_first()?;
    Some(Change { revision, address: Address::decode(address)?, deleted: *deleted == 1 })
}

/// Reads the current revision, at which a new watch begins.
pub struct BeginWatch(pub Caller);

impl Read for BeginWatch {
    type Copied = u64;
    type Outcome = u64;

    fn caller(&self) -> &Caller {
        &self.0
    }

    fn copy(&self, view: &dyn View, _: Option<&Arc<Access>>) -> Result<u64, Error> {
        Ok(view.revision()?)
    }

    fn finish(&self, _: &Opened, revision: u64) -> Result<u64, Error> {
        Ok(revision)
    }

    fn bytes(_: &u64) -> usize {
        size_of::<u64>()
    }
}
