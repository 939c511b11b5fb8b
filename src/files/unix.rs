//! Files on Unix: system calls relative to a folder's handle, owners, modes, and what to do about them.

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

    /// What is under a name; a link is a link.
    pub(super) fn find(&self, name: &str) -> io::Result<Found> {
        Ok(found(&rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// What the folder itself is.
    pub(super) fn found(&self) -> io::Result<Found> {
        found_of(&self.0)
    }

    pub(super) fn rename(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &folder.0, to)?)
    }

    /// Renames, unless there is something under the new name.
    pub(super) fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            use rustix::fs::RenameFlags;
            match rustix::fs::renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
                // Not every file system and every kernel can.
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

    /// The names in it, as far as they are UTF-8: others are none of ours.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let name = entry?.file_name().to_owned();
            names.extend(name.into_string().ok().filter(|name| name != "." && name != ".."));
        }
        Ok(names)
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> io::Result<bool> {
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes the others' rights from it.
    pub(super) fn make_private(&self) -> io::Result<()> {
        Ok(rustix::fs::fchmod(&self.0, FOLDER)?)
    }

    /// Makes the names in it as durable as the files behind them.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Opens a file at a path that may lead through links, for reading. Never waits: not for the other end of a FIFO either.
pub(super) fn open_reached(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

/// What an open file is.
pub(super) fn found_of(file: &File) -> io::Result<Found> {
    Ok(found(&rustix::fs::fstat(file)?))
}

#[allow(
    clippy::useless_conversion,
    clippy::unnecessary_cast,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    reason = "how wide the numbers are differs between systems"
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
    // One before 1970 says as little as the time 0.
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

/// Whether the system said that something is not what was asked for: then the name tells more than the number.
pub(super) fn is_of_another_kind(error: &io::Error) -> bool {
    let kinds = [Errno::LOOP, Errno::MLINK, Errno::NOTDIR, Errno::ISDIR, Errno::NXIO, Errno::OPNOTSUPP];
    kinds.iter().any(|kind| error.raw_os_error() == Some(kind.raw_os_error()))
}

/// Who may use what is at `path`.
pub fn privacy(path: &Path) -> io::Result<Privacy> {
    let metadata = fs::metadata(path)?;
    Ok(privacy_of(metadata.uid(), metadata.mode()))
}

/// Which file an open file is.
pub fn id(file: &Metadata) -> FileId {
    FileId(file.dev(), file.ino())
}

/// Which file lies at a path, with nothing asked but that. Whoever asks for a file's times gets finer ones from Linux 6.13
/// on; those have to be written down with the next sync, which then takes a third longer.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn id_at(path: &Path) -> io::Result<FileId> {
    use rustix::fs::{CWD, StatxFlags, makedev, statx};

    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO) {
        Ok(found) => Ok(FileId(makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino)),
        // An old kernel, or a container that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => Ok(id(&fs::symlink_metadata(path)?)),
        Err(error) => Err(error.into()),
    }
}

/// Which file lies at a path.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn id_at(path: &Path) -> io::Result<FileId> {
    Ok(id(&fs::symlink_metadata(path)?))
}

/// Makes the names in a folder as durable as the files behind them.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    Handle::open(folder)?.sync()
}

/// What keeps this process from a path.
pub(super) struct Obstacle {
    pub(super) path: PathBuf,
    pub(super) owner: String,
    pub(super) is_ours: bool,
    mode: u32,
    is_folder: bool,
}

impl Obstacle {
    /// What is at a path, whether or not it is an obstacle.
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

/// What keeps this process from a path where the system said that it may not: the nearest thing that can be looked at.
/// Where the path is there, it is that; otherwise a folder above, which can't be searched or written to.
pub(super) fn obstacle(path: &Path) -> Obstacle {
    let nearest = path.ancestors().find(|at| fs::symlink_metadata(at).is_ok());
    Obstacle::at(nearest.unwrap_or(path))
}

fn user_of(id: u32) -> String {
    if id == 0 { "user 0 (root)".to_owned() } else { format!("user {id}") }
}

/// Who this process runs as.
pub(super) fn user() -> String {
    user_of(us())
}

/// Whether this process may do what it likes with other users' files.
pub(super) fn is_super_user() -> bool {
    us() == 0
}

/// The command that makes something ours.
pub(super) fn take_over(path: &Path) -> String {
    format!("run: sudo chown -R {} {}", us(), quoted(path))
}

/// What to do about something of ours that we may not use.
pub(super) fn let_in(obstacle: &Obstacle) -> String {
    let path = quoted(&obstacle.path);
    let needed = if obstacle.is_folder { 0o700 } else { 0o600 };
    if obstacle.mode & needed == needed {
        return format!(
            "the system keeps this process from {path}, although its owner and mode allow it: an access list, a \
             security module or an attribute of the file does; look at: ls -lZ {path}; lsattr -d {path}"
        );
    }
    let rights = if obstacle.is_folder { "rwx" } else { "rw" };
    format!(
        "the mode {:04o} of {path} keeps its own user from it; run: chmod u={rights} {path}",
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

/// Whether this process may make something of its own in a folder. What the super-user makes in another user's home
/// is in that user's way for ever; where everybody may write, or where the system lets us, nobody is hurt.
pub(super) fn may_make_in(folder: &Metadata) -> bool {
    let everybody_may_write = folder.permissions().mode() & 0o002 != 0;
    us() != 0 || folder.uid() == 0 || everybody_may_write
}
