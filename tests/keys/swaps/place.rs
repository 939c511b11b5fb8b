//! Places in a store where something sealed lies.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::disk::{CHANGES, Disk, RECORDS, Table, protector_file};

/// Where something sealed lies, and what lies there.
pub(super) struct Place {
    pub(super) at: At,
    pub(super) content: Vec<u8>,
    /// The names of what reads it, and has to be refused when something else lies there.
    pub(super) readers: Vec<String>,
    /// The names of lists that may lack it then: a row of keys that does not open could be anybody's.
    pub(super) others: Vec<String>,
}

pub(super) enum At {
    Row(Table, Vec<u8>),
    Slot(PathBuf),
    /// A protector file, with its id; its row is what counts.
    Protector(PathBuf, Vec<u8>),
}

/// What is sealed in a place.
pub(super) struct Part {
    pub(super) place: usize,
    pub(super) range: Range<usize>,
    /// Only the data of a record: a list does not read it.
    pub(super) is_data: bool,
}

const RECORD_HEAD: usize = 34;

impl Place {
    pub(super) fn parts(&self) -> Vec<(Range<usize>, bool)> {
        let end = self.content.len();
        match &self.at {
            At::Row(RECORDS, _) => {
                let data = RECORD_HEAD + 4 + self.address_length();
                vec![(RECORD_HEAD + 4..data, false), (data..end, true)]
            }
            At::Protector(..) => vec![(12 + 32..end, false)],
            At::Row(CHANGES, _) => vec![(33..end, false)],
            At::Row(..) => vec![(1..end, false)],
            At::Slot(_) => vec![(9..end, false)],
        }
    }

    fn address_length(&self) -> usize {
        let length = &self.content[RECORD_HEAD..RECORD_HEAD + 4];
        u32::from_be_bytes(length.try_into().unwrap()) as usize
    }

    /// The content with something else in the place of a part, and with the length that belongs to it.
    pub(super) fn with_part(&self, part: &Part, sealed: &[u8]) -> Vec<u8> {
        let mut content = self.content.clone();
        content.splice(part.range.clone(), sealed.iter().copied());
        if matches!(self.at, At::Row(RECORDS, _)) && !part.is_data {
            let length = u32::try_from(sealed.len()).unwrap().to_be_bytes();
            content[RECORD_HEAD..RECORD_HEAD + 4].copy_from_slice(&length);
        }
        content
    }

    pub(super) fn put(&self, disk: &Disk, content: &[u8]) {
        match &self.at {
            At::Row(table, key) => disk.put(&[(*table, key, content)]),
            At::Slot(path) => {
                write(path, content);
                // Whatever is remembered of the keys is looked at again.
                disk.put(&[]);
            }
            At::Protector(path, id) => write(path, &protector_file(id, content)),
        }
    }
}

fn write(path: &Path, content: &[u8]) {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path).unwrap();
    file.write_all(content).unwrap();
}
