//! What the protectors of a store guard against.

use std::path::Path;

use crate::crypto::StoreId;

use super::{Kind, Protector, ProtectorConfig, key_file};

/// What guards a store, said truly for where things lie now: what every one of its protectors guards against, since one
/// way in is enough.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Protects {
    /// Somebody who has a copy of the data folder, and nothing else.
    pub copies_of_the_data_folder: bool,
    /// Another user of the same machine.
    pub other_users: bool,
    /// Somebody who has the whole disk.
    pub stolen_disk: bool,
}

/// What these protectors of a store guard against together; nothing, where there is none.
pub fn protects(
    means: &ProtectorConfig<'_>,
    store: StoreId,
    protectors: &[Protector],
    data_folder: &Path,
) -> Protects {
    let any = !protectors.is_empty();
    let start = Protects { copies_of_the_data_folder: any, other_users: any, stolen_disk: any };
    protectors.iter().fold(start, |all, protector| {
        let (copies, users, disk) = match protector.kind {
            Kind::KeyFile => (
                !key_file::lies_below(means.key_folder, data_folder),
                !key_file::is_open_to_others(means.key_folder, store),
                false,
            ),
            // Whether what lies behind them is sealed itself can't be known from here.
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
