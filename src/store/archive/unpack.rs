//! Unpacking an archive beside a store. The archive may come from anywhere. So no length in it decides an allocation,
//! and a member that `pack` does not write is refused.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use crate::files::{self, Dir, FolderAside};
use crate::rows::{Id, id_text, parse_id};

use super::super::folder::FOLDERS;
use super::super::lmdb::header::StoreHeader;
use super::super::protectors::{self, ProtectorRow};
use super::super::{Folder, StoreError};
use super::{Count, Counted, DATA, HEADER, PROTECTORS, Progress, SLOTS};

/// The largest size of a slot file or a header, in bytes.
const SMALL_SIZE: usize = 64 * 1024;
const SMALL: u64 = SMALL_SIZE as u64;
/// The temporary folder for slot files.
const SLOTS_FOLDER: &str = "slots";
/// The highest number of protectors in an archive. They are held in memory, because a protector that is not restored in
/// the end must not be on the disk.
const MOST_PROTECTORS: usize = 1_000;
const TAR_BLOCK: u64 = 512;

/// An archive to be read.
pub struct CopySource<'s> {
    /// The stream to read.
    pub from: &'s mut dyn Read,
    /// Bytes of the stream; 0 if that is not known.
    pub length: u64,
    /// The largest size of the tables, in bytes.
    pub limit: u64,
}

/// A member of an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
    /// The line that describes the kind of store.
    Header,
    /// The tables.
    Data,
    /// The slot of a key.
    Slot(Id),
    /// A protector.
    Protector(Id),
}

/// The defect of an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadArchive {
    /// The bytes are no archive.
    NotAnArchive,
    /// The archive ends too early.
    CutOff,
    /// The bytes between two members are not what was written.
    Garbled,
    /// It has a member that no backup has.
    Foreign,
    /// A member occurs twice.
    Twice(Member),
    /// A member is longer than it can be.
    TooLong(Member),
    /// The first member is not the header.
    HeaderNotFirst,
    /// A member is not what was written.
    Damaged(Member),
    /// The archive has no tables.
    NoTables,
    /// The archive has no protector, so nothing could ever open it.
    NoProtector,
    /// The tables belong to another store than the header.
    OtherTables,
}

/// The reason why an archive was not unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotUnpacked {
    /// The archive has a defect.
    Archive(BadArchive),
    /// The archive could not be read.
    Source(io::ErrorKind),
    /// The data folder could not be used.
    Store(StoreError),
    /// The folder holds another store.
    OtherStore,
}

impl fmt::Display for BadArchive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotAnArchive => "it is not an archive",
            Self::CutOff => "it ends too early",
            Self::Garbled => "what is between two members was changed",
            Self::Foreign => "it has a member that no backup has",
            Self::Twice(_) => "it has a member twice",
            Self::TooLong(_) => "a member is too long",
            Self::HeaderNotFirst => "it does not begin with the header",
            Self::Damaged(_) => "a member is damaged",
            Self::NoTables => "it has no tables",
            Self::NoProtector => "it has no protector",
            Self::OtherTables => "its tables are those of another store",
        })
    }
}

impl std::error::Error for BadArchive {}

impl fmt::Display for NotUnpacked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(bad) => write!(formatter, "the archive is not whole: {bad}"),
            Self::Source(kind) => write!(formatter, "the archive could not be read: {kind}"),
            Self::Store(error) => write!(formatter, "the archive was not taken apart: {error}"),
            Self::OtherStore => formatter.write_str("another store is in this place"),
        }
    }
}

impl std::error::Error for NotUnpacked {}

impl From<StoreError> for NotUnpacked {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<files::Error> for NotUnpacked {
    fn from(error: files::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<io::Error> for NotUnpacked {
    fn from(error: io::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<BadArchive> for NotUnpacked {
    fn from(bad: BadArchive) -> Self {
        Self::Archive(bad)
    }
}

impl Member {
    fn parse(name: &[u8]) -> Option<Self> {
        match std::str::from_utf8(name).ok()? {
            HEADER => Some(Self::Header),
            DATA => Some(Self::Data),
            name => match name.strip_prefix(SLOTS) {
                Some(slot) => parse_id(slot).map(Self::Slot),
                None => parse_id(name.strip_prefix(PROTECTORS)?).map(Self::Protector),
            },
        }
    }

    /// The name of this member in the archive.
    pub fn name(self) -> String {
        match self {
            Self::Header => HEADER.to_owned(),
            Self::Data => DATA.to_owned(),
            Self::Slot(id) => format!("{SLOTS}{}", id_text(&id)),
            Self::Protector(id) => format!("{PROTECTORS}{}", id_text(&id)),
        }
    }

    fn longest(self, limit: u64) -> u64 {
        match self {
            Self::Header | Self::Slot(_) => SMALL,
            Self::Data => limit,
            Self::Protector(_) => protectors::FILE as u64,
        }
    }
}

/// The contents of an archive, in a temporary folder.
pub struct Unpacked {
    aside: FolderAside,
    header: StoreHeader,
    slots: Vec<Id>,
    protectors: Vec<ProtectorRow>,
}

/// Unpacks an archive beside a store.
///
/// # Errors
/// The store has not changed then.
pub(in crate::store) fn unpack(
    folder: &Folder,
    source: CopySource<'_>,
    progress: Progress<'_>,
) -> Result<Unpacked, NotUnpacked> {
    let CopySource { from, length, limit } = source;
    folder.prepare()?;
    let aside = folder.dir()?.create_folder_aside()?;
    let slots = aside.make_folder(SLOTS_FOLDER)?;
    let count = Count::default();
    let mut archive = tar::Archive::new(Counted { inner: from, count: &count, of: length, progress });
    let failed = |begun: bool| match count.failed.get() {
        Some(kind) => NotUnpacked::Source(kind),
        None if begun && count.ended.get() => BadArchive::CutOff.into(),
        None if begun => BadArchive::Garbled.into(),
        None => BadArchive::NotAnArchive.into(),
    };
    let mut taken = Taken {
        aside: &aside,
        slots_aside: &slots,
        limit,
        header: None,
        has_tables: false,
        slots: Vec::new(),
        protectors: Vec::new(),
    };
    let mut end = 0;
    // Raw: otherwise the tar reader would read the headers of long names into memory, at whatever length they declare.
    for entry in archive.entries().map_err(|_| failed(false))?.raw(true) {
        let mut entry = entry.map_err(|_| failed(end > 0))?;
        let size = entry.size();
        end = entry.raw_file_position().saturating_add(size.next_multiple_of(TAR_BLOCK));
        let member =
            entry.header().entry_type().is_file().then(|| Member::parse(&entry.path_bytes())).flatten();
        taken.take(member.ok_or(BadArchive::Foreign)?, size, &mut entry, &|| failed(true))?;
    }
    // An archive ends with a block of zeros. An archive that was cut off between two members does not.
    match count.done.get() {
        0 => return Err(BadArchive::NotAnArchive.into()),
        done if done <= end => return Err(BadArchive::CutOff.into()),
        _ => {}
    }
    let Taken { header, has_tables, slots, protectors, slots_aside, .. } = taken;
    let header = header.ok_or(BadArchive::NotAnArchive)?;
    if !has_tables {
        return Err(BadArchive::NoTables.into());
    }
    if protectors.is_empty() {
        return Err(BadArchive::NoProtector.into());
    }
    slots_aside.sync()?;
    Ok(Unpacked { aside, header, slots, protectors })
}

/// The members read so far.
struct Taken<'a> {
    aside: &'a Dir,
    slots_aside: &'a Dir,
    limit: u64,
    header: Option<StoreHeader>,
    has_tables: bool,
    slots: Vec<Id>,
    protectors: Vec<ProtectorRow>,
}

impl Taken<'_> {
    fn take(
        &mut self,
        member: Member,
        size: u64,
        content: &mut dyn Read,
        failed: &dyn Fn() -> NotUnpacked,
    ) -> Result<(), NotUnpacked> {
        if self.header.is_none() && member != Member::Header {
            return Err(BadArchive::HeaderNotFirst.into());
        }
        if size > member.longest(self.limit) {
            return Err(BadArchive::TooLong(member).into());
        }
        match member {
            Member::Header => {
                Self::write(self.aside, HEADER, member, size, content, failed)?;
                let text = self.aside.read_whole(HEADER, SMALL_SIZE)?;
                let header = StoreHeader::parse(&text).map_err(|error| match error {
                    StoreError::Damaged => BadArchive::Damaged(member).into(),
                    error => NotUnpacked::Store(error),
                })?;
                self.header = Some(header);
            }
            Member::Data => {
                Self::write(self.aside, DATA, member, size, content, failed)?;
                self.has_tables = true;
            }
            Member::Slot(slot) => {
                Self::write(self.slots_aside, &id_text(&slot), member, size, content, failed)?;
                self.slots.push(slot);
            }
            Member::Protector(id) => self.take_protector(id, size, content, failed)?,
        }
        Ok(())
    }

    fn take_protector(
        &mut self,
        id: Id,
        size: u64,
        content: &mut dyn Read,
        failed: &dyn Fn() -> NotUnpacked,
    ) -> Result<(), NotUnpacked> {
        let member = Member::Protector(id);
        if self.protectors.iter().any(|(taken, _)| *taken == id) {
            return Err(BadArchive::Twice(member).into());
        }
        if self.protectors.len() == MOST_PROTECTORS {
            return Err(BadArchive::Foreign.into());
        }
        let mut file = Vec::with_capacity(protectors::FILE);
        if content.take(size).read_to_end(&mut file).map_err(|_| failed())? as u64 != size {
            return Err(failed());
        }
        if let Some(row) = protectors::row_in(&id, &file) {
            self.protectors.push((id, row));
        } else {
            // The other protectors may still open it.
            tracing::error!("a protector in the backup is damaged; it opens nothing");
        }
        Ok(())
    }

    fn write(
        folder: &Dir,
        name: &str,
        member: Member,
        size: u64,
        content: &mut dyn Read,
        failed: &dyn Fn() -> NotUnpacked,
    ) -> Result<(), NotUnpacked> {
        let mut file = match folder.create_new(name) {
            Err(error) if error.is_already_there() => return Err(BadArchive::Twice(member).into()),
            file => file?,
        };
        let mut read = 0;
        let mut content = content.take(size);
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = match content.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(failed()),
            };
            io::Write::write_all(&mut file, &piece[..count])?;
            read += count as u64;
        }
        // A member that is cut off is not whole.
        if read != size {
            return Err(failed());
        }
        Ok(file.sync_all()?)
    }
}

impl Unpacked {
    /// The store's identity.
    pub fn id(&self) -> Id {
        self.header.store
    }

    /// Bytes of a page of its tables.
    pub(in crate::store) fn page_size(&self) -> usize {
        self.header.page_size
    }

    /// The copy of the tables, to be read.
    pub(in crate::store) fn tables(&self) -> Result<File, StoreError> {
        Ok(self.aside.read(DATA)?)
    }

    /// The rows of the archive's protectors.
    pub fn protectors(&self) -> &[ProtectorRow] {
        &self.protectors
    }

    /// Moves everything except the tables into place, with these protectors. A slot of the same name is replaced: the
    /// user is asked again for what it opened.
    ///
    /// # Errors
    /// The tables in the folder have not changed.
    pub(in crate::store) fn put_in_place(
        &self,
        folder: &Folder,
        protectors: &[ProtectorRow],
    ) -> Result<(), StoreError> {
        let dir = folder.dir()?;
        for name in FOLDERS {
            dir.make_folder(name)?;
        }
        for (id, row) in protectors {
            folder.put_protector(id, row)?;
        }
        let slots = self.aside.folder(SLOTS_FOLDER)?;
        for slot in &self.slots {
            let content = slots.read_whole(&id_text(slot), SMALL_SIZE)?;
            folder.put_slot_file(slot, &content)?;
        }
        if !folder.has_store() || StoreHeader::read(&folder.header()).is_err() {
            let header = StoreHeader::new(self.header.store, self.header.page_size);
            header.write(&folder.header())?;
        }
        Ok(())
    }
}
