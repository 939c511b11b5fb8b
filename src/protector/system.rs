//! What differs between systems: the terminal, the keyring of a login session, and the user's keyring.

#[cfg(not(target_os = "linux"))]
#[path = "cache/none.rs"]
pub(super) mod session_keyring;
#[cfg(target_os = "linux")]
#[path = "cache/session_keyring.rs"]
pub(super) mod session_keyring;

#[cfg(unix)]
#[path = "terminal/unix.rs"]
pub(super) mod terminal;
#[cfg(windows)]
#[path = "terminal/windows.rs"]
pub(super) mod terminal;

#[cfg(any(target_os = "macos", windows))]
#[path = "keyring/native.rs"]
pub(super) mod keyring;
#[cfg(all(unix, not(target_os = "macos")))]
#[path = "keyring/secret_service.rs"]
pub(super) mod keyring;

#[cfg(target_os = "macos")]
#[path = "keyring/keychain.rs"]
mod keychain;
#[cfg(windows)]
#[path = "keyring/credential_manager.rs"]
mod keychain;
