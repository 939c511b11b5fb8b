//! Waiting for a lease. Each try is a write like any other; between two, nothing is held.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::limits;
use crate::vault::{AcquireLease, Error, LeaseIsFree, Leased, Overload};

use super::{Failure, Pending, Session, lock};

/// How often a waiting request looks whether the holder has died: nothing rings then.
const LOOK: Duration = Duration::from_millis(250);

/// One of the requests that wait for a lease.
struct Waiting<'s>(&'s Session);

impl<'s> Waiting<'s> {
    fn begin(session: &'s Session) -> Result<Self, Error> {
        let mut waiting = lock(&session.waiting_leases);
        if *waiting >= limits::WAITING_LEASES {
            return Err(Error::Overloaded(Overload::Leases));
        }
        *waiting += 1;
        Ok(Self(session))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        *lock(&self.0.waiting_leases) -= 1;
    }
}

impl Session {
    /// Takes a lease, or waits for it for as long as `wait` says.
    pub async fn acquire(
        &self,
        lease: &AcquireLease,
        wait: Duration,
        pending: &Arc<Pending>,
    ) -> Result<Leased, Failure> {
        let deadline = Instant::now() + wait;
        let taken = self.write(lease.clone(), pending).await;
        if !held(&taken) || wait.is_zero() {
            return taken;
        }
        let _waiting = Waiting::begin(self)?;
        let _following = self.vault.follow();
        let mut commits = self.commits();
        loop {
            // Before looking: what comes in between is not missed.
            commits.mark_unchanged();
            let is_free = LeaseIsFree { caller: lease.caller.clone(), name: lease.name.clone() };
            let last = deadline <= Instant::now();
            if last || self.read(is_free, pending).await? {
                let taken = self.write(lease.clone(), pending).await;
                if last || !held(&taken) {
                    return taken;
                }
            }
            tokio::select! {
                _ = commits.changed() => {}
                () = tokio::time::sleep(LOOK.min(deadline.saturating_duration_since(Instant::now()))) => {}
                () = pending.cancelled() => return Err(Failure::Cancelled),
                // Nobody is left to hold it.
                () = self.ended() => return Err(Failure::Cancelled),
            }
        }
    }
}

fn held(taken: &Result<Leased, Failure>) -> bool {
    matches!(taken, Err(Failure::Vault(Error::LeaseHeld { .. })))
}
