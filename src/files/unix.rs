//! Files on Unix: system calls relative to a folder's handle, and owners and modes with the commands that change them.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::{AtFlags, Mode, OFlags, Stat as RawStat};
use rustix::io::Errno;

use super::{FileId, FileKind, Found, How, Privacy};

#[path = "unix/denied.rs"]
mod denied;
#[path = "unix/file_system.rs"]
mod file_system;

pub use denied::quoted;
pub(super) use denied::{
    Obstacle, allow_access, is_super_user, may_make_in, mount_writable, obstacle, take_ownership, user,
};
pub use file_system::{free_space, is_of_a_container, is_of_a_network};

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
///
/// # Errors
/// If the system gives no metadata of the file.
pub fn id(file: &File) -> io::Result<FileId> {
    file.metadata().map(|found| id_in(&found))
}

fn id_in(found: &Metadata) -> FileId {
    FileId(found.dev(), found.ino())
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
        Err(Errno::NOSYS | Errno::PERM) => Ok(id_in(&fs::symlink_metadata(path)?)),
        Err(error) => Err(error.into()),
    }
}

/// The identity of the file at a path.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn id_at(path: &Path) -> io::Result<FileId> {
    Ok(id_in(&fs::symlink_metadata(path)?))
}

/// Syncs a folder, so that the names in it are durable.
///
/// # Errors
/// If the folder can't be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    Handle::open(folder)?.sync()
}

/// See [`super::read_exact_at`].
pub(super) fn read_exact_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    file.read_exact_at(into, at)
}

/// See [`super::write_all_at`].
pub(super) fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(bytes, at)
}

/// Allocates the first bytes of a file, so that a write to them needs no room on a full disk.
///
/// # Errors
/// If there is no room, or the system refuses.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn allocate(file: &File, length: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, length) {
        // Not every file system can allocate.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Allocates the first bytes of a file, so that a write to them needs no room on a full disk.
///
/// # Errors
/// If there is no room, or the system refuses.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn allocate(file: &File, length: u64) -> io::Result<()> {
    super::fill_with_zeros(file, length)
}

/// A file that wakes the processes that watch it. Kept open, so that a signal costs one system call.
pub struct WatchedFile(File);

impl WatchedFile {
    /// The file at a path, which is created if it does not exist.
    ///
    /// # Errors
    /// As [`super::open_or_create`].
    pub fn open(path: &Path) -> io::Result<Self> {
        super::open_or_create(path).map(Self)
    }

    /// Writes its first byte.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn strike(&self) -> io::Result<()> {
        self.0.write_all_at(b"\n", 0)
    }
}

/// New files of these options are for their owner alone.
pub(super) fn make_private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// New folders of this builder are for their owner alone.
pub(super) fn make_private_folder(builder: &mut DirBuilder) -> &mut DirBuilder {
    builder.mode(0o700)
}

/// The same for a temporary folder.
pub(super) fn make_private_aside(builder: &mut tempfile::Builder<'_, '_>) {
    builder.permissions(fs::Permissions::from_mode(0o700));
}

/// Releases the lock of a file.
///
/// # Errors
/// If the system refuses.
pub fn unlock(file: &File) -> io::Result<()> {
    file.unlock()
}

/// Does nothing: the folder was made with its mode.
pub(super) fn protect_new_folder(_folder: &Path) {}

/// The command that takes the rights of other users away from a path; `mode` is in the form that `chmod` has.
pub(super) fn take_rights_away(mode: &str, path: &Path) -> String {
    format!("chmod {mode} {}", quoted(path))
}

/// Lets all users read a file that holds nothing private.
///
/// # Errors
/// If the system refuses.
pub fn let_all_read(file: &File) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o644))
}
