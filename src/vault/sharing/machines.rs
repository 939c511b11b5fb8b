//! The machines of a shared store: listed, removed.

use crate::crypto::{self, StoreKeys};
use crate::remote::Device;

use super::{Config, Opened, Shared, SharingError, soon};
use crate::vault::Timestamp;

/// A machine of a shared store.
pub struct MachineInfo {
    /// Its id on the server: the hash of its token, as hexadecimal digits.
    pub id: String,
    /// Its name; empty for the machine that moved the store to the server. `None` if its label can't be read.
    pub name: Option<String>,
    /// When it was approved, by the server's clock.
    pub added_at: Timestamp,
    /// Whether it has joined since it was approved.
    pub has_joined: bool,
    /// Whether it is this machine.
    pub is_this: bool,
    token_hash: [u8; 32],
}

impl Opened {
    /// The machines of the store, the oldest first.
    ///
    /// # Errors
    /// If the store is not shared or is locked, or the server does not answer.
    pub fn machines(&self, config: &Config) -> Result<Vec<MachineInfo>, SharingError> {
        let mut shared = Shared::of(config, self)?;
        let secrets = self.secrets()?;
        let own = crypto::token_hash(&shared.credentials.token);
        let devices = shared.log.machines(&soon())?;
        Ok(devices.iter().map(|device| described(&secrets.keys, device, &own)).collect())
    }

    /// Ends the token of a machine. Returns whether it was there.
    ///
    /// # Errors
    /// As [`Self::machines`].
    pub fn remove_machine(&self, config: &Config, machine: &MachineInfo) -> Result<bool, SharingError> {
        let mut shared = Shared::of(config, self)?;
        Ok(shared.log.remove(&machine.token_hash, &soon())?)
    }
}

fn described(keys: &StoreKeys, device: &Device, own: &[u8; 32]) -> MachineInfo {
    let label = keys.open_machine_label(&device.token_hash, &device.label).ok();
    MachineInfo {
        id: base16ct::lower::encode_string(&device.token_hash),
        name: label.and_then(|label| String::from_utf8(label).ok()),
        added_at: Timestamp::from_millis(device.added_at),
        has_joined: device.has_joined,
        is_this: device.token_hash == *own,
        token_hash: device.token_hash,
    }
}
