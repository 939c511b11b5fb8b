//! Folders with all that is in them: copied, and read.

use std::fs;
use std::path::{Path, PathBuf};

use super::Home;

/// Copies a folder to a place where there is none, with who may read what.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { assert!(fs::copy(&path, &to).is_ok()) }
    }
}

/// Every file below a folder, with what is in it.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = fs::read(&path).unwrap();
            found.push((path, content));
        }
    }
    found
}

impl Home {
    /// Another home with a copy of the store and its keys.
    pub(crate) fn copied(&self) -> Self {
        let to = Self::without_store();
        copy(&self.data(), &to.data());
        copy(&self.keys(), &to.keys());
        to
    }
}
