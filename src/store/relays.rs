//! `relays/`: two files for each relay, as in `live/`. Its process keeps the empty one locked for its whole life. The one beside it,
//! which is never locked, says where the relay listens, and which key it has made for its own life: if the process was
//! killed, the next relay ends that key.

use std::fs::File;
use std::path::PathBuf;

use crate::files::{self, Cause, Dir};
use crate::rows::{Id, id_text, parse_id};

use super::{Location, StoreError};

/// The longest file, in bytes.
const LONGEST: usize = 8 * 1024;
/// The end of the name of the file beside the locked one.
const ABOUT: &str = ".txt";
/// What stands in the place of the id of a key that is not the relay's own.
const NO_KEY: &str = "-";

/// A relay, as its file describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelayEntry {
    /// The socket's path.
    pub socket: PathBuf,
    /// The process id of the relay.
    pub process: u32,
    /// The id of the key that the relay has made for itself, if it has made one.
    pub key_id: Option<String>,
}

/// The files of this process's relay. They are removed when this is dropped, unless the relay's key could not be ended.
pub struct RelayMark {
    folder: Dir,
    name: String,
    locked: Option<File>,
}

/// The files of a relay that was killed. No other process takes them while this exists.
pub struct StaleRelay {
    /// What the file says.
    pub entry: RelayEntry,
    folder: Dir,
    name: String,
    _locked: File,
}

impl StaleRelay {
    /// Removes the files: the key of the relay was ended.
    pub fn remove(self) {
        remove(&self.folder, &self.name);
    }
}

impl RelayMark {
    /// Leaves the files behind, so that the next relay ends the key.
    pub fn keep(mut self) {
        self.locked = None;
    }
}

impl Drop for RelayMark {
    fn drop(&mut self) {
        // Closed first, since some systems remove no open file.
        if self.locked.take().is_some() {
            remove(&self.folder, &self.name);
        }
    }
}

/// Removes both files of a relay. The locked one goes last: without it the other is not found.
fn remove(folder: &Dir, name: &str) {
    let _ = folder.remove(&about(name));
    let _ = folder.remove(name);
}

fn about(name: &str) -> String {
    format!("{name}{ABOUT}")
}

impl RelayEntry {
    fn text(&self) -> String {
        let key = self.key_id.as_deref().unwrap_or(NO_KEY);
        format!("{} {key} {}\n", self.process, self.socket.display())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim_end_matches('\n').splitn(3, ' ');
        let (process, key, socket) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        Some(Self { socket: socket.into(), process, key_id: (key != NO_KEY).then(|| key.to_owned()) })
    }
}

impl Location {
    /// Writes the files of a relay of this process.
    ///
    /// # Errors
    /// If they can't be written.
    pub fn begin_relay(&self, id: Id, entry: &RelayEntry) -> Result<RelayMark, StoreError> {
        let folder = self.folder.dir()?.make_folder("relays")?;
        let name = id_text(&id);
        folder.create_whole(&about(&name), entry.text().as_bytes())?;
        let file = folder.create_new(&name)?;
        file.lock().map_err(|error| files::Error::at(&folder.path_of(&name), Cause::Io(error)))?;
        Ok(RelayMark { folder, name, locked: Some(file) })
    }

    /// The relays that run, and the files of those that were killed. What is no file of a relay's is left out.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn relays(&self) -> Result<(Vec<RelayEntry>, Vec<StaleRelay>), StoreError> {
        let folder = || self.folder.dir()?.folder("relays");
        let names = match folder() {
            Err(error) if error.is_not_found() => return Ok((Vec::new(), Vec::new())),
            folder => folder?.names()?,
        };
        let (mut running, mut stale) = (Vec::new(), Vec::new());
        for name in names.into_iter().filter(|name| parse_id(name).is_some()) {
            let folder = folder()?;
            let Ok(text) = folder.read_whole(&about(&name), LONGEST) else { continue };
            let Some(entry) = String::from_utf8(text).ok().and_then(|text| RelayEntry::parse(&text)) else {
                continue;
            };
            let Ok(file) = folder.write(&name) else { continue };
            if file.try_lock().is_ok() {
                stale.push(StaleRelay { entry, folder, name, _locked: file });
            } else {
                running.push(entry);
            }
        }
        running.sort_by(|one, other| one.socket.cmp(&other.socket));
        Ok((running, stale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_where_a_relay_listens_until_it_ends() {
        let root = tempfile::tempdir().unwrap();
        let location = Location::new(root.path().to_owned(), false, [9; 16]);
        assert!(location.relays().unwrap().0.is_empty());
        let entry =
            RelayEntry { socket: "/run/user/1/a b.sock".into(), process: 7, key_id: Some("ab".repeat(16)) };
        let mark = location.begin_relay([1; 16], &entry).unwrap();
        let other = RelayEntry { key_id: None, ..entry.clone() };
        let killed = location.begin_relay([2; 16], &other).unwrap();
        killed.keep();
        let (running, stale) = location.relays().unwrap();
        assert_eq!(running, std::slice::from_ref(&entry));
        assert_eq!(stale.len(), 1);
        for one in stale {
            assert_eq!(one.entry, other);
            one.remove();
        }
        drop(mark);
        let (running, stale) = location.relays().unwrap();
        assert!(running.is_empty() && stale.is_empty());
    }
}
