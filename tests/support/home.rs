//! Where the processes of one test keep their files, and all that is secret in it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::canaries::{Canaries, digits};
use super::{Framing, Ran, Server, Start};

/// A temporary folder with room for a store, its keys and its logs. It is searched and removed with its last handle; a
/// running [`Server`] has one.
#[derive(Clone)]
pub(crate) struct Home(Arc<Place>);

struct Place {
    root: TempDir,
    /// Beside the folder above, in which rigs count every write.
    errors: TempDir,
    logs: AtomicU32,
    canaries: Canaries,
    stderr: Mutex<Vec<u8>>,
}

impl Home {
    /// A home with no store, or with one on the server that the run chose for its stores (`shared.rs`).
    pub(crate) fn new() -> Self {
        let home = Self::without_store();
        #[cfg(all(target_os = "linux", feature = "postgres-tests"))]
        if super::shared::is_chosen() {
            super::shared::push(&home);
        }
        home
    }

    /// A home with no store.
    pub(crate) fn without_store() -> Self {
        Self(Arc::new(Place {
            root: tempfile::Builder::new().prefix("vault-test-").tempdir().unwrap(),
            errors: tempfile::tempdir().unwrap(),
            logs: AtomicU32::new(0),
            canaries: Canaries::default(),
            stderr: Mutex::default(),
        }))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.root.path()
    }

    /// A file or folder of the test's own, beside the store.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.path("keys")
    }

    /// A path for one more log.
    pub(super) fn next_log(&self) -> PathBuf {
        self.path("logs").join(self.0.logs.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// A random API key in lower case.
    pub(crate) fn key(&self) -> String {
        let key = digits::<20>();
        self.keep_key(&key);
        key
    }

    /// An API key that the server has made.
    pub(crate) fn keep_key(&self, key: &str) {
        self.0.canaries.add_key(key);
    }

    /// A random word.
    pub(crate) fn word(&self) -> String {
        let word = format!("canary{}", digits::<12>());
        self.0.canaries.add_text(&word);
        word
    }

    /// A random object.
    pub(crate) fn object(&self) -> Value {
        json!({"token": self.word()})
    }

    /// A random folder, in the normal spelling.
    pub(crate) fn folder(&self) -> String {
        format!("file:///home/{}", self.word())
    }

    pub(super) fn canaries(&self) -> &Canaries {
        &self.0.canaries
    }

    /// Takes what a process has written to stderr. A panic in it is a failure at once, a canary when the home ends.
    pub(super) fn keep_stderr(&self, stderr: &[u8]) {
        let text = String::from_utf8_lossy(stderr);
        assert!(!has_panic(&text), "{text}");
        self.0.stderr.lock().unwrap().extend_from_slice(stderr);
    }

    /// A file for what a process writes to stderr, if nothing else reads it.
    pub(crate) fn stderr_file(&self) -> std::fs::File {
        let name = self.0.logs.fetch_add(1, Ordering::Relaxed).to_string();
        std::fs::File::create_new(self.0.errors.path().join(name)).unwrap()
    }

    pub(crate) fn start(&self) -> Start {
        Start::new(self)
    }

    /// An editor's client with these folders open, after `initialize`.
    pub(crate) fn client_in(&self, folders: &[&str]) -> Server {
        let mut server = self.start().framing(Framing::Headers).run();
        server.initialize(folders);
        server
    }

    /// The same with no folder open.
    pub(crate) fn client(&self) -> Server {
        self.client_in(&[])
    }

    /// The same with this key set.
    pub(crate) fn client_with(&self, key: &str) -> Server {
        let mut client = self.client();
        client.set_key(key);
        client
    }

    /// A script: one message a line, and no `initialize`.
    pub(crate) fn script(&self) -> Server {
        self.start().framing(Framing::Lines).run()
    }

    /// The same with this key set.
    pub(crate) fn script_with(&self, key: &str) -> Server {
        let mut server = self.script();
        server.set_key(key);
        server
    }

    /// The same with a random key set.
    pub(crate) fn script_with_key(&self) -> Server {
        self.script_with(&self.key())
    }

    /// Runs the program with these arguments and this input to its end; it logs as it does on its own.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Ran {
        self.start().usual_log().arguments(arguments).ran(input)
    }

    /// The ids of the stores for which there is a key.
    pub(crate) fn key_folders(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.keys()) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The key file of the only store.
    pub(crate) fn key_file(&self) -> PathBuf {
        match &self.key_folders()[..] {
            [folder] => folder.join("key"),
            folders => panic!("there are {} key files", folders.len()),
        }
    }
}

fn has_panic(text: &str) -> bool {
    text.contains("has a fault") || text.contains("panicked")
}

impl Drop for Place {
    fn drop(&mut self) {
        let path = |name: &str| self.root.path().join(name);
        #[cfg(target_os = "linux")]
        super::cached::forget(&path("data"));
        // A test that has failed says enough.
        if std::thread::panicking() {
            return;
        }
        assert!(!self.canaries.are_in(&self.stderr.lock().unwrap()), "something secret stands on stderr");
        for folder in [&path("data"), &path("keys"), &path("logs"), self.errors.path()] {
            self.canaries.search(folder);
        }
        for logs in [&path("logs"), self.errors.path()] {
            for log in std::fs::read_dir(logs).into_iter().flatten() {
                let text = std::fs::read(log.unwrap().path()).unwrap();
                let text = String::from_utf8_lossy(&text);
                assert!(!has_panic(&text), "{text}");
            }
        }
    }
}
