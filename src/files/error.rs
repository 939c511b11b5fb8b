//! Why a file or folder could not be used: what happened, why, and what to do, with the path and a command that a user
//! can paste into a shell. A path of the data folder is not a caller's data, so it may appear in messages.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{FileKind, quoted, system};

/// The result of an operation on a named file.
pub type Result<T> = std::result::Result<T, Error>;

/// An error about a named file or folder.
#[derive(Debug)]
pub struct Error {
    path: PathBuf,
    /// The opened folder that contains it; `None` for that folder itself and for what is above it.
    folder: Option<PathBuf>,
    cause: Cause,
}

/// Why it could not be used.
#[derive(Debug)]
pub enum Cause {
    /// The name belongs to a file of another kind.
    Kind(FileKind),
    /// The file has a second name somewhere, and would be changed there as well.
    HardLinked,
    /// It belongs to another user.
    Owner,
    /// It is longer than any file that the program keeps under its name.
    TooLong,
    /// Its content is not what the program keeps under its name.
    Foreign,
    /// The system call failed.
    Io(io::Error),
}

/// Why a file or folder is refused. The user has to change it, or name another one, before it can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// A symbolic link, or a file with a second name.
    Link,
    /// A FIFO, a socket or a device; a folder in the place of a file; a file in the place of a folder.
    FileType,
    /// It belongs to another user.
    Owner,
    /// It belongs to this user, but its mode or another rule of the system denies access.
    Access,
    /// Its file system is mounted read-only.
    ReadOnly,
}

impl Error {
    pub(super) fn new(path: PathBuf, folder: Option<&Path>, cause: Cause) -> Self {
        Self { path, folder: folder.map(Path::to_owned), cause }
    }

    /// An error about a path outside of every folder that was opened.
    pub fn at(path: &Path, cause: Cause) -> Self {
        Self::new(path.to_owned(), None, cause)
    }

    /// The error about a named file that an I/O error carries.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The path of the file or folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why it could not be used.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Whether the name does not exist.
    pub fn is_not_found(&self) -> bool {
        self.is(io::ErrorKind::NotFound)
    }

    /// Whether the name exists already.
    pub fn is_already_there(&self) -> bool {
        self.is(io::ErrorKind::AlreadyExists)
    }

    fn is(&self, kind: io::ErrorKind) -> bool {
        matches!(&self.cause, Cause::Io(error) if error.kind() == kind)
    }

    /// Why it is refused; `None` for an error that no other file, folder, mode or mount can fix.
    pub fn refusal(&self) -> Option<Refusal> {
        match &self.cause {
            Cause::Kind(FileKind::Link) | Cause::HardLinked => Some(Refusal::Link),
            Cause::Kind(_) => Some(Refusal::FileType),
            Cause::Owner => Some(Refusal::Owner),
            Cause::TooLong | Cause::Foreign => None,
            Cause::Io(error) => match error.kind() {
                io::ErrorKind::ReadOnlyFilesystem => Some(Refusal::ReadOnly),
                io::ErrorKind::PermissionDenied if system::obstacle(&self.path).is_ours => {
                    Some(Refusal::Access)
                }
                io::ErrorKind::PermissionDenied => Some(Refusal::Owner),
                _ => None,
            },
        }
    }

    fn owned_by_another(&self, text: &mut fmt::Formatter<'_>, obstacle: &system::Obstacle) -> fmt::Result {
        let path = &obstacle.path;
        write!(
            text,
            "{} belongs to {}, and this process runs as {}; ",
            quoted(path),
            obstacle.owner,
            system::user()
        )?;
        // What is in the data folder or in the user's home should belong to the user. What is above them is not the
        // user's to take over.
        match &self.folder {
            _ if system::is_super_user() => {
                write!(text, "run plugin-vault as that user, without sudo, or name another folder")
            }
            Some(folder) => write!(text, "{}", system::take_ownership(folder)),
            None if path == &self.path || is_in_home(path) => {
                write!(text, "{}, or name another folder", system::take_ownership(path))
            }
            None => write!(text, "name a folder of your own with --data-dir and --key-dir"),
        }
    }
}

/// Whether a folder is below the user's home folder. A home folder that is the root folder does not count.
fn is_in_home(path: &Path) -> bool {
    std::env::home_dir().is_some_and(|home| home.parent().is_some() && path != home && path.starts_with(home))
}

impl fmt::Display for Error {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = quoted(&self.path);
        match &self.cause {
            Cause::Kind(FileKind::Link) => write!(
                text,
                "{path} is a link, and no link is followed in this place; put the file itself there, or \
                 remove the link: rm {path}"
            ),
            Cause::Kind(FileKind::Special) => write!(
                text,
                "{path} is a FIFO, a socket or a device, not a file of the store; remove it: rm {path}"
            ),
            Cause::Kind(kind) => {
                let (is, belongs) = match kind {
                    FileKind::Folder => ("a folder", "a file"),
                    _ => ("a file", "a folder"),
                };
                let aside = quoted(&with_suffix(&self.path, ".aside"));
                write!(text, "{path} is {is} where {belongs} belongs; move it away: mv {path} {aside}")
            }
            Cause::HardLinked => {
                let copy = quoted(&with_suffix(&self.path, ".copy"));
                write!(
                    text,
                    "{path} has a second name (a hard link), and what is written to it would change there as well; \
                     make it a file of its own: cp -p {path} {copy} && mv {copy} {path}"
                )
            }
            Cause::Owner => self.owned_by_another(text, &system::Obstacle::at(&self.path)),
            Cause::TooLong => write!(text, "{path} is longer than any file that is kept there"),
            Cause::Foreign => write!(text, "{path} is not a file of this store and is left as it is"),
            Cause::Io(error) => match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    let obstacle = system::obstacle(&self.path);
                    if obstacle.is_ours {
                        write!(text, "{}", system::allow_access(&obstacle))
                    } else {
                        self.owned_by_another(text, &obstacle)
                    }
                }
                io::ErrorKind::ReadOnlyFilesystem => write!(
                    text,
                    "{path} is on a file system that is mounted read-only; {}, or name another folder with --data-dir \
                     and --key-dir",
                    system::mount_writable(&self.path)
                ),
                _ => write!(text, "{path} could not be used: {error}"),
            },
        }
    }
}

/// Lets a function with other errors return this one as well; [`Error::of`] takes it out again.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error.cause {
            Cause::Io(inner) => inner.kind(),
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Io(error) => Some(error),
            _ => None,
        }
    }
}
