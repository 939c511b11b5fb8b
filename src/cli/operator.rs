//! What the subcommands have in common: opening the store, and running requests one after the other.

use std::sync::Arc;
use std::sync::mpsc::channel;

use crate::vault::{Config, Deadline, Error, Need, Opened, Passphrase, UnlockMode, Vault, Write};

pub(super) use super::failed::Failed;
use super::question::{LONGEST_WAIT, Question};

/// The vault as a subcommand uses it, with the passphrase that the user gave.
pub(super) struct Operator {
    vault: Arc<Vault>,
    passphrase: Option<Passphrase>,
}

/// What a subcommand shows, and why it failed although it shows that.
pub(super) struct Answer {
    /// Absent if the subcommand has written its answer itself.
    pub(super) shown: Option<String>,
    pub(super) failed: Option<Failed>,
}

impl Answer {
    /// The answer of a subcommand that has written it itself.
    pub(super) fn shown_already() -> Self {
        Self { shown: None, failed: None }
    }
}

impl From<String> for Answer {
    fn from(shown: String) -> Self {
        Self { shown: Some(shown), failed: None }
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.vault.end();
    }
}

impl Operator {
    /// A vault for a subcommand. One task never needs the store for itself alone.
    pub(super) fn new(config: Config, passphrase: Option<Passphrase>, is_one_task: bool) -> Self {
        let vault = if is_one_task { Vault::for_one_task(config) } else { Vault::new(config) };
        Self { vault, passphrase }
    }

    pub(super) fn config(&self) -> &Config {
        self.vault.config()
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// How to get the store's key: the user at the command line may be asked.
    pub(super) fn mode<'e>(&'e self, deadline: &'e Deadline) -> UnlockMode<'e> {
        UnlockMode::AskUser { passphrase: self.passphrase.as_ref(), deadline }
    }

    /// The store, unlocked; `None` if there is none.
    pub(super) fn existing(&self) -> Result<Option<Arc<Opened>>, Failed> {
        self.open(Need::Existing)?.map(|opened| self.unlocked(opened)).transpose()
    }

    /// The store, unlocked; a failure if there is none.
    pub(super) fn required(&self) -> Result<Arc<Opened>, Failed> {
        self.existing()?.ok_or_else(Failed::no_store)
    }

    /// The store, unlocked; created if there is none.
    pub(super) fn opened(&self) -> Result<Arc<Opened>, Failed> {
        let opened = self.open(Need::CachedOnly)?.ok_or(Error::Internal)?;
        self.unlocked(opened)
    }

    fn unlocked(&self, opened: Arc<Opened>) -> Result<Arc<Opened>, Failed> {
        if !opened.is_unlocked() {
            opened.unlock(self.config(), &self.mode(Question::begin().deadline()))?;
        }
        Ok(opened)
    }

    /// The store, locked or unlocked; `None` if there is none.
    pub(super) fn locked(&self) -> Result<Option<Arc<Opened>>, Failed> {
        Ok(self.try_locked()?)
    }

    /// As [`Self::locked`], for a caller that handles the error.
    pub(super) fn try_locked(&self) -> Result<Option<Arc<Opened>>, Error> {
        self.open(Need::Existing)
    }

    fn open(&self, need: Need) -> Result<Option<Arc<Opened>>, Error> {
        let (done, opened) = channel();
        self.vault.open(need, move |result| drop(done.send(result)));
        opened.recv().unwrap_or(Err(Error::Internal))
    }

    /// Asks the server of a shared store what it has now. A store of this machine alone is always current.
    pub(super) fn refresh(&self) -> Result<(), Failed> {
        self.open(Need::Fresh)?;
        Ok(())
    }

    /// Runs a write and waits for its outcome. The store must be unlocked.
    pub(super) fn write<W: Write + 'static>(&self, write: W) -> Result<W::Outcome, Failed>
    where
        W::Outcome: 'static,
    {
        Ok(self.try_write(write)?)
    }

    /// As [`Self::write`], for a caller that has to undo something if it fails.
    pub(super) fn try_write<W: Write + 'static>(&self, write: W) -> Result<W::Outcome, Error>
    where
        W::Outcome: 'static,
    {
        let (done, outcome) = channel();
        let ticket = self.vault.submit(write, move |result| drop(done.send(result)));
        match outcome.recv_timeout(LONGEST_WAIT) {
            Ok(outcome) => outcome,
            Err(_) if self.vault.withdraw(ticket) => Err(self.vault.why_not_written()),
            Err(_) => outcome.recv().unwrap_or(Err(Error::Internal)),
        }
    }
}
