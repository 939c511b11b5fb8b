//! Errors: why a request fails, and the error object for it. The codes and messages are in `table.rs`, the rules for
//! parameters in `rpc/rules.rs`.

mod table;

use std::borrow::Cow;

use jsonrpsee::types::ErrorObjectOwned;
use serde::Serialize;

use crate::session::Failure;
use crate::vault::{self, Failed, KeyReason};

use super::details::{
    Conflict, Details, HeldUntil, LockHolder, NamedParameter, NoKey, OverLimit, Unknown, UnknownOutcome,
};
use super::values::{Protector, Revision};

pub(super) use super::rules::{Reason, Rule, WrongParameter};
pub(super) use table::*;
pub use table::{Cause, Code, TABLE};

/// The codes for an API key that is not selected, or not valid.
pub(super) const KEY_ERRORS: [Code; 5] =
    [API_KEY_REQUIRED, API_KEY_UNKNOWN, API_KEY_REVOKED, API_KEY_EXPIRED, NOT_PERMITTED];
/// The codes for a workspace folder that is missing or not valid.
pub(super) const FOLDER_ERRORS: [Code; 2] = [FOLDER_REQUIRED, FOLDER_INVALID];
/// The codes for a store that can't be used.
pub(super) const STORE_ERRORS: [Code; 8] = [
    KEY_UNAVAILABLE,
    STORE_DAMAGED,
    STORE_FULL,
    STORE_BUSY,
    FORMAT_TOO_NEW,
    STORE_REFUSED,
    STORE_FAILED,
    STORE_UNREACHABLE,
];
const RECORD_ERRORS: [Code; 9] = with(STORE_ERRORS, RECORD_DAMAGED);
/// The codes for a failed write.
pub(super) const WRITE_ERRORS: [Code; 10] = with(RECORD_ERRORS, DATA_TOO_LARGE);
/// The codes for a failed read. There may be no memory for its answer in its batch, or none at all.
pub(super) const READ_ERRORS: [Code; 11] = with(WRITE_ERRORS, OVERLOADED);

const fn with<const N: usize, const MORE: usize>(codes: [Code; N], one: Code) -> [Code; MORE] {
    let mut all = [one; MORE];
    let mut at = 0;
    while at < N {
        all[at] = codes[at];
        at += 1;
    }
    all
}

/// Why a request fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Error {
    /// The message can't be read.
    Parse(Unreadable),
    /// Not a request, or one that the connection does not allow now.
    InvalidRequest(NotARequest),
    /// The method does not exist.
    MethodNotFound,
    /// A parameter breaks a rule.
    InvalidParams(WrongParameter),
    /// The API key does not have 40 hexadecimal digits.
    ApiKeyInvalid,
    /// The vault refused the request, or the client cancelled it.
    Failure(Failure),
}

/// The part of a message that can't be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unreadable {
    /// The body of a message.
    Json,
    /// The header of a message.
    Frame,
}

/// Why a message is not a request that can be carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotARequest {
    /// The message is not a JSON-RPC 2.0 message.
    Message,
    /// An empty batch, or one that is too long.
    Batch,
    /// A frame after which nothing can be read.
    Frame,
    /// A method that the connection does not allow now.
    Phase,
}

impl Unreadable {
    const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Frame => "frame",
        }
    }
}

impl NotARequest {
    const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Batch => "batch",
            Self::Frame => "frame",
            Self::Phase => "phase",
        }
    }
}

impl From<WrongParameter> for Error {
    fn from(wrong: WrongParameter) -> Self {
        Self::InvalidParams(wrong)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Vault(error) => error.into(),
            Failure::Cancelled => Self::Failure(failure),
        }
    }
}

impl From<vault::Error> for Error {
    fn from(error: vault::Error) -> Self {
        let wrong = |name, rule| WrongParameter::named(name, rule).into();
        match error {
            vault::Error::PatchTooDeep => wrong("patch", Rule::PatchDepth),
            vault::Error::ExpiryTooLate => wrong("expiresAt", Rule::OwnerExpiry),
            vault::Error::ApiKeyTaken => wrong("apiKey", Rule::NewKey),
            error => Self::Failure(Failure::Vault(error)),
        }
    }
}

/// The message that clients get for an error of the vault.
pub fn message(error: vault::Error) -> Cow<'static, str> {
    Error::from(error).message()
}

/// The kind that clients get for an error of the vault.
pub fn kind(error: vault::Error) -> &'static str {
    Error::from(error).code().kind
}

/// `error.data`.
#[derive(Serialize)]
struct Data {
    kind: &'static str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(flatten)]
    details: Option<Details>,
}

impl Details {
    /// The members for an error; `None` if it has none.
    fn of(error: Error) -> Option<Self> {
        match error {
            Error::InvalidParams(wrong) => {
                Some(Self::Parameter(NamedParameter { parameter: wrong.parameter }))
            }
            Error::Failure(Failure::Vault(error)) => Self::of_vault(error),
            Error::Parse(_)
            | Error::InvalidRequest(_)
            | Error::MethodNotFound
            | Error::ApiKeyInvalid
            | Error::Failure(Failure::Cancelled) => None,
        }
    }

    fn of_vault(error: vault::Error) -> Option<Self> {
        use vault::Error as E;
        Some(match error {
            E::RevisionConflict { current } => Self::Conflict(Conflict { revision: Revision(current) }),
            E::DataTooLarge { limit, .. } => Self::Limit(OverLimit { limit }),
            E::LeaseHeld { expires_at } => Self::Lease(HeldUntil { expires_at }),
            E::KeyUnavailable(why) => Self::Key(NoKey { protector: Protector(why.protector.name().into()) }),
            E::StoreBusy { process: Some(process), .. } => Self::Lock(LockHolder { process: Some(process) }),
            E::StoreFailed(Failed::Commit | Failed::Unanswered) => {
                Self::Outcome(UnknownOutcome { outcome: Some(Unknown::Unknown) })
            }
            _ => return None,
        })
    }
}

impl From<Error> for ErrorObjectOwned {
    fn from(error: Error) -> Self {
        let code = error.code();
        let retryable = code.retryable || error.may_pass();
        let data = Data { kind: code.kind, retryable, reason: error.reason(), details: Details::of(error) };
        ErrorObjectOwned::owned(code.number, error.message(), Some(data))
    }
}

impl Error {
    /// Whether the same call may succeed later. A store key that is locked or late may be available the next time, and
    /// so may memory. A key that is missing, wrong or denied will not, and a program that failed or is missing fails
    /// again.
    fn may_pass(self) -> bool {
        let Self::Failure(Failure::Vault(vault::Error::KeyUnavailable(why))) = self else { return false };
        matches!(
            why.reason,
            KeyReason::Locked | KeyReason::StoreLocked | KeyReason::Deadline | KeyReason::Memory
        )
    }

    /// `data.reason`.
    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Parse(what) => Some(what.name()),
            Self::InvalidRequest(what) => Some(what.name()),
            Self::InvalidParams(wrong) => Some(wrong.rule.reason().name()),
            Self::Failure(Failure::Vault(error)) => error.reason(),
            Self::MethodNotFound | Self::ApiKeyInvalid | Self::Failure(Failure::Cancelled) => None,
        }
    }

    fn message(self) -> Cow<'static, str> {
        match self {
            Self::InvalidParams(wrong) => wrong.message().into(),
            error => error.code().message(error.reason()).into(),
        }
    }

    fn code(self) -> Code {
        match self {
            Self::Parse(_) => PARSE_ERROR,
            Self::InvalidRequest(_) => INVALID_REQUEST,
            Self::MethodNotFound => METHOD_NOT_FOUND,
            Self::InvalidParams(_) => INVALID_PARAMS,
            Self::ApiKeyInvalid => API_KEY_INVALID,
            Self::Failure(Failure::Cancelled) => CANCELLED,
            Self::Failure(Failure::Vault(error)) => vault_code(error),
        }
    }
}

fn vault_code(error: vault::Error) -> Code {
    use vault::Error as E;
    match error {
        E::ApiKeyRequired(_) => API_KEY_REQUIRED,
        E::ApiKeyUnknown => API_KEY_UNKNOWN,
        E::ApiKeyRevoked => API_KEY_REVOKED,
        E::ApiKeyExpired => API_KEY_EXPIRED,
        E::NotPermitted(_) => NOT_PERMITTED,
        E::RevisionConflict { .. } => REVISION_CONFLICT,
        E::DataTooLarge { .. } => DATA_TOO_LARGE,
        E::WorkspaceFolderRequired => FOLDER_REQUIRED,
        E::WorkspaceFolderInvalid => FOLDER_INVALID,
        E::TargetExists => TARGET_EXISTS,
        E::LeaseHeld { .. } => LEASE_HELD,
        E::LeaseLost => LEASE_LOST,
        E::KeyUnavailable(_) => KEY_UNAVAILABLE,
        E::RecordDamaged(_) => RECORD_DAMAGED,
        E::StoreDamaged(_) => STORE_DAMAGED,
        E::StoreFull(_) => STORE_FULL,
        E::StoreBusy { .. } => STORE_BUSY,
        E::FormatTooNew => FORMAT_TOO_NEW,
        E::Overloaded(_) => OVERLOADED,
        E::StoreRefused(_) | E::ServerRefused(_) => STORE_REFUSED,
        E::StoreFailed(_) => STORE_FAILED,
        E::StoreUnreachable => STORE_UNREACHABLE,
        E::PatchTooDeep | E::ExpiryTooLate | E::ApiKeyTaken => INVALID_PARAMS,
        E::Internal => INTERNAL_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::vault::{
        Busy, DamagedPart, DamagedStore, Denied, Error as E, Failed, Full, Kind, NoKey, OverLimit, Overload,
        Refusal, Server, Unavailable,
    };

    use super::*;

    /// Every error that has a reason, with every reason.
    fn with_reasons() -> Vec<Error> {
        let mut all = vec![Error::Parse(Unreadable::Json), Error::Parse(Unreadable::Frame)];
        let what = [NotARequest::Message, NotARequest::Batch, NotARequest::Frame, NotARequest::Phase];
        all.extend(what.map(Error::InvalidRequest));
        let key =
            |reason: &KeyReason| E::KeyUnavailable(Unavailable { protector: Kind::Command, reason: *reason });
        let limit = |reason: &OverLimit| E::DataTooLarge { reason: *reason, limit: 1 };
        let vault = (NoKey::ALL.iter().map(|reason| E::ApiKeyRequired(*reason)))
            .chain(Denied::ALL.iter().map(|reason| E::NotPermitted(*reason)))
            .chain(OverLimit::ALL.iter().map(limit))
            .chain(KeyReason::ALL.iter().map(key))
            .chain(DamagedPart::ALL.iter().map(|part| E::RecordDamaged(*part)))
            .chain(DamagedStore::ALL.iter().map(|part| E::StoreDamaged(*part)))
            .chain(Full::ALL.iter().map(|reason| E::StoreFull(*reason)))
            .chain(Busy::ALL.iter().map(|reason| E::busy(*reason)))
            .chain(Overload::ALL.iter().map(|reason| E::Overloaded(*reason)))
            .chain(Refusal::ALL.iter().map(|reason| E::StoreRefused(*reason)))
            .chain(Server::ALL.iter().map(|reason| E::ServerRefused(*reason)))
            .chain(Failed::ALL.iter().map(|reason| E::StoreFailed(*reason)));
        all.extend(vault.map(Error::from));
        all
    }

    #[test]
    fn the_table_has_a_message_for_each_reason_and_no_other() {
        let mut met = BTreeSet::new();
        for error in with_reasons() {
            let (code, reason) = (error.code(), error.reason().unwrap());
            assert!(code.causes.iter().any(|cause| cause.reason == reason), "{error:?}: {reason}");
            assert_eq!(error.message(), code.message(Some(reason)));
            met.insert((code.number, reason));
        }
        for code in TABLE {
            for cause in code.causes {
                assert!(met.contains(&(code.number, cause.reason)), "{} {}", code.kind, cause.reason);
            }
        }
    }

    #[test]
    fn what_only_the_vault_finds_is_said_of_the_parameter() {
        #[track_caller]
        fn check(error: E, expected: &str) {
            assert_eq!(message(error), expected);
        }
        check(E::PatchTooDeep, "`patch` must have at most 128 levels.");
        check(E::ExpiryTooLate, "`expiresAt` must not be later than the expiry of the owner's key.");
        check(E::ApiKeyTaken, "`apiKey` must be a key that was never used.");
    }

    #[test]
    fn the_data_names_the_reason_and_the_process_that_has_the_lock() {
        #[track_caller]
        fn check(error: E, expected: &str) {
            let object = ErrorObjectOwned::from(Error::from(error));
            assert_eq!(object.data().unwrap().get(), expected);
        }
        check(
            E::StoreBusy { reason: Busy::Lock, process: Some(7) },
            r#"{"kind":"storeBusy","retryable":true,"reason":"lock","process":7}"#,
        );
        check(E::busy(Busy::Lock), r#"{"kind":"storeBusy","retryable":true,"reason":"lock"}"#);
        check(
            E::StoreFailed(Failed::Commit),
            r#"{"kind":"storeFailed","retryable":false,"reason":"commit","outcome":"unknown"}"#,
        );
        check(
            E::PatchTooDeep,
            r#"{"kind":"invalidParams","retryable":false,"reason":"outOfRange","parameter":"patch"}"#,
        );
        check(E::LeaseLost, r#"{"kind":"leaseLost","retryable":false}"#);
    }
}
