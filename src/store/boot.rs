//! Which boot of the machine this is.

use crate::rows::{Id, parse_id};

/// The kernel's random name of this boot; `None` where it has none that can be read.
pub fn boot_id() -> Option<Id> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return None;
    }
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    parse_id(&text.trim().replace('-', ""))
}
