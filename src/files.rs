//! Files and folders that only their owner may read, synced before they count.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// Opens for reading and writing, and makes the file with mode 0600 if it is not there.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path)
}

/// Makes a file that must not be there yet, with mode 0600.
pub fn create_new(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().read(true).write(true).create_new(true)).open(path)
}

/// Opens for appending, and makes the file with mode 0600 if it is not there.
pub fn append(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().append(true).create(true)).open(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes a folder with mode 0700, and the folders above it, synced; one that is there stays as it is.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let above = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty());
    let missing: Vec<_> = above.take_while(|folder| !folder.exists()).collect();
    builder.create(path)?;
    // Whatever is synced inside of a folder is gone with the folder's own name.
    for folder in missing {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        match sync_folder(above.unwrap_or(Path::new("."))) {
            // We may make folders in there, and not look into it; then nothing more can be done.
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Makes the file whole or not at all: written beside its place, synced, moved there, the folder synced.
/// What lies there already is replaced.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new().prefix("new-").make_in(folder, create_new)?;
    write_synced(aside.as_file(), content)?;
    aside.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Makes the file whole or not at all; one that is there already stays, and is an error.
pub fn create_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new().prefix("new-").make_in(folder, create_new)?;
    write_synced(aside.as_file(), content)?;
    aside.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Overwrites a file with zeros where it lies, and syncs it. A file that is not there is none that could be read.
pub fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()
}

fn write_synced(mut file: &File, content: &[u8]) -> io::Result<()> {
    file.write_all(content)?;
    file.sync_all()
}

/// Makes the names in a folder as durable as the files behind them.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
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

/// Who may use what lies at `path`.
#[cfg(unix)]
pub fn privacy(path: &Path) -> io::Result<Privacy> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path)?;
    Ok(if metadata.uid() != rustix::process::geteuid().as_raw() {
        Privacy::NotOurs
    } else if metadata.mode() & 0o077 != 0 {
        Privacy::OpenToOthers
    } else {
        Privacy::Private
    })
}

/// Who may use what lies at `path`: on this system the profile folder's own access list guards it.
#[cfg(not(unix))]
pub fn privacy(path: &Path) -> io::Result<Privacy> {
    fs::metadata(path).map(|_| Privacy::Private)
}

/// Takes the others' rights from a folder of ours that holds nothing yet.
#[cfg(unix)]
pub fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// Takes the others' rights from a folder of ours that holds nothing yet.
#[cfg(not(unix))]
pub fn make_private(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Which file this is, whatever the path that led to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FileId(u64, u64);

impl std::fmt::Display for FileId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.0, self.1)
    }
}

/// Which file an open file is.
#[cfg(unix)]
pub fn id(file: &fs::Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    FileId(file.dev(), file.ino())
}

/// Which file an open file is: on this system, when it was made.
#[cfg(not(unix))]
pub fn id(file: &fs::Metadata) -> FileId {
    let made = file.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    FileId(0, made.map_or(0, |made| u64::try_from(made.as_nanos()).unwrap_or(u64::MAX)))
}

/// Which file lies at a path, with nothing asked but that. Whoever asks for a file's times gets finer ones from Linux 6.13
/// on; those have to be written down with the next sync, which then takes a third longer.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn id_at(path: &Path) -> io::Result<FileId> {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    use rustix::io::Errno;

    match statx(CWD, path, AtFlags::empty(), StatxFlags::INO) {
        Ok(found) => Ok(FileId(makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino)),
        // An old kernel, or a container that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => Ok(id(&fs::metadata(path)?)),
        Err(error) => Err(error.into()),
    }
}

/// Which file lies at a path.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn id_at(path: &Path) -> io::Result<FileId> {
    Ok(id(&fs::metadata(path)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_by_its_path_and_opened_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        let file = open_or_create(&path).unwrap();
        open_or_create(&other).unwrap();
        assert_eq!(id_at(&path).unwrap(), id(&file.metadata().unwrap()));
        assert_ne!(id_at(&path).unwrap(), id_at(&other).unwrap());
        fs::rename(&other, &path).unwrap();
        assert_ne!(id_at(&path).unwrap(), id(&file.metadata().unwrap()));
        assert!(id_at(&other).is_err());
    }
}
