//! The table of errors, written down once more: what the answers are held against.

use serde_json::Value;

/// Number, kind, and whether the same call may succeed later.
const TABLE: &[(i64, &str, bool)] = &[
    (-32700, "parseError", false),
    (-32600, "invalidRequest", false),
    (-32601, "methodNotFound", false),
    (-32602, "invalidParams", false),
    (-32800, "requestCancelled", true),
    (1001, "apiKeyRequired", false),
    (1002, "apiKeyInvalid", false),
    (1003, "apiKeyUnknown", false),
    (1004, "apiKeyRevoked", false),
    (1005, "apiKeyExpired", false),
    (1006, "notPermitted", false),
    (2001, "revisionConflict", false),
    (2002, "dataTooLarge", false),
    (2003, "workspaceFolderRequired", false),
    (2004, "workspaceFolderInvalid", false),
    (2005, "targetExists", false),
    (4001, "keyUnavailable", false),
    (4002, "recordDamaged", false),
    (4003, "storeDamaged", false),
    (5001, "storeFull", true),
    (5002, "storeBusy", true),
    (5003, "formatTooNew", false),
    (5005, "storeRefused", false),
    (5006, "storeFailed", false),
];

/// An error that a request was answered with.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) data: Value,
}

impl Refused {
    /// Reads the member `error` of an answer, and holds it against the table.
    pub(crate) fn read(error: &Value) -> Self {
        let members: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "data", "message"], "{error}");
        let code = error["code"].as_i64().unwrap();
        let line = TABLE.iter().find(|(number, ..)| *number == code);
        let (_, kind, retryable) = line.unwrap_or_else(|| panic!("{error} is not in the table"));
        assert_eq!((&error["data"]["kind"], &error["data"]["retryable"]), (&(*kind).into(), &(*retryable).into()));
        Self { code, data: error["data"].clone() }
    }

    /// For −32602: which parameter, and why.
    pub(crate) fn parameter(&self) -> (&Value, &str) {
        assert_eq!(self.code, -32602, "{self:?}");
        (&self.data["parameter"], self.data["reason"].as_str().unwrap())
    }
}
