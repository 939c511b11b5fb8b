//! The identity of the machine's current boot.

use crate::rows::{Id, parse_id};

/// The kernel's random id of this boot; `None` where the kernel has no readable one.
pub fn boot_id() -> Option<Id> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return None;
    }
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    parse_id(&text.trim().replace('-', ""))
}
