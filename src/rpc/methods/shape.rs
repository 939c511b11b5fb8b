//! Shapes that several methods answer with.

use serde::Serialize;

use crate::vault::{KeyInfo, Scope, Timestamp};

/// What is told of a key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    #[serde(rename = "keyId")]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    owner: bool,
}

impl From<KeyInfo> for Key {
    fn from(info: KeyInfo) -> Self {
        Self {
            id: info.key_id,
            plugin: info.plugin,
            installation: info.installation,
            label: info.label,
            issued_at: info.issued_at.map(text),
            expires_at: info.expires_at.map(text),
            scope: info.scope,
            owner: info.owner,
        }
    }
}

/// A key, for whoever asked for it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssuedKey<'a> {
    api_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<bool>,
    #[serde(flatten)]
    key: Key,
}

impl<'a> IssuedKey<'a> {
    pub(super) fn new(api_key: &'a str, created: Option<bool>, info: KeyInfo) -> Self {
        Self { api_key, created, key: info.into() }
    }
}

/// A time as it stands on the wire.
pub(super) fn text(time: Timestamp) -> String {
    time.to_string()
}
