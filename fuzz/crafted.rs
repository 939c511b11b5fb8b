//! What the fuzzer `crafted` tries: a data folder in which another program has exchanged entries for links, special
//! files, damaged files and forged numbers. Each use of such a store has to end in time and within its memory, to answer
//! what was stored or nothing, and to leave every file outside of the data folder as it is.
//!
//! Linux alone: the body makes FIFOs and sockets by name, and reads the peak of its own memory.

mod harm;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use plugin_vault::limits::Limits;
use plugin_vault::rows::Id;
use plugin_vault::store::{Batch, Location, NewStore, ProtectorRow, Row, Store, StoreError};
use plugin_vault::vault::{
    AcquireLease, Caller, Config, CopyTarget, Error, GetRecord, Key, ListKeys, ListRecords, Name, Need,
    OneByOne, Place, Read, Revoke, Rotate, Set, Share, Target, Text, Vault, Write,
};

use harm::{FILE_HARMS, Harm, ROWS, TEXT, WORDS};

/// How long everything that is done with one crafted folder may take. Waiting for another process takes ten seconds.
const DEADLINE: Duration = Duration::from_mins(1);
/// The most memory that the process may ever have had, in KiB.
const MEMORY: u64 = 512 << 10;
const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "1123456789abcdef0123456789abcdef01234567";
const NEW_KEY: &str = "2123456789abcdef0123456789abcdef01234567";
const STORED: [&str; 2] = [r#"{"n":1}"#, r#"{"n":2}"#];

/// Names that the store does not have at first, and that the program reads, writes or takes away where they are there.
const MORE: [&str; 14] = [
    "closed",
    "pending-slots",
    "backup.lock",
    "prompt.lock",
    "waiting.lock",
    "new-aside",
    "backups/new-aside",
    "backups/00009007199254740991.mdb",
    "backups/18446744073709551615.mdb",
    "protectors/new-aside",
    "protectors/abababababababababababababababab",
    "slots/abababababababababababababababab",
    "live/abababababababababababababababab",
    "live/abababababababababababababababab.txt",
];

/// All that is in a folder, by its name in it; a folder has no content.
type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// Where there is no store, none is made.
struct NoStore;

impl NewStore for NoStore {
    type Error = StoreError;

    fn may_be_made(&self) -> Result<(), StoreError> {
        Err(StoreError::Failed)
    }

    fn begin(&self) -> Result<(Id, ProtectorRow, Vec<Row>), StoreError> {
        Err(StoreError::Failed)
    }
}

/// A small store with all that one can have, and where it is put for each input.
struct Template {
    root: PathBuf,
    data: Tree,
    keys: Tree,
    /// The entries of the data folder that can be harmed.
    names: Vec<String>,
    vault: Arc<Vault>,
}

impl Template {
    fn get() -> &'static Mutex<Self> {
        static TEMPLATE: OnceLock<Mutex<Template>> = OnceLock::new();
        TEMPLATE.get_or_init(|| Mutex::new(Self::make()))
    }

    fn make() -> Self {
        let number = u64::from_be_bytes(plugin_vault::crypto::random());
        // In memory where that can be had: on a disk, most of the time is spent syncing.
        let folder = Some(PathBuf::from("/dev/shm")).filter(|folder| folder.is_dir());
        let folder = folder.unwrap_or_else(std::env::temp_dir);
        let root = folder.join(format!("plugin-vault-crafted-{number:016x}"));
        let limits = Limits { backup_idle: 0, ..Limits::default() };
        let (data, keys) = (root.join("data"), root.join("keys"));
        let vault =
            Vault::new(Config { data, keys, askpass: None, allow_network: true, store: None, limits });
        let mut template = Self { root, data: Tree::new(), keys: Tree::new(), names: Vec::new(), vault };
        assert!(template.set(KEY, STORED[0]).is_ok() && template.set(OTHER, STORED[1]).is_ok());
        let lease = AcquireLease { caller: caller(KEY), name: name("lease"), ttl: Duration::from_mins(10) };
        assert!(template.write(lease).is_ok());
        let share = Share { caller: caller(KEY), label: None, expires_at: None, scope: None };
        assert!(template.write(share).is_ok());
        assert!(template.set(NEW_KEY, "{}").is_ok());
        assert!(template.write(Revoke { caller: caller(NEW_KEY), key_id: None }).is_ok());
        template.vault.end();
        assert!(template.store().is_some_and(|store| store.back_up().is_ok_and(|taken| taken)));
        template.data = tree(&template.data_folder());
        let data_file = template.data.get("data.mdb").cloned().flatten();
        template.data.insert("quarantine/0000".to_owned(), None);
        template.data.insert("quarantine/0000/data.mdb".to_owned(), data_file);
        template.keys = tree(&template.root.join("keys"));
        let names = template.data.keys().cloned().chain(MORE.map(str::to_owned));
        template.names = names.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        template.clear();
        template
    }

    fn data_folder(&self) -> PathBuf {
        self.root.join("data")
    }

    fn outside(&self) -> PathBuf {
        self.root.join("outside")
    }

    fn clear(&self) {
        let _ = fs::remove_dir_all(&self.root);
    }

    /// Puts the sound store in its place, and beside it what a link can lead to.
    fn lay_out(&self) {
        self.clear();
        for (folder, tree) in [(self.data_folder(), &self.data), (self.root.join("keys"), &self.keys)] {
            put(&folder, tree);
        }
        let other: Tree = [("a".repeat(32), Some(b"another program's".to_vec()))].into();
        put(&self.outside().join("folder"), &other);
    }

    /// Opens the store without its key, if it can be opened.
    fn store(&self) -> Option<Store> {
        let location = Location::new(self.data_folder(), true, [7; 16]);
        location.open(u64::MAX, || 0, None::<&NoStore>).ok().flatten()
    }

    fn write<W: Write + 'static>(&self, write: W) -> Result<W::Outcome, Error>
    where
        W::Outcome: Send,
    {
        let (done, outcome) = channel();
        self.vault.submit(write, move |result| done.send(result).unwrap_or_default());
        outcome.recv().expect("the vault's thread goes on")
    }

    fn read<R: Read + 'static>(&self, read: R) -> Result<R::Outcome, Error>
    where
        R::Outcome: Send,
    {
        let (done, outcome) = channel();
        let answer = move |result| done.send(result).unwrap_or_default();
        self.vault.submit_read(Arc::new(read), Arc::new(OneByOne), answer);
        outcome.recv().expect("the vault's thread goes on")
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Error> {
        let text = plugin_vault::json::parse(text.as_bytes()).expect("this is an object");
        let text = Text::of(text, self.vault.limits());
        self.write(Set { target: target(key), text, if_revision: None, expires_at: None, lease: None })
            .map(drop)
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("it is short")
}

fn caller(key: &str) -> Caller {
    let Ok(key) = Key::parse(key) else { panic!("it has the shape of a key") };
    Caller { key: key.into(), must_exist: false, origin: [0; 16] }
}

fn target(key: &str) -> Target {
    Target { caller: caller(key), place: Place::User, name: None }
}

/// All that is in a folder. A link is told from what it leads to.
fn tree(folder: &Path) -> Tree {
    fn walk(folder: &Path, prefix: &str, found: &mut Tree) {
        for entry in fs::read_dir(folder).expect("it is a folder") {
            let entry = entry.expect("it can be read");
            let name = format!("{prefix}{}", entry.file_name().display());
            let kind = entry.file_type().expect("it has a kind");
            if kind.is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
                found.insert(name, None);
            } else if kind.is_file() {
                found.insert(name, Some(fs::read(entry.path()).expect("it can be read")));
            } else {
                found.insert(format!("{name}: {kind:?}"), None);
            }
        }
    }
    let mut found = Tree::new();
    walk(folder, "", &mut found);
    found
}

fn put(folder: &Path, tree: &Tree) {
    make_folder(folder);
    // A folder comes before what is in it.
    for (name, content) in tree {
        match content {
            None => make_folder(&folder.join(name)),
            Some(content) => make_file(&folder.join(name), content),
        }
    }
}

fn make_folder(path: &Path) {
    let _ = fs::create_dir_all(path);
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
}

fn make_file(path: &Path, content: &[u8]) {
    let _ = fs::write(path, content);
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
}

/// Takes away what has a name, without following a link.
fn take_away(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
}

impl Template {
    fn craft(&self, data: &[u8]) {
        if Harm::all(data).any(|harm| harm.is_rows()) {
            let store = self.store().expect("the template is sound");
            let lock = store.lock().expect("no process has it");
            let revision = store.snapshot().and_then(|snapshot| snapshot.revision()).expect("it is sound");
            let mut batch = Batch { expected: revision, revision, rows: Vec::new() };
            Harm::all(data).filter(Harm::is_rows).for_each(|harm| harm.rows(&store, &mut batch));
            assert!(store.commit(&lock, &batch).is_ok(), "these rows can be written");
            drop(lock);
            store.close();
        }
        Harm::all(data).filter(|harm| !harm.is_rows()).for_each(|harm| harm.file(self));
    }

    fn open(&self, need: Need) {
        let (done, opened) = channel();
        self.vault.open(need, move |result| done.send(result.is_ok()).unwrap_or_default());
        let _ = opened.recv().expect("the vault's thread goes on");
    }

    /// What has been read has to be what was stored under this key, or nothing.
    fn look(&self, key: &str, stored: &[&str]) -> bool {
        let record = self.read(GetRecord(target(key))).ok().flatten();
        if let Some(record) = &record {
            assert!(stored.contains(&&*record.text), "this was never stored");
        }
        record.is_some()
    }

    /// Does to the store whatever a client, and a user at the command line, can do. Whether the
    /// record was there, and stayed.
    fn use_it(&self) -> bool {
        self.open(Need::Existing);
        let status = self.vault.status(self.vault.opened().as_deref());
        let is_there = self.look(KEY, &STORED[..1]);
        let _ = (status, self.look(OTHER, &STORED[1..]));
        let _ = self.read(ListKeys(caller(KEY)));
        let list = ListRecords {
            caller: caller(KEY),
            context: None,
            place: None,
            after: None,
            limit: None,
            most: usize::MAX,
        };
        let _ = self.read(list);
        let lease = AcquireLease { caller: caller(OTHER), name: name("lease"), ttl: Duration::from_secs(1) };
        let _ = self.write(lease);
        if self.set(OTHER, "{}").is_ok() {
            self.look(OTHER, &["{}"]);
        }
        let _ = self.set(KEY, STORED[0]);
        let is_there = is_there && self.look(KEY, &STORED[..1]);
        let _ = self.write(Share { caller: caller(KEY), label: None, expires_at: None, scope: None });
        if let Some(opened) = self.vault.opened() {
            let _ = (opened.all_keys(), opened.protectors());
            let to = CopyTarget::Stream(&mut std::io::sink());
            let _ = opened.pack(self.vault.config(), to, None, &mut |_, _| ());
        }
        if let Ok(rotate) = Rotate::to(caller(KEY), NEW_KEY) {
            let _ = self.write(rotate);
        }
        for key in [KEY, OTHER, NEW_KEY] {
            let _ = self.write(Revoke { caller: caller(key), key_id: None });
        }
        self.vault.end();
        if let Some(store) = self.store() {
            let _ = store.back_up();
            store.close();
        }
        let _ = self.vault.reset();
        is_there
    }

    fn try_input(&self, data: &[u8]) {
        self.lay_out();
        self.craft(data);
        let outside = tree(&self.outside());
        let is_there = self.use_it();
        let may_be_gone = Harm::all(data).any(|harm| !harm.costs_nothing());
        assert!(is_there || may_be_gone, "the record is gone");
        assert!(tree(&self.outside()) == outside, "what is outside of the data folder has changed");
        assert!(peak() <= MEMORY, "it took {} KiB of memory", peak());
        self.clear();
    }
}

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Each kind of harm to each entry, each word of a header, and each kind of forged row.
pub(crate) fn cases() -> Vec<Vec<u8>> {
    let template = Template::get().lock().unwrap_or_else(PoisonError::into_inner);
    let number = |number: usize| u8::try_from(number).expect("there are few names");
    let names = 0..number(template.names.len());
    let header = template.names.iter().position(|name| name == "header").expect("a store has one");
    let mut cases = vec![Vec::new()];
    cases.extend(names.flat_map(|entry| (0..FILE_HARMS).map(move |how| vec![entry, how, entry, how])));
    let words = (0..7).flat_map(|place| (0..number(WORDS.len())).map(move |word| [place, word]));
    cases.extend(words.map(|[place, word]| vec![number(header), TEXT, place, word]));
    let rows = (0..6).flat_map(|table| (0..8).map(move |which| [table, which]));
    cases.extend(rows.flat_map(|[table, which]| (0..7).map(move |value| vec![table, ROWS, which, value])));
    cases
}

/// Whatever is put into the data folder, its use ends in time, and nothing outside of it changes. Four bytes say what is
/// done to one entry: which, what, and how.
pub(crate) fn crafted(data: &[u8]) {
    let data = data.to_vec();
    let (done, ended) = channel();
    let worker = std::thread::spawn(move || {
        let template = Template::get().lock().unwrap_or_else(PoisonError::into_inner);
        template.try_input(&data);
        let _ = done.send(());
    });
    match ended.recv_timeout(DEADLINE) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => panic!("the store is still used after {DEADLINE:?}"),
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => panic!("the worker says whether it is done"),
        },
    }
}
