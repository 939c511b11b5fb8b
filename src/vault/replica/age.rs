//! How long a replica may be read without its server: a key that was revoked meanwhile would still open it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::remote;
use crate::rows::Id;
use crate::store::StoreError;

use crate::vault::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// How often the time of a confirmation is kept, in milliseconds.
const KEPT_EVERY: u64 = 60 * 60 * 1000;

/// When the server last confirmed a replica, kept for later processes, and how long ago that may be.
pub(super) struct Age {
    keys: PathBuf,
    store: Id,
    most: Duration,
    /// The time that was last kept, in milliseconds since 1970; 0 if none is known.
    kept: AtomicU64,
}

impl Age {
    pub(super) fn find(keys: PathBuf, store: Id, days: u32) -> Result<Self, StoreError> {
        let kept = remote::confirmed(&keys, &store)?.unwrap_or_default();
        Ok(Self { keys, store, most: DAY * days, kept: AtomicU64::new(kept) })
    }

    pub(super) fn keys(&self) -> &Path {
        &self.keys
    }

    /// The last confirmation that an earlier process has kept.
    pub(super) fn kept(&self) -> Option<u64> {
        Some(self.kept.load(Ordering::Relaxed)).filter(|kept| *kept > 0)
    }

    /// Keeps the time of a confirmation, at most once an hour.
    pub(super) fn keep(&self, confirmed: u64) {
        if self.kept().is_some_and(|kept| confirmed < kept.saturating_add(KEPT_EVERY)) {
            return;
        }
        if remote::keep_confirmed(&self.keys, &self.store, confirmed).is_ok() {
            self.kept.store(confirmed, Ordering::Relaxed);
        } else {
            tracing::warn!("the time of the server's answer could not be kept; it is tried again");
        }
    }

    /// Whether a confirmation at that time is too long ago now.
    pub(super) fn is_over(&self, confirmed: Option<u64>, now: Timestamp) -> bool {
        let ago = confirmed.map_or(0, |confirmed| now.millis().saturating_sub(confirmed));
        Duration::from_millis(ago) > self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_kept_for_later_processes_and_is_over_after_its_days() {
        let keys = tempfile::tempdir().unwrap();
        let store = [7; 16];
        let credentials = remote::Credentials {
            url: String::new(),
            token: [0; 32],
            machine: String::new(),
            offline_days: 30,
        };
        credentials.save(keys.path(), &store).unwrap();
        let find = || Age::find(keys.path().to_owned(), store, 30).unwrap();
        let day = u64::try_from(DAY.as_millis()).unwrap();
        let at = 20_000 * day;
        assert_eq!(find().kept(), None);
        let age = find();
        age.keep(at);
        assert_eq!(find().kept(), Some(at));
        age.keep(at + 1);
        assert_eq!(find().kept(), Some(at), "not for each call");
        age.keep(at + KEPT_EVERY);
        assert_eq!(find().kept(), Some(at + KEPT_EVERY));
        let check = |confirmed, now, expected| {
            assert_eq!(age.is_over(confirmed, Timestamp::from_millis(now)), expected, "{confirmed:?} {now}");
        };
        check(Some(at), at + 30 * day, false);
        check(Some(at), at + 30 * day + 1, true);
        check(Some(at), at - day, false);
        check(None, at, false);
    }
}
