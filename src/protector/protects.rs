//! What the protectors of a store protect against.

use std::path::Path;

use crate::crypto::StoreId;

use super::{Kind, Protector, ProtectorConfig, key_file};

/// What a store is protected against, with its files where they are now: what every one of its protectors protects
/// against, since an attacker needs only the weakest one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Protects {
    /// An attacker who has a copy of the data folder, and nothing else.
    pub copies_of_the_data_folder: bool,
    /// Another user of the same machine.
    pub other_users: bool,
    /// An attacker who has the whole disk.
    pub stolen_disk: bool,
}

/// What these protectors of a store protect against together; nothing if there is no protector.
pub fn protects(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    protectors: &[Protector],
    data_folder: &Path,
) -> Protects {
    let any = !protectors.is_empty();
    let start = Protects { copies_of_the_data_folder: any, other_users: any, stolen_disk: any };
    protectors.iter().fold(start, |all, protector| {
        let (copies, users, disk) = match protector.kind {
            Kind::KeyFile => (
                !key_file::is_below(config.key_folder, data_folder),
                !key_file::is_open_to_others(config.key_folder, store),
                false,
            ),
            // This program can't know whether the keyring's or the program's own data is encrypted.
            Kind::Keyring | Kind::Command => (true, true, false),
            Kind::Passphrase => (true, true, true),
        };
        Protects {
            copies_of_the_data_folder: all.copies_of_the_data_folder && copies,
            other_users: all.other_users && users,
            stolen_disk: all.stolen_disk && disk,
        }
    })
}
