//! Slot files: one small file for each key, which holds the wrapped data key of the namespace.
//!
//! They are outside of LMDB, because LMDB copies pages. An overwritten slot file is destroyed, but a copy of a deleted
//! page may remain.

use std::io::{Seek as _, SeekFrom, Write as _};

use crate::files::{self, Dir};
use crate::rows::{Id, id_text, parse_id};

use super::{Folder, StoreError};

/// The prefix of every slot file: name, format, generation of the data key. The wrapped data key is bound to it. A slot
/// file of another generation is refused.
pub const SLOT_HEADER: &[u8; 9] = b"pvslot\0\x01\0";

const SLOTS: &str = "slots";
/// The largest size of a slot file, in bytes.
const LONGEST: usize = 1024;
/// A file in the data folder: the names of the slot files whose rows may not have been committed, one per line.
const PENDING: &str = "pending-slots";
/// Its largest size in bytes. It is emptied whenever the outcome of all their commits is known.
const LONGEST_PENDING: usize = 4 << 20;

/// The content of a slot file.
pub enum Slot {
    /// There is no file.
    Absent,
    /// The wrapped data key.
    Wrapped(Vec<u8>),
    /// The file was overwritten. Its former content is gone for good.
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

    /// All bytes of a slot file.
    pub(super) fn slot_file(&self, slot: &Id) -> files::Result<Vec<u8>> {
        self.slots_folder()?.read_whole(&id_text(slot), LONGEST)
    }

    /// Writes and syncs a slot file. Only under the write lock, and only for a slot that no row of the table of keys
    /// names. A slot file left over from a commit that did not happen is replaced.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the slot had a row once: that row is lost, but the data that the slot opens must not
    /// be lost too.
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
            // The line break first: a process may have left its last line unfinished.
            pending.write_all(format!("\n{}\n", id_text(slot)).as_bytes())?;
            pending.sync_all()?;
            // After a loss of power, a left-over slot must not look like a slot that had a row.
            if is_new {
                dir.sync()?;
            }
        }
        self.put_slot_file(slot, &[SLOT_HEADER, wrapped].concat())?;
        Ok(())
    }

    /// The slots that were written for commits whose outcome is not known.
    pub(super) fn pending_slots(&self) -> Result<Vec<Id>, StoreError> {
        Ok(pending_slots_in(&self.dir()?)?)
    }

    /// Empties the list of pending slots: the outcome of every commit is known.
    pub(super) fn forget_pending_slots(&self) -> Result<(), StoreError> {
        self.dir()?.open_or_create(PENDING)?.set_len(0)?;
        Ok(())
    }

    /// Writes all bytes of a slot file.
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

    /// Overwrites a slot file in place, and syncs it. The file stays as a mark that the key existed. A file without the
    /// format of a slot file, or with a second name, is not changed.
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
