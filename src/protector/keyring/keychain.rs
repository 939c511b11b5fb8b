//! macOS's Keychain: takes turns on it and switches its prompts, since there is one switch for the whole process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use security_framework::base::Error;
use security_framework::os::macos::keychain::{KeychainUserInteractionLock, SecKeychain};

pub(super) use apple_native_keyring_store::keychain::Store;

use super::keyring::REFUSED;
use crate::protector::Reason;
use crate::protector::keyring::Fault;

/// The keychain's window can't be closed: the caller has the turn for as long as the window may stay open.
pub(in crate::protector) const WINDOW_STAYS: bool = true;
pub(super) const MODIFIERS: &[(&str, &str)] = &[];

const LOCKED: Fault = Fault(Reason::Locked, "the keyring is locked; unlock it, or send vault/unlock");
const DISMISSED: Fault = Fault(Reason::Denied, "the keyring's question was dismissed");

static TURN: Mutex<()> = Mutex::new(());
/// The number of threads that ask the user, or wait to ask.
static ASKING: AtomicUsize = AtomicUsize::new(0);

/// Fields are dropped in this order: the prompts are on again before the next turn.
pub(super) struct Turn {
    _quiet: Option<KeychainUserInteractionLock>,
    _asking: Option<Asking>,
    _held: MutexGuard<'static, ()>,
}

struct Asking;

impl Drop for Asking {
    fn drop(&mut self) {
        ASKING.fetch_sub(1, Ordering::AcqRel);
    }
}

pub(super) fn take(ask: bool) -> Result<Turn, Fault> {
    let asking = if ask {
        ASKING.fetch_add(1, Ordering::AcqRel);
        Some(Asking)
    } else if ASKING.load(Ordering::Acquire) > 0 {
        // A question is on the screen. Work that does not ask the user must not wait for it.
        return Err(LOCKED);
    } else {
        None
    };
    let turn = crate::sync::lock(&TURN);
    let quiet = if ask { None } else { Some(SecKeychain::disable_user_interaction().map_err(|_| REFUSED)?) };
    Ok(Turn { _quiet: quiet, _asking: asking, _held: turn })
}

/// The system's own numbers, from `SecBase.h`.
pub(super) fn reason(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Fault> {
    const USER_CANCELED: i32 = -128;
    const AUTH_FAILED: i32 = -25_293;
    const INTERACTION_NOT_ALLOWED: i32 = -25_308;
    const INTERACTION_REQUIRED: i32 = -25_315;
    match error.downcast_ref::<Error>()?.code() {
        INTERACTION_NOT_ALLOWED | INTERACTION_REQUIRED => Some(LOCKED),
        USER_CANCELED => Some(DISMISSED),
        AUTH_FAILED => Some(REFUSED),
        _ => None,
    }
}
