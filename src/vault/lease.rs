//! Leases: exclusive claims on a name inside a namespace, which end by themselves.
//!
//! A lease is live until the boot clock reaches its end or the process that acquired it ends; process ids and the wall
//! clock are not used. Machines that share a store use their server's clock instead, and a process that ended without
//! releasing its leases is noticed on its own machine only: elsewhere they last until their end. Its token is a revision, so that tokens only increase. A write with a stale token is refused
//! under the same lock under which the token is checked. Requests that wait for a lease are served in no particular
//! order.
//!
//! All keys of a namespace share its names, so that they exclude each other. A token is not secret, since a client that
//! watches the namespace sees revisions. So only the key that acquired a lease can renew and release it. A token as the
//! condition of a write gives no rights: the same write without it would be permitted.

use std::sync::Arc;
use std::time::Duration;

use crate::crypto::{DataKeys, NamespaceId, SlotId};
use crate::faults::Fault;
use crate::limits;
use crate::rows::{Id, Table};
use crate::store::StoreError;

use super::access::Access;
use super::boot_clock::BootTime;
use super::draft::{Changes, Draft, Write};
use super::reading::Read;
use super::reasons::{Denied, OverLimit};
use super::view::View;
use super::{Caller, Error, Name, Opened, Timestamp, namespace};

/// A row of the table of leases, copied from a snapshot.
pub struct Lease {
    token: u64,
    /// The process that acquired it.
    holder: Id,
    /// The key that acquired it; only this key renews and releases it.
    slot: SlotId,
    end: End,
    ttl: u32,
}

/// When a lease ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// On the boot clock of this machine, which has the store alone.
    Boot(BootTime),
    /// On the server's clock: milliseconds since 1970 UTC. The holder runs on `machine`.
    Server { machine: Id, millis: u64 },
}

impl Lease {
    const FORMAT: u8 = 1;
    /// The machine of the holder in a store that is not shared.
    const MACHINE: Id = [0; 16];
    /// The clock of the end: the machine's boot clock.
    const BOOT_CLOCK: u8 = 1;
    /// The clock of the end: the server's.
    const SERVER_CLOCK: u8 = 2;

    fn decode(row: &[u8]) -> Option<Self> {
        let (format, row) = row.split_first()?;
        let (token, row) = row.split_first_chunk()?;
        let (holder, row) = row.split_first_chunk()?;
        let (slot, row) = row.split_first_chunk()?;
        let (machine, row) = row.split_first_chunk()?;
        let (clock, row) = row.split_first()?;
        let (millis, row) = row.split_first_chunk()?;
        let (boot, row) = row.split_first_chunk()?;
        let ttl = row.try_into().ok()?;
        let millis = u64::from_be_bytes(*millis);
        let end = match (*format, *clock) {
            (Self::FORMAT, Self::BOOT_CLOCK) if *machine == Self::MACHINE => {
                End::Boot(BootTime { boot: *boot, millis })
            }
            (Self::FORMAT, Self::SERVER_CLOCK) if *boot == [0; 16] => {
                End::Server { machine: *machine, millis }
            }
            _ => return None,
        };
        Some(Self {
            token: u64::from_be_bytes(*token),
            holder: *holder,
            slot: SlotId(*slot),
            end,
            ttl: u32::from_be_bytes(ttl),
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut row = vec![Self::FORMAT];
        row.extend_from_slice(&self.token.to_be_bytes());
        row.extend_from_slice(&self.holder);
        row.extend_from_slice(&self.slot.0);
        let (machine, clock, millis, boot) = match self.end {
            End::Boot(BootTime { boot, millis }) => (Self::MACHINE, Self::BOOT_CLOCK, millis, boot),
            End::Server { machine, millis } => (machine, Self::SERVER_CLOCK, millis, [0; 16]),
        };
        row.extend_from_slice(&machine);
        row.push(clock);
        row.extend_from_slice(&millis.to_be_bytes());
        row.extend_from_slice(&boot);
        row.extend_from_slice(&self.ttl.to_be_bytes());
        row
    }

    /// The milliseconds until its end.
    fn left(&self, opened: &Opened) -> u64 {
        match self.end {
            End::Boot(end) => end.left(BootTime::now()),
            // `Opened::now` is never ahead of the server, so no lease is taken before its end.
            End::Server { millis, .. } if opened.replica().is_some() => {
                millis.saturating_sub(opened.now().millis())
            }
            // The store is not shared any more.
            End::Server { .. } => 0,
        }
    }

    /// The milliseconds for which it is still held; `None` if it is free.
    fn held(&self, opened: &Opened) -> Option<u64> {
        let left = self.left(opened);
        let is_elsewhere = match self.end {
            End::Boot(_) => false,
            End::Server { machine, .. } => {
                opened.replica().is_some_and(|replica| replica.machine() != machine)
            }
        };
        (left > 0 && (is_elsewhere || opened.store().is_alive(&self.holder))).then_some(left)
    }

    /// Extends the lease to its full lifetime from now on.
    fn extend(&mut self, opened: &Opened) -> Timestamp {
        let ttl = u64::from(self.ttl);
        let expires_at = after(opened, ttl);
        self.end = if let Some(replica) = opened.replica() {
            // Its holder counts the lifetime from the request on, and must not lose the lease before that.
            End::Server { machine: replica.machine(), millis: opened.latest().millis() + ttl }
        } else {
            let now = BootTime::now();
            End::Boot(BootTime { millis: now.millis + ttl, ..now })
        };
        expires_at
    }
}

/// The time in `millis` milliseconds, as information for clients.
fn after(opened: &Opened, millis: u64) -> Timestamp {
    Timestamp::from_millis(opened.now().millis() + millis)
}

/// The key of the row of a lease.
fn row_key(keys: &DataKeys, name: &Name) -> [u8; 32] {
    keys.lease_id(name.as_str()).0
}

fn find(view: &dyn View, access: &Access, name: &Name) -> Result<Option<Lease>, Error> {
    match view.value(Table::Leases, &row_key(&access.data, name)) {
        Ok(row) => Ok(row.and_then(Lease::decode)),
        // A damaged row counts as free: its holder's token is not that of a live lease any more.
        Err(StoreError::Damaged) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The lease of this name, if this is its token, it is live, and the caller's key acquired it.
fn own(draft: &Draft<'_>, access: &Access, name: &Name, token: u64) -> Result<Lease, Error> {
    let lease = find(draft, access, name)?.filter(|lease| lease.token == token);
    let lease = lease.filter(|lease| lease.held(draft.opened).is_some());
    let lease = lease.ok_or(Error::LeaseLost)?;
    if lease.slot == access.slot { Ok(lease) } else { Err(Error::NotPermitted(Denied::Lease)) }
}

/// Gives the leases of a key to the key that replaces it.
pub(super) fn hand_over(
    draft: &Draft<'_>,
    changes: &mut Changes,
    namespace: NamespaceId,
    from: SlotId,
    to: SlotId,
) -> Result<(), Error> {
    for (row, mut lease) in of_key(draft, namespace, from)? {
        lease.slot = to;
        changes.put(Table::Leases, &row, lease.encode());
    }
    Ok(())
}

/// Releases the leases of a key that ends, since no other key can renew or release them.
pub(super) fn give_up(
    draft: &Draft<'_>,
    changes: &mut Changes,
    namespace: NamespaceId,
    slot: SlotId,
) -> Result<(), Error> {
    for (row, _) in of_key(draft, namespace, slot)? {
        changes.delete(Table::Leases, &row);
    }
    Ok(())
}

fn of_key(draft: &Draft<'_>, namespace: NamespaceId, slot: SlotId) -> Result<Vec<(Vec<u8>, Lease)>, Error> {
    let rows = draft.scan(Table::Leases, &namespace.0, Lease::decode)?;
    let leases = rows.into_iter().filter_map(|(row, lease)| Some((row, lease?)));
    Ok(leases.filter(|(_, lease)| lease.slot == slot).collect())
}

/// Refuses a write with a token that is not that of a live lease of the namespace.
pub(super) fn check(draft: &Draft<'_>, access: Option<&Access>, token: u64) -> Result<(), Error> {
    let access = access.ok_or(Error::LeaseLost)?;
    let rows = draft.scan(Table::Leases, &access.data.namespace().0, Lease::decode)?;
    let lease = rows.into_values().flatten().find(|lease| lease.token == token);
    let live = lease.is_some_and(|lease| lease.held(draft.opened).is_some());
    if live || Fault::StaleLease.is_injected() { Ok(()) } else { Err(Error::LeaseLost) }
}

/// Acquires a lease.
#[derive(Clone)]
pub struct AcquireLease {
    /// The caller and its key.
    pub caller: Caller,
    /// The name that is claimed.
    pub name: Name,
    /// The lifetime of the lease.
    pub ttl: Duration,
}

/// A lease that was acquired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leased {
    /// Its fencing token.
    pub token: u64,
    /// When it ends, if it is not renewed.
    pub expires_at: Timestamp,
}

impl Write for AcquireLease {
    type Outcome = Leased;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Leased, Option<Changes>), Error> {
        let mut changes = draft.changes();
        let access = if let Some(access) = draft.access(&self.caller)? {
            access.row.permit_leases()?;
            access
        } else {
            let slot = self.caller.key.slot(draft.opened, draft.secrets);
            namespace::begin(draft, &mut changes, &slot, |_| ())?
        };
        let held = find(draft, &access, &self.name)?.and_then(|lease| lease.held(draft.opened));
        if let Some(left) = held
            && !Fault::TwoHolders.is_injected()
        {
            return Err(Error::LeaseHeld { expires_at: after(draft.opened, left) });
        }
        make_room(draft, &mut changes, &access)?;
        let token = changes.next_revision()?;
        let ttl = u32::try_from(self.ttl.as_millis()).expect("limits keep leases far shorter");
        let end = End::Boot(BootTime::now());
        let mut lease = Lease { token, holder: draft.opened.this_process(), slot: access.slot, end, ttl };
        let expires_at = lease.extend(draft.opened);
        changes.put(Table::Leases, &row_key(&access.data, &self.name), lease.encode());
        Ok((Leased { token, expires_at }, Some(changes)))
    }
}

/// Removes the rows of leases that have ended, and refuses another lease above a limit: that of the namespace, or that
/// of a shared key. Checks whether holders still run only if a limit would be reached, since that costs a system call
/// for each lease.
fn make_room(draft: &Draft<'_>, changes: &mut Changes, access: &Access) -> Result<(), Error> {
    let mut others = Vec::new();
    for (key, lease) in draft.scan(Table::Leases, &access.data.namespace().0, Lease::decode)? {
        match lease {
            Some(lease) if lease.left(draft.opened) > 0 => others.push((key, lease)),
            _ => changes.delete(Table::Leases, &key),
        }
    }
    if over_limit(access, &others).is_some() {
        others.retain(|(key, lease)| {
            let is_held = lease.held(draft.opened).is_some();
            if !is_held {
                changes.delete(Table::Leases, key);
            }
            is_held
        });
    }
    over_limit(access, &others)
        .map_or(Ok(()), |limit| Err(Error::DataTooLarge { reason: OverLimit::Leases, limit }))
}

/// The limit that another lease would exceed.
fn over_limit(access: &Access, others: &[(Vec<u8>, Lease)]) -> Option<u64> {
    let own = others.iter().filter(|(_, lease)| lease.slot == access.slot);
    if others.len() as u64 >= limits::LEASES {
        Some(limits::LEASES)
    } else if !access.row.is_owner() && own.count() as u64 >= limits::SHARED_KEY_LEASES {
        Some(limits::SHARED_KEY_LEASES)
    } else {
        None
    }
}

/// Renews a lease for its full lifetime from now on.
pub struct RenewLease {
    /// The caller and its key.
    pub caller: Caller,
    /// The name that is claimed.
    pub name: Name,
    /// The fencing token.
    pub token: u64,
}

impl Write for RenewLease {
    type Outcome = Timestamp;

    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<(Timestamp, Option<Changes>), Error> {
        let access = draft.access(&self.caller)?.ok_or(Error::LeaseLost)?;
        access.row.permit_leases()?;
        let mut lease = own(draft, &access, &self.name, self.token)?;
        let expires_at = lease.extend(draft.opened);
        let mut changes = draft.changes();
        changes.put(Table::Leases, &row_key(&access.data, &self.name), lease.encode());
        Ok((expires_at, Some(changes)))
    }
}

/// Releases a lease.
pub struct ReleaseLease {
    /// The caller and its key.
    pub caller: Caller,
    /// The name that is claimed.
    pub name: Name,
    /// The fencing token.
    pub token: u64,
}

impl Write for ReleaseLease {
    type Outcome = ();

    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn evaluate(&self, draft: &Draft<'_>) -> Result<((), Option<Changes>), Error> {
        let access = draft.access(&self.caller)?.ok_or(Error::LeaseLost)?;
        access.row.permit_leases()?;
        own(draft, &access, &self.name, self.token)?;
        let mut changes = draft.changes();
        changes.delete(Table::Leases, &row_key(&access.data, &self.name));
        Ok(((), Some(changes)))
    }
}

/// Checks whether a lease is free, before a write takes the store's lock for it.
pub struct LeaseIsFree {
    /// The caller and its key.
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
        let Some(access) = access else { return Ok(None) };
        // A key that may not acquire leases is refused at once, and does not wait first.
        access.row.permit_leases()?;
        find(view, access, &self.name)
    }

    fn finish(&self, opened: &Opened, copied: Self::Copied) -> Result<bool, Error> {
        Ok(copied.is_none_or(|lease| lease.held(opened).is_none()))
    }

    fn bytes(_: &bool) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_decoded_as_it_was_encoded() {
        let millis = 1 << 40;
        let lease = |end| Lease { token: 1 << 50, holder: [9; 16], slot: SlotId([8; 16]), end, ttl: 600_000 };
        for end in [End::Boot(BootTime { boot: [7; 16], millis }), End::Server { machine: [6; 16], millis }] {
            let row = lease(end).encode();
            let read = Lease::decode(&row).unwrap();
            assert!(read.token == 1 << 50 && read.holder == [9; 16] && read.slot.0 == [8; 16]);
            assert!(read.end == end && read.ttl == 600_000);
            for length in 0..row.len() {
                assert!(Lease::decode(&row[..length]).is_none(), "{length} bytes");
            }
        }
        let row = lease(End::Boot(BootTime { boot: [7; 16], millis })).encode();
        for (what, at) in [("format", 0), ("machine", 1 + 8 + 16 + 16), ("clock", 1 + 8 + 16 + 16 + 16)] {
            let mut other = row.clone();
            other[at] += 1;
            assert!(Lease::decode(&other).is_none(), "another {what}");
        }
    }
}
