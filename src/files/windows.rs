//! Files on Windows: by path, with links refused. Access lists take the place of owners and modes.
//!
//! Other programs (virus scanners, indexers, programs for synchronisation) open files of any folder for a moment, and
//! the system then refuses to open, rename or remove them. So these calls are repeated for about a second.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{FileId, FileKind, Found, How, Privacy};

#[path = "windows/access_list.rs"]
mod access_list;
#[path = "windows/denied.rs"]
mod denied;

pub use denied::quoted;
pub(super) use denied::{
    Obstacle, allow_access, is_super_user, may_make_in, mount_writable, obstacle, take_ownership, user,
};

/// Opens a link itself, and not its target.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
/// Opens a folder as well.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
/// The system's error for a part of a file that another handle has locked.
const LOCK_VIOLATION: i32 = 33;
/// How long a call is repeated while another program has the file open.
const IN_USE: Duration = Duration::from_secs(1);
/// The pause between two such calls.
const PAUSE: Duration = Duration::from_millis(10);

/// Repeats a call while it fails because another program has the file open, for at most [`IN_USE`]. Then the error is of
/// the kind [`io::ErrorKind::ResourceBusy`]. `may_be_denied` says that the system reports such a file as one without
/// access, as it does for a new name and for a removal.
fn while_in_use<T>(may_be_denied: bool, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    const DELETE_PENDING: i32 = 303;
    const USER_MAPPED_FILE: i32 = 1224;
    let until = Instant::now() + IN_USE;
    loop {
        let error = match call() {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let is_in_use = matches!(
            error.raw_os_error(),
            Some(SHARING_VIOLATION | LOCK_VIOLATION | DELETE_PENDING | USER_MAPPED_FILE)
        );
        let may_be = may_be_denied && error.raw_os_error() == Some(ACCESS_DENIED);
        if !is_in_use && !may_be {
            return Err(error);
        }
        if Instant::now() >= until {
            return Err(if is_in_use { io::Error::new(io::ErrorKind::ResourceBusy, error) } else { error });
        }
        std::thread::sleep(PAUSE);
    }
}

/// A folder.
pub(super) struct Handle(PathBuf);

impl Handle {
    /// The folder at a path, which may lead through links.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Self(path.to_owned()))
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    pub(super) fn folder(&self, name: &str) -> io::Result<Self> {
        let path = self.0.join(name);
        if fs::symlink_metadata(&path)?.is_dir() {
            Ok(Self(path))
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    pub(super) fn make_folder(&self, name: &str) -> io::Result<()> {
        fs::DirBuilder::new().create(self.0.join(name))
    }

    pub(super) fn open_file(&self, name: &str, how: How) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true);
        match how {
            How::Read => &mut options,
            How::Write => options.write(true),
            How::WriteOrCreate => options.write(true).create(true).truncate(false),
            How::CreateNew => options.write(true).create_new(true),
        };
        options.custom_flags(OPEN_REPARSE_POINT);
        while_in_use(false, || options.open(self.0.join(name)))
    }

    /// The metadata of a name. A link is not followed.
    pub(super) fn find(&self, name: &str) -> io::Result<Found> {
        found_of(&open_to_look(&self.0.join(name), OPEN_REPARSE_POINT)?)
    }

    /// The metadata of the folder itself.
    pub(super) fn found(&self) -> io::Result<Found> {
        found_of(&open_to_look(&self.0, 0)?)
    }

    pub(super) fn rename(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        while_in_use(true, || fs::rename(self.0.join(from), folder.0.join(to)))
    }

    /// Renames a file; an existing file of the new name is an error.
    pub(super) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        while_in_use(false, || {
            let from = tempfile::TempPath::try_from_path(self.0.join(from))?;
            from.persist_noclobber(self.0.join(to)).map_err(|mut error| {
                // The caller removes it, after the last try.
                error.path.disable_cleanup(true);
                error.error
            })
        })
    }

    pub(super) fn link(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        while_in_use(false, || fs::hard_link(self.0.join(from), folder.0.join(to)))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        while_in_use(true, || fs::remove_file(self.0.join(name)))
    }

    /// The names in it that are Unicode. This program creates no other names.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// Whether it has no entries.
    pub(super) fn is_empty(&self) -> io::Result<bool> {
        Ok(fs::read_dir(&self.0)?.next().is_none())
    }

    /// Takes the rights of other users away.
    pub(super) fn make_private(&self) -> io::Result<()> {
        access_list::make_private(&self.0)
    }

    /// Does nothing: the file system's own log makes the names in it durable.
    #[allow(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "other systems have something to do here"
    )]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a file at a path that may lead through links, for reading.
pub(super) fn open_reached(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a file or folder for nothing but its metadata. No other program's use of the file prevents that.
fn open_to_look(path: &Path, flags: u32) -> io::Result<File> {
    const READ_CONTROL: u32 = 0x0002_0000;
    const READ_ATTRIBUTES: u32 = 0x80;
    let mut options = OpenOptions::new();
    options.access_mode(READ_CONTROL | READ_ATTRIBUTES).custom_flags(BACKUP_SEMANTICS | flags);
    while_in_use(false, || options.open(path))
}

/// The metadata of an open file.
pub(super) fn found_of(file: &File) -> io::Result<Found> {
    let (metadata, info) = (file.metadata()?, winapi_util::file::information(file)?);
    let kind = if metadata.is_symlink() {
        FileKind::Link
    } else if metadata.is_dir() {
        FileKind::Folder
    } else if metadata.is_file() {
        FileKind::File
    } else {
        FileKind::Special
    };
    let access = access_list::access(file)?;
    Ok(Found {
        kind,
        length: metadata.len(),
        links: info.number_of_links(),
        modified: metadata.modified().unwrap_or(std::time::UNIX_EPOCH),
        privacy: access.privacy,
        is_the_super_users: access.is_the_super_users,
        mode: access.mode,
        id: FileId(info.volume_serial_number(), info.file_index()),
    })
}

/// Whether the error means that the file is of another kind than expected. Then the name says more than the error
/// number.
pub(super) fn is_of_another_kind(_error: &io::Error) -> bool {
    true
}

/// Who owns the file at `path`, and whether other users may use it.
///
/// # Errors
/// If the system gives no metadata of the path.
pub fn privacy(path: &Path) -> io::Result<Privacy> {
    Ok(access_list::access(&open_to_look(path, 0)?)?.privacy)
}

/// The identity of an open file: its volume, and its number there. A creation time is no identity: the system gives the
/// time of a removed file to the next file of that name.
///
/// # Errors
/// If the system gives no metadata of the file.
pub fn id(file: &File) -> io::Result<FileId> {
    let info = winapi_util::file::information(file)?;
    Ok(FileId(info.volume_serial_number(), info.file_index()))
}

/// The identity of the file at a path.
///
/// # Errors
/// If the system gives no metadata of the path.
pub fn id_at(path: &Path) -> io::Result<FileId> {
    id(&open_to_look(path, OPEN_REPARSE_POINT)?)
}

/// Does nothing: the file system's own log makes the names in a folder durable.
///
/// # Errors
/// Never on this system.
#[allow(clippy::unnecessary_wraps, reason = "other systems have something to do here")]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether a folder is on a network file system, as far as its path shows.
pub fn is_of_a_network(folder: &Path) -> io::Result<bool> {
    use std::path::{Component, Prefix};
    let named = match std::fs::canonicalize(folder)?.components().next() {
        Some(Component::Prefix(prefix)) => matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..)),
        _ => false,
    };
    Ok(named)
}

/// Bytes that this user can still write on the file system of a folder.
pub fn free_space(folder: &Path) -> Option<u64> {
    access_list::free_space(folder)
}

/// Whether a folder is in the writable layer of a container's image. Not known on this system.
pub fn is_of_a_container(_folder: &Path) -> bool {
    false
}

/// See [`super::read_exact_at`].
pub(super) fn read_exact_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        let read = file.seek_read(into, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        into = &mut into[read..];
        at += read as u64;
    }
    Ok(())
}

/// See [`super::write_all_at`].
pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, at)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}

/// Allocates the first bytes of a file, so that a write to them needs no room on a full disk.
///
/// # Errors
/// If there is no room, or the system refuses.
pub fn allocate(file: &File, length: u64) -> io::Result<()> {
    super::fill_with_zeros(file, length)
}

/// A file that wakes the processes that watch it. The system reports a write late while the handle stays open, so each
/// write opens and closes its own handle.
pub struct WatchedFile(PathBuf);

impl WatchedFile {
    /// The file at a path, which is created if it does not exist.
    ///
    /// # Errors
    /// As [`super::open_or_create`].
    pub fn open(path: &Path) -> io::Result<Self> {
        super::open_or_create(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Writes its first byte.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn strike(&self) -> io::Result<()> {
        write_all_at(&super::open_or_create(&self.0)?, b"\n", 0)
    }
}

/// Releases the lock of a handle. The standard library unlocks twice, since a handle may have two locks here. Wine answers
/// the second call with a lock violation, where Windows says that nothing is locked.
///
/// # Errors
/// If the system refuses.
pub fn unlock(file: &File) -> io::Result<()> {
    match file.unlock() {
        Err(error) if error.raw_os_error() == Some(LOCK_VIOLATION) => Ok(()),
        outcome => outcome,
    }
}

/// Does nothing: a file gets the access list of its folder.
pub(super) fn make_private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Does nothing: see [`protect_new_folder`].
pub(super) fn make_private_folder(builder: &mut DirBuilder) -> &mut DirBuilder {
    builder
}

/// Does nothing: a temporary folder gets the access list of its folder.
pub(super) fn make_private_aside(_builder: &mut tempfile::Builder<'_, '_>) {}

/// Gives a folder that was just made an access list for this user alone. A file system without access lists (FAT) has
/// nothing to protect with; [`privacy`] says so.
pub(super) fn protect_new_folder(folder: &Path) {
    if let Err(error) = access_list::make_private(folder) {
        tracing::debug!(%error, "a new folder has the access list of the folder above");
    }
}

/// Does nothing: the access list of the folder above counts.
///
/// # Errors
/// Never on this system.
#[allow(clippy::unnecessary_wraps, reason = "the same interface as on Unix")]
pub fn let_all_read(_file: &File) -> io::Result<()> {
    Ok(())
}

/// The command that takes the rights of other users away from a path.
pub(super) fn take_rights_away(_mode: &str, path: &Path) -> String {
    let path = quoted(path);
    format!(r#"icacls {path} /inheritance:r /grant:r "%USERNAME%:(OI)(CI)F" "*S-1-5-18:(OI)(CI)F""#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(failures: u32, code: i32, may_be_denied: bool) -> Result<u32, io::ErrorKind> {
        let mut calls = 0;
        let outcome = while_in_use(may_be_denied, || {
            calls += 1;
            if calls > failures { Ok(calls) } else { Err(io::Error::from_raw_os_error(code)) }
        });
        outcome.map_err(|error| error.kind())
    }

    #[test]
    fn a_call_is_repeated_while_another_program_has_the_file_open() {
        for code in [32, 33, 303, 1224] {
            assert_eq!(after(3, code, false), Ok(4), "{code}");
        }
        assert_eq!(after(3, 5, true), Ok(4));
        assert_eq!(after(3, 5, false), Err(io::ErrorKind::PermissionDenied));
        assert_eq!(after(3, 2, true), Err(io::ErrorKind::NotFound));
        assert_eq!(after(u32::MAX, 32, false), Err(io::ErrorKind::ResourceBusy));
    }

    #[test]
    fn a_new_folder_is_for_this_user_alone() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("new");
        super::super::create_folder(&folder).unwrap();
        assert_eq!(privacy(&folder).unwrap(), Privacy::Private);
        super::super::create_whole(&folder.join("file"), b"x").unwrap();
        assert_eq!(privacy(&folder.join("file")).unwrap(), Privacy::Private);
    }
}
