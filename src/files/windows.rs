//! Files where there are no owners and modes to look at: by path, with links refused. The user's profile folder has an
//! access list of its own, which guards what is in it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{FileId, FileKind, Found, How, Privacy, quoted};

/// Opens a link itself, and not what it leads to.
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

    /// What is under a name; a link is a link.
    pub(super) fn find(&self, name: &str) -> io::Result<Found> {
        Ok(found(&fs::symlink_metadata(self.0.join(name))?))
    }

    /// What the folder itself is.
    pub(super) fn found(&self) -> io::Result<Found> {
        Ok(found(&fs::metadata(&self.0)?))
    }

    pub(super) fn rename(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), folder.0.join(to))
    }

    /// Renames, unless there is something under the new name.
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

    /// The names in it, as far as they are Unicode: others are none of ours.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> io::Result<bool> {
        Ok(fs::read_dir(&self.0)?.next().is_none())
    }

    /// Takes the others' rights from it: the access list of the folder above does.
    #[allow(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "other systems have something to do here"
    )]
    pub(super) fn make_private(&self) -> io::Result<()> {
        Ok(())
    }

    /// Makes the names in it durable: the file system's own log does.
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

/// What an open file is.
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
    // How many names it has is not to be had here yet.
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

/// Whether the system said that something is not what was asked for: then the name tells more than the number.
pub(super) fn is_of_another_kind(_error: &io::Error) -> bool {
    true
}

/// Who may use what is at `path`: on this system the profile folder's own access list guards it.
pub fn privacy(path: &Path) -> io::Result<Privacy> {
    fs::metadata(path).map(|_| Privacy::Private)
}

/// Which file an open file is: on this system, when it was made.
pub fn id(file: &Metadata) -> FileId {
    let made = file.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    FileId(0, made.map_or(0, |made| u64::try_from(made.as_nanos()).unwrap_or(u64::MAX)))
}

/// Which file lies at a path.
pub fn id_at(path: &Path) -> io::Result<FileId> {
    Ok(id(&fs::symlink_metadata(path)?))
}

/// Makes the names in a folder durable: the file system's own log does.
#[allow(clippy::unnecessary_wraps, reason = "other systems have something to do here")]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// What keeps this process from a path.
pub(super) struct Obstacle {
    pub(super) path: PathBuf,
    pub(super) owner: String,
    pub(super) is_ours: bool,
}

impl Obstacle {
    /// What is at a path, whether or not it is an obstacle.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), owner: "another user".to_owned(), is_ours: true }
    }
}

/// What keeps this process from a path where the system said that it may not.
pub(super) fn obstacle(path: &Path) -> Obstacle {
    let nearest = path.ancestors().find(|at| fs::symlink_metadata(at).is_ok());
    Obstacle::at(nearest.unwrap_or(path))
}

/// Who this process runs as.
pub(super) fn user() -> String {
    "its own user".to_owned()
}

/// Whether this process may do what it likes with other users' files.
pub(super) fn is_super_user() -> bool {
    false
}

/// The command that makes something ours.
pub(super) fn take_over(path: &Path) -> String {
    format!("run as an administrator: takeown /r /f {}", quoted(path))
}

/// What to do about something of ours that we may not use.
pub(super) fn let_in(obstacle: &Obstacle) -> String {
    let path = quoted(&obstacle.path);
    format!(
        "the system keeps this process from {path}: its access list does, or another program has it open; look at: \
         icacls {path}"
    )
}

/// What makes a mounted file system writable.
pub(super) fn mount_writable(_path: &Path) -> String {
    "make the drive writable".to_owned()
}

/// Whether this process may make something of its own in a folder: the system alone decides.
pub(super) fn may_make_in(_folder: &Metadata) -> bool {
    true
}
