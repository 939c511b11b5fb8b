//! Removes expired records a day later, in any process that writes.
//!
//! The wall clock alone is not trusted: one that jumps to 2099 for a minute would remove every record with an end. A
//! time counts as past only if this process saw it an hour ago, and both its clocks agree that an hour has passed
//! since.

use std::time::{Duration, Instant};

use crate::rows::{StoredRecord, Table};
use crate::store::{Batch, Row, Snapshot, StoreError};

use super::Timestamp;

/// How long the store keeps an expired record.
const KEPT: Duration = Duration::from_hours(24);
/// How long ago this process must have seen a time to trust it.
const TRUSTED_AFTER: Duration = Duration::from_hours(1);
/// By how much the two clocks may differ over that time.
const TOLERANCE: Duration = Duration::from_mins(5);
/// How many rows one sweep reads.
const ROWS: usize = 10_000;

/// What a process remembers between sweeps.
#[derive(Default)]
pub(super) struct Sweeper {
    seen: Option<(Timestamp, Instant)>,
    /// The key at which the next sweep continues.
    next: Vec<u8>,
}

impl Sweeper {
    /// The latest time that is certainly past; `None` if no sweep is due.
    pub(super) fn horizon(&mut self, wall: Timestamp, clock: Instant) -> Option<Timestamp> {
        let Some((seen, at)) = self.seen else {
            self.seen = Some((wall, clock));
            return None;
        };
        let by_clock = clock.saturating_duration_since(at);
        if by_clock < TRUSTED_AFTER {
            return None;
        }
        self.seen = Some((wall, clock));
        let by_wall = Duration::from_millis(wall.millis().saturating_sub(seen.millis()));
        (by_wall.abs_diff(by_clock) <= TOLERANCE).then_some(seen)
    }

    /// The commit that removes expired rows among the next ones; `None` if there are none.
    pub(super) fn sweep(
        &mut self,
        snapshot: &Snapshot<'_>,
        horizon: Timestamp,
    ) -> Result<Option<Batch>, StoreError> {
        let kept = u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX);
        let (mut gone, mut looked_at) = (Vec::new(), 0);
        let last = snapshot.scan_from(Table::Records, &self.next, |key, row| {
            looked_at += 1;
            let ends = StoredRecord::decode(row).map(|stored| stored.header.expires_at);
            if ends.is_some_and(|ends| ends.saturating_add(kept) <= horizon.millis()) {
                gone.push(key.to_vec());
            }
            looked_at < ROWS
        })?;
        self.next = last.unwrap_or_default();
        // A damaged row is never removed: its end can't be trusted.
        gone.retain(|key| snapshot.get(Table::Records, key).is_ok());
        let revision = snapshot.revision()?;
        let rows: Vec<_> =
            gone.into_iter().map(|key| Row { table: Table::Records, key, value: None }).collect();
        Ok((!rows.is_empty()).then_some(Batch { expected: revision, revision, rows }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::sample::{KEY, Sample};

    const HOUR: u64 = 60 * 60 * 1000;

    /// Reads the clocks at these pairs of milliseconds. Returns the time that is trusted at the last one.
    fn trusted(looks: &[(u64, u64)]) -> Option<u64> {
        let start = Instant::now();
        let mut sweeper = Sweeper::default();
        let mut last = None;
        for (wall, clock) in looks {
            let clock = start + Duration::from_millis(*clock);
            last = sweeper.horizon(Timestamp::from_millis(*wall), clock);
        }
        last.map(Timestamp::millis)
    }

    #[test]
    fn a_time_is_past_when_both_clocks_say_so_for_an_hour() {
        let check = |looks: &[(u64, u64)], expected| assert_eq!(trusted(looks), expected, "{looks:?}");
        let noon = 1_000 * HOUR;
        let far = 100_000 * HOUR;
        check(&[(noon, 0)], None);
        check(&[(noon, 0), (noon + HOUR / 2, HOUR / 2)], None);
        check(&[(noon, 0), (noon + HOUR, HOUR)], Some(noon));
        check(&[(noon, 0), (noon + HOUR / 2, HOUR / 2), (noon + HOUR, HOUR)], Some(noon));
        // The wall clock jumped ahead between two reads, and is read before it comes back, and after.
        check(&[(noon, 0), (far, HOUR)], None);
        check(&[(noon, 0), (far, HOUR), (noon + 2 * HOUR, 2 * HOUR)], None);
        check(&[(far, 0), (noon, HOUR)], None);
        // The wall clock jumped and came back between two reads.
        check(&[(noon, 0), (far, HOUR / 2), (noon + HOUR, HOUR)], Some(noon));
        // The machine slept.
        check(&[(noon, 0), (noon + 9 * HOUR, HOUR)], None);
    }

    fn store(sample: &Sample, name: &str, expires_at: Option<Timestamp>) {
        sample.set(Sample::target(KEY, Some(name)), "{}", expires_at).unwrap();
    }

    #[test]
    fn only_records_that_expired_a_day_ago_are_removed() {
        let sample = Sample::new();
        let now = Timestamp::now();
        let hours_ago = |hours: u64| Some(Timestamp::from_millis(now.millis() - hours * HOUR));
        store(&sample, "for ever", None);
        store(&sample, "yesterday", hours_ago(23));
        store(&sample, "the day before", hours_ago(25));
        let opened = sample.opened();
        let records = || opened.store().snapshot().unwrap().count(Table::Records).unwrap();
        assert_eq!(records(), 3);
        let batch = Sweeper::default().sweep(&opened.store().snapshot().unwrap(), now).unwrap().unwrap();
        let lock = opened.store().lock().unwrap();
        opened.store().commit(&lock, &batch).unwrap();
        assert_eq!(records(), 2);
        let nothing = Sweeper::default().sweep(&opened.store().snapshot().unwrap(), now).unwrap();
        assert!(nothing.is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_damaged_record_is_kept_whatever_its_end_is() {
        let sample = Sample::new();
        let now = Timestamp::now();
        store(&sample, "damaged", Some(Timestamp::from_millis(now.millis() - 25 * HOUR)));
        let opened = sample.opened();
        let sweep = || Sweeper::default().sweep(&opened.store().snapshot().unwrap(), now).unwrap();
        assert!(sweep().is_some());
        let mut row = Vec::new();
        let snapshot = opened.store().snapshot().unwrap();
        snapshot.scan(Table::Records, &[], |_, value| row = value.to_vec()).unwrap();
        drop(snapshot);
        let mut files = std::fs::read_dir(sample.data()).unwrap().map(|entry| entry.unwrap().path());
        let place = |file: std::path::PathBuf| {
            let text = std::fs::read(&file).ok()?;
            let at = text.windows(row.len()).position(|window| window == row)?;
            Some((file, text, at + row.len() - 1))
        };
        let (file, text, last) = files.find_map(place).unwrap();
        let file = std::fs::File::options().write(true).open(file).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &[text[last] ^ 1], last as u64).unwrap();
        assert!(sweep().is_none());
    }
}
