//! Results: each is a type, from which its text and its schema come. A member that may be absent is left out then.

use std::borrow::Cow;

use serde::Serialize;

use crate::rpc::values::{Handle, KeyId, KeyText, Object, Revision, True};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Context, KeyInfo, Name, Scope, Timestamp};

/// What is told of a key; never the key itself.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct Key {
    /// Names the key in `revokeAPIKey`.
    #[serde(rename = "keyId")]
    id: KeyId<'static>,
    /// For which plugin it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    plugin: Option<String>,
    /// For which installation the vault keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    installation: Option<String>,
    /// What its owner calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    label: Option<String>,
    /// When the vault issued it; absent for a key that it did not issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Timestamp>,
    /// When it ends, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// What it may do, where that is less than what its owner may.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// Whether it is the owner of its namespace.
    owner: bool,
}

impl From<KeyInfo> for Key {
    fn from(info: KeyInfo) -> Self {
        Self {
            id: KeyId(info.key_id.into()),
            plugin: info.plugin,
            installation: info.installation,
            label: info.label,
            issued_at: info.issued_at,
            expires_at: info.expires_at,
            scope: info.scope,
            owner: info.owner,
        }
    }
}

/// What `setAPIKey` knows of a key.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct KeySet {
    /// Names the key on this connection from now on.
    pub(super) handle: Handle<'static>,
    /// The rest is absent where the store's key is not at hand.
    #[serde(flatten)]
    pub(super) known: Option<KnownKey>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct KnownKey {
    /// Whether anything was stored with it, or it was issued here.
    pub(super) known: bool,
    #[serde(flatten)]
    pub(super) key: Key,
}

/// A key of `listAPIKeys`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ListedKey {
    #[serde(flatten)]
    pub(super) key: Key,
    /// Whether it is the caller's own.
    pub(super) current: bool,
}

/// A key, for whoever asked for it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct NewKey<'a> {
    /// The key itself.
    api_key: KeyText<'a>,
    #[serde(flatten)]
    key: Key,
}

impl<'a> NewKey<'a> {
    pub(super) fn new(api_key: &'a str, info: KeyInfo) -> Self {
        Self { api_key: KeyText(Cow::Borrowed(api_key)), key: info.into() }
    }
}

/// A key that was issued, or is kept.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct IssuedKey<'a> {
    /// Whether it was made now.
    pub(super) created: bool,
    #[serde(flatten)]
    pub(super) key: NewKey<'a>,
}

/// A key that has ended.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RevokedKey {
    pub(super) revoked: True,
    /// Whether it was an owner's, and its namespace was destroyed with all records and shared keys.
    pub(super) destroyed: bool,
}

/// A write.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Written {
    /// The record's revision now.
    pub(super) revision: Revision,
}

/// A record that was removed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Deleted {
    /// Whether there was one.
    pub(super) deleted: bool,
    /// The revision of the removal; 0 where there was none.
    pub(super) revision: Revision,
}

/// Records that were moved.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Moved {
    /// How many.
    pub(super) moved: u64,
    /// The last of their revisions; 0 where there were none.
    pub(super) revision: Revision,
}

/// A record with its revision and its dates.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PersistentRecord"))]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// What is stored, byte for byte.
    pub(super) data: Object<'static>,
    /// Of the write that last changed it.
    pub(super) revision: Revision,
    /// When it was first written.
    pub(super) created_at: Timestamp,
    /// When it was last written.
    pub(super) updated_at: Timestamp,
    /// When it expires, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
    /// It came back from a backup, by a repair or by `plugin-vault restore`, and has not been written since: it may not
    /// be what was stored last. A token in it may be spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) restored: Option<True>,
}

/// A record of `listPersistentData`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedRecord {
    /// Where it is.
    pub(super) context: Context,
    /// Its folder; absent for the context `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workspace_folder: Option<WorkspaceFolder>,
    /// Its name; absent for *the* object of its context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Name>,
    /// Of the write that last changed it.
    pub(super) revision: Revision,
    /// When it was first written.
    pub(super) created_at: Timestamp,
    /// When it was last written.
    pub(super) updated_at: Timestamp,
    /// When it expires, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
    /// How long its text is, in bytes.
    pub(super) bytes: u64,
}

/// A watch.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Watch {
    /// Whether the client is told of changes from now on.
    pub(super) watching: bool,
    /// The revision up to which it has been told.
    pub(super) revision: Revision,
}

/// A lease that was acquired.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Leased {
    /// The fencing token: a number that only grows.
    pub(super) lease: Revision,
    /// Until when it is held if it is not renewed.
    pub(super) expires_at: Timestamp,
}

/// A lease that was renewed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Renewed {
    /// Until when it is held if it is not renewed again.
    pub(super) expires_at: Timestamp,
}

/// A lease that was given up.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Released {
    pub(super) released: True,
}
