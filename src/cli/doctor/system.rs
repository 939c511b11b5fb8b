//! How well the system protects the memory of a sidecar.

use crate::process;

use super::{Check, Finding};

/// Looks at this process, which is protected like a sidecar.
pub(super) fn check() -> Vec<Finding> {
    let check = Check::Hardening;
    let open = process::hardening_gaps();
    if open.is_empty() {
        vec![check.good("no core dumps; other processes can't read a sidecar's memory")]
    } else {
        vec![check.warning(format!("the system refuses to protect a sidecar: {}", open.join(", and ")))]
    }
}
