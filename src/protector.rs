//! Ways to the store key. Each has a row in the store, in which the store key lies wrapped under the protector's own
//! key; where that key lies is what makes one protector differ from another.
//!
//! The protector is chosen when the store is made and never changed in silence: a key that can't be reached is an
//! error, and no reason to make another.

mod key_file;
mod row;

use std::path::Path;

use crate::crypto::{ProtectorKeys, StoreId, StoreKey};

pub use row::Kind;
use row::Row;

/// Where protectors look for what they need.
pub struct Means<'m> {
    /// The folder of key files.
    pub key_folder: &'m Path,
}

/// The store key is not to be had. Nothing was changed, nothing was made in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unavailable {
    /// The protector that was asked last.
    pub protector: Kind,
    /// Why it did not give the key.
    pub reason: Reason,
}

/// Why a protector did not give its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It has no key for this store.
    Missing,
    /// It has a key, but not this store's.
    Wrong,
    /// It may not be asked.
    Denied,
    /// Others can read its key.
    OpenToOthers,
}

/// A protector's row could not be made.
#[derive(Debug)]
pub struct NotMade(pub std::io::Error);

/// Makes the protector of a new store. Returns the row's id and content.
pub fn make(
    means: &Means<'_>,
    store: StoreId,
    store_key: &StoreKey,
    now: u64,
) -> Result<([u8; 16], Vec<u8>), NotMade> {
    let key = key_file::make(means.key_folder, store).map_err(NotMade)?;
    let id = crate::crypto::random();
    let row = Row::wrap(id, Kind::KeyFile, now, &ProtectorKeys::derive(store, &key), store_key);
    Ok((id, row))
}

/// Gets the store key from the first protector that gives it. `rows` are ids and contents.
pub fn open(
    means: &Means<'_>,
    store: StoreId,
    rows: &[([u8; 16], Vec<u8>)],
) -> Result<(StoreKey, Kind), Unavailable> {
    let mut last = Unavailable { protector: Kind::KeyFile, reason: Reason::Missing };
    for (id, content) in rows {
        // A row that this version can't read is another's: it neither opens the store nor stops it.
        let Some(row) = Row::decode(content) else { continue };
        let protector = row.kind();
        let opened = match protector {
            Kind::KeyFile => key_file::read(means.key_folder, store),
        };
        match opened.and_then(|key| row.unwrap(*id, &ProtectorKeys::derive(store, &key)).ok_or(Reason::Wrong))
        {
            Ok(store_key) => return Ok((store_key, protector)),
            Err(reason) => last = Unavailable { protector, reason },
        }
    }
    Err(last)
}

/// What a protector guards against, said truly for where things lie now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protects {
    /// Somebody who has a copy of the data folder, and nothing else.
    pub copies_of_the_data_folder: bool,
    /// Another user of the same machine.
    pub other_users: bool,
    /// Somebody who has the whole disk.
    pub stolen_disk: bool,
}

impl Kind {
    /// What this protector guards against.
    pub fn protects(self, means: &Means<'_>, data_folder: &Path) -> Protects {
        match self {
            Self::KeyFile => Protects {
                copies_of_the_data_folder: !key_file::lies_below(means.key_folder, data_folder),
                other_users: true,
                stolen_disk: false,
            },
        }
    }
}
