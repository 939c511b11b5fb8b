//! What denies access to a file, and the command that allows it, as the system's shell reads it.

use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::files::is_hidden;

/// The file or folder that denies this process access to a path.
pub(in crate::files) struct Obstacle {
    pub(in crate::files) path: PathBuf,
    pub(in crate::files) owner: String,
    pub(in crate::files) is_ours: bool,
}

impl Obstacle {
    /// Describes the file at a path, whether or not it denies access.
    pub(in crate::files) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), owner: "another user".to_owned(), is_ours: true }
    }
}

/// What denies this process access to a path: the nearest existing file or folder.
pub(in crate::files) fn obstacle(path: &Path) -> Obstacle {
    let nearest = path.ancestors().find(|at| fs::symlink_metadata(at).is_ok());
    Obstacle::at(nearest.unwrap_or(path))
}

/// The user that this process runs as, in words.
pub(in crate::files) fn user() -> String {
    "its own user".to_owned()
}

/// Whether this process may use the files of other users.
pub(in crate::files) fn is_super_user() -> bool {
    false
}

/// The command that makes this user the owner.
pub(in crate::files) fn take_ownership(path: &Path) -> String {
    format!("run as an administrator: takeown /r /f {}", quoted(path))
}

/// What to do about a file or folder of this user that the process may not use.
pub(in crate::files) fn allow_access(obstacle: &Obstacle) -> String {
    let path = quoted(&obstacle.path);
    format!(
        "the system denies access to {path}: its access list is the reason, or another program has it open; look at: \
         icacls {path}"
    )
}

/// What makes a mounted file system writable.
pub(in crate::files) fn mount_writable(_path: &Path) -> String {
    "make the drive writable".to_owned()
}

/// Whether this process may create files of its own in a folder. Here only the system decides.
pub(in crate::files) fn may_make_in(_folder: &Metadata) -> bool {
    true
}

/// A path in quotes, so that a command with it can be copied from the log into a shell.
pub fn quoted(path: &Path) -> String {
    let mut text = String::from("\"");
    for letter in path.to_string_lossy().chars() {
        if is_hidden(letter) {
            let _ = write!(text, "{}", letter.escape_unicode());
        } else {
            text.push(letter);
        }
    }
    text.push('"');
    text
}
