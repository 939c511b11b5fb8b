//! Creates a protector: its row, and what it keeps outside of the store.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::crypto::{ProtectorKey, ProtectorKeys, StoreId, StoreKey, random};

use super::row::{Description, Kind};
use super::{
    Deadline, PROBE, Passphrase, ProtectorConfig, QUIET, Reason, StoredRow, Unavailable, command, key_file,
    keyring, passphrase, program,
};

/// How long the derivation of a new key waits for other derivations in this process.
const MAKING: Duration = Duration::from_mins(1);

/// The kind of a new protector, and what it is made from.
pub enum New {
    /// A file of random bytes.
    KeyFile,
    /// An item in the operating system's keyring.
    Keyring,
    /// A passphrase.
    Passphrase(Passphrase),
    /// A program that prints a passphrase, as an argument vector.
    Command(Vec<String>),
}

/// Why a protector could not be created.
#[derive(Debug)]
pub enum NotMade {
    /// Its files could not be written.
    Io(io::Error),
    /// It does not give its key now, so it would not give it later.
    Unavailable(Unavailable),
}

impl fmt::Display for NotMade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "the files of the protector could not be written: {error}"),
            Self::Unavailable(why) => why.fmt(formatter),
        }
    }
}

impl std::error::Error for NotMade {}

impl From<io::Error> for NotMade {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Creates a protector for a store key, with the user's own name for it or an empty one, and stores what it keeps outside of the store. Returns its row, which the
/// caller has to put into the store.
///
/// # Errors
/// [`NotMade`] if its files can't be written, or it does not give its key back.
pub fn make(
    config: &ProtectorConfig<'_>,
    new: &New,
    label: &str,
    store: StoreId,
    store_key: &StoreKey,
    now: u64,
) -> Result<StoredRow, NotMade> {
    let id = random();
    let (kind, parameters, key) = match new {
        New::KeyFile => (Kind::KeyFile, Vec::new(), make_key_file(config, store)?),
        New::Keyring => {
            let key = keyring::make(store, id, &Deadline::of(PROBE))
                .map_err(|reason| NotMade::Unavailable(Unavailable { protector: Kind::Keyring, reason }))?;
            (Kind::Keyring, Vec::new(), key)
        }
        New::Passphrase(passphrase) => with_passphrase(Kind::Passphrase, passphrase)?,
        New::Command(argv) => {
            command::keep(config.key_folder, store, id, argv)?;
            let passphrase = program::ask(argv, &Deadline::of(QUIET)).map_err(|reason| {
                command::forget(config.key_folder, store, id);
                NotMade::Unavailable(Unavailable { protector: Kind::Command, reason })
            })?;
            with_passphrase(Kind::Command, &passphrase)?
        }
    };
    let row = Description { kind, made_at: now, parameters, label: label.to_owned() };
    Ok((id, row.wrap(id, &ProtectorKeys::derive(store, &key), store_key)))
}

/// As [`make`], with a key file. If this machine has a key file of the same store already, which the store in quarantine
/// may need, that one is used.
///
/// # Errors
/// [`NotMade`] if the key file can't be written, or the one that is there can't be read.
pub fn make_with_key_file(
    config: &ProtectorConfig<'_>,
    store: StoreId,
    store_key: &StoreKey,
    now: u64,
) -> Result<StoredRow, NotMade> {
    if !key_file::path(config.key_folder, store).exists() {
        return make(config, &New::KeyFile, "", store, store_key, now);
    }
    let key = key_file::read(config.key_folder, store)
        .map_err(|reason| NotMade::Unavailable(Unavailable { protector: Kind::KeyFile, reason }))?;
    let row = Description { kind: Kind::KeyFile, made_at: now, parameters: Vec::new(), label: String::new() };
    let id = random();
    Ok((id, row.wrap(id, &ProtectorKeys::derive(store, &key), store_key)))
}

/// An existing key file is never replaced: it may be the key of a copy of this store.
fn make_key_file(config: &ProtectorConfig<'_>, store: StoreId) -> Result<ProtectorKey, NotMade> {
    key_file::make(config.key_folder, store).map_err(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            return NotMade::Io(error);
        }
        let path = key_file::path(config.key_folder, store);
        tracing::error!("'{}' is a key file of another store; move it away", path.display());
        NotMade::Unavailable(Unavailable { protector: Kind::KeyFile, reason: Reason::Denied })
    })
}

fn with_passphrase(kind: Kind, passphrase: &Passphrase) -> Result<(Kind, Vec<u8>, ProtectorKey), NotMade> {
    let parameters = passphrase::parameters();
    let key = passphrase::derive(passphrase, &parameters, &Deadline::of(MAKING))
        .map_err(|reason| NotMade::Unavailable(Unavailable { protector: kind, reason }))?;
    Ok((kind, parameters, key))
}
