//! `command`: a program that the user chose prints the passphrase.
//!
//! The name of the program is stored in the key folder, not in the store. An attacker who can plant a store (a
//! synchronised or restored data folder) must not be able to plant a program with it.

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

/// Stores which program a new row runs.
pub(super) fn keep(folder: &Path, store: StoreId, row: [u8; 16], argv: &[String]) -> io::Result<()> {
    let own = own_folder(folder, store);
    files::create_folder(&own)?;
    let text = serde_json::to_vec(argv).map_err(io::Error::other)?;
    // A reader refuses a longer file.
    if text.len() > LONGEST {
        return Err(io::ErrorKind::ArgumentListTooLong.into());
    }
    Ok(Dir::reach(&own)?.create_whole(&name(row), &text)?)
}

/// Runs the program of a row.
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

/// Checks that no other user can change which program runs as this user.
fn check_file(path: &Path, found: &Found) -> Result<(), Reason> {
    if found.mode & 0o077 != 0 {
        let (command, path) = (files::take_rights_away("600", path), files::quoted(path));
        tracing::error!("other users may read or write {path}, which names a program; run: {command}");
        return Err(Reason::OpenToOthers);
    }
    Ok(())
}

/// Removes the file that names the program of a row.
pub(super) fn forget(folder: &Path, store: StoreId, row: [u8; 16]) {
    // A file that can't be removed names a program and opens nothing.
    let _ = Dir::reach(&own_folder(folder, store)).and_then(|own| own.remove(&name(row)));
}
