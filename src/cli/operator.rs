//! What the subcommands have in common: opening the store, running requests one after the other, and the messages of
//! failures.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::vault::{
    Config, Deadline, Error, KeyReason, Kind, Need, Opened, Passphrase, Refusal, Unavailable, UnlockMode,
    Vault, Write,
};

use super::question::Question;

/// How long the user may take to answer, or another process may keep the store busy.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

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
                Error::ApiKeyRevoked => "the key was revoked or replaced; use the new key, or issue another one",
                Error::ApiKeyExpired => "the key has expired; extend it with plugin-vault key extend",
                Error::NotPermitted => "the key does not permit this; use the owner key of its namespace",
                Error::ExpiryTooLate => "a shared key can't end later than its owner's; choose an earlier time",
                Error::ApiKeyTaken => "the new key is in use already, or was revoked; choose another one",
                Error::KeyUnavailable(why) => return Self(no_key(why)),
                Error::DataTooLarge { limit } => {
                    return Self(format!(
                        "the request exceeds a limit, {limit}; see the limits in plugin-vault --help"
                    ));
                }
                Error::Overloaded => "too many requests wait at once; try again",
                Error::RecordDamaged => {
                    "a stored value is damaged and stays as it is; restore a backup to get it back"
                }
                Error::TargetExists => "the data folder has files of another store; name another one with --data-dir",
                Error::StoreDamaged => {
                    "the store is damaged and could not be repaired; run plugin-vault restore to replace it by a \
                     backup, or plugin-vault reset to move it aside"
                }
                Error::StoreFull => {
                    "the disk or the store is full, so nothing was changed; free disk space, or raise \
                     --max-store-bytes"
                }
                Error::StoreBusy => "another process keeps the store busy; try again",
                Error::NoThread => {
                    "the system refuses to start another thread, so nothing was done; end other programs, or raise \
                     the limit (ulimit -u)"
                }
                Error::FormatTooNew => "the store was written by a later version; update plugin-vault",
                Error::StoreRefused(refusal) => refused(refusal),
                Error::StoreFailed { outcome_unknown: false } => {
                    "the system could not read or write the store; check the disk and the permissions of its files"
                }
                Error::StoreFailed { outcome_unknown: true } => {
                    "the system could not write the store, and the change may or may not have been made; check \
                     the disk, and then whether it was"
                }
                Error::ApiKeyRequired
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

/// Why the store is refused, and what to do. The error that was logged before names the file or folder.
fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Permissions => {
            "other users may read or write the store or its key; take their rights away with chmod"
        }
        Refusal::Owner => {
            "the store or its key belongs to another user; change the owner with chown, or name other folders \
             with --data-dir and --key-dir"
        }
        Refusal::Platform => {
            "a build for another platform, or a process in another container, uses the store; end it, or name \
             another folder with --data-dir"
        }
        Refusal::NetworkFileSystem => {
            "the store is on a network or user-space file system, where it can be damaged; name a local folder \
             with --data-dir, or allow it with --allow-network-file-system"
        }
        Refusal::ReadOnly => {
            "the store is on a read-only file system; make it writable, or name another folder with --data-dir"
        }
        Refusal::Link => {
            "a file of the store is a link or has a second name, which is not allowed; replace it with a file of \
             its own"
        }
        Refusal::FileType => {
            "a name of the store belongs to another kind of file, or a file is where a folder should be; move it \
             away"
        }
        Refusal::Access => {
            "the system denies this user access to the store; change the mode of its files with chmod"
        }
    }
}

/// Why a protector gave no key, as the end of a sentence.
pub(super) const fn reason_of(reason: KeyReason) -> &'static str {
    match reason {
        KeyReason::Locked => "it is locked",
        KeyReason::Missing => "it has no key for this store",
        KeyReason::Wrong => "its key is not the key of this store",
        KeyReason::Denied => "it is not available, or it refused",
        KeyReason::Deadline => "it did not answer in time",
        KeyReason::OpenToOthers => "other users can read or replace its key",
        KeyReason::Failed => "its program failed",
        KeyReason::ProgramMissing => "its program was not found",
        KeyReason::RelativeProgram => "its program depends on the current folder",
        KeyReason::InvalidPassphrase => "it gave a text that is not a valid passphrase",
        KeyReason::Memory => "there is not enough memory to derive its key",
        KeyReason::NotOurs => "its key file belongs to another user",
        KeyReason::NotAFile => "its key file is not a regular file",
    }
}

/// Why the store key is not available, and what to do.
fn no_key(why: Unavailable) -> String {
    let protector = why.protector.name();
    match (why.protector, why.reason) {
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
        (_, reason) => format!(
            "the protector {protector} did not give the store's key: {}; see plugin-vault protector test",
            reason_of(reason)
        ),
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
        let opened = self.open(Need::AtHand)?.ok_or(Error::Internal)?;
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
            Err(_) if self.vault.withdraw(ticket) => Err(Error::StoreBusy),
            Err(_) => outcome.recv().unwrap_or(Err(Error::Internal)),
        }
    }
}
