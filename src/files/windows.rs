//! Files on systems without owners and modes: by path, with links refused. The user's profile folder has its own access
//! list, which protects its content.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{FileId, FileKind, Found, How, Privacy, quoted};

/// Opens a link itself, and not its target.
#[cfg(windows)]
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
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, OPEN_REPARSE_POINT);
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

/// The file or folder that denies this process access to a path.
pub(super) struct Obstacle {
    pub(super) path: PathBuf,
    pub(super) owner: String,
    pub(super) is_ours: bool,
}

impl Obstacle {
    /// Describes the file at a path, whether or not it denies access.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), owner: "another user".to_owned(), is_ours: true }
    }
}

/// What denies this process access to a path: the nearest existing file or folder.
pub(super) fn obstacle(path: &Path) -> Obstacle {
    let nearest = path.ancestors().find(|at| fs::symlink_metadata(at).is_ok());
    Obstacle::at(nearest.unwrap_or(path))
}

/// The user that this process runs as, in words.
pub(super) fn user() -> String {
    "its own user".to_owned()
}

/// Whether this process may use the files of other users.
pub(super) fn is_super_user() -> bool {
    false
}

/// The command that makes this user the owner.
pub(super) fn take_ownership(path: &Path) -> String {
    format!("run as an administrator: takeown /r /f {}", quoted(path))
}

/// What to do about a file or folder of this user that the process may not use.
pub(super) fn allow_access(obstacle: &Obstacle) -> String {
    let path = quoted(&obstacle.path);
    format!(
        "the system denies access to {path}: its access list is the reason, or another program has it open; look at: \
         icacls {path}"
    )
}

/// What makes a mounted file system writable.
pub(super) fn mount_writable(_path: &Path) -> String {
    "make the drive writable".to_owned()
}

/// Whether this process may create files of its own in a folder. Here only the system decides.
pub(super) fn may_make_in(_folder: &Metadata) -> bool {
    true
}
