//! What the fuzzer `crafted` does to a data folder before it is used: links, special files and other content in the place
//! of its entries, and rows that a program forges which has no key.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use plugin_vault::limits;
use plugin_vault::rows::{Table, meta};
use plugin_vault::store::{Batch, Row, Store};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{Template, make_file, make_folder, take_away};

/// Bytes of `data` that say what is done to one entry.
const HARM: usize = 4;
/// Harms that one input can ask for.
const HARMS: usize = 6;
/// What can be put in the place of an entry.
pub(crate) const FILE_HARMS: u8 = 16;
/// The one of them that writes a line of text.
pub(crate) const TEXT: u8 = 11;
/// From here on `how` asks for forged rows.
pub(crate) const ROWS: u8 = 0xc0;
/// Words that stand in the place of one of a header's.
pub(crate) const WORDS: [&str; 16] = [
    "",
    "0",
    "1",
    "2",
    "4097",
    "65536",
    "4294967296",
    "9007199254740992",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-1",
    "ffffffffffffffffffffffffffffffff",
    "pthread-other-40",
    "\u{feff}",
    "\0",
];

/// One harm: which entry of the data folder, what is done to it, and two bytes more that say how.
pub(crate) struct Harm {
    entry: u8,
    how: u8,
    more: [u8; 2],
}

impl Harm {
    pub(crate) fn all(data: &[u8]) -> impl Iterator<Item = Self> {
        let (harms, _) = data.as_chunks::<HARM>();
        harms.iter().take(HARMS).map(|[entry, how, more @ ..]| Self { entry: *entry, how: *how, more: *more })
    }

    /// Whether it forges numbers and orders alone, by which nothing that was stored may be lost.
    pub(crate) fn costs_nothing(&self) -> bool {
        self.is_rows() && usize::from(self.entry) % Table::ALL.len() == 0 && self.more[0] <= 6
    }

    /// Two bytes as a place in so many.
    fn place(&self, of: usize) -> usize {
        usize::from(u16::from_be_bytes(self.more)) % of.max(1)
    }

    pub(crate) fn is_rows(&self) -> bool {
        self.how >= ROWS
    }

    /// Rows that are put into the tables with whole checksums, as a program writes them that has no key.
    pub(crate) fn rows(&self, store: &Store, batch: &mut Batch) {
        let [which, value] = self.more;
        let numbers = [0, 1, limits::REVISION, limits::REVISION + 1, 1 << 63, u64::MAX - 1, u64::MAX];
        let number = numbers[usize::from(value) % numbers.len()];
        let table = Table::ALL[usize::from(self.entry) % Table::ALL.len()];
        let mut row = |key: Vec<u8>, value| batch.rows.push(Row { table, key, value });
        let names = [meta::KEYS_REVISION, meta::FORGOTTEN, meta::RESTORED, meta::REPAIRED, meta::KEY_INDEX];
        let mut there = Vec::new();
        let Ok(snapshot) = store.snapshot() else { return };
        let _ = snapshot.scan(table, &[], |key, value| there.push((key.to_vec(), value.to_vec())));
        match (table, usize::from(which)) {
            (Table::Meta, 0) => batch.revision = number,
            (Table::Meta, which @ 1..=5) => {
                row(names[which - 1].to_vec(), Some(number.to_be_bytes().to_vec()));
            }
            (Table::Meta, 6) => {
                let _ = snapshot.scan(Table::Keys, &[], |slot, _| {
                    row([meta::DESTROY, slot].concat(), Some(Vec::new()));
                });
            }
            (Table::Changes, 0..=6) => row(number.to_be_bytes().to_vec(), Some(vec![1; 97])),
            _ if there.is_empty() => {}
            (_, which) => {
                let (key, old) = &there[which % there.len()];
                let mut changed = old.clone();
                match value % 5 {
                    0 => return row(key.clone(), None),
                    1 => changed.truncate(old.len() / 2),
                    2 => changed.extend(number.to_be_bytes()),
                    3 => changed.clone_from(&there[(which + 1) % there.len()].1),
                    _ => changed.iter_mut().take(1 + which).for_each(|byte| *byte ^= 1 << (value % 8)),
                }
                row(key.clone(), Some(changed));
            }
        }
    }

    /// Puts something else in the place of an entry.
    pub(crate) fn file(&self, template: &Template) {
        let name = &template.names[usize::from(self.entry) % template.names.len()];
        let (path, outside) = (template.data_folder().join(name), template.outside());
        let own = template.data.get(name).cloned().unwrap_or(Some(b"x".to_vec()));
        // A copy of the entry outside of the folder: nothing but its place tells it from the store's own.
        let copy = outside.join(format!("copy of {}", name.replace('/', " in ")));
        if let Some(content) = &own {
            make_file(&copy, content);
        } else {
            make_folder(&copy);
            let within = format!("{name}/");
            for (name, content) in template.data.range(within.clone()..) {
                let (Some(name), Some(content)) = (name.strip_prefix(&within), content) else { break };
                make_file(&copy.join(name), content);
            }
        }
        let content = own.unwrap_or_default();
        take_away(&path);
        let special = |kind| mknodat(CWD, &path, kind, Mode::RUSR | Mode::WUSR, 0).unwrap_or_default();
        let link = |to: &Path| symlink(to, &path).unwrap_or_default();
        match self.how % FILE_HARMS {
            0 => {}
            1 => link(&copy),
            2 => link(&outside.join("folder")),
            3 => link(&outside.join("nothing")),
            4 => fs::hard_link(&copy, &path).unwrap_or_default(),
            5 => special(FileType::Fifo),
            6 => special(FileType::Socket),
            7 => make_folder(&path),
            8 => make_file(&path, b""),
            9 => make_file(&path, &content[..self.place(content.len())]),
            10 => {
                let mut flipped = content;
                let (at, length) = (self.place(4_096), flipped.len());
                flipped.iter_mut().skip(at % length.max(1)).take(1).for_each(|byte| *byte ^= 1 << (at % 8));
                make_file(&path, &flipped);
            }
            TEXT => make_file(&path, &template.text(self.more)),
            12 => {
                make_file(&path, &content);
                // What holds tables may be that long, and is searched to its end.
                let length = if Path::new(name).extension().is_some_and(|end| end == "mdb") {
                    1 << 24
                } else {
                    1 << 40
                };
                let _ = fs::File::options().write(true).open(&path).and_then(|file| file.set_len(length));
            }
            13 => link(Path::new("/dev/zero")),
            14 => {
                let other = template.data.values().flatten().nth(self.place(template.data.len()));
                make_file(&path, other.map_or(b"".as_slice(), Vec::as_slice));
            }
            _ => {
                make_file(&path, &content);
                let mode = [0o000, 0o200, 0o644, 0o666, 0o7777][self.place(5)];
                let _ = fs::set_permissions(&path, fs::Permissions::from_mode(mode));
            }
        }
    }
}

impl Template {
    /// A line of text as the small files have it, with other words.
    fn text(&self, [which, value]: [u8; 2]) -> Vec<u8> {
        let header = self.data.get("header").cloned().flatten().unwrap_or_default();
        let header = String::from_utf8(header).expect("a header is text");
        let words: Vec<_> = header.split_ascii_whitespace().collect();
        let other = WORDS[usize::from(value) % WORDS.len()];
        let at = usize::from(which) % (words.len() + 2);
        let line = words.iter().enumerate().map(|(place, word)| if place == at { other } else { *word });
        if at == words.len() {
            // A line that never ends, and one that is no text.
            return if value % 2 == 0 { vec![b'1'; 1 << 20] } else { vec![0xff; 64] };
        }
        if at > words.len() {
            return other.repeat(4).into_bytes();
        }
        format!("{}\n", line.collect::<Vec<_>>().join(" ")).into_bytes()
    }
}
