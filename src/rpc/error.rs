//! The error table: one line a code. The wire, the documents and the tests take codes, kinds and sentences from here.

use jsonrpsee::types::ErrorObjectOwned;
use serde::Serialize;

use crate::session::Failure;
use crate::vault::{self, KeyReason};

use super::details::Details;

/// One line of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// `error.code`.
    pub number: i32,
    /// `error.data.kind`.
    pub kind: &'static str,
    /// `error.data.retryable`: whether the same call may succeed later with nothing else done.
    pub retryable: bool,
    /// `error.message`.
    pub sentence: &'static str,
}

macro_rules! table {
    ($($name:ident = $number:literal, $kind:literal, $retryable:literal, $sentence:literal;)*) => {
        $(pub(super) const $name: Code =
            Code { number: $number, kind: $kind, retryable: $retryable, sentence: $sentence };)*

        /// Every code.
        pub const TABLE: &[Code] = &[$($name),*];
    };
}

table! {
    PARSE_ERROR = -32700, "parseError", false, "The message is not JSON in UTF-8, or its frame is malformed.";
    INVALID_REQUEST = -32600, "invalidRequest", false, "The message is not a JSON-RPC 2.0 request, or has no place here.";
    METHOD_NOT_FOUND = -32601, "methodNotFound", false, "There is no such method.";
    INVALID_PARAMS = -32602, "invalidParams", false, "A parameter is wrong; data says which and why.";
    INTERNAL_ERROR = -32603, "internalError", false, "The vault has a fault; please report it.";
    CANCELLED = -32800, "requestCancelled", true, "The request was cancelled and not carried out.";
    API_KEY_REQUIRED = 1001, "apiKeyRequired", false, "No API key is meant: call setAPIKey, and pass its handle.";
    API_KEY_INVALID = 1002, "apiKeyInvalid", false, "An API key is 40 hexadecimal digits.";
    API_KEY_UNKNOWN = 1003, "apiKeyUnknown", false, "Nothing has been stored with this API key.";
    API_KEY_REVOKED = 1004, "apiKeyRevoked", false, "The API key was revoked or replaced.";
    API_KEY_EXPIRED = 1005, "apiKeyExpired", false, "The API key has expired; its data is kept.";
    NOT_PERMITTED = 1006, "notPermitted", false, "The API key does not permit this.";
    REVISION_CONFLICT = 2001, "revisionConflict", false, "The record has another revision: read it again.";
    DATA_TOO_LARGE = 2002, "dataTooLarge", false, "Over a limit; data.limit is the limit.";
    FOLDER_REQUIRED = 2003, "workspaceFolderRequired", false, "Pass workspaceFolder: not exactly one folder is open.";
    FOLDER_INVALID = 2004, "workspaceFolderInvalid", false, "A workspace folder is an absolute URI.";
    TARGET_EXISTS = 2005, "targetExists", false, "The target has such a record already; nothing was moved.";
    LEASE_HELD = 3001, "leaseHeld", true, "Another holds the lease; data.expiresAt says until when.";
    LEASE_LOST = 3002, "leaseLost", false, "The lease is not held any more: acquire it again.";
    KEY_UNAVAILABLE = 4001, "keyUnavailable", false, "The store's key is not at hand; nothing is lost.";
    RECORD_DAMAGED = 4002, "recordDamaged", false, "The stored value is damaged; it is kept as it is.";
    STORE_DAMAGED = 4003, "storeDamaged", false, "The store is damaged, and nothing could replace it; its files are kept as they are.";
    STORE_FULL = 5001, "storeFull", true, "The disk or the store is full; nothing was changed.";
    STORE_BUSY = 5002, "storeBusy", true, "The store is busy; nothing was changed.";
    FORMAT_TOO_NEW = 5003, "formatTooNew", false, "The store was written by a later version: update plugin-vault.";
    OVERLOADED = 5004, "overloaded", true, "Too much waits at once; take answers before asking for more.";
    STORE_REFUSED = 5005, "storeRefused", false, "The store can't be used as it lies there; the log says what to do.";
    STORE_FAILED = 5006, "storeFailed", false, "The store could not be read or written.";
}

/// What a key that is meant, or is not good any more, leads to.
pub(super) const KEY_ERRORS: [Code; 5] =
    [API_KEY_REQUIRED, API_KEY_UNKNOWN, API_KEY_REVOKED, API_KEY_EXPIRED, NOT_PERMITTED];
/// What a folder leads to.
pub(super) const FOLDER_ERRORS: [Code; 2] = [FOLDER_REQUIRED, FOLDER_INVALID];
/// What a store that can't be used leads to.
pub(super) const STORE_ERRORS: [Code; 7] =
    [KEY_UNAVAILABLE, STORE_DAMAGED, STORE_FULL, STORE_BUSY, FORMAT_TOO_NEW, STORE_REFUSED, STORE_FAILED];
const RECORD_ERRORS: [Code; 8] = with(STORE_ERRORS, RECORD_DAMAGED);
/// What a write leads to.
pub(super) const WRITE_ERRORS: [Code; 9] = with(RECORD_ERRORS, DATA_TOO_LARGE);
/// What a read leads to: its answer may find no room in its batch, or none at all.
pub(super) const READ_ERRORS: [Code; 10] = with(WRITE_ERRORS, OVERLOADED);

const fn with<const N: usize, const MORE: usize>(codes: [Code; N], one: Code) -> [Code; MORE] {
    let mut all = [one; MORE];
    let mut at = 0;
    while at < N {
        all[at] = codes[at];
        at += 1;
    }
    all
}

/// Why a request is answered with an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Error {
    /// Not JSON.
    Parse,
    /// No request, or one that has no place here.
    InvalidRequest,
    /// No such method.
    MethodNotFound,
    /// A wrong parameter.
    InvalidParams(Parameter, Reason),
    /// Not 40 hexadecimal digits.
    ApiKeyInvalid,
    /// What the vault or the client says.
    Failure(Failure),
}

/// Which parameter: one of our names, or a position from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(untagged)]
pub(crate) enum Parameter {
    Named(&'static str),
    At(usize),
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ParameterReason"))]
#[serde(rename_all = "camelCase")]
pub(crate) enum Reason {
    /// The method has none of that name, or none at that position.
    Unknown,
    /// It stands twice.
    Duplicate,
    /// It has to be there.
    Missing,
    /// Another JSON type is wanted.
    WrongType,
    /// The type is right, the value is not one of those that are allowed.
    OutOfRange,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<vault::Error> for Error {
    fn from(error: vault::Error) -> Self {
        Self::Failure(Failure::Vault(error))
    }
}

/// `error.data`.
#[derive(Serialize)]
struct Data {
    kind: &'static str,
    retryable: bool,
    #[serde(flatten)]
    details: Option<Details>,
}

impl From<Error> for ErrorObjectOwned {
    fn from(error: Error) -> Self {
        let code = error.code();
        let retryable = code.retryable || error.may_pass();
        let data = Data { kind: code.kind, retryable, details: error.details() };
        ErrorObjectOwned::owned(code.number, code.sentence, Some(data))
    }
}

impl Error {
    /// A key that is locked or late may be there the next time, and so may memory; one that is missing, wrong or denied
    /// will not, and a program that failed or is not there fails again.
    fn may_pass(self) -> bool {
        let Self::Failure(Failure::Vault(vault::Error::KeyUnavailable(why))) = self else { return false };
        matches!(why.reason, KeyReason::Locked | KeyReason::Deadline | KeyReason::Memory)
    }

    /// What `data` has besides kind and `retryable`.
    fn details(self) -> Option<Details> {
        let out_of_range = |name| Details::of_parameter(Parameter::Named(name), Reason::OutOfRange);
        let error = match self {
            Self::InvalidParams(parameter, reason) => return Some(Details::of_parameter(parameter, reason)),
            Self::Failure(Failure::Vault(error)) => error,
            Self::Parse
            | Self::InvalidRequest
            | Self::MethodNotFound
            | Self::ApiKeyInvalid
            | Self::Failure(Failure::Cancelled) => return None,
        };
        Some(match error {
            vault::Error::RevisionConflict { current } => Details::of_conflict(current),
            vault::Error::LeaseHeld { expires_at } => Details::of_lease(expires_at),
            vault::Error::DataTooLarge { limit } => Details::of_limit(limit),
            vault::Error::PatchTooDeep => out_of_range("patch"),
            vault::Error::ExpiryTooLate => out_of_range("expiresAt"),
            vault::Error::ApiKeyTaken => out_of_range("apiKey"),
            vault::Error::KeyUnavailable(why) => Details::of_key(why),
            vault::Error::StoreRefused(refusal) => Details::of_refusal(refusal),
            vault::Error::NoThread => Details::of_no_thread(),
            vault::Error::StoreFailed { outcome_unknown: true } => Details::of_unknown_outcome(),
            _ => return None,
        })
    }

    fn code(self) -> Code {
        match self {
            Self::Parse => PARSE_ERROR,
            Self::InvalidRequest => INVALID_REQUEST,
            Self::MethodNotFound => METHOD_NOT_FOUND,
            Self::InvalidParams(..) => INVALID_PARAMS,
            Self::ApiKeyInvalid => API_KEY_INVALID,
            Self::Failure(Failure::Cancelled) => CANCELLED,
            Self::Failure(Failure::Vault(error)) => vault_code(error),
        }
    }
}

fn vault_code(error: vault::Error) -> Code {
    use vault::Error as E;
    match error {
        E::ApiKeyRequired => API_KEY_REQUIRED,
        E::ApiKeyUnknown => API_KEY_UNKNOWN,
        E::ApiKeyRevoked => API_KEY_REVOKED,
        E::ApiKeyExpired => API_KEY_EXPIRED,
        E::NotPermitted => NOT_PERMITTED,
        E::RevisionConflict { .. } => REVISION_CONFLICT,
        E::DataTooLarge { .. } => DATA_TOO_LARGE,
        E::WorkspaceFolderRequired => FOLDER_REQUIRED,
        E::WorkspaceFolderInvalid => FOLDER_INVALID,
        E::TargetExists => TARGET_EXISTS,
        E::LeaseHeld { .. } => LEASE_HELD,
        E::LeaseLost => LEASE_LOST,
        E::KeyUnavailable(_) => KEY_UNAVAILABLE,
        E::RecordDamaged => RECORD_DAMAGED,
        E::StoreDamaged => STORE_DAMAGED,
        E::StoreFull => STORE_FULL,
        E::StoreBusy | E::NoThread => STORE_BUSY,
        E::FormatTooNew => FORMAT_TOO_NEW,
        E::Overloaded => OVERLOADED,
        E::StoreRefused(_) => STORE_REFUSED,
        E::StoreFailed { .. } => STORE_FAILED,
        E::PatchTooDeep | E::ExpiryTooLate | E::ApiKeyTaken => INVALID_PARAMS,
        E::Internal => INTERNAL_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_and_no_kind_stands_twice() {
        for (position, code) in TABLE.iter().enumerate() {
            for other in &TABLE[..position] {
                assert_ne!(code.number, other.number);
                assert_ne!(code.kind, other.kind);
            }
        }
    }
}
