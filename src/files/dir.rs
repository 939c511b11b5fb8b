//! A folder that is opened once, and the operations on the files in it.
//!
//! A process that can write into the folder can put a link, a FIFO or a device in the place of any file. So every file
//! is opened relative to the open folder, without following links and without waiting for another process. Then it is
//! checked before it is used: it must be a regular file of this user, and must have no second name if it is to be
//! written.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::error::{Cause, Error, Result};
use super::system::{self, Handle};
use super::{FileKind, Found, How, Privacy};

/// The prefix of the names of temporary files and folders.
pub const ASIDE: &str = "new-";

/// An open folder. On systems without handles of folders, its path.
pub struct Dir {
    handle: Handle,
    path: PathBuf,
    /// The first folder on the way here, which was opened by its path.
    top: PathBuf,
}

impl Dir {
    /// Opens a folder of this user. The path may lead to it through links.
    ///
    /// # Errors
    /// If it is not a folder, belongs to another user, or the system refuses. All errors of this type name the file or
    /// folder.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Self::reach(path)?;
        if folder.found()?.privacy == Privacy::NotOurs {
            return Err(Error::at(path, Cause::Owner));
        }
        Ok(folder)
    }

    /// Opens a folder of any owner. The path may lead to it through links.
    ///
    /// # Errors
    /// If it is not a folder, or the system refuses.
    pub fn reach(path: &Path) -> Result<Self> {
        let handle = Handle::open(path).map_err(|error| {
            let is_file = std::fs::metadata(path).is_ok_and(|found| !found.is_dir());
            Error::at(path, if is_file { Cause::Kind(FileKind::File) } else { Cause::Io(error) })
        })?;
        Ok(Self { handle, path: path.to_owned(), top: path.to_owned() })
    }

    /// The path of the folder, for messages and for libraries that take only paths.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a name in it, for messages and for libraries that take only paths.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The metadata of the folder itself.
    pub fn found(&self) -> Result<Found> {
        self.handle.found().map_err(|error| self.failed_itself(error))
    }

    fn error(&self, name: &str, cause: Cause) -> Error {
        Error::new(self.path_of(name), Some(&self.top), cause)
    }

    fn failed_itself(&self, error: io::Error) -> Error {
        Error::new(self.path.clone(), Some(&self.top), Cause::Io(error))
    }

    /// Why something could not be opened. The kind of file with that name says more than the system's error number.
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
        // A count of 0 is a file that was removed meanwhile: no other process can open it.
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

    /// Opens a file for reading. The checks of the module's comment apply to every file that this type opens.
    pub fn read(&self, name: &str) -> Result<File> {
        self.open_file(name, How::Read)
    }

    /// Reads a file of at most `longest` bytes; a longer one is an error.
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

    /// Opens an existing file for reading and writing.
    pub fn write(&self, name: &str) -> Result<File> {
        self.open_file(name, How::Write)
    }

    /// Opens an existing file for reading and writing, also one with a second name.
    pub fn write_linked(&self, name: &str) -> Result<File> {
        let file = self.handle.open_file(name, How::Write);
        let file = file.map_err(|error| self.not_opened(name, FileKind::File, error))?;
        self.checked(name, file, true)
    }

    /// Opens a file for reading and writing, and creates it with mode 0600 if it does not exist.
    pub fn open_or_create(&self, name: &str) -> Result<File> {
        self.open_file(name, How::WriteOrCreate)
    }

    /// Creates a file with mode 0600; an existing name is an error.
    pub fn create_new(&self, name: &str) -> Result<File> {
        self.open_file(name, How::CreateNew)
    }

    /// Creates a temporary file under an unused name, for [`Self::put`]. It is removed when it is dropped.
    pub fn create_aside(&self) -> Result<NamedTempFile<File>> {
        let mut builder = tempfile::Builder::new();
        let create = |path: &Path| self.handle.open_file(name_of(path), How::CreateNew);
        builder.prefix(ASIDE).make_in(&self.path, create).map_err(|error| self.failed_itself(error))
    }

    /// Creates a temporary folder under an unused name, with mode 0700, and opens it. It is removed with its content when
    /// it is dropped.
    pub fn create_folder_aside(&self) -> Result<FolderAside> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(ASIDE);
        system::make_private_aside(&mut builder);
        let made = builder.tempdir_in(&self.path).map_err(|error| self.failed_itself(error))?;
        // Opened by its name in this folder: what has that name by now is a folder of ours, and no link.
        Ok(FolderAside { dir: self.folder(name_of(made.path()))?, _gone: made })
    }

    /// Renames a temporary file to its final name in this folder, replaces an existing file of that name, and syncs the
    /// folder. The caller must have synced the file's content.
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

    /// Writes a file atomically: writes a temporary file, syncs it, renames it, and syncs the folder. An existing file
    /// is replaced.
    pub fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        self.put(self.written_aside(name, content)?, name)
    }

    /// Creates a file atomically. An existing file stays as it is, and is an error.
    pub fn create_whole(&self, name: &str, content: &[u8]) -> Result<()> {
        let aside = self.written_aside(name, content)?;
        self.settle(aside, name, |from| self.handle.rename_new(from, name))
    }

    /// Overwrites a file with zeros in its place, and syncs it, if `is_ours` accepts its content. Any other content
    /// belongs to another program and is an error. A missing file is no error, since its content can't be read either.
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

    /// The metadata of a name; `None` if it does not exist. A link is not followed.
    pub fn find(&self, name: &str) -> Result<Option<Found>> {
        match self.handle.find(name) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(name, Cause::Io(error))),
        }
    }

    /// Checks whether a library that opens files only by path may open this one: a regular file of this user, without a
    /// second name unless `may_have_names`. `None` if it does not exist.
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

    /// The names in it that are UTF-8. This program creates no other names.
    pub fn names(&self) -> Result<Vec<String>> {
        self.handle.names().map_err(|error| self.failed_itself(error))
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> Result<bool> {
        self.handle.is_empty().map_err(|error| self.failed_itself(error))
    }

    /// Takes the rights of other users away.
    pub fn make_private(&self) -> Result<()> {
        self.handle.make_private().map_err(|error| self.failed_itself(error))
    }

    /// Opens a folder of this user in it.
    pub fn folder(&self, name: &str) -> Result<Self> {
        let handle = self.handle.folder(name);
        let handle = handle.map_err(|error| self.not_opened(name, FileKind::Folder, error))?;
        let found = handle.found().map_err(|error| self.error(name, Cause::Io(error)))?;
        if found.privacy == Privacy::NotOurs {
            return Err(self.error(name, Cause::Owner));
        }
        Ok(Self { handle, path: self.path_of(name), top: self.top.clone() })
    }

    /// Opens a folder of this user in it. Creates it with mode 0700 and syncs its name if it does not exist.
    pub fn make_folder(&self, name: &str) -> Result<Self> {
        match self.handle.make_folder(name) {
            Ok(()) => self.sync()?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(self.error(name, Cause::Io(error))),
        }
        self.folder(name)
    }

    /// Renames a file, in this folder or into another, and replaces an existing file of the new name. Does not sync.
    pub fn rename(&self, from: &str, folder: &Self, to: &str) -> Result<()> {
        self.handle.rename(from, &folder.handle, to).map_err(|error| folder.error(to, Cause::Io(error)))
    }

    /// Gives a file a second name in another folder. Does not sync.
    pub fn link(&self, from: &str, folder: &Self, to: &str) -> Result<()> {
        self.handle.link(from, &folder.handle, to).map_err(|error| folder.error(to, Cause::Io(error)))
    }

    /// Removes a name; of a link, the link itself. Does not sync. If the system refuses, the error names the folder,
    /// whose mode is the reason.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.handle.remove(name).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => self.failed_itself(error),
            _ => self.error(name, Cause::Io(error)),
        })
    }

    /// Removes a name and everything below it. Follows no link.
    pub fn remove_all(&self, name: &str) -> Result<()> {
        match self.find(name)? {
            None => Ok(()),
            Some(Found { kind: FileKind::Folder, .. }) => std::fs::remove_dir_all(self.path_of(name))
                .map_err(|error| self.error(name, Cause::Io(error))),
            Some(_) => self.remove(name),
        }
    }

    /// Syncs the folder, so that the names in it are durable.
    pub fn sync(&self) -> Result<()> {
        self.handle.sync().map_err(|error| self.failed_itself(error))
    }
}

/// An open temporary folder. Dropping it removes it with its content.
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

/// The last part of a path that `tempfile` generated.
fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("letters and digits behind a prefix of ours")
}
