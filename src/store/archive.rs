//! A store in one file, for people to keep: a tar archive with the header, a copy of the tables, and the slots. All of it
//! is as sealed as it was.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::files;

use super::create::ASIDE;
use super::engine::CommitError;
use super::header::StoreHeader;
use super::open::open_sound;
use super::{Batch, Folder, Id, Row, Store, StoreError, id_text, parse_id};

const HEADER: &str = "header";
const DATA: &str = "data.mdb";
const SLOTS: &str = "slots/";
/// No slot file and no header is longer.
const SMALL: u64 = 64 * 1024;

/// How far a copy has come: bytes, and of how many.
pub type Progress<'p> = &'p mut dyn FnMut(u64, u64);

/// Writes a store into a new file, synced; `rows` are put over its copy.
pub fn pack(store: &Store, to: &Path, rows: Vec<Row>, progress: Progress<'_>) -> Result<(), StoreError> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new().prefix(".plugin-vault-").tempdir_in(folder)?;
    let tables = aside.path().join(DATA);
    store.copy_to(&tables, &mut files::create_new(&tables)?)?;
    put_over(aside.path(), store.engine().page_size(), rows)?;
    let whole = aside.path().join("archive");
    let length = fs::metadata(&tables)?.len();
    let mut archive = tar::Builder::new(Counted::new(files::create_new(&whole)?, length, progress));
    add(&mut archive, HEADER, &mut File::open(store.folder().header())?)?;
    add(&mut archive, DATA, &mut File::open(&tables)?)?;
    // After the tables: whatever key they name has its slot by now.
    for slot in store.folder().slots_there()? {
        let path = store.folder().slot_path(&slot);
        add(&mut archive, &format!("{SLOTS}{}", id_text(&slot)), &mut File::open(path)?)?;
    }
    archive.into_inner()?.file.sync_all()?;
    // One that is there already stays.
    fs::hard_link(&whole, to).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Err(error),
        _ if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        _ => fs::rename(&whole, to),
    })?;
    files::sync_folder(folder)?;
    Ok(())
}

fn put_over(folder: &Path, page_size: usize, rows: Vec<Row>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let engine = open_sound(folder, page_size)?;
    let revision = engine.snapshot()?.revision()?;
    let outcome = engine.commit(Batch { expected: revision, revision, rows }, u64::MAX);
    engine.close();
    outcome.map_err(|error| match error {
        CommitError::NotDone(error) => error,
        CommitError::Unknown => StoreError::Failed,
    })
}

fn add(archive: &mut tar::Builder<impl Write>, name: &str, file: &mut File) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(file.metadata()?.len());
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, name, file)
}

/// A file that tells how far it has been written or read.
struct Counted<'p> {
    file: File,
    done: u64,
    of: u64,
    progress: Progress<'p>,
}

impl<'p> Counted<'p> {
    fn new(file: File, of: u64, progress: Progress<'p>) -> Self {
        Self { file, done: 0, of, progress }
    }

    fn count(&mut self, count: usize) -> usize {
        self.done += count as u64;
        (self.progress)(self.done.min(self.of), self.of);
        count
    }
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        Ok(self.count(count))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        Ok(self.count(count))
    }
}

/// What was taken out of an archive, aside.
pub struct Unpacked {
    aside: tempfile::TempDir,
    header: StoreHeader,
    slots: Vec<Id>,
}

/// Takes an archive apart beside a store. Anything in it that is no part of a store is refused.
pub fn unpack(folder: &Folder, from: &Path, progress: Progress<'_>) -> Result<Unpacked, StoreError> {
    folder.prepare()?;
    let aside = tempfile::Builder::new().prefix(ASIDE).tempdir_in(folder.path())?;
    files::create_folder(&aside.path().join(SLOTS))?;
    let mut slots = Vec::new();
    let from = File::open(from)?;
    let length = from.metadata()?.len();
    let mut archive = tar::Archive::new(Counted::new(from, length, progress));
    let unreadable = |_| StoreError::Damaged;
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        if !entry.header().entry_type().is_file() {
            return Err(StoreError::Damaged);
        }
        let name = entry.path().map_err(unreadable)?.to_str().ok_or(StoreError::Damaged)?.to_owned();
        let slot = name.strip_prefix(SLOTS).and_then(parse_id);
        let known = slot.is_some() || name == HEADER || name == DATA;
        if !known || (name != DATA && entry.size() > SMALL) {
            return Err(StoreError::Damaged);
        }
        slots.extend(slot);
        let mut file = files::create_new(&aside.path().join(&name))?;
        let size = entry.size();
        // One that is cut off is not whole.
        if io::copy(&mut entry.by_ref().take(size), &mut file)? != size {
            return Err(StoreError::Damaged);
        }
        file.sync_all()?;
    }
    files::sync_folder(&aside.path().join(SLOTS))?;
    let header = StoreHeader::read(&aside.path().join(HEADER))?;
    Ok(Unpacked { aside, header, slots })
}

impl Unpacked {
    /// The store's identity.
    pub fn id(&self) -> Id {
        self.header.store
    }

    /// How large its pages are.
    pub fn page_size(&self) -> usize {
        self.header.page_size
    }

    /// The copy of the tables.
    pub fn tables(&self) -> PathBuf {
        self.aside.path().join(DATA)
    }

    /// Moves all but the tables into place. A slot of the same name is replaced: what it opened is asked for again.
    pub fn put_slots_in_place(&self, folder: &Folder) -> Result<(), StoreError> {
        for name in ["slots", "live", "backups", "quarantine"] {
            files::create_folder(&folder.path().join(name))?;
        }
        for slot in &self.slots {
            let content = fs::read(self.aside.path().join(SLOTS).join(id_text(slot)))?;
            files::replace(&folder.slot_path(slot), &content)?;
        }
        if !folder.has_store() || StoreHeader::read(&folder.header()).is_err() {
            let header = StoreHeader::new(self.header.store, self.header.page_size);
            header.write(&folder.header())?;
        }
        Ok(())
    }
}
