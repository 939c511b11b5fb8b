//! Files on Unix: system calls relative to a folder's handle, and owners and modes with the commands that change them.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::{AtFlags, Mode, OFlags, Stat as RawStat};
use rustix::io::Errno;

use super::{FileId, FileKind, Found, How, Privacy, quoted};

const FILE: Mode = Mode::from_raw_mode(0o600);
const FOLDER: Mode = Mode::from_raw_mode(0o700);

/// A folder that is open.
pub(super) struct Handle(File);

impl Handle {
    /// The folder at a path, which may lead through links.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?.into()))
    }

    pub(super) fn folder(&self, name: &str) -> io::Result<Self> {
        let flags =
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(Self(rustix::fs::openat(&self.0, name, flags, Mode::empty())?.into()))
    }

    pub(super) fn make_folder(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, FOLDER)?)
    }

    pub(super) fn open_file(&self, name: &str, how: How) -> io::Result<File> {
        let flags = match how {
            How::Read => OFlags::RDONLY,
            How::Write => OFlags::RDWR,
            How::WriteOrCreate => OFlags::RDWR | OFlags::CREATE,
            How::CreateNew => OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
        };
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(rustix::fs::openat(&self.0, name, flags, FILE)?.into())
    }

    /// The metadata of a name. A link is not followed.
    pub(super) fn find(&self, name: &str) -> io::Result<Found> {
        Ok(found(&rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// The metadata of the folder itself.
    pub(super) fn found(&self) -> io::Result<Found> {
        found_of(&self.0)
    }

    pub(super) fn rename(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &folder.0, to)?)
    }

    /// Renames a file; an existing file of the new name is an error.
    pub(super) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            use rustix::fs::RenameFlags;
            match rustix::fs::renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
                // Not every file system and kernel supports this.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                outcome => return Ok(outcome?),
            }
        }
        self.link(from, self, to)?;
        self.remove(from)
    }

    pub(super) fn link(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.0, from, &folder.0, to, AtFlags::empty())?)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// The names in it that are UTF-8. This program creates no other names.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let name = entry?.file_name().to_owned();
            names.extend(name.into_string().ok().filter(|name| name != "." && name != ".."));
        }
        Ok(names)
    }

    /// Whether it has no entries.
    pub(super) fn is_empty(&self) -> io::Result<bool> {
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes the rights of other users away.
    pub(super) fn make_private(&self) -> io::Result<()> {
        Ok(rustix::fs::fchmod(&self.0, FOLDER)?)
    }

    /// Syncs the folder, so that the names in it are durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Opens a file for reading at a path that may lead through links. Never waits, also not for the other end of a FIFO.
pub(super) fn open_reached(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

/// The metadata of an open file.
pub(super) fn found_of(file: &File) -> io::Result<Found> {
    Ok(found(&rustix::fs::fstat(file)?))
}

#[allow(
    clippy::useless_conversion,
    clippy::unnecessary_cast,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    reason = "the width of the numbers differs between systems"
)]
fn found(stat: &RawStat) -> Found {
    use rustix::fs::FileType;
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Special,
    };
    let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or(0).min(999_999_999);
    // A time before 1970 counts as the time 0.
    let since = Duration::new(u64::try_from(stat.st_mtime).unwrap_or(0), nanoseconds);
    Found {
        kind,
        length: stat.st_size as u64,
        links: stat.st_nlink as u64,
        modified: UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH),
        privacy: privacy_of(stat.st_uid, u32::from(stat.st_mode)),
        is_the_super_users: stat.st_uid == 0 && us() != 0,
        mode: u32::from(stat.st_mode) & 0o7777,
        id: FileId(stat.st_dev as u64, stat.st_ino as u64),
    }
}

fn privacy_of(owner: u32, mode: u32) -> Privacy {
    if owner != us() {
        Privacy::NotOurs
    } else if mode & 0o077 != 0 {
        Privacy::OpenToOthers
    } else {
        Privacy::Private
    }
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether the error means that the file is of another kind than expected. Then the name says more than the error
/// number.
pub(super) fn is_of_another_kind(error: &io::Error) -> bool {
    let kinds = [Errno::LOOP, Errno::MLINK, Errno::NOTDIR, Errno::ISDIR, Errno::NXIO, Errno::OPNOTSUPP];
    kinds.iter().any(|kind| error.raw_os_error() == Some(kind.raw_os_error()))
}

/// Who owns the file at `path`, and whether other users may use it.
///
/// # Errors
/// If the system gives no metadata of the path.
pub fn privacy(path: &Path) -> io::Result<Privacy> {
    let metadata = fs::metadata(path)?;
    Ok(privacy_of(metadata.uid(), metadata.mode()))
}

/// The identity of an open file.
pub fn id(file: &Metadata) -> FileId {
    FileId(file.dev(), file.ino())
}

/// The identity of the file at a path. Asks the system for nothing else: from Linux 6.13 on, a process that asks for a
/// file's times makes them finer, and the next sync has to write them, which takes a third longer.
///
/// # Errors
/// If the system gives no metadata of the path.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn id_at(path: &Path) -> io::Result<FileId> {
    use rustix::fs::{CWD, StatxFlags, makedev, statx};

    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO) {
        Ok(found) => Ok(FileId(makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino)),
        // An old kernel, or a container that refuses the call.
        Err(Errno::NOSYS | Errno::PERM) => Ok(id(&fs::symlink_metadata(path)?)),
        Err(error) => Err(error.into()),
    }
}

/// The identity of the file at a path.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn id_at(path: &Path) -> io::Result<FileId> {
    Ok(id(&fs::symlink_metadata(path)?))
}

/// Syncs a folder, so that the names in it are durable.
///
/// # Errors
/// If the folder can't be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    Handle::open(folder)?.sync()
}

/// The file or folder that denies this process access to a path.
pub(super) struct Obstacle {
    pub(super) path: PathBuf,
    pub(super) owner: String,
    pub(super) is_ours: bool,
    mode: u32,
    is_folder: bool,
}

impl Obstacle {
    /// Describes the file at a path, whether or not it denies access.
    pub(super) fn at(path: &Path) -> Self {
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
pub(super) fn obstacle(path: &Path) -> Obstacle {
    let nearest = path.ancestors().find(|at| fs::symlink_metadata(at).is_ok());
    Obstacle::at(nearest.unwrap_or(path))
}

fn user_of(id: u32) -> String {
    if id == 0 { "user 0 (root)".to_owned() } else { format!("user {id}") }
}

/// The user that this process runs as.
pub(super) fn user() -> String {
    user_of(us())
}

/// Whether this process may use the files of other users.
pub(super) fn is_super_user() -> bool {
    us() == 0
}

/// The command that makes this user the owner.
pub(super) fn take_ownership(path: &Path) -> String {
    format!("run: sudo chown -R {} {}", us(), quoted(path))
}

/// What to do about a file or folder of this user that the process may not use.
pub(super) fn allow_access(obstacle: &Obstacle) -> String {
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
pub(super) fn mount_writable(path: &Path) -> String {
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
pub(super) fn may_make_in(folder: &Metadata) -> bool {
    let all_may_write = folder.permissions().mode() & 0o002 != 0;
    us() != 0 || folder.uid() == 0 || all_may_write
}
