//! What every error has to be: a line of the table, and retryable as the contract says.

use plugin_vault::rpc::TABLE;
use serde_json::Value;

/// The kinds of which the same call may succeed later, with nothing else done.
const RETRYABLE: &[&str] =
    &["requestCancelled", "leaseHeld", "storeFull", "storeBusy", "storeUnreachable", "overloaded"];

/// The causes for which the store key may be available later, since another process may get it.
const KEY_MAY_COME: &[(&str, Option<&str>)] = &[
    ("keyUnavailable", Some("locked")),
    ("keyUnavailable", Some("deadline")),
    ("keyUnavailable", Some("memory")),
];

/// An error that a request was answered with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) data: Value,
    pub(crate) message: String,
}

impl Refused {
    /// Reads the member `error` of an answer, and holds it against the table.
    pub(crate) fn read(error: &Value) -> Self {
        let members: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "data", "message"], "{error}");
        let code = error["code"].as_i64().unwrap();
        let line = TABLE.iter().find(|line| i64::from(line.number) == code);
        let line = line.unwrap_or_else(|| panic!("{error} is not in the table"));
        let data = &error["data"];
        let reason = data["reason"].as_str();
        assert_eq!(data["kind"], line.kind);
        // What is said of a parameter is held against the rules of the contract, like everything else.
        let message = error["message"].as_str().unwrap();
        assert!(code == -32602 || message == line.message(reason), "{error}");
        let may_pass = RETRYABLE.contains(&line.kind) || KEY_MAY_COME.contains(&(line.kind, reason));
        assert_eq!(data["retryable"].as_bool(), Some(may_pass), "{error}");
        Self { code, data: data.clone(), message: message.to_owned() }
    }

    /// The code and the reason, for one that has reasons.
    pub(crate) fn why(&self) -> (i64, &str) {
        (self.code, self.data["reason"].as_str().unwrap_or_default())
    }

    /// For −32602: which parameter, and why.
    pub(crate) fn parameter(&self) -> (&Value, &str) {
        assert_eq!(self.code, -32602, "{self:?}");
        (&self.data["parameter"], self.data["reason"].as_str().unwrap())
    }
}
