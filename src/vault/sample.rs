//! A vault for unit tests: a real store in a temporary folder, and the thread that writes to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use super::{
    Caller, Config, Error, Key, Name, Need, Opened, Place, Set, Target, Text, Timestamp, Vault, Write,
};
use crate::limits::Limits;

/// An API key.
pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

/// A vault, and the folder that is removed with it.
pub(super) struct Sample {
    pub(super) vault: Arc<Vault>,
    folder: tempfile::TempDir,
}

impl Sample {
    /// A vault whose store does not exist yet.
    pub(super) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// The same with other limits.
    pub(super) fn with_limits(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, keys) = (folder.path().join("data"), folder.path().join("keys"));
        let config = Config { data, keys, askpass: None, allow_network: true, store: None, limits };
        Self { vault: Vault::new(config), folder }
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The open store with its key.
    pub(super) fn opened(&self) -> Arc<Opened> {
        let (done, opened) = channel();
        self.vault.open(Need::Key, move |result| done.send(result).unwrap());
        opened.recv().unwrap().unwrap().unwrap()
    }

    /// Submits a write and waits for its outcome.
    pub(super) fn write<W: Write + 'static>(&self, write: W) -> Result<W::Outcome, Error>
    where
        W::Outcome: 'static,
    {
        let (done, outcome) = channel();
        self.vault.submit(write, move |result| drop(done.send(result)));
        outcome.recv().unwrap()
    }

    /// A record of the user's, as the caller with this key names it.
    pub(super) fn target(key: &str, name: Option<&str>) -> Target {
        let caller = Caller { key: Key::parse(key).unwrap().into(), must_exist: false, origin: [0; 16] };
        Target { caller, place: Place::User, name: name.and_then(Name::parse) }
    }

    /// Stores an object.
    pub(super) fn set(&self, target: Target, text: &str, expires_at: Option<Timestamp>) -> Result<(), Error> {
        let text = Text::of(crate::json::parse(text.as_bytes()).unwrap(), self.vault.limits());
        self.write(Set { target, text, if_revision: None, expires_at, lease: None }).map(drop)
    }
}
