//! `command`: a program that the user chose prints the passphrase.
//!
//! The name of the program is stored in the key folder, not in the store. An attacker who can plant a store (a
//! synchronised or restored data folder) must not be able to plant a program with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::crypto::StoreId;
use crate::files::{self, Privacy};

use super::{Deadline, Passphrase, Reason, program};

fn path(folder: &Path, store: StoreId, row: [u8; 16]) -> PathBuf {
    let row = base16ct::lower::encode_string(&row);
    folder.join(store.to_text()).join(format!("command-{row}"))
}

/// Stores which program a new row runs.
pub(super) fn keep(folder: &Path, store: StoreId, row: [u8; 16], argv: &[String]) -> io::Result<()> {
    let path = path(folder, store, row);
    files::create_folder(path.parent().unwrap_or(folder))?;
    let text = serde_json::to_vec(argv).map_err(io::Error::other)?;
    files::create_whole(&path, &text)
}

/// Runs the program of a row.
pub(super) fn ask(
    folder: &Path,
    store: StoreId,
    row: [u8; 16],
    deadline: &Deadline,
) -> Result<Passphrase, Reason> {
    let path = path(folder, store, row);
    let reason = |error: io::Error| {
        let path = path.display();
        tracing::error!(
            "'{path}', which names the program that gives the store's passphrase, can't be read: {error}"
        );
        if error.kind() == io::ErrorKind::NotFound { Reason::Missing } else { Reason::Denied }
    };
    if files::privacy(&path).map_err(reason)? != Privacy::Private {
        let path = files::quoted(&path);
        tracing::error!(
            "other users may write to the file that names the program for the store's passphrase; \
             run: chmod 600 {path}"
        );
        return Err(Reason::OpenToOthers);
    }
    let text = fs::read(&path).map_err(reason)?;
    let argv: Vec<String> = serde_json::from_slice(&text).map_err(|_| Reason::Wrong)?;
    program::ask(&argv, deadline)
}

/// Removes the file that names the program of a row.
pub(super) fn forget(folder: &Path, store: StoreId, row: [u8; 16]) {
    // A file that can't be removed names a program and opens nothing.
    let _ = fs::remove_file(path(folder, store, row));
}
