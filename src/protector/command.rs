//! `command`: a program of the user's says the passphrase.
//!
//! Which program lies in the key folder, not in the store: whoever can slip a store to the user (a synchronised or
//! restored data folder) must not be able to slip a program with it.

use std::io;
use std::path::{Path, PathBuf};

use crate::crypto::StoreId;
use crate::files::{self, Cause, Dir, Found};

use super::key_file::check_folder;
use super::{Deadline, Passphrase, Reason, program};

/// No program file is longer.
const LONGEST: usize = 64 * 1024;

/// The folder of a store's program files. It may be reached through links; what is in it may not.
fn own_folder(folder: &Path, store: StoreId) -> PathBuf {
    folder.join(store.to_text())
}

fn name(row: [u8; 16]) -> String {
    format!("command-{}", base16ct::lower::encode_string(&row))
}

/// Writes down which program a new row asks.
pub(super) fn keep(folder: &Path, store: StoreId, row: [u8; 16], argv: &[String]) -> io::Result<()> {
    let own = own_folder(folder, store);
    files::create_folder(&own)?;
    let text = serde_json::to_vec(argv).map_err(io::Error::other)?;
    // What is longer is not read again.
    if text.len() > LONGEST {
        return Err(io::ErrorKind::ArgumentListTooLong.into());
    }
    Ok(Dir::reach(&own)?.create_whole(&name(row), &text)?)
}

/// Asks the program of a row.
pub(super) fn ask(
    folder: &Path,
    store: StoreId,
    row: [u8; 16],
    deadline: &Deadline,
) -> Result<Passphrase, Reason> {
    let own = own_folder(folder, store);
    let (text, found) =
        Dir::reach(&own).and_then(|own| own.read_found(&name(row), LONGEST)).map_err(|error| {
            tracing::error!(
                "the file that names the program that gives the store's passphrase can't be read: {error}"
            );
            match error.cause() {
                _ if error.is_not_found() => Reason::Missing,
                Cause::Kind(_) => Reason::NotAFile,
                Cause::Owner => Reason::NotOurs,
                Cause::TooLong => Reason::Wrong,
                Cause::HardLinked | Cause::Foreign | Cause::Io(_) => Reason::Denied,
            }
        })?;
    check_file(&own.join(name(row)), &found)?;
    check_folder(&own)?;
    let argv: Vec<String> = serde_json::from_slice(&text).map_err(|_| Reason::Wrong)?;
    program::ask(&argv, deadline)
}

/// Whether nobody else names the program that is run as this user.
fn check_file(path: &Path, found: &Found) -> Result<(), Reason> {
    if found.mode & 0o077 != 0 {
        let path = files::quoted(path);
        tracing::error!("other users may read or write {path}, which names a program; run: chmod 600 {path}");
        return Err(Reason::OpenToOthers);
    }
    Ok(())
}

/// Forgets the program of a row.
pub(super) fn forget(folder: &Path, store: StoreId, row: [u8; 16]) {
    // One that stays behind names a program and opens nothing.
    let _ = Dir::reach(&own_folder(folder, store)).and_then(|own| own.remove(&name(row)));
}
