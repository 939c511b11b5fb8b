//! What denies access to a file, and the command that allows it, as a shell reads it.

use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::us;
use crate::files::is_hidden;

/// The file or folder that denies this process access to a path.
pub(in crate::files) struct Obstacle {
    pub(in crate::files) path: PathBuf,
    pub(in crate::files) owner: String,
    pub(in crate::files) is_ours: bool,
    mode: u32,
    is_folder: bool,
}

impl Obstacle {
    /// Describes the file at a path, whether or not it denies access.
    pub(in crate::files) fn at(path: &Path) -> Self {
        let metadata = fs::metadata(path).or_else(|_| fs::symlink_metadata(path)).ok();
        let owner = metadata.as_ref().map(Metadata::uid);
        Self {
            path: path.to_owned(),
            owner: owner.map_or_else(|| "another user".to_owned(), user_of),
            is_ours: owner == Some(us()),
            mode: metadata.as_ref().map_or(0, Metadata::mode) & 0o7777,
            is_folder: metadata.is_some_and(|metadata| metadata.is_dir()),
        }
    }
}

/// What denies this process access to a path: the nearest existing file or folder whose metadata can be read. If the
/// path exists, it is the path itself; otherwise a folder above, which can't be searched or written to.
pub(in crate::files) fn obstacle(path: &Path) -> Obstacle {
    let nearest = path.ancestors().find(|at| fs::symlink_metadata(at).is_ok());
    Obstacle::at(nearest.unwrap_or(path))
}

fn user_of(id: u32) -> String {
    if id == 0 { "user 0 (root)".to_owned() } else { format!("user {id}") }
}

/// The user that this process runs as.
pub(in crate::files) fn user() -> String {
    user_of(us())
}

/// Whether this process may use the files of other users.
pub(in crate::files) fn is_super_user() -> bool {
    us() == 0
}

/// The command that makes this user the owner.
pub(in crate::files) fn take_ownership(path: &Path) -> String {
    format!("run: sudo chown -R {} {}", us(), quoted(path))
}

/// What to do about a file or folder of this user that the process may not use.
pub(in crate::files) fn allow_access(obstacle: &Obstacle) -> String {
    let path = quoted(&obstacle.path);
    let needed = if obstacle.is_folder { 0o700 } else { 0o600 };
    if obstacle.mode & needed == needed {
        return format!(
            "the system denies access to {path}, although its owner and mode allow it: an access list, a \
             security module or an attribute of the file is the reason; look at: ls -lZ {path}; lsattr -d {path}"
        );
    }
    let rights = if obstacle.is_folder { "rwx" } else { "rw" };
    format!(
        "the mode {:04o} of {path} denies access to its owner; run: chmod u={rights} {path}",
        obstacle.mode
    )
}

/// The command that makes a mounted file system writable.
pub(in crate::files) fn mount_writable(path: &Path) -> String {
    let mut mount = path.ancestors().find(|at| at.exists()).unwrap_or(Path::new("/"));
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    while let Some(above) = mount.parent().filter(|above| device(above) == device(mount)) {
        mount = above;
    }
    format!("run: sudo mount -o remount,rw {}", quoted(mount))
}

/// Whether this process may create files of its own in a folder. What the super-user creates in another user's home
/// blocks that user for ever. A folder that all users may write to, or one that the system lets a normal user write to,
/// does no harm.
pub(in crate::files) fn may_make_in(folder: &Metadata) -> bool {
    let all_may_write = folder.permissions().mode() & 0o002 != 0;
    us() != 0 || folder.uid() == 0 || all_may_write
}

/// A path in quotes, so that a command with it can be copied from the log into a shell.
pub fn quoted(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_hidden) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            let mut text = "$'".to_owned();
            for byte in bytes {
                match byte {
                    b'\'' | b'\\' => {
                        text.push('\\');
                        text.push(char::from(*byte));
                    }
                    b' '..=b'~' => text.push(char::from(*byte)),
                    _ => {
                        let _ = write!(text, "\\x{byte:02x}");
                    }
                }
            }
            text.push('\'');
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_path_as_the_same_path() {
        let names: [&[u8]; 7] = [
            b"/plain",
            b"/with space",
            b"/it's",
            b"/$(id) `id` \"x\" \\n",
            b"/line\nfeed\x7f",
            b"/not utf-8 \xff'\\",
            "/rtl \u{202e}gpj".as_bytes(),
        ];
        for name in names {
            let quoted = quoted(Path::new(OsStr::from_bytes(name)));
            assert!(!quoted.chars().any(is_hidden), "{quoted}");
            let output = Command::new("bash").args(["-c", &format!("printf %s {quoted}")]).output().unwrap();
            assert_eq!(output.stdout, name, "{quoted}");
        }
    }
}
