//! Waiting for a lease. Each try is a write like any other. Between two tries the request holds nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::limits;
use crate::vault::{AcquireLease, Error, LeaseIsFree, Leased, Overload};

use super::{Failure, Pending, Session, lock};

/// How often a waiting request checks whether the holder has died. No store event reports that.
const LOOK: Duration = Duration::from_millis(250);
/// How often it asks the server of a shared store whether another machine has released the lease.
const ASK: Duration = Duration::from_secs(1);

/// One request that waits for a lease; `waiting_leases` counts it.
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
    /// Acquires a lease. Waits for up to `wait` while the lease is held.
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
        let mut asked = Instant::now();
        loop {
            // Marked before the check, so that a commit in between is not missed.
            commits.mark_unchanged();
            let is_free = LeaseIsFree { caller: lease.caller.clone(), name: lease.name.clone() };
            let last = deadline <= Instant::now();
            if last || asked.elapsed() >= ASK {
                asked = Instant::now();
                // Without the server the write fails too, and says why.
                let _ = self.refresh(pending).await;
            }
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
                // The process is ending, so no client is left to hold the lease.
                () = self.ended() => return Err(Failure::Cancelled),
            }
        }
    }
}

fn held(taken: &Result<Leased, Failure>) -> bool {
    matches!(taken, Err(Failure::Vault(Error::LeaseHeld { .. })))
}
