//! The terminal on Windows.

use zeroize::Zeroizing;

use crate::protector::{Deadline, Reason};

/// Whether a terminal can be asked without showing the answer.
pub(in crate::protector) const CAN_ASK: bool = false;

/// Asking at a terminal is not implemented on this system.
///
/// # Errors
/// Always.
pub fn ask(_prompt: &str, _deadline: &Deadline) -> Result<Zeroizing<Vec<u8>>, Reason> {
    Err(Reason::Locked)
}
