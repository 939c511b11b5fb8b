//! The clock that leases end by: it goes on while the machine sleeps, all processes read the same, and nobody can set it.
//! It begins anew at each boot, so whoever writes its time down writes down which boot it was.

use std::sync::OnceLock;

/// A time on the boot clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BootTime {
    /// Which boot.
    pub(super) boot: [u8; 16],
    /// Milliseconds since then.
    pub(super) millis: u64,
}

impl BootTime {
    pub(super) fn now() -> Self {
        static BOOT: OnceLock<[u8; 16]> = OnceLock::new();
        Self { boot: *BOOT.get_or_init(boot), millis: millis() }
    }

    /// How long until this is over; 0 if it is, or was before the last boot.
    pub(super) fn left(self, now: Self) -> u64 {
        if self.boot == now.boot { self.millis.saturating_sub(now.millis) } else { 0 }
    }
}

/// The kernel's random name of this boot. Where it has none, zeros: then it is the holder's file alone that tells a lease
/// of before the boot, since no lock outlives it.
fn boot() -> [u8; 16] {
    crate::store::boot_id().unwrap_or_default()
}

#[cfg(unix)]
fn millis() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    // The one of macOS counts while it sleeps.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let time = clock_gettime(CLOCK);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds * 1_000 + u64::try_from(time.tv_nsec).unwrap_or_default() / 1_000_000
}

/// No clock of this kind can be read here without `unsafe`: the wall clock takes its place.
#[cfg(not(unix))]
fn millis() -> u64 {
    super::Timestamp::now().millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_another_boot_is_over() {
        let now = BootTime { boot: [1; 16], millis: 5_000 };
        assert_eq!(BootTime { boot: [1; 16], millis: 7_000 }.left(now), 2_000);
        assert_eq!(BootTime { boot: [1; 16], millis: 4_000 }.left(now), 0);
        assert_eq!(BootTime { boot: [2; 16], millis: 7_000 }.left(now), 0);
    }

    #[test]
    fn the_clock_goes_on() {
        let before = BootTime::now();
        std::thread::sleep(std::time::Duration::from_millis(5));
        let after = BootTime::now();
        assert!(after.boot == before.boot);
        assert!(after.millis > before.millis);
    }
}
