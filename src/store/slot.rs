//! Slot files: one small file a key, which holds the namespace's data key, wrapped.
//!
//! They lie outside of LMDB since what must be destroyable may not lie where pages are copied: an overwritten slot
//! file is gone, a deleted page is not.

use std::io::{Seek as _, SeekFrom, Write as _};

use crate::files::{self, Dir};
use crate::rows::{Id, id_text, parse_id};

use super::{Folder, StoreError};

/// What every slot file begins with, bound to what is wrapped in it: name, format, generation of the data key. A slot
/// file of another generation is refused.
pub const SLOT_HEADER: &[u8; 9] = b"pvslot\0\x01\0";

const SLOTS: &str = "slots";
/// No slot file is longer.
const LONGEST: usize = 1024;
/// In the data folder: the names of slot files whose rows may not have been committed, one a line.
const PENDING: &str = "pending-slots";
/// It is emptied whenever the commits of all of them are known.
const LONGEST_PENDING: usize = 4 << 20;

/// What lies in a slot file.
pub enum Slot {
    /// There is no file.
    Absent,
    /// The wrapped data key.
    Wrapped(Vec<u8>),
    /// The file was overwritten: what it held is gone for good.
    Destroyed,
}

impl Folder {
    fn slots_folder(&self) -> files::Result<Dir> {
        self.dir()?.folder(SLOTS)
    }

    /// Reads a slot file.
    pub(super) fn slot(&self, slot: &Id) -> Result<Slot, StoreError> {
        let content = match self.slot_file(slot) {
            Err(error) if error.is_not_found() => return Ok(Slot::Absent),
            content => content?,
        };
        if is_destroyed(&content) {
            return Ok(Slot::Destroyed);
        }
        let wrapped = content.strip_prefix(SLOT_HEADER).ok_or(StoreError::Damaged)?;
        Ok(Slot::Wrapped(wrapped.to_vec()))
    }

    /// All that is in a slot file.
    pub(super) fn slot_file(&self, slot: &Id) -> files::Result<Vec<u8>> {
        self.slots_folder()?.read_whole(&id_text(slot), LONGEST)
    }

    /// Writes a slot file, synced. Only under the write lock, and only for a slot that no row of the table of keys
    /// names. One that is left over from a commit that never came is replaced.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the slot had a row once: the row is lost, and what the slot opens must not be.
    pub(super) fn put_slot(&self, slot: &Id, wrapped: &[u8]) -> Result<(), StoreError> {
        let dir = self.dir()?;
        let is_left_over = pending_slots_in(&dir)?.contains(slot);
        if !is_left_over {
            if matches!(self.slot(slot)?, Slot::Wrapped(_)) {
                return Err(StoreError::Damaged);
            }
            let is_new = dir.find(PENDING)?.is_none();
            let mut pending = dir.open_or_create(PENDING)?;
            pending.seek(SeekFrom::End(0))?;
            // Behind a line that a process did not write to its end.
            pending.write_all(format!("\n{}\n", id_text(slot)).as_bytes())?;
            pending.sync_all()?;
            // After a loss of power, a slot that is left over must not look like one that had a row.
            if is_new {
                dir.sync()?;
            }
        }
        self.put_slot_file(slot, &[SLOT_HEADER, wrapped].concat())?;
        Ok(())
    }

    /// The slots that were written for commits of which it is not known whether they came.
    pub(super) fn pending_slots(&self) -> Result<Vec<Id>, StoreError> {
        Ok(pending_slots_in(&self.dir()?)?)
    }

    /// It is known of every slot whether its commit came.
    pub(super) fn forget_pending_slots(&self) -> Result<(), StoreError> {
        self.dir()?.open_or_create(PENDING)?.set_len(0)?;
        Ok(())
    }

    /// Writes all that is in a slot file.
    pub(super) fn put_slot_file(&self, slot: &Id, content: &[u8]) -> files::Result<()> {
        self.dir()?.make_folder(SLOTS)?.replace(&id_text(slot), content)
    }

    /// The slots that have a file.
    pub(super) fn slots_there(&self) -> Result<Vec<Id>, StoreError> {
        let folder = match self.slots_folder() {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            folder => folder?,
        };
        Ok(folder.names()?.iter().filter_map(|name| parse_id(name)).collect())
    }

    /// Overwrites a slot file where it lies, and syncs it. It stays, as a sign that the key was there. A file that has
    /// not the shape of a slot, or a second name somewhere, is left as it is.
    pub(super) fn destroy_slot(&self, slot: &Id) -> Result<(), StoreError> {
        let is_slot = |content: &[u8]| content.starts_with(SLOT_HEADER) || is_destroyed(content);
        match self.slots_folder()?.overwrite(&id_text(slot), LONGEST, is_slot) {
            Err(error) if error.is_not_found() => Ok(()),
            outcome => Ok(outcome?),
        }
    }
}

fn pending_slots_in(dir: &Dir) -> files::Result<Vec<Id>> {
    match dir.read_whole(PENDING, LONGEST_PENDING) {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        names => Ok(String::from_utf8_lossy(&names?).lines().filter_map(parse_id).collect()),
    }
}

fn is_destroyed(content: &[u8]) -> bool {
    content.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_has_not_the_shape_of_a_slot_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Folder::new(folder.path().to_owned());
        let id = [7; 16];
        store.put_slot_file(&id, &[SLOT_HEADER, b"wrapped".as_slice()].concat()).unwrap();
        let path = folder.path().join(SLOTS).join(crate::rows::id_text(&id));
        let foreign: [&[u8]; 4] = [b"another program's", b"pvslot", b"pvslot\0\x02\0wrapped", &[0, 0, 1]];
        for content in foreign {
            files::replace(&path, content).unwrap();
            assert_eq!(store.destroy_slot(&id), Err(StoreError::Damaged));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        files::replace(&path, &vec![b'x'; LONGEST + 1]).unwrap();
        assert_eq!(store.destroy_slot(&id), Err(StoreError::Damaged));
        assert_eq!(fs::read(&path).unwrap(), vec![b'x'; LONGEST + 1]);
        for content in [SLOT_HEADER.as_slice(), b"pvslot\0\x01\0wrapped", &[0, 0, 0]] {
            files::replace(&path, content).unwrap();
            store.destroy_slot(&id).unwrap();
            assert_eq!(fs::read(&path).unwrap(), vec![0; content.len()]);
        }
    }
}
