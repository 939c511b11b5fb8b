//! `command`: a program of the user's says the passphrase.
//!
//! Which program lies in the key folder, not in the store: whoever can slip a store to the user (a synchronised or
//! restored data folder) must not be able to slip a program with it.

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

/// Writes down which program a new row asks.
pub(super) fn keep(folder: &Path, store: StoreId, row: [u8; 16], argv: &[String]) -> io::Result<()> {
    let path = path(folder, store, row);
    files::create_folder(path.parent().unwrap_or(folder))?;
    let text = serde_json::to_vec(argv).map_err(io::Error::other)?;
    files::create_whole(&path, &text)
}

/// Asks the program of a row.
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
        tracing::error!("others may write '{}'; run: chmod 600 on it", path.display());
        return Err(Reason::OpenToOthers);
    }
    let text = fs::read(&path).map_err(reason)?;
    let argv: Vec<String> = serde_json::from_slice(&text).map_err(|_| Reason::Wrong)?;
    program::ask(&argv, deadline)
}

/// Forgets the program of a row.
pub(super) fn forget(folder: &Path, store: StoreId, row: [u8; 16]) {
    // One that stays behind names a program and opens nothing.
    let _ = fs::remove_file(path(folder, store, row));
}
