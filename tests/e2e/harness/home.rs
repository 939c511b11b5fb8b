//! Where servers of one test live, and all that is secret in it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::canaries::{Canaries, digits};
use super::{Framing, Server, Start};

/// A temporary folder with room for a store, its keys and its logs.
pub(crate) struct Home {
    root: TempDir,
    logs: AtomicU32,
    pub(super) canaries: Canaries,
    pub(super) stderr: Mutex<Vec<u8>>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            root: tempfile::Builder::new().prefix("vault-e2e-").tempdir().unwrap(),
            logs: AtomicU32::new(0),
            canaries: Canaries::default(),
            stderr: Mutex::default(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.root().join("keys")
    }

    /// A path for one more log.
    pub(super) fn next_log(&self) -> PathBuf {
        self.root().join("logs").join(self.logs.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// A random API key in lower case.
    pub(crate) fn key(&self) -> String {
        let key = digits::<20>();
        self.keep_key(&key);
        key
    }

    /// An API key that the server has made.
    pub(crate) fn keep_key(&self, key: &str) {
        self.canaries.add_key(key);
    }

    /// A random word.
    pub(crate) fn word(&self) -> String {
        let word = format!("canary{}", digits::<12>());
        self.canaries.add_text(&word);
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

    pub(crate) fn start(&self) -> Start<'_> {
        Start::new(self)
    }

    /// An editor's client with these folders open, after `initialize`.
    pub(crate) fn client_in(&self, folders: &[&str]) -> Server<'_> {
        let mut server = self.start().framing(Framing::Headers).run();
        server.initialize(folders);
        server
    }

    /// The same with no folder open.
    pub(crate) fn client(&self) -> Server<'_> {
        self.client_in(&[])
    }

    /// A script: one message a line, and no `initialize`.
    pub(crate) fn script(&self) -> Server<'_> {
        self.start().framing(Framing::Lines).run()
    }

    /// A script with a random key set.
    pub(crate) fn script_with_key(&self) -> Server<'_> {
        let mut server = self.script();
        server.set_key(&self.key());
        server
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

impl Drop for Home {
    fn drop(&mut self) {
        // A test that has failed says enough.
        if std::thread::panicking() {
            return;
        }
        assert!(!self.canaries.are_in(&self.stderr.lock().unwrap()), "something secret stands on stderr");
        for folder in ["data", "keys", "logs"] {
            self.canaries.search(&self.root().join(folder));
        }
    }
}
