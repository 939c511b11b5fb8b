//! A folder that is opened once, and what is done with the files in it.
//!
//! Whoever can write into the folder can put a link, a FIFO or a device in the place of any file. So a file is named
//! relative to the open folder, no link is followed, nothing waits for another process, and what was opened is looked at
//! before it is used: a regular file of ours, and one without a second name if it is to be written.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::error::{Cause, Error, Result};
use super::system::{self, Handle};
use super::{FileKind, Found, How, Privacy};

/// What the name of anything begins with that is made aside.
pub const ASIDE: &str = "new-";

/// An open folder of ours. On systems without handles of folders, its path.
pub struct Dir {
    handle: Handle,
    path: PathBuf,
    /// The folder that was named by its path, of all that were opened on the way here.
    top: PathBuf,
}

impl Dir {
    /// Opens a folder of ours. The path may lead to it through links.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Self::reach(path)?;
        if folder.found()?.privacy == Privacy::NotOurs {
            return Err(Error::at(path, Cause::Owner));
        }
        Ok(folder)
    }

    /// Opens a folder, whose ever it is. The path may lead to it through links.
    pub fn reach(path: &Path) -> Result<Self> {
        let handle = Handle::open(path).map_err(|error| {
            let is_file = std::fs::metadata(path).is_ok_and(|found| !found.is_dir());
            Error::at(path, if is_file { Cause::Kind(FileKind::File) } else { Cause::Io(error) })
        })?;
        Ok(Self { handle, path: path.to_owned(), top: path.to_owned() })
    }

    /// Where it is, for messages and for those that take paths only.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a name in it, for messages and for those that take paths only.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What the folder itself is.
    pub fn found(&self) -> Result<Found> {
        self.handle.found().map_err(|error| self.failed_itself(error))
    }

    fn error(&self, name: &str, cause: Cause) -> Error {
        Error::new(self.path_of(name), Some(&self.top), cause)
    }

    fn failed_itself(&self, error: io::Error) -> Error {
        Error::new(self.path.clone(), Some(&self.top), Cause::Io(error))
    }

    /// Why something could not be opened. What has its name tells more than the system's number.
    fn not_opened(&self, name: &str, wanted: FileKind, error: io::Error) -> Error {
        let cause = match self.handle.find(name) {
            Ok(found) if found.kind != wanted && system::is_of_another_kind(&error) => {
                Cause::Kind(found.kind)
            }
            _ => Cause::Io(error),
        };
        self.error(name, cause)
    }

    fn checked(&self, name: &str, file: File, may_have_names: bool) -> Result<File> {
        let found = system::found_of(&file).map_err(|error| self.error(name, Cause::Io(error)))?;
        if found.kind != FileKind::File {
            Err(self.error(name, Cause::Kind(found.kind)))
        } else if found.privacy == Privacy::NotOurs {
            Err(self.error(name, Cause::Owner))
        // None is one that was removed meanwhile: nobody else reads it.
        } else if found.links > 1 && !may_have_names {
            Err(self.error(name, Cause::HardLinked))
        } else {
            Ok(file)
        }
    }

    fn open_file(&self, name: &str, how: How) -> Result<File> {
        let file = self.handle.open_file(name, how);
        let file = file.map_err(|error| self.not_opened(name, FileKind::File, error))?;
        self.checked(name, file, how == How::Read)
    }

    /// Opens a file for reading.
    pub fn read(&self, name: &str) -> Result<File> {
        self.open_file(name, How::Read)
    }

    /// Reads a file of at most `longest` bytes.
    pub fn read_whole(&self, name: &str, longest: usize) -> Result<Vec<u8>> {
        self.read_found(name, longest).map(|(content, _)| content)
    }

    /// Reads a file of at most `longest` bytes, with what it is.
    pub fn read_found(&self, name: &str, longest: usize) -> Result<(Vec<u8>, Found)> {
        let failed = |error| self.error(name, Cause::Io(error));
        let file = self.read(name)?;
        let found = system::found_of(&file).map_err(failed)?;
        let content = super::read_bounded(&file, longest).map_err(failed)?;
        Ok((content.ok_or_else(|| self.error(name, Cause::TooLong))?, found))
    }

    /// Opens a file that is there for reading and writing.
    pub fn write(&self, name: &str) -> Result<File> {
        self.open_file(name, How::Write)
    }

    /// The same, whatever other names it has.
    pub fn write_linked(&self, name: &str) -> Result<File> {
        let file = self.handle.open_file(name, How::Write);
        let file = file.map_err(|error| self.not_opened(name, FileKind::File, error))?;
        self.checked(name, file, true)
    }

    /// Opens a file for reading and writing, and makes it with mode 0600 if it is not there.
    pub fn open_or_create(&self, name: &str) -> Result<File> {
        self.open_file(name, How::WriteOrCreate)
    }

    /// Makes a file that must not be there yet, with mode 0600.
    pub fn create_new(&self, name: &str) -> Result<File> {
        self.open_file(name, How::CreateNew)
    }

    /// Makes a file under a name that nothing has, to be moved into its place later. Gone when it is dropped.
    pub fn create_aside(&self) -> Result<NamedTempFile<File>> {
        let mut builder = tempfile::Builder::new();
        let create = |path: &Path| self.handle.open_file(name_of(path), How::CreateNew);
        builder.prefix(ASIDE).make_in(&self.path, create).map_err(|error| self.failed_itself(error))
    }

    /// Makes a folder under a name that nothing has, with mode 0700, and opens it.
    pub fn create_folder_aside(&self) -> Result<FolderAside> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(ASIDE);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let made = builder.tempdir_in(&self.path).map_err(|error| self.failed_itself(error))?;
        // Opened by its name in this folder: what has that name by now is a folder of ours, and no link.
        Ok(FolderAside { dir: self.folder(name_of(made.path()))?, _gone: made })
    }

    /// Moves a file that was made aside into its place, in this folder, in the place of what has its name. The folder is
    /// synced after that; the file's content has to be synced before.
    pub fn put(&self, aside: NamedTempFile<File>, name: &str) -> Result<()> {
        self.settle(aside, name, |from| self.handle.rename(from, &self.handle, name))
    }

    fn settle(
        &self,
        aside: NamedTempFile<File>,
        name: &str,
        rename: impl FnOnce(&str) -> io::Result<()>,
    ) -> Result<()> {
        let (_file, mut path) = aside.into_parts();
        rename(name_of(&path)).map_err(|error| self.error(name, Cause::Io(error)))?;
        path.disable_cleanup(true);
        self.sync()
    }

    fn written_aside(&self, name: &str, content: &[u8]) -> Result<NamedTempFile<File>> {
        let aside = self.create_aside()?;
        let mut file = aside.as_file();
        file.write_all(content)
            .and_then(|()| file.sync_all())
            .map_err(|error| self.error(name, Cause::Io(error)))?;
        Ok(aside)
    }

    /// Makes a file whole or not at all: written aside, synced, moved into its place, the folder synced. What has its name
    /// is replaced.
    pub fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        self.put(self.written_aside(name, content)?, name)
    }

    /// Makes a file whole or not at all; one that is there already stays, and is an error.
    pub fn create_whole(&self, name: &str, content: &[u8]) -> Result<()> {
        let aside = self.written_aside(name, content)?;
        self.settle(aside, name, |from| self.handle.rename_new(from, name))
    }

    /// Overwrites a file with zeros in its place, and syncs it, if its content is one that is kept under such a name:
    /// anything else is somebody else's. A file that is not there is none that could be read.
    pub fn overwrite(&self, name: &str, longest: usize, is_ours: impl FnOnce(&[u8]) -> bool) -> Result<()> {
        let mut file = match self.write(name) {
            Err(error) if error.is_not_found() => return Ok(()),
            file => file?,
        };
        let failed = |error| self.error(name, Cause::Io(error));
        let content = super::read_bounded(&file, longest).map_err(failed)?;
        let content = content.ok_or_else(|| self.error(name, Cause::TooLong))?;
        if !is_ours(&content) {
            return Err(self.error(name, Cause::Foreign));
        }
        file.rewind()
            .and_then(|()| io::copy(&mut io::repeat(0).take(content.len() as u64), &mut file))
            .and_then(|_| file.sync_all())
            .map_err(failed)
    }

    /// What is under a name, if something is. A link is a link.
    pub fn find(&self, name: &str) -> Result<Option<Found>> {
        match self.handle.find(name) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(name, Cause::Io(error))),
        }
    }

    /// Poller whether a file may be opened by its path, by a library that opens by path alone: a regular file of ours,
    /// and none with a second name unless that is allowed. `None` if it is not there.
    pub fn check(&self, name: &str, may_have_names: bool) -> Result<Option<Found>> {
        let Some(found) = self.find(name)? else { return Ok(None) };
        if found.kind != FileKind::File {
            Err(self.error(name, Cause::Kind(found.kind)))
        } else if found.privacy == Privacy::NotOurs {
            Err(self.error(name, Cause::Owner))
        } else if found.links > 1 && !may_have_names {
            Err(self.error(name, Cause::HardLinked))
        } else {
            Ok(Some(found))
        }
    }

    /// The names in it that are UTF-8: others are none of ours.
    pub fn names(&self) -> Result<Vec<String>> {
        self.handle.names().map_err(|error| self.failed_itself(error))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> Result<bool> {
        self.handle.is_empty().map_err(|error| self.failed_itself(error))
    }

    /// Takes the others' rights from it.
    pub fn make_private(&self) -> Result<()> {
        self.handle.make_private().map_err(|error| self.failed_itself(error))
    }

    /// Opens a folder of ours in it.
    pub fn folder(&self, name: &str) -> Result<Self> {
        let handle = self.handle.folder(name);
        let handle = handle.map_err(|error| self.not_opened(name, FileKind::Folder, error))?;
        let found = handle.found().map_err(|error| self.error(name, Cause::Io(error)))?;
        if found.privacy == Privacy::NotOurs {
            return Err(self.error(name, Cause::Owner));
        }
        Ok(Self { handle, path: self.path_of(name), top: self.top.clone() })
    }

    /// Opens a folder of ours in it, and makes it with mode 0700 if it is not there; its name is synced then.
    pub fn make_folder(&self, name: &str) -> Result<Self> {
        match self.handle.make_folder(name) {
            Ok(()) => self.sync()?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(self.error(name, Cause::Io(error))),
        }
        self.folder(name)
    }

    /// Gives a file another name, in this folder or in another; what has that name is replaced. Not synced.
    pub fn rename(&self, from: &str, folder: &Self, to: &str) -> Result<()> {
        self.handle.rename(from, &folder.handle, to).map_err(|error| folder.error(to, Cause::Io(error)))
    }

    /// Gives a file a second name in another folder. Not synced.
    pub fn link(&self, from: &str, folder: &Self, to: &str) -> Result<()> {
        self.handle.link(from, &folder.handle, to).map_err(|error| folder.error(to, Cause::Io(error)))
    }

    /// Takes a name away; of a link, the link. Not synced. What keeps us from it is the folder.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.handle.remove(name).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => self.failed_itself(error),
            _ => self.error(name, Cause::Io(error)),
        })
    }

    /// Takes a name away, and all that is below it. No link is followed.
    pub fn remove_all(&self, name: &str) -> Result<()> {
        match self.find(name)? {
            None => Ok(()),
            Some(Found { kind: FileKind::Folder, .. }) => std::fs::remove_dir_all(self.path_of(name))
                .map_err(|error| self.error(name, Cause::Io(error))),
            Some(_) => self.remove(name),
        }
    }

    /// Makes the names in it as durable as the files behind them.
    pub fn sync(&self) -> Result<()> {
        self.handle.sync().map_err(|error| self.failed_itself(error))
    }
}

/// A folder that was made aside, open. Gone with all that is in it when it is dropped.
pub struct FolderAside {
    dir: Dir,
    _gone: TempDir,
}

impl Deref for FolderAside {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        &self.dir
    }
}

/// The last part of a path that `tempfile` made up.
fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("letters and digits behind a prefix of ours")
}
