//! What the subcommands have in common: opening the store, running requests one after the other, and the messages of
//! failures.

use std::sync::Arc;
use std::sync::mpsc::channel;

use crate::rpc;
use crate::vault::{
    Config, Deadline, Error, KeyReason, Kind, Need, Opened, Passphrase, Unavailable, UnlockMode, Vault, Write,
};

use super::question::{LONGEST_WAIT, Question};

/// The vault as a subcommand uses it, with the passphrase that the user gave.
pub(super) struct Operator {
    vault: Arc<Vault>,
    passphrase: Option<Passphrase>,
}

/// Why a subcommand failed, in one line, with what to do.
pub(super) struct Failed(pub(super) String);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(
            match error {
                Error::ApiKeyUnknown => "there is no such key; see plugin-vault key list",
                Error::ApiKeyRevoked => {
                    "the key was revoked or replaced; use the new key, or issue another one"
                }
                Error::ApiKeyExpired => "the key has expired; extend it with plugin-vault key extend",
                Error::NotPermitted(_) => "the key does not permit this; use the owner key of its namespace",
                Error::ExpiryTooLate => {
                    "a shared key can't end later than its owner's; choose an earlier time"
                }
                Error::ApiKeyTaken => "the new key is in use already, or was revoked; choose another one",
                Error::KeyUnavailable(why) => return Self(no_key(why)),
                Error::DataTooLarge { limit, .. } => {
                    return Self(format!(
                        "the request exceeds a limit, {limit}; see the limits in plugin-vault --help"
                    ));
                }
                Error::TargetExists => {
                    "the data folder has files of another store; name another one with --data-dir"
                }
                Error::Overloaded(_)
                | Error::RecordDamaged(_)
                | Error::StoreDamaged(_)
                | Error::StoreFull(_)
                | Error::StoreBusy { .. }
                | Error::FormatTooNew
                | Error::StoreRefused(_)
                | Error::StoreFailed(_) => return Self(line(error)),
                Error::ApiKeyRequired(_)
                | Error::RevisionConflict { .. }
                | Error::WorkspaceFolderRequired
                | Error::WorkspaceFolderInvalid
                | Error::PatchTooDeep
                | Error::LeaseHeld { .. }
                | Error::LeaseLost
                | Error::Internal => "plugin-vault has a fault; please report it",
            }
            .into(),
        )
    }
}

/// The message that clients get, as the rest of a line.
fn line(error: Error) -> String {
    let process = match error {
        Error::StoreBusy { process: Some(process), .. } => format!("process {process}"),
        _ => "another process".into(),
    };
    let message = rpc::message(error).replace("the process `data.process`", &process);
    let mut letters = message.trim_end_matches('.').chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// Why the store key is not available, and what to do.
fn no_key(why: Unavailable) -> String {
    let protector = why.protector.name();
    match (why.protector, why.reason) {
        (_, KeyReason::StoreLocked) => "the store is locked; run plugin-vault unlock".into(),
        (Kind::Passphrase, KeyReason::Locked) => "the store is locked; give its passphrase with \
            --passphrase-fd, or name a program that asks for it in PLUGIN_VAULT_ASKPASS"
            .into(),
        (Kind::Passphrase, KeyReason::Wrong) => "the passphrase is wrong; try again".into(),
        (Kind::Passphrase, KeyReason::Denied) => {
            "no passphrase was given, so the store stays locked; try again".into()
        }
        (Kind::Passphrase, KeyReason::InvalidPassphrase) => {
            "the given text is not a valid passphrase; it must have 1 to 65,536 \
            bytes of UTF-8, and no control characters such as a tab"
                .into()
        }
        (Kind::Passphrase, KeyReason::Failed) => {
            "the program that PLUGIN_VAULT_ASKPASS names failed, or the \
            question was cancelled; no passphrase was given"
                .into()
        }
        (Kind::Passphrase, KeyReason::ProgramMissing) => {
            "the program that PLUGIN_VAULT_ASKPASS names was not found; \
            give its absolute path"
                .into()
        }
        (Kind::Passphrase, KeyReason::RelativeProgram) => {
            "PLUGIN_VAULT_ASKPASS depends on the current folder, so its \
            program was not run; give its absolute path, or a bare name that is in PATH"
                .into()
        }
        (Kind::Command, KeyReason::Failed) => {
            "the program of the protector command failed, so it gave no passphrase; \
            run it yourself to see why"
                .into()
        }
        (Kind::Command, KeyReason::ProgramMissing) => {
            "the program of the protector command was not found; install it, \
            or add another one with plugin-vault protector add command"
                .into()
        }
        (Kind::Command, KeyReason::RelativeProgram) => {
            "the program of the protector command depends on the current \
            folder, so it was not run; add it again with its absolute path"
                .into()
        }
        (Kind::Command, KeyReason::InvalidPassphrase) => {
            "the first line that the program of the protector command \
            printed is not a valid passphrase; it must have 1 to 65,536 bytes of UTF-8, and no control characters"
                .into()
        }
        (_, KeyReason::Memory) => {
            "there is not enough memory to derive a key from the passphrase; end other programs \
            and try again"
                .into()
        }
        (Kind::Keyring, KeyReason::Locked) => "the store is locked; unlock the keyring first".into(),
        (Kind::KeyFile, KeyReason::Missing) => {
            "the store's key file is missing; put it back, or name its folder \
            with --key-dir; if it is lost, run plugin-vault reset to move the store aside and begin a new one"
                .into()
        }
        (_, KeyReason::Deadline) => format!("the protector {protector} gave no key in time; try again"),
        _ => line(Error::KeyUnavailable(why)),
    }
}

/// What a subcommand shows, and why it failed although it shows that.
pub(super) struct Answer {
    /// Absent if the subcommand has written its answer itself.
    pub(super) shown: Option<String>,
    pub(super) failed: Option<String>,
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
    pub(super) fn new(config: Config, passphrase: Option<Passphrase>) -> Self {
        Self { vault: Vault::new(config), passphrase }
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
        let Some(opened) = self.open(Need::Existing)? else { return Ok(None) };
        opened.unlock(self.config(), &self.mode(Question::begin().deadline()))?;
        Ok(Some(opened))
    }

    /// The store, unlocked; a failure if there is none.
    pub(super) fn required(&self) -> Result<Arc<Opened>, Failed> {
        self.existing()?.ok_or_else(|| Error::ApiKeyUnknown.into())
    }

    /// The store, unlocked; created if there is none.
    pub(super) fn opened(&self) -> Result<Arc<Opened>, Failed> {
        let opened = self.open(Need::CachedOnly)?.ok_or(Error::Internal)?;
        opened.unlock(self.config(), &self.mode(Question::begin().deadline()))?;
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
