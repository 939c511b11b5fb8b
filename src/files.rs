//! Files and folders that only their owner may read. A change is synced before it is used.
//!
//! [`Dir`] is a folder that was opened once. The program reaches files in the data folder only through it. The
//! functions that take paths are for files outside of the data folder. What differs between systems is in
//! `files/unix.rs` and `files/windows.rs`, under the same names.

mod dir;
mod error;
#[cfg(all(test, target_os = "linux"))]
mod mandatory;
mod problem;
#[cfg(unix)]
#[path = "files/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "files/windows.rs"]
mod system;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;
use std::time::SystemTime;

pub use dir::{ASIDE, Dir, FolderAside};
pub use error::{Cause, Error, Refusal, Result};
pub use problem::Problem;
pub use system::{
    WatchedFile, allocate, free_space, id, id_at, is_of_a_container, is_of_a_network, let_all_read, privacy,
    quoted, sync_folder, unlock,
};

/// What kind of file has a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, or the system's equivalent.
    Link,
    /// A FIFO, a socket, a device.
    Special,
}

/// The metadata of a file or folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// What kind of file it is.
    pub kind: FileKind,
    /// Its length in bytes.
    pub length: u64,
    /// How many names (hard links) it has.
    pub links: u64,
    /// When it was last written to.
    pub modified: SystemTime,
    /// Who owns it, and whether other users may use it.
    pub privacy: Privacy,
    /// Whether it belongs to the super-user, while this process runs as another user.
    pub is_the_super_users: bool,
    /// The bits of its mode; 0 on systems without modes.
    pub mode: u32,
    /// Which file it is, whatever its name.
    pub id: FileId,
}

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Read,
    Write,
    WriteOrCreate,
    CreateNew,
}

/// The identity of a file, which does not depend on the path that led to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FileId(u64, u64);

impl std::fmt::Display for FileId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.0, self.1)
    }
}

/// Who owns a file or folder, and whether other users may use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Privacy {
    /// It belongs to this process's user, and other users may not use it.
    Private,
    /// It belongs to this process's user, but other users may read or write it.
    OpenToOthers,
    /// It belongs to another user.
    NotOurs,
}

/// Runs `act` on the folder above a path, which may be reached through links, and on the file's name in it. The file
/// itself is used as [`Dir`] does it.
fn in_its_folder<T>(path: &Path, act: impl FnOnce(&Dir, &str) -> Result<T>) -> io::Result<T> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
    Ok(act(&Dir::reach(above)?, name)?)
}

/// The command for a shell that takes the rights of other users away from a path. `mode` is in the form that `chmod`
/// has, for the systems that have it.
pub fn take_rights_away(mode: &str, path: &Path) -> String {
    system::take_rights_away(mode, path)
}

/// Opens a file of this user for reading. A link is not followed.
///
/// # Errors
/// An [`io::Error`], from which [`Error::of`] takes the error with the path.
pub fn open(path: &Path) -> io::Result<File> {
    in_its_folder(path, Dir::read)
}

/// Reads a file of this user, of at most `longest` bytes. A link is not followed.
///
/// # Errors
/// As [`open`]; also if the file is longer.
pub fn read_whole(path: &Path, longest: usize) -> io::Result<Vec<u8>> {
    in_its_folder(path, |folder, name| folder.read_whole(name, longest))
}

/// Opens a file for reading and writing, and creates it with mode 0600 if it does not exist.
///
/// # Errors
/// As [`open`].
pub fn open_or_create(path: &Path) -> io::Result<File> {
    in_its_folder(path, Dir::open_or_create)
}

/// Creates a file with mode 0600.
///
/// # Errors
/// As [`open`]; also if the name exists.
pub fn create_new(path: &Path) -> io::Result<File> {
    in_its_folder(path, Dir::create_new)
}

/// Opens a file for appending, and creates it with mode 0600 if it does not exist. A link is followed: the path is the
/// user's own choice.
///
/// # Errors
/// If the system can't open or create the file.
pub fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    system::make_private_file(options.append(true).create(true)).open(path)
}

/// Writes a file atomically: writes it under another name, syncs it, renames it, and syncs the folder. An existing file
/// is replaced.
///
/// # Errors
/// As [`open`]; the old file is intact then, unless the folder's sync failed.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    in_its_folder(path, |folder, name| folder.replace(name, content))
}

/// Creates a file atomically. An existing file stays as it is.
///
/// # Errors
/// As [`open`]; also if the name exists.
pub fn create_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    in_its_folder(path, |folder, name| folder.create_whole(name, content))
}

/// Overwrites a file with zeros, as [`Dir::overwrite`] does.
///
/// # Errors
/// As [`open`].
pub fn overwrite(path: &Path, longest: usize, is_ours: impl FnOnce(&[u8]) -> bool) -> io::Result<()> {
    in_its_folder(path, |folder, name| folder.overwrite(name, longest, is_ours))
}

/// Creates a folder with mode 0700, and the missing folders above it, and syncs their names. An existing folder stays
/// as it is.
///
/// # Errors
/// If a file is in the way, or the system refuses.
pub fn create_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    system::make_private_folder(builder.recursive(true));
    let above = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty());
    let missing: Vec<_> = above.take_while(|folder| !folder.exists()).collect();
    builder.create(path).map_err(|error| {
        let in_the_way = path.ancestors().find(|at| fs::metadata(at).is_ok_and(|found| !found.is_dir()));
        match in_the_way {
            Some(file) => Error::at(file, Cause::Kind(FileKind::File)),
            None => Error::at(path, Cause::Io(error)),
        }
    })?;
    // From the top: on a system that inherits rights, each folder gets its own.
    missing.iter().rev().for_each(|folder| system::protect_new_folder(folder));
    // What is synced inside a folder is lost if the folder's own name is lost.
    for folder in missing {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match sync_folder(above) {
            // A folder in which this process may create folders, but which it may not open: its sync is not possible.
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
                return Err(Error::at(above, Cause::Io(error)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks whether this process may create a folder of its own at a path. If the folder exists, its owner is not checked
/// here. If it does not, the nearest existing folder above it must not be in another user's home: what the super-user
/// creates there would block that user.
///
/// # Errors
/// [`Cause::Owner`] if the folder would be in another user's home.
pub fn may_create_folder(path: &Path) -> Result<()> {
    let whole = std::path::absolute(path).map_err(|error| Error::at(path, Cause::Io(error)))?;
    for folder in whole.ancestors() {
        match fs::metadata(folder) {
            Ok(_) if folder == whole => return Ok(()),
            Ok(found) if system::may_make_in(&found) => return Ok(()),
            Ok(_) => return Err(Error::at(folder, Cause::Owner)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Any other error appears when the folder is used.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Reads a file of at most `longest` bytes, and its metadata, at a path that may lead through links. The caller decides
/// which owners it accepts. Never waits, and reads only regular files.
///
/// # Errors
/// If there is no regular file, it is too long, or the system refuses.
pub fn read_reached(path: &Path, longest: usize) -> Result<(Vec<u8>, Found)> {
    let failed = |error| Error::at(path, Cause::Io(error));
    let file = system::open_reached(path).map_err(failed)?;
    let found = system::found_of(&file).map_err(failed)?;
    if found.kind != FileKind::File {
        return Err(Error::at(path, Cause::Kind(found.kind)));
    }
    let content = read_bounded(&file, longest).map_err(failed)?;
    content.map(|content| (content, found)).ok_or_else(|| Error::at(path, Cause::TooLong))
}

/// Reads bytes at a place of a file.
///
/// # Errors
/// If the file ends before, or the system refuses.
pub fn read_exact_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    system::read_exact_at(file, into, at)
}

/// Writes bytes at a place of a file.
///
/// # Errors
/// If the system refuses. A part may have been written.
pub fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(all(test, target_os = "linux"))]
    mandatory::check_write(file)?;
    system::write_all_at(file, bytes, at)
}

/// The content of a file, or `None` if it has more than `longest` bytes.
fn read_bounded(file: &File, longest: usize) -> io::Result<Option<Vec<u8>>> {
    // With space for one more byte, so that the buffer never moves and never leaves a copy of a key behind.
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(longest);
    #[cfg(all(test, target_os = "linux"))]
    mandatory::check_read(file)?;
    let mut content = Vec::with_capacity(length.min(longest) + 1);
    file.take(longest as u64 + 1).read_to_end(&mut content)?;
    Ok((content.len() <= longest).then_some(content))
}

/// Whether a character would end the line, or change how the line looks.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Makes a file at least as long as `length`, where the system has no call that allocates.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn fill_with_zeros(mut file: &File, length: u64) -> io::Result<()> {
    let missing = length.saturating_sub(file.metadata()?.len());
    if missing > 0 {
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        io::copy(&mut io::repeat(0).take(missing), &mut file)?;
    }
    Ok(())
}
