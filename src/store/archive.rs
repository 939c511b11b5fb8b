//! A store in one file for the user to keep: a tar archive with the header, a copy of the tables, the slots, and the
//! protectors. Everything in it stays sealed.
//!
//! The header comes first, because it gives the format of the rest.

mod unpack;

use std::cell::Cell;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, Write};
use std::path::Path;

use crate::files::{self, Dir};
use crate::rows::id_text;

use super::StoreError;
use super::lmdb::DATA_FILE;
use super::lmdb::header::LONGEST as LONGEST_HEADER;
use super::lmdb::open::LmdbStore;
use super::protectors::{self, ProtectorRow};

pub use unpack::{BadArchive, CopySource, Member, NotUnpacked, Unpacked};

pub(super) use unpack::unpack;

/// The temporary name of the archive.
const ARCHIVE: &str = "archive";
const HEADER: &str = "header";
const DATA: &str = DATA_FILE;
const SLOTS: &str = "slots/";
const PROTECTORS: &str = "protectors/";

/// The progress of a copy: bytes done, and bytes in total; the total is 0 if it is not known.
pub type Progress<'p> = &'p mut dyn FnMut(u64, u64);

/// The target of an archive.
pub enum CopyTarget<'t> {
    /// A new file, synced. It exists whole or not at all.
    File(&'t Path),
    /// A pipe or another writer.
    Stream(&'t mut dyn Write),
}

/// Why an archive was not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotPacked {
    /// The store could not be read.
    Store(StoreError),
    /// The target could not be written.
    Target(io::ErrorKind),
}

impl fmt::Display for NotPacked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(formatter, "the store was not read: {error}"),
            Self::Target(kind) => write!(formatter, "the archive could not be written: {kind}"),
        }
    }
}

impl std::error::Error for NotPacked {}

impl From<StoreError> for NotPacked {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Writes a store into an archive. `extra` adds one more protector to the archive only; the store itself does not get
/// it.
///
/// # Errors
/// The target is unchanged then, unless it is a stream.
pub(super) fn pack(
    store: &LmdbStore,
    to: CopyTarget<'_>,
    extra: Option<&ProtectorRow>,
    progress: Progress<'_>,
) -> Result<(), NotPacked> {
    let to = match to {
        CopyTarget::File(to) => to,
        CopyTarget::Stream(stream) => {
            let aside = store.folder().dir().and_then(|dir| dir.create_folder_aside());
            let aside = aside.map_err(StoreError::from)?;
            let tables = copy_tables(store, &aside)?;
            let archive = write(store, tables, extra, stream, progress)?;
            return archive.flush().map_err(|error| NotPacked::Target(error.kind()));
        }
    };
    let target = |error: io::Error| NotPacked::Target(error.kind());
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new().prefix(".plugin-vault-").tempdir_in(folder).map_err(target)?;
    let own = Dir::open(aside.path()).map_err(|error| target(error.into()))?;
    let tables = copy_tables(store, &own).map_err(|error| match error {
        StoreError::Full(_) => NotPacked::Target(io::ErrorKind::StorageFull),
        error => NotPacked::Store(error),
    })?;
    let whole = own.path_of(ARCHIVE);
    let file = own.create_new(ARCHIVE).map_err(|error| target(error.into()))?;
    write(store, tables, extra, file, progress)?.sync_all().map_err(target)?;
    // A file that already exists stays.
    let linked = fs::hard_link(&whole, to).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Err(error),
        _ if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        _ => fs::rename(&whole, to),
    });
    linked.and_then(|()| files::sync_folder(folder)).map_err(target)
}

/// A copy of the tables, to be read from its start.
fn copy_tables(store: &LmdbStore, aside: &Dir) -> Result<File, StoreError> {
    let mut tables = aside.create_new(DATA)?;
    store.copy_to(&mut tables)?;
    tables.rewind()?;
    Ok(tables)
}

fn write<W: Write>(
    store: &LmdbStore,
    mut tables: File,
    extra: Option<&ProtectorRow>,
    to: W,
    progress: Progress<'_>,
) -> Result<W, NotPacked> {
    let length = tables.metadata().map_err(StoreError::from)?.len();
    let count = Count::default();
    let mut archive = tar::Builder::new(Counted { inner: to, count: &count, of: length, progress });
    let header = files::read_whole(&store.folder().header(), LONGEST_HEADER).map_err(StoreError::from)?;
    add(&mut archive, HEADER, header.len() as u64, &mut header.as_slice())?;
    add(&mut archive, DATA, length, &mut tables)?;
    // After the tables: every key in their copy has its slot by now.
    for slot in store.folder().slots_there()? {
        let content = store.folder().slot_file(&slot).map_err(StoreError::from)?;
        let name = format!("{SLOTS}{}", id_text(&slot));
        add(&mut archive, &name, content.len() as u64, &mut content.as_slice())?;
    }
    // Last: a protector that is removed during the copy is not in the archive.
    for (id, row) in store.folder().protectors()?.iter().chain(extra) {
        let file = protectors::encode(id, row);
        add(&mut archive, &format!("{PROTECTORS}{}", id_text(id)), file.len() as u64, &mut file.as_slice())?;
    }
    let counted = archive.into_inner().map_err(|error| NotPacked::Target(error.kind()))?;
    Ok(counted.inner)
}

fn add(
    archive: &mut tar::Builder<impl Write>,
    name: &str,
    length: u64,
    content: &mut impl Read,
) -> Result<(), NotPacked> {
    let mut header = tar::Header::new_gnu();
    header.set_size(length);
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, name, content).map_err(|error| NotPacked::Target(error.kind()))
}

/// Bytes that have passed through a stream, and how it ended.
#[derive(Default)]
struct Count {
    done: Cell<u64>,
    ended: Cell<bool>,
    failed: Cell<Option<io::ErrorKind>>,
}

/// A stream that reports the bytes read or written.
struct Counted<'p, T> {
    inner: T,
    count: &'p Count,
    of: u64,
    progress: Progress<'p>,
}

impl<T> Counted<'_, T> {
    fn count(&mut self, count: usize) -> usize {
        let done = self.count.done.get() + count as u64;
        self.count.done.set(done);
        (self.progress)(done.min(self.of), self.of);
        count
    }
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        Ok(self.count(count))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.count.failed.set(Some(error.kind()));
            }
        })?;
        self.count.ended.set(count == 0 && !into.is_empty());
        Ok(self.count(count))
    }
}
