//! What others have changed in a caller's namespace: read from the table of changes, after a revision, a few at a time.
//! A watch is nothing but such a revision that moves on.

use std::sync::Arc;

use crate::crypto::DataKeys;
use crate::rows::Table;
use crate::store::Snapshot;

use super::access::Access;
use super::key_row::Use;
use super::view::{Read, View};
use super::{Address, Caller, Error, Opened, Timestamp};

/// The format of a row.
const FORMAT: u8 = 1;
/// Format, namespace, origin: what stands before the sealed part.
const HEADER: usize = 1 + 16 + 16;
/// Rows that are copied out at one time; the addresses in them may be long.
const COPIED: usize = 64;
/// Rows that are looked at in one snapshot, which must be short.
const LOOKED_AT: usize = 1_000;

/// One change of a record.
pub struct Change {
    /// The revision that it has.
    pub revision: u64,
    /// Which record.
    pub address: Address,
    /// Whether it is gone.
    pub deleted: bool,
}

/// What came after a revision.
pub struct Changed {
    /// What the caller is to be told, in order.
    pub told: Vec<Change>,
    /// Nothing is missing among them up to this revision.
    pub up_to: u64,
    /// Whether there may be more after that.
    pub more: bool,
    /// Whether changes before these are not kept any more: the caller has to read everything again.
    pub fell_behind: bool,
    /// When the caller's key ends, if it does.
    pub ends: Option<Timestamp>,
}

impl Changed {
    /// What there is to be told where there is no store any more, after a revision.
    pub fn without_store(after: u64) -> Self {
        Self { told: Vec::new(), up_to: 0, more: false, fell_behind: after > 0, ends: None }
    }
}

impl Opened {
    /// What other connections have changed after a revision, in the caller's namespace and scope.
    pub fn changes(&self, caller: &Caller, after: u64) -> Result<Changed, Error> {
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
                Some(change) if access.row.permit(&change.address, Use::Read).is_ok() => {
                    changed.told.push(change);
                }
                Some(_) => {}
                // What was changed can't be told; that something was, must be.
                None => changed.fell_behind = true,
            }
        }
        Ok(changed)
    }
}

type Rows = Vec<(u64, Vec<u8>)>;

/// The rows of others in the namespace; where there may be more, also the revision up to which these are all.
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
        // A row of a number that was not given yet was not written here.
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

/// The row of a change that a caller makes.
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

/// The revision from which on a watch can tell, and when the caller's key ends.
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
