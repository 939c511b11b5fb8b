//! macOS's Keychain and Windows' Credential Manager, through `keyring-core` and one store crate for each.
//!
//! Windows never asks. macOS asks when the keychain is locked, and when it takes this program for another one. In modes
//! that do not ask the user, its prompts are switched off for this process.

use std::collections::HashMap;

use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use super::keychain::{self, MODIFIERS, Store};
use crate::protector::keyring::{Fault, Item, MISSING, NOT_A_KEY, SERVICE, Text};
use crate::protector::{Deadline, Reason};

pub(in crate::protector) use keychain::WINDOW_STAYS;

const NO_KEYRING: Fault = Fault(Reason::Denied, "there is no keyring for this login");
pub(super) const REFUSED: Fault = Fault(Reason::Denied, "the keyring refused");

/// The login's own keyring.
pub(in crate::protector) struct Keyring(std::sync::Arc<Store>);

impl Keyring {
    /// Does not call the system yet. The system's calls take no deadline.
    #[allow(clippy::needless_pass_by_value, reason = "the same interface as on other systems")]
    pub(in crate::protector) fn open(_deadline: Deadline) -> Result<Self, Fault> {
        Store::new().map(Self).map_err(|error| fault(&error))
    }

    /// The system has one keyring for each login, and says whether it is locked only when it is read.
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the same interface as on other systems"
    )]
    pub(in crate::protector) fn state(&self) -> Result<(), Fault> {
        Ok(())
    }

    pub(in crate::protector) fn read(&self, item: &Item, ask: bool) -> Result<Text, Fault> {
        self.with(item, ask, |entry| entry.get_secret().map(Zeroizing::new))
    }

    pub(in crate::protector) fn store(&self, item: &Item, text: &[u8]) -> Result<(), Fault> {
        self.with(item, false, |entry| entry.set_secret(text))
    }

    pub(in crate::protector) fn delete(&self, item: &Item) -> Result<(), Fault> {
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
        let _turn = keychain::take(ask)?;
        work(&entry).map_err(|error| fault(&error))
    }
}

/// The reason behind an error. Some errors contain the secret itself, so none is printed.
fn fault(error: &Error) -> Fault {
    match error {
        Error::NoEntry => MISSING,
        Error::BadEncoding(_) | Error::BadDataFormat(..) => NOT_A_KEY,
        Error::NoStorageAccess(_) => NO_KEYRING,
        Error::PlatformFailure(inner) => keychain::reason(inner.as_ref()).unwrap_or(REFUSED),
        _ => REFUSED,
    }
}
