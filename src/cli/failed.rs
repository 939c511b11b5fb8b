//! Why a subcommand failed: one line for the user, an exit code and a kind for scripts.

use serde_json::json;

use crate::rpc;
use crate::vault::{Error, KeyReason, Kind, Unavailable};

use super::visible::{escaped, visible};

/// The exit code of a subcommand that failed. `serve`, `run` and the helpers have codes of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Exit {
    /// The task was not done.
    Failed = 1,
    /// The command line is wrong, or `--yes` is missing.
    WrongArguments = 2,
    /// There is no store yet.
    NoStore = 3,
    /// Nothing is stored there.
    NothingStored = 4,
    /// The store is locked, or an API key is not available.
    Locked = 5,
    /// A part of the store is damaged, or the store or the key is refused.
    Refused = 6,
    /// The server of a shared store can't be reached.
    Unreachable = 7,
}

impl Exit {
    /// The kind of a failure that has no error of the vault.
    const fn kind(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::WrongArguments => "wrongArguments",
            Self::NoStore => "noStore",
            Self::NothingStored => "nothingStored",
            Self::Locked => "keyUnavailable",
            Self::Refused => "refused",
            Self::Unreachable => "storeUnreachable",
        }
    }

    fn of(error: Error) -> Self {
        match error {
            Error::KeyUnavailable(_) => Self::Locked,
            Error::ApiKeyUnknown => Self::NothingStored,
            Error::RecordDamaged(_)
            | Error::StoreDamaged(_)
            | Error::StoreRefused(_)
            | Error::ServerRefused(_)
            | Error::FormatTooNew
            | Error::ApiKeyRevoked
            | Error::ApiKeyExpired
            | Error::NotPermitted(_) => Self::Refused,
            Error::WorkspaceFolderRequired
            | Error::WorkspaceFolderInvalid
            | Error::PatchTooDeep
            | Error::ExpiryTooLate
            | Error::ApiKeyTaken => Self::WrongArguments,
            Error::StoreUnreachable => Self::Unreachable,
            Error::ApiKeyRequired(_)
            | Error::RevisionConflict { .. }
            | Error::DataTooLarge { .. }
            | Error::TargetExists
            | Error::StoreFull(_)
            | Error::StoreBusy { .. }
            | Error::StoreFailed(_)
            | Error::LeaseHeld { .. }
            | Error::LeaseLost
            | Error::Overloaded(_)
            | Error::Internal => Self::Failed,
        }
    }
}

/// Why a subcommand failed: what happened, why, and what to do, in one line.
pub(super) struct Failed {
    pub(super) why: String,
    /// The exit code.
    pub(super) exit: u8,
    kind: &'static str,
    reason: Option<&'static str>,
}

impl Failed {
    /// A task that was not done.
    pub(super) fn new(why: String) -> Self {
        Self::with(Exit::Failed, why)
    }

    pub(super) fn with(exit: Exit, why: String) -> Self {
        Self { why, exit: exit as u8, kind: exit.kind(), reason: None }
    }

    /// An error that a relay has answered, by its code and its reason.
    pub(super) fn answered(code: i64, reason: Option<&str>) -> Self {
        let Some(known) = rpc::TABLE.iter().find(|known| i64::from(known.number) == code) else {
            return Self::new("the relay has refused the request; update plugin-vault at both ends".into());
        };
        let exit = match code {
            1003 => Exit::NothingStored,
            1001..=1006 | 4002.. if code != 5002 && code != 5004 => Exit::Refused,
            4001 => Exit::Locked,
            _ => Exit::Failed,
        };
        let cause = known.causes.iter().find(|cause| Some(cause.reason) == reason);
        Self {
            why: as_line(known.message(reason)),
            exit: exit as u8,
            kind: known.kind,
            reason: cause.map(|cause| cause.reason),
        }
    }

    /// A failure of which nothing is left to say.
    pub(super) fn quiet(exit: u8) -> Self {
        Self { why: String::new(), exit, kind: Exit::Failed.kind(), reason: None }
    }

    /// A command line that is wrong.
    pub(super) fn wrong(why: impl Into<String>) -> Self {
        Self::with(Exit::WrongArguments, why.into())
    }

    /// A store that does not exist yet.
    pub(super) fn no_store() -> Self {
        Self::with(Exit::NoStore, "there is no store yet; plugin-vault set, or an editor, makes one".into())
    }

    /// A record, a member or a key that does not exist.
    pub(super) fn nothing_stored(why: impl Into<String>) -> Self {
        Self::with(Exit::NothingStored, why.into())
    }

    pub(super) fn is_nothing_stored(&self) -> bool {
        self.exit == Exit::NothingStored as u8
    }

    /// The same failure with a longer explanation.
    pub(super) fn explained(self, explain: impl FnOnce(&str) -> String) -> Self {
        Self { why: explain(&self.why), ..self }
    }

    /// The line for stderr: a sentence, or a JSON object for programs. Empty if there is nothing to say.
    pub(super) fn line(&self, as_json: bool) -> String {
        if self.why.is_empty() {
            return String::new();
        }
        if !as_json {
            return format!("plugin-vault: {}", visible(&self.why));
        }
        let mut object = json!({"kind": self.kind, "exitCode": self.exit, "message": self.why});
        if let Some(reason) = self.reason {
            object["reason"] = reason.into();
        }
        escaped(&object.to_string())
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            why: about(error),
            exit: Exit::of(error) as u8,
            kind: rpc::kind(error),
            reason: error.reason(),
        }
    }
}

fn about(error: Error) -> String {
    match error {
        Error::ApiKeyUnknown => "there is no such key; see plugin-vault key list",
        Error::ApiKeyRevoked => "the key was revoked or replaced; use the new key, or issue another one",
        Error::ApiKeyExpired => "the key has expired; extend it with plugin-vault key extend",
        Error::NotPermitted(_) => "the key does not permit this; use the owner key of its namespace",
        Error::ExpiryTooLate => "a shared key can't end later than its owner's; choose an earlier time",
        Error::ApiKeyTaken => "the new key is in use already, or was revoked; choose another one",
        Error::KeyUnavailable(why) => return no_key(why),
        Error::DataTooLarge { limit, .. } => {
            return format!("the request exceeds a limit, {limit}; see the limits in plugin-vault --help");
        }
        Error::TargetExists => "the data folder has files of another store; name another one with --data-dir",
        Error::RevisionConflict { current } => {
            return format!(
                "the record has the revision {current} by now, so nothing was changed; read it again, and repeat the \
                 change"
            );
        }
        Error::WorkspaceFolderRequired | Error::WorkspaceFolderInvalid => {
            "--workspace takes an absolute URI, like file:///home/me/project"
        }
        Error::PatchTooDeep => "the patch has more than 128 levels; change less at once",
        Error::Overloaded(_)
        | Error::RecordDamaged(_)
        | Error::StoreDamaged(_)
        | Error::StoreFull(_)
        | Error::StoreBusy { .. }
        | Error::FormatTooNew
        | Error::StoreRefused(_)
        | Error::StoreUnreachable
        | Error::ServerRefused(_)
        | Error::StoreFailed(_) => return clients_line(error),
        Error::ApiKeyRequired(_) | Error::LeaseHeld { .. } | Error::LeaseLost | Error::Internal => {
            "plugin-vault has a fault; please report it"
        }
    }
    .into()
}

/// The message that clients get, as the rest of a line.
fn clients_line(error: Error) -> String {
    let process = match error {
        Error::StoreBusy { process: Some(process), .. } => format!("process {process}"),
        _ => "another process".into(),
    };
    as_line(&rpc::message(error).replace("the process `data.process`", &process))
}

/// A message for clients, as the rest of a line.
fn as_line(message: &str) -> String {
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
        _ => clients_line(Error::KeyUnavailable(why)),
    }
}
