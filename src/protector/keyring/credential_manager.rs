//! Windows' Credential Manager. It has no prompts and needs no turns.

pub(super) use windows_native_keyring_store::Store;

use crate::protector::keyring::Fault;

/// It never shows a window.
pub(in crate::protector) const WINDOW_STAYS: bool = false;
/// Keeps the item on this machine: by default Windows copies credentials to other machines of a domain.
pub(super) const MODIFIERS: &[(&str, &str)] = &[("persistence", "Local")];

pub(super) struct Turn;

#[allow(clippy::unnecessary_wraps, reason = "the same interface as on macOS")]
pub(super) fn take(_ask: bool) -> Result<Turn, Fault> {
    Ok(Turn)
}

pub(super) fn reason(_error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Fault> {
    None
}
