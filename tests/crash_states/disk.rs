//! A disk that promises no more than it has to: what was not synced may be there or not, in any order, in pieces of a
//! sector. The same for names: a name is in its folder for certain only when that folder was synced.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::Path;

use plugin_vault::files;

use crate::rig::Random;
use crate::rig::log::Event;

const SECTOR: usize = 512;

type Id = usize;

#[derive(Default)]
struct Inode {
    /// A folder's names, a file's bytes, as far as they are certain.
    names: BTreeMap<String, Id>,
    bytes: Vec<u8>,
    is_folder: bool,
    /// What has been done since the last sync.
    pending_names: Vec<(String, Option<Id>)>,
    pending: Vec<Change>,
    /// The names as the processes see them.
    seen: BTreeMap<String, Id>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Size(usize, bool),
}

/// What becomes of the changes that are not certain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Lost,
    Kept,
    /// Each may be lost, kept, torn, or overtaken by another.
    Mixed,
}

pub(crate) struct Disk<'r> {
    root: &'r str,
    inodes: Vec<Inode>,
    /// The system's numbers, which it gives again when a file is gone.
    numbers: HashMap<u64, Id>,
}

impl<'r> Disk<'r> {
    /// An empty disk, mounted at `root`.
    pub(crate) fn new(root: &'r str) -> Self {
        Self { root, inodes: vec![folder()], numbers: HashMap::new() }
    }

    /// The folder of a path, and the last name of the path; `None` for the root and what is not below it.
    fn parent<'p>(&self, path: &'p str) -> Option<(Id, &'p str)> {
        let mut names = path.strip_prefix(self.root)?.split('/').filter(|name| !name.is_empty());
        let last = names.next_back()?;
        let mut at = 0;
        for name in names {
            at = *self.inodes[at].seen.get(name).expect("the folder is there");
        }
        Some((at, last))
    }

    fn find(&self, path: &str) -> Option<Id> {
        let (folder, name) = self.parent(path)?;
        self.inodes[folder].seen.get(name).copied()
    }

    fn name(&mut self, path: &str, id: Option<Id>) {
        let Some((folder, name)) = self.parent(path) else { return };
        let folder = &mut self.inodes[folder];
        match id {
            Some(id) => folder.seen.insert(name.to_owned(), id),
            None => folder.seen.remove(name),
        };
        folder.pending_names.push((name.to_owned(), id));
    }

    fn make(&mut self, path: &str, number: u64, inode: Inode) {
        let id = self.inodes.len();
        self.inodes.push(inode);
        self.numbers.insert(number, id);
        self.name(path, Some(id));
    }

    /// Does what the process did. With `half`, the process was stopped inside of it: what would be certain after it is
    /// not yet.
    pub(crate) fn apply(&mut self, event: &Event, half: bool) {
        match event {
            Event::Opened { path, inode, truncated } => {
                if path == self.root {
                    self.numbers.insert(*inode, 0);
                } else if let Some(id) = self.find(path) {
                    self.numbers.insert(*inode, id);
                    if *truncated {
                        self.inodes[id].pending.push(Change::Size(0, true));
                    }
                } else {
                    self.make(path, *inode, Inode::default());
                }
            }
            Event::Written { inode, offset, data, synced } => {
                let change = Change::Write(usize::try_from(*offset).unwrap(), data.clone());
                let inode = &mut self.inodes[self.numbers[inode]];
                if *synced && !half {
                    // Only this one is certain: what waits for a sync goes on waiting, but does not undo it.
                    change.clone().whole(&mut inode.bytes);
                } else {
                    inode.pending.push(change);
                }
            }
            Event::Sized { inode, size, exact } => {
                let change = Change::Size(usize::try_from(*size).unwrap(), *exact);
                self.inodes[self.numbers[inode]].pending.push(change);
            }
            Event::Synced { inode } if !half => {
                let inode = &mut self.inodes[self.numbers[inode]];
                for change in std::mem::take(&mut inode.pending) {
                    change.whole(&mut inode.bytes);
                }
                for (name, id) in std::mem::take(&mut inode.pending_names) {
                    set_name(&mut inode.names, name, id);
                }
            }
            Event::Renamed { from, to } => {
                let id = self.find(from);
                self.name(to, id);
                self.name(from, None);
            }
            Event::Folder { path, inode } => self.make(path, *inode, folder()),
            Event::Removed { path } => self.name(path, None),
            Event::Linked { from, to } => {
                let id = self.find(from);
                self.name(to, id);
            }
            Event::Synced { .. } | Event::Answered(_) | Event::Failed { .. } => {}
        }
    }

    /// Writes down what is there after the power has failed.
    pub(crate) fn materialize(&self, fate: Fate, random: &mut Random, target: &Path) {
        self.folder(0, fate, random, target);
    }

    fn folder(&self, id: Id, fate: Fate, random: &mut Random, target: &Path) {
        files::create_folder(target).unwrap();
        let inode = &self.inodes[id];
        let mut names = inode.names.clone();
        for (name, id) in &inode.pending_names {
            if fate == Fate::Kept || fate == Fate::Mixed && random.one_in(2) {
                set_name(&mut names, name.clone(), *id);
            }
        }
        for (name, id) in names {
            let target = target.join(name);
            if self.inodes[id].is_folder {
                self.folder(id, fate, random, &target);
            } else {
                let bytes = self.inodes[id].after(fate, random);
                files::create_new(&target).unwrap().write_all(&bytes).unwrap();
            }
        }
    }
}

fn folder() -> Inode {
    Inode { is_folder: true, ..Inode::default() }
}

fn set_name(names: &mut BTreeMap<String, Id>, name: String, id: Option<Id>) {
    match id {
        Some(id) => names.insert(name, id),
        None => names.remove(&name),
    };
}

impl Inode {
    fn after(&self, fate: Fate, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let mut changes: Vec<_> = self.pending.iter().collect();
        if fate == Fate::Mixed && random.one_in(3) {
            for at in (1..changes.len()).rev() {
                changes.swap(at, random.below(at + 1));
            }
        }
        for change in changes {
            match fate {
                Fate::Lost => {}
                Fate::Kept => change.clone().whole(&mut bytes),
                Fate::Mixed => match random.below(4) {
                    0 => {}
                    1 => change.torn(&mut bytes, random),
                    _ => change.clone().whole(&mut bytes),
                },
            }
        }
        bytes
    }
}

impl Change {
    fn whole(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => put(bytes, offset, &data),
            Self::Size(size, exact) => {
                if exact || size > bytes.len() {
                    bytes.resize(size, 0);
                }
            }
        }
    }

    /// Some sectors of it.
    fn torn(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let Self::Write(offset, data) = self else { return self.clone().whole(bytes) };
        let mut at = 0;
        while at < data.len() {
            let end = (at + SECTOR - (offset + at) % SECTOR).min(data.len());
            if random.one_in(2) {
                put(bytes, offset + at, &data[at..end]);
            }
            at = end;
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}
