//! Protector files: one small file for each protector, which holds its row.
//!
//! They are separate from LMDB for the same reason as slot files: LMDB copies pages, and a removed protector must leave
//! nothing that opens the store. So the tables, `backups/`, and the data files in `quarantine/` never hold a row.
//!
//! The row is written twice, in two blocks with a checksum each, since no backup can replace a lost row. A removed
//! protector leaves two blocks that mark the removal, with zeros in the row's place. One such block is enough: a
//! process that ended between the two writes had already decided.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use twox_hash::xxhash3_64::Hasher;

use crate::files::{self, Dir};
use crate::rows::{Id, checksum, id_text, parse_id};

use super::lmdb::create::ASIDE;
use super::lmdb::lock::WriteLock;
use super::{Folder, StoreError};

/// The prefix of every block: name and format.
const HEADER: &[u8; 8] = b"pvprot\0\x01";
const PROTECTORS: &str = "protectors";
const BLOCK: usize = 4096;
const COPIES: usize = 2;
/// The size of a protector file in bytes.
pub(super) const FILE: usize = BLOCK * COPIES;
/// The longest row in bytes.
const LONGEST: usize = BLOCK - HEADER.len() - 2 - checksum::LENGTH;

/// A protector's id, and its row.
pub type ProtectorRow = (Id, Vec<u8>);

/// A change of the protectors, which is part of no commit.
pub enum ProtectorChange {
    /// Adds a protector. If that fails, it was not added, or the log says that it may have been.
    Add(ProtectorRow),
    /// Overwrites a protector. If that fails, it may or may not be gone, and the change has to be repeated.
    Remove(Id),
}

/// The content of one block.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Copy {
    Whole(Vec<u8>),
    Removed,
    Damaged,
}

/// The state of a protector file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ProtectorState {
    /// Both blocks are whole.
    Whole,
    /// One block is damaged.
    Half,
    /// Both blocks are damaged.
    Damaged,
}

/// The combined content of both blocks.
enum Found {
    Row(Vec<u8>),
    Removed,
    Damaged,
}

impl Found {
    fn of(copies: [Copy; COPIES]) -> Self {
        if copies.contains(&Copy::Removed) {
            return Self::Removed;
        }
        let whole = copies.into_iter().find_map(|copy| match copy {
            Copy::Whole(row) => Some(row),
            Copy::Removed | Copy::Damaged => None,
        });
        whole.map_or(Self::Damaged, Self::Row)
    }
}

/// `header ‖ u16 length ‖ row ‖ zeros ‖ XXH3-64(id ‖ all before)`. An empty row means that the protector was removed.
fn block(id: &Id, row: &[u8]) -> Vec<u8> {
    let length = u16::try_from(row.len()).expect("a row is short");
    let mut block = [HEADER.as_slice(), &length.to_be_bytes(), row].concat();
    assert!(row.len() <= LONGEST, "a row fits its block");
    block.resize(BLOCK - checksum::LENGTH, 0);
    block.extend_from_slice(&sum(id, &block));
    block
}

fn sum(id: &Id, content: &[u8]) -> [u8; checksum::LENGTH] {
    Hasher::oneshot(&[id, content].concat()).to_be_bytes()
}

fn decode(id: &Id, block: &[u8]) -> Copy {
    let row = || {
        let (content, found) = block.split_last_chunk()?;
        let content = content.strip_prefix(HEADER).filter(|_| *found == sum(id, content))?;
        let (length, rest) = content.split_first_chunk::<2>()?;
        rest.get(..usize::from(u16::from_be_bytes(*length)))
    };
    match row() {
        None => Copy::Damaged,
        Some([]) => Copy::Removed,
        Some(row) => Copy::Whole(row.to_vec()),
    }
}

/// Encodes a protector file.
pub(super) fn encode(id: &Id, row: &[u8]) -> Vec<u8> {
    block(id, row).repeat(COPIES)
}

/// The row in a protector file's bytes; `None` if neither block is whole, or the protector was removed.
pub(super) fn row_in(id: &Id, file: &[u8]) -> Option<Vec<u8>> {
    let block = |number: usize| file.get(number * BLOCK..(number + 1) * BLOCK).unwrap_or_default();
    match Found::of([decode(id, block(0)), decode(id, block(1))]) {
        Found::Row(row) => Some(row),
        Found::Removed | Found::Damaged => None,
    }
}

impl Folder {
    fn protectors_dir(&self) -> files::Result<Dir> {
        self.dir()?.folder(PROTECTORS)
    }

    fn protector_path(&self, id: &Id) -> PathBuf {
        self.path().join(PROTECTORS).join(id_text(id))
    }

    /// The rows of the store's protectors, by id. Removed and damaged protectors are left out.
    pub(super) fn protectors(&self) -> Result<Vec<ProtectorRow>, StoreError> {
        let mut rows = Vec::new();
        for id in self.protector_files()? {
            match self.protector_copies(&id)?.map(Found::of) {
                Some(Found::Row(row)) => rows.push((id, row)),
                Some(Found::Damaged) => {
                    let path = self.protector_path(&id);
                    tracing::error!("the protector file '{}' is damaged; it opens nothing", path.display());
                }
                Some(Found::Removed) | None => {}
            }
        }
        Ok(rows)
    }

    /// The state of each protector file.
    pub(super) fn protector_states(&self) -> Result<Vec<ProtectorState>, StoreError> {
        let mut states = Vec::new();
        for id in self.protector_files()? {
            let Some(copies) = self.protector_copies(&id)? else { continue };
            let damaged = copies.iter().filter(|copy| **copy == Copy::Damaged).count();
            states.push(match damaged {
                0 => ProtectorState::Whole,
                COPIES => ProtectorState::Damaged,
                _ => ProtectorState::Half,
            });
        }
        Ok(states)
    }

    /// The ids of the removed protectors.
    pub(super) fn removed_protectors(&self) -> Result<Vec<Id>, StoreError> {
        let mut removed = Vec::new();
        for id in self.protector_files()? {
            if matches!(self.protector_copies(&id)?.map(Found::of), Some(Found::Removed)) {
                removed.push(id);
            }
        }
        Ok(removed)
    }

    /// Carries out a change of the protectors. Every file is synced when this returns.
    pub(super) fn change_protector(
        &self,
        _lock: &WriteLock<'_>,
        change: &ProtectorChange,
    ) -> Result<(), StoreError> {
        match change {
            ProtectorChange::Add(row) => self.add_protector(row),
            ProtectorChange::Remove(id) => self.remove_protector(id),
        }
    }

    fn add_protector(&self, (id, row): &ProtectorRow) -> Result<(), StoreError> {
        self.put_protector(id, row).inspect_err(|_| {
            // The file may already have its name, if only the sync of the folder failed.
            if self.remove(id).is_err() {
                tracing::error!(
                    "a protector that could not be added may be there; see plugin-vault protector list"
                );
            }
        })
    }

    /// Overwrites both blocks in place. The file stays as a mark of the removal.
    fn remove_protector(&self, id: &Id) -> Result<(), StoreError> {
        self.remove(id).inspect_err(|_| {
            let path = self.protector_path(id);
            tracing::error!("the protector file '{}' could not be overwritten; try again", path.display());
        })
    }

    /// Finishes removals that a process began and did not finish.
    pub(super) fn finish_removals(&self) -> Result<(), StoreError> {
        for id in self.protector_files()? {
            if let Some(copies) = self.protector_copies(&id)?
                && copies.contains(&Copy::Removed)
                && copies.iter().any(|copy| *copy != Copy::Removed)
            {
                self.remove(&id)?;
            }
        }
        Ok(())
    }

    /// Writes a damaged block again from the whole one. Removes the temporary files of a process that was killed while
    /// it added a protector.
    pub(super) fn repair_protectors(&self, _lock: &WriteLock<'_>) -> Result<(), StoreError> {
        self.finish_removals()?;
        for id in self.protector_files()? {
            let (good, place) = match self.protector_copies(&id)? {
                Some([Copy::Whole(row), Copy::Damaged]) => (row, 1),
                Some([Copy::Damaged, Copy::Whole(row)]) => (row, 0),
                _ => continue,
            };
            let mut file = self.protectors_dir()?.write(&id_text(&id))?;
            write_block(&mut file, place, &block(&id, &good))?;
            tracing::warn!("one of the two blocks of a protector file was damaged; it is repaired");
        }
        self.forget_unfinished_protectors()
    }

    /// Creates a protector's file. Only under the write lock, or under the exclusive lock.
    pub(super) fn put_protector(&self, id: &Id, row: &[u8]) -> Result<(), StoreError> {
        Ok(self.dir()?.make_folder(PROTECTORS)?.replace(&id_text(id), &encode(id, row))?)
    }

    /// Removes all protector files from a folder without a store.
    pub(super) fn forget_protectors(&self) -> Result<(), StoreError> {
        for id in self.protector_files()? {
            destroy(&self.protectors_dir()?, &id_text(&id))?;
        }
        self.forget_unfinished_protectors()
    }

    fn forget_unfinished_protectors(&self) -> Result<(), StoreError> {
        for name in self.protector_names()? {
            if name.starts_with(ASIDE) {
                destroy(&self.protectors_dir()?, &name)?;
            }
        }
        Ok(())
    }

    fn remove(&self, id: &Id) -> Result<(), StoreError> {
        let mut file = match self.protectors_dir().and_then(|folder| folder.write(&id_text(id))) {
            Err(error) if error.is_not_found() => return Ok(()),
            file => file?,
        };
        let removed = block(id, &[]);
        for place in 0..COPIES {
            write_block(&mut file, place, &removed)?;
        }
        Ok(())
    }

    fn protector_files(&self) -> Result<Vec<Id>, StoreError> {
        let mut ids: Vec<_> = self.protector_names()?.iter().filter_map(|name| parse_id(name)).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn protector_names(&self) -> Result<Vec<String>, StoreError> {
        match self.protectors_dir() {
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            folder => Ok(folder?.names()?),
        }
    }

    /// `None` if the file is gone by now.
    fn protector_copies(&self, id: &Id) -> Result<Option<[Copy; COPIES]>, StoreError> {
        let mut file = match self.protectors_dir().and_then(|folder| folder.read(&id_text(id))) {
            Err(error) if error.is_not_found() => return Ok(None),
            file => file?,
        };
        // A block that the disk cannot read says nothing about the other.
        let mut copy = |place| read_block(&mut file, place).map_or(Copy::Damaged, |block| decode(id, &block));
        Ok(Some([copy(0), copy(1)]))
    }
}

fn read_block(file: &mut File, place: usize) -> io::Result<Vec<u8>> {
    let mut block = vec![0; BLOCK];
    file.seek(SeekFrom::Start((place * BLOCK) as u64))?;
    file.read_exact(&mut block)?;
    Ok(block)
}

/// Writes one block in place, and syncs it before the next one is written.
fn write_block(file: &mut File, place: usize, block: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start((place * BLOCK) as u64))?;
    file.write_all(block)?;
    file.sync_all()
}

/// Overwrites a file before it removes its name.
fn destroy(folder: &Dir, name: &str) -> Result<(), StoreError> {
    folder.overwrite(name, COPIES * BLOCK, |_| true)?;
    folder.remove(name)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};

    use super::*;

    const ID: Id = [7; 16];

    fn store() -> (tempfile::TempDir, Folder) {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::new(folder.path().to_owned());
        store.put_protector(&ID, b"a row").unwrap();
        (folder, store)
    }

    /// Runs `what` under the write lock.
    fn locked<T>(store: &Folder, what: impl FnOnce(&WriteLock<'_>) -> T) -> T {
        let [file, writer] = ["write.lock", "writer"].map(|name| store.path().join(name));
        let (file, writer) = (files::open_or_create(&file).unwrap(), files::open_or_create(&writer).unwrap());
        what(&WriteLock::take(&file, &writer).unwrap())
    }

    fn rows(store: &Folder) -> Vec<ProtectorRow> {
        store.protectors().unwrap()
    }

    #[test]
    fn a_row_is_read_from_either_block_and_the_other_is_repaired() {
        for harmed in 0..2 * BLOCK {
            if harmed % 509 != 0 {
                continue;
            }
            let (_folder, store) = store();
            let whole = fs::read(store.protector_path(&ID)).unwrap();
            let mut bytes = whole.clone();
            bytes[harmed] ^= 1;
            files::replace(&store.protector_path(&ID), &bytes).unwrap();
            assert_eq!(rows(&store), [(ID, b"a row".to_vec())], "{harmed}");
            locked(&store, |lock| store.repair_protectors(lock)).unwrap();
            assert_eq!(fs::read(store.protector_path(&ID)).unwrap(), whole, "{harmed}");
        }
    }

    #[test]
    fn a_file_that_was_cut_is_read_as_far_as_it_goes() {
        for (length, is_there) in [(2 * BLOCK - 1, true), (BLOCK, true), (BLOCK - 1, false), (0, false)] {
            let (_folder, store) = store();
            let file = OpenOptions::new().write(true).open(store.protector_path(&ID)).unwrap();
            file.set_len(length as u64).unwrap();
            assert_eq!(!rows(&store).is_empty(), is_there, "{length}");
            locked(&store, |lock| store.repair_protectors(lock)).unwrap();
            let length = fs::metadata(store.protector_path(&ID)).unwrap().len();
            assert_eq!(length == FILE as u64, is_there);
        }
    }

    #[test]
    fn a_file_under_another_name_is_no_protector() {
        let (_folder, store) = store();
        fs::rename(store.protector_path(&ID), store.protector_path(&[8; 16])).unwrap();
        assert!(rows(&store).is_empty());
    }

    #[test]
    fn a_removed_protector_leaves_nothing_of_its_row() {
        let (_folder, store) = store();
        locked(&store, |lock| store.change_protector(lock, &ProtectorChange::Remove(ID))).unwrap();
        assert!(rows(&store).is_empty());
        assert_eq!(store.removed_protectors().unwrap(), [ID]);
        let left = fs::read(store.protector_path(&ID)).unwrap();
        assert!(!left.windows(5).any(|window| window == b"a row"));
        let written = left.iter().filter(|byte| **byte != 0).count();
        assert!(written <= 2 * (HEADER.len() + checksum::LENGTH));
    }

    #[test]
    fn a_removal_that_was_cut_off_between_the_blocks_is_finished() {
        for place in 0..COPIES {
            let (_folder, store) = store();
            let mut file = OpenOptions::new().write(true).open(store.protector_path(&ID)).unwrap();
            write_block(&mut file, place, &block(&ID, &[])).unwrap();
            assert!(rows(&store).is_empty(), "{place}");
            store.finish_removals().unwrap();
            assert_eq!(fs::read(store.protector_path(&ID)).unwrap(), encode(&ID, &[]));
        }
    }

    #[test]
    fn what_a_killed_process_was_adding_is_taken_away() {
        let (_folder, store) = store();
        let aside = store.path().join(PROTECTORS).join("new-something");
        files::create_whole(&aside, &encode(&[8; 16], b"another row")).unwrap();
        locked(&store, |lock| store.repair_protectors(lock)).unwrap();
        assert!(!aside.exists());
        assert_eq!(rows(&store).len(), 1);
    }
}
