//! macOS's Keychain and Windows' Credential Manager, through `keyring-core` and one store crate for each.
//!
//! Windows never asks. macOS asks when the keychain is locked, and when it takes this program for another one. In modes
//! that do not ask the user, its prompts are switched off for this process.

use std::collections::HashMap;

use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use super::{Deadline, Fault, Item, MISSING, NOT_A_KEY, Reason, SERVICE, Text};

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;

const NO_KEYRING: Fault = Fault(Reason::Denied, "there is no keyring for this login");
const REFUSED: Fault = Fault(Reason::Denied, "the keyring refused");

/// Keeps the item on this machine: by default Windows copies credentials to other machines of a domain.
#[cfg(windows)]
const MODIFIERS: &[(&str, &str)] = &[("persistence", "Local")];
#[cfg(target_os = "macos")]
const MODIFIERS: &[(&str, &str)] = &[];

/// The login's own keyring.
pub(super) struct Keyring(std::sync::Arc<Store>);

impl Keyring {
    /// Does not call the system yet. The system's calls take no deadline.
    #[allow(clippy::needless_pass_by_value, reason = "the same interface as on other systems")]
    pub(super) fn open(_deadline: Deadline) -> Result<Self, Fault> {
        Store::new().map(Self).map_err(|error| fault(&error))
    }

    /// The system has one keyring for each login, and says whether it is locked only when it is read.
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the same interface as on other systems"
    )]
    pub(super) fn state(&self) -> Result<(), Fault> {
        Ok(())
    }

    pub(super) fn read(&self, item: &Item, ask: bool) -> Result<Text, Fault> {
        self.with(item, ask, |entry| entry.get_secret().map(Zeroizing::new))
    }

    pub(super) fn store(&self, item: &Item, text: &[u8]) -> Result<(), Fault> {
        self.with(item, false, |entry| entry.set_secret(text))
    }

    pub(super) fn delete(&self, item: &Item) -> Result<(), Fault> {
        self.with(item, false, Entry::delete_credential)
    }

    fn with<T>(
        &self,
        item: &Item,
        ask: bool,
        work: impl FnOnce(&Entry) -> keyring_core::Result<T>,
    ) -> Result<T, Fault> {
        let modifiers: HashMap<&str, &str> = MODIFIERS.iter().copied().collect();
        let entry = self.0.build(SERVICE, &item.user, Some(&modifiers)).map_err(|error| fault(&error))?;
        let _turn = turn::take(ask)?;
        work(&entry).map_err(|error| fault(&error))
    }
}

/// The reason behind an error. Some errors contain the secret itself, so none is printed.
fn fault(error: &Error) -> Fault {
    match error {
        Error::NoEntry => MISSING,
        Error::BadEncoding(_) | Error::BadDataFormat(..) => NOT_A_KEY,
        Error::NoStorageAccess(_) => NO_KEYRING,
        Error::PlatformFailure(inner) => turn::reason(inner.as_ref()).unwrap_or(REFUSED),
        _ => REFUSED,
    }
}

/// Takes turns on the keychain and switches its prompts: there is one switch for the whole process.
#[cfg(target_os = "macos")]
mod turn {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, MutexGuard};

    use security_framework::base::Error;
    use security_framework::os::macos::keychain::{KeychainUserInteractionLock, SecKeychain};

    use super::super::{DISMISSED, LOCKED};
    use super::{Fault, REFUSED};

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
        let quiet =
            if ask { None } else { Some(SecKeychain::disable_user_interaction().map_err(|_| REFUSED)?) };
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
}

/// Windows has no prompts and needs no turns.
#[cfg(windows)]
mod turn {
    use super::Fault;

    pub(super) struct Turn;

    #[allow(clippy::unnecessary_wraps, reason = "the same interface as on macOS")]
    pub(super) fn take(_ask: bool) -> Result<Turn, Fault> {
        Ok(Turn)
    }

    pub(super) fn reason(_error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Fault> {
        None
    }
}
