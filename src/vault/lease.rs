//! Leases: exclusive claims on a name inside a namespace, which end by themselves.
//!
//! A lease is live while the boot clock has not reached its end and the process that took it lives; no process id and no
//! wall clock is asked. Its token is a revision, so that tokens only grow; a write under a token is refused under the
//! same lock that finds the token stale. Nobody is served in any order.

use std::sync::Arc;
use std::time::Duration;

use crate::crypto::DataKeys;
use crate::limits;
use crate::store::{Id, Plant, StoreError, Table};

use super::access::Access;
use super::boot_clock::BootTime;
use super::draft::{Changes, Draft, Write};
use super::view::{Read, View};
use super::{Caller, Error, Name, Opened, Timestamp, namespace};

/// A row of the table of leases, copied out of a snapshot.
pub struct Lease {
    token: u64,
    holder: Id,
    end: BootTime,
    ttl: u32,
}

impl Lease {
    const FORMAT: u8 = 1;

    fn decode(row: &[u8]) -> Option<Self> {
        let (format, row) = row.split_first()?;
        let (token, row) = row.split_first_chunk()?;
        let (holder, row) = row.split_first_chunk()?;
        let (millis, row) = row.split_first_chunk()?;
        let (boot, row) = row.split_first_chunk()?;
        let ttl = row.try_into().ok()?;
        (*format == Self::FORMAT).then(|| Self {
            token: u64::from_be_bytes(*token),
            holder: *holder,
            end: BootTime { boot: *boot, millis: u64::from_be_bytes(*millis) },
            ttl: u32::from_be_bytes(ttl),
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut row = vec![Self::FORMAT];
        row.extend_from_slice(&self.token.to_be_bytes());
        row.extend_from_slice(&self.holder);
        row.extend_from_slice(&self.end.millis.to_be_bytes());
        row.extend_from_slice(&self.end.boot);
        row.extend_from_slice(&self.ttl.to_be_bytes());
        row
    }

    /// How long it is still held, in milliseconds; `None` if it is free.
    fn held(&self, opened: &Opened, now: BootTime) -> Option<u64> {
        let left = self.end.left(now);
        (left > 0 && opened.store().folder().is_alive(&self.holder)).then_some(left)
    }

    /// From now on for its whole length.
    fn extend(&mut self) -> Timestamp {
        let now = BootTime::now();
        self.end = BootTime { millis: now.millis + u64::from(self.ttl), ..now };
        after(u64::from(self.ttl))
    }
}

/// What the wall clock will say then, for those who plan; nothing here goes by it.
fn after(millis: u64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().millis() + millis)
}

/// The key under which a lease of this name lies.
fn row_key(keys: &DataKeys, name: &Name) -> [u8; 32] {
    keys.lease_id(name.as_str()).0
}

fn find(view: &dyn View, access: &Access, name: &Name) -> Result<Option<Lease>, Error> {
    match view.value(Table::Leases, &row_key(&access.data, name)) {
        Ok(row) => Ok(row.and_then(Lease::decode)),
        // Nobody can hold what nobody can read: the token of whoever did is not that of a live lease any more.
        Err(StoreError::Damaged) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The lease of this name, if this is its token and it is live.
fn own(draft: &Draft<'_>, access: &Access, name: &Name, token: u64) -> Result<Lease, Error> {
    let lease = find(draft, access, name)?.filter(|lease| lease.token == token);
    lease.filter(|lease| lease.held(draft.opened, BootTime::now()).is_some()).ok_or(Error::LeaseLost)
}

/// Refuses a write under a token that is not that of a live lease of the namespace.
pub(super) fn check(draft: &Draft<'_>, access: Option<&Access>, token: Option<u64>) -> Result<(), Error> {
    let Some(token) = token else { return Ok(()) };
    let access = access.ok_or(Error::LeaseLost)?;
    let now = BootTime::now();
    let rows = draft.scan(Table::Leases, &access.data.namespace().0, Lease::decode)?;
    let lease = rows.into_values().flatten().find(|lease| lease.token == token);
    let live = lease.is_some_and(|lease| lease.held(draft.opened, now).is_some());
    if live || Plant::StaleLease.is_there() { Ok(()) } else { Err(Error::LeaseLost) }
}

/// Takes a lease.
#[derive(Clone)]
pub struct AcquireLease {
    /// Who calls.
    pub caller: Caller,
    /// The name that is claimed.
    pub name: Name,
    /// For how long.
    pub ttl: Duration,
}

/// A lease that was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leased {
    /// Its fencing token.
    pub token: u64,
    /// When it ends, if it is not renewed.
    pub expires_at: Timestamp,
}

impl Write for AcquireLease {
    type Outcome = Leased;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Leased, Option<Changes>), Error> {
        let mut changes = draft.changes();
        let access = if let Some(access) = draft.access(&self.caller)? {
            access.row.permit_writing()?;
            access
        } else {
            let slot = self.caller.key.slot(draft.opened, draft.secrets);
            namespace::begin(draft, &mut changes, &slot, |_| ())?
        };
        let now = BootTime::now();
        let held = find(draft, &access, &self.name)?.and_then(|lease| lease.held(draft.opened, now));
        if let Some(left) = held
            && !Plant::TwoHolders.is_there()
        {
            return Err(Error::LeaseHeld { expires_at: after(left) });
        }
        if forget_the_dead(draft, &mut changes, &access, now)? >= limits::LEASES {
            return Err(Error::DataTooLarge { limit: limits::LEASES });
        }
        let token = changes.next_revision()?;
        let ttl = u32::try_from(self.ttl.as_millis()).expect("limits keep leases far shorter");
        let mut lease = Lease { token, holder: draft.opened.life(), end: now, ttl };
        let expires_at = lease.extend();
        changes.put(Table::Leases, &row_key(&access.data, &self.name), lease.encode());
        Ok((Leased { token, expires_at }, Some(changes)))
    }
}

/// Whoever ends without releasing its leases leaves rows behind; those that are past their end are nobody's. How many
/// others there are.
fn forget_the_dead(
    draft: &Draft<'_>,
    changes: &mut Changes,
    access: &Access,
    now: BootTime,
) -> Result<u64, Error> {
    let mut others = 0;
    for (key, lease) in draft.scan(Table::Leases, &access.data.namespace().0, Lease::decode)? {
        if lease.is_none_or(|lease| lease.end.left(now) == 0) {
            changes.delete(Table::Leases, &key);
        } else {
            others += 1;
        }
    }
    Ok(others)
}

/// Keeps a lease for its whole length from now on.
pub struct RenewLease {
    /// Who calls.
    pub caller: Caller,
    /// The name that is claimed.
    pub name: Name,
    /// The fencing token.
    pub token: u64,
}

impl Write for RenewLease {
    type Outcome = Timestamp;

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Timestamp, Option<Changes>), Error> {
        let access = draft.access(&self.caller)?.ok_or(Error::LeaseLost)?;
        access.row.permit_writing()?;
        let mut lease = own(draft, &access, &self.name, self.token)?;
        let expires_at = lease.extend();
        let mut changes = draft.changes();
        changes.put(Table::Leases, &row_key(&access.data, &self.name), lease.encode());
        Ok((expires_at, Some(changes)))
    }
}

/// Gives a lease up.
pub struct ReleaseLease {
    /// Who calls.
    pub caller: Caller,
    /// The name that is claimed.
    pub name: Name,
    /// The fencing token.
    pub token: u64,
}

impl Write for ReleaseLease {
    type Outcome = ();

    fn evaluate(&self, draft: &Draft<'_>) -> Result<((), Option<Changes>), Error> {
        let access = draft.access(&self.caller)?.ok_or(Error::LeaseLost)?;
        access.row.permit_writing()?;
        own(draft, &access, &self.name, self.token)?;
        let mut changes = draft.changes();
        changes.delete(Table::Leases, &row_key(&access.data, &self.name));
        Ok(((), Some(changes)))
    }
}

/// Looks whether a lease is free, before anybody takes the store's lock for it.
pub struct LeaseIsFree {
    /// Who calls.
    pub caller: Caller,
    /// The name that is claimed.
    pub name: Name,
}

impl Read for LeaseIsFree {
    type Copied = Option<Lease>;
    type Outcome = bool;

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn copy(&self, view: &dyn View, access: Option<&Arc<Access>>) -> Result<Self::Copied, Error> {
        access.map_or(Ok(None), |access| find(view, access, &self.name))
    }

    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<bool, Error> {
        Ok(copied.is_none_or(|lease| lease.held(opened, BootTime::now()).is_none()))
    }

    fn bytes(_: &bool) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_comes_back_as_it_was_written() {
        let end = BootTime { boot: [7; 16], millis: 1 << 40 };
        let row = Lease { token: 1 << 50, holder: [9; 16], end, ttl: 600_000 }.encode();
        let read = Lease::decode(&row).unwrap();
        assert!(read.token == 1 << 50 && read.holder == [9; 16] && read.end == end && read.ttl == 600_000);
        for length in 0..row.len() {
            assert!(Lease::decode(&row[..length]).is_none(), "{length} bytes");
        }
    }
}
