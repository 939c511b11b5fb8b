//! How well the system protects the memory of a sidecar.

use super::{Check, Finding};

/// Looks at this process, which is protected like a sidecar.
pub(super) fn check() -> Vec<Finding> {
    let check = Check::Hardening;
    let mut open = Vec::new();
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        if getrlimit(Resource::Core).current != Some(0) {
            open.push("a crash writes its memory to the disk");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, dumpable_behavior};
        if !matches!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable)) {
            open.push("other processes of this user may read its memory");
        }
    }
    if open.is_empty() {
        vec![check.good("no core dumps; other processes can't read a sidecar's memory")]
    } else {
        vec![check.warning(format!("the system refuses to protect a sidecar: {}", open.join(", and ")))]
    }
}
