//! Files on systems without owners and modes: by path, with links refused. The user's profile folder has its own access
//! list, which protects its content.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{FileId, FileKind, Found, How, Privacy};

#[path = "windows/denied.rs"]
mod denied;

pub use denied::quoted;
pub(super) use denied::{
    Obstacle, allow_access, is_super_user, may_make_in, mount_writable, obstacle, take_ownership, user,
};

/// Opens a link itself, and not its target.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

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
        options.open(self.0.join(name))
    }

    /// The metadata of a name. A link is not followed.
    pub(super) fn find(&self, name: &str) -> io::Result<Found> {
        Ok(found(&fs::symlink_metadata(self.0.join(name))?))
    }

    /// The metadata of the folder itself.
    pub(super) fn found(&self) -> io::Result<Found> {
        Ok(found(&fs::metadata(&self.0)?))
    }

    pub(super) fn rename(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), folder.0.join(to))
    }

    /// Renames a file; an existing file of the new name is an error.
    pub(super) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        let from = tempfile::TempPath::try_from_path(self.0.join(from))?;
        from.persist_noclobber(self.0.join(to)).map_err(|error| error.error)
    }

    pub(super) fn link(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        fs::hard_link(self.0.join(from), folder.0.join(to))
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
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

    /// Does nothing: the access list of the folder above keeps other users out.
    #[allow(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "other systems have something to do here"
    )]
    pub(super) fn make_private(&self) -> io::Result<()> {
        Ok(())
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

/// The metadata of an open file.
pub(super) fn found_of(file: &File) -> io::Result<Found> {
    Ok(found(&file.metadata()?))
}

fn found(metadata: &Metadata) -> Found {
    let kind = if metadata.is_symlink() {
        FileKind::Link
    } else if metadata.is_dir() {
        FileKind::Folder
    } else if metadata.is_file() {
        FileKind::File
    } else {
        FileKind::Special
    };
    // The standard library does not give the number of names on this system yet.
    let modified = metadata.modified().unwrap_or(std::time::UNIX_EPOCH);
    Found {
        kind,
        length: metadata.len(),
        links: 1,
        modified,
        privacy: Privacy::Private,
        is_the_super_users: false,
        mode: 0,
        id: id(metadata),
    }
}

/// Whether the error means that the file is of another kind than expected. Then the name says more than the error
/// number.
pub(super) fn is_of_another_kind(_error: &io::Error) -> bool {
    true
}

/// Who may use the file at `path`. On this system the access list of the profile folder protects it.
///
/// # Errors
/// If the system gives no metadata of the path.
pub fn privacy(path: &Path) -> io::Result<Privacy> {
    fs::metadata(path).map(|_| Privacy::Private)
}

/// The identity of an open file. On this system, the time when it was created.
pub fn id(file: &Metadata) -> FileId {
    let made = file.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    FileId(0, made.map_or(0, |made| u64::try_from(made.as_nanos()).unwrap_or(u64::MAX)))
}

/// The identity of the file at a path.
///
/// # Errors
/// If the system gives no metadata of the path.
pub fn id_at(path: &Path) -> io::Result<FileId> {
    Ok(id(&fs::symlink_metadata(path)?))
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

/// Bytes that this user can still write on the file system of a folder. The standard library does not say.
pub fn free_space(_folder: &Path) -> Option<u64> {
    None
}

/// Whether a folder is in the writable layer of a container's image. Not known on this system.
pub fn is_of_a_container(_folder: &Path) -> bool {
    false
}

/// Reads bytes at a place of a file.
///
/// # Errors
/// If the file ends before, or the system refuses.
pub fn read_exact_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
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

/// Writes bytes at a place of a file.
///
/// # Errors
/// If the system refuses. A part may have been written.
pub fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
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

/// Does nothing: the access list of the folder above keeps other users out.
pub(super) fn make_private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Does nothing: the access list of the folder above keeps other users out.
pub(super) fn make_private_folder(builder: &mut DirBuilder) -> &mut DirBuilder {
    builder
}

/// Does nothing: the access list of the folder above keeps other users out.
pub(super) fn make_private_aside(_builder: &mut tempfile::Builder<'_, '_>) {}

/// Does nothing: the access list of the folder above counts.
///
/// # Errors
/// Never on this system.
#[allow(clippy::unnecessary_wraps, reason = "the same interface as on Unix")]
pub fn let_all_read(_file: &File) -> io::Result<()> {
    Ok(())
}
