//! Files and folders that only their owner may read, synced before they count.
//!
//! [`Dir`] is a folder that was opened once: what is in the data folder is reached through it and through nothing else.
//! The functions that take paths are for what is outside of it. What differs between systems is in `files/unix.rs` and
//! `files/windows.rs`, under the same names.

mod dir;
mod error;
mod quote;
#[cfg(unix)]
#[path = "files/unix.rs"]
mod system;
#[cfg(not(unix))]
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
pub use quote::quoted;
pub use system::{id, id_at, privacy, sync_folder};

/// What kind of thing has a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, or what the system has for one.
    Link,
    /// A FIFO, a socket, a device.
    Special,
}

/// What was found under a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// What kind of thing it is.
    pub kind: FileKind,
    /// Its length in bytes.
    pub length: u64,
    /// How many names it has.
    pub links: u64,
    /// When it was last written to.
    pub modified: SystemTime,
    /// Who may use it.
    pub privacy: Privacy,
    /// Whether it belongs to the super-user, and that is not us.
    pub is_the_super_users: bool,
    /// The bits of its mode; none on systems without.
    pub mode: u32,
    /// Which file it is.
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

/// Which file this is, whatever the path that led to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FileId(u64, u64);

impl std::fmt::Display for FileId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.0, self.1)
    }
}

/// Who may use a file or folder besides its owner, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Privacy {
    /// Ours, and nobody else's.
    Private,
    /// Ours, but others may read or write it.
    OpenToOthers,
    /// Another user's.
    NotOurs,
}

/// What is done with a file at a path: in the folder above, which may be reached through links, and with the file itself
/// as [`Dir`] does it.
fn in_its_folder<T>(path: &Path, act: impl FnOnce(&Dir, &str) -> Result<T>) -> io::Result<T> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
    Ok(act(&Dir::reach(above)?, name)?)
}

/// Opens a file of ours for reading; a link is not followed.
pub fn open(path: &Path) -> io::Result<File> {
    in_its_folder(path, Dir::read)
}

/// Reads a file of ours of at most `longest` bytes; a link is not followed.
pub fn read_whole(path: &Path, longest: usize) -> io::Result<Vec<u8>> {
    in_its_folder(path, |folder, name| folder.read_whole(name, longest))
}

/// Opens for reading and writing, and makes the file with mode 0600 if it is not there.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    in_its_folder(path, Dir::open_or_create)
}

/// Makes a file that must not be there yet, with mode 0600.
pub fn create_new(path: &Path) -> io::Result<File> {
    in_its_folder(path, Dir::create_new)
}

/// Opens for appending, and makes the file with mode 0600 if it is not there.
pub fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the file whole or not at all: written beside its place, synced, moved there, the folder synced.
/// What lies there already is replaced.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    in_its_folder(path, |folder, name| folder.replace(name, content))
}

/// Makes the file whole or not at all; one that is there already stays, and is an error.
pub fn create_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    in_its_folder(path, |folder, name| folder.create_whole(name, content))
}

/// Overwrites a file as [`Dir::overwrite`] does.
pub fn overwrite(path: &Path, longest: usize, is_ours: impl FnOnce(&[u8]) -> bool) -> io::Result<()> {
    in_its_folder(path, |folder, name| folder.overwrite(name, longest, is_ours))
}

/// Makes a folder with mode 0700, and the folders above it, synced; one that is there stays as it is.
pub fn create_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let above = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty());
    let missing: Vec<_> = above.take_while(|folder| !folder.exists()).collect();
    builder.create(path).map_err(|error| {
        let in_the_way = path.ancestors().find(|at| fs::metadata(at).is_ok_and(|found| !found.is_dir()));
        match in_the_way {
            Some(file) => Error::at(file, Cause::Kind(FileKind::File)),
            None => Error::at(path, Cause::Io(error)),
        }
    })?;
    // Whatever is synced inside of a folder is gone with the folder's own name.
    for folder in missing {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match sync_folder(above) {
            // We may make folders in there, and not look into it; then nothing more can be done.
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
                return Err(Error::at(above, Cause::Io(error)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether this process may make a folder of its own at a path. Where it is there, whose it is is another question; where
/// it is not, the nearest folder above that is there must not be in another user's home: what the super-user makes
/// there would be in that user's way.
pub fn may_create_folder(path: &Path) -> Result<()> {
    let whole = std::path::absolute(path).map_err(|error| Error::at(path, Cause::Io(error)))?;
    for folder in whole.ancestors() {
        match fs::metadata(folder) {
            Ok(_) if folder == whole => return Ok(()),
            Ok(found) if system::may_make_in(&found) => return Ok(()),
            Ok(_) => return Err(Error::at(folder, Cause::Owner)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // What else is wrong with it is told when it is used.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Reads a file of at most `longest` bytes at a path that may lead through links, with what it is; whose it may be is the
/// caller's to say. Never waits, and never reads anything but a regular file.
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

/// All that is in a file, or `None` if that is more than `longest` bytes.
fn read_bounded(file: &File, longest: usize) -> io::Result<Option<Vec<u8>>> {
    // With room for one byte more, so that the buffer never moves and leaves a copy of a key behind.
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(longest);
    let mut content = Vec::with_capacity(length.min(longest) + 1);
    file.take(longest as u64 + 1).read_to_end(&mut content)?;
    Ok((content.len() <= longest).then_some(content))
}
