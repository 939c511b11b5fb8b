//! The clock for the ends of leases. It goes on while the machine sleeps, all processes read the same time, and no user
//! can set it. It starts again at each boot, so a stored time includes the id of the boot.

use std::sync::OnceLock;

use crate::process;
use crate::rows::parse_id;

/// A time on the boot clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BootTime {
    /// The id of the boot.
    pub(super) boot: [u8; 16],
    /// Milliseconds since the boot.
    pub(super) millis: u64,
}

impl BootTime {
    pub(super) fn now() -> Self {
        static BOOT: OnceLock<[u8; 16]> = OnceLock::new();
        Self { boot: *BOOT.get_or_init(boot), millis: process::boot_millis() }
    }

    /// Milliseconds until this time; 0 if it has passed, or is of an earlier boot.
    pub(super) fn left(self, now: Self) -> u64 {
        if self.boot == now.boot { self.millis.saturating_sub(now.millis) } else { 0 }
    }
}

/// The kernel's random id of this boot. Zeros if the kernel has none. Then only the holder's lock file shows that a
/// lease is from before the boot, since no lock outlives a boot.
fn boot() -> [u8; 16] {
    process::boot_id().and_then(|id| parse_id(&id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_another_boot_has_passed() {
        let now = BootTime { boot: [1; 16], millis: 5_000 };
        assert_eq!(BootTime { boot: [1; 16], millis: 7_000 }.left(now), 2_000);
        assert_eq!(BootTime { boot: [1; 16], millis: 4_000 }.left(now), 0);
        assert_eq!(BootTime { boot: [2; 16], millis: 7_000 }.left(now), 0);
    }

    #[test]
    fn the_clock_never_goes_back() {
        let before = BootTime::now();
        std::thread::sleep(std::time::Duration::from_millis(5));
        let after = BootTime::now();
        assert!(after.boot == before.boot);
        assert!(after.millis > before.millis);
    }
}
