//! Results. The text and the schema of each result come from one type. A member that may be absent is left out, never
//! `null`.

use std::borrow::Cow;

use serde::Serialize;

use crate::rpc::values::{Handle, KeyId, KeyText, Object, Revision, True};
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Context, KeyInfo, Name, Scope, Timestamp};

/// The description of a key. It never contains the key itself.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct Key {
    /// The id of the key, for `revokeAPIKey`.
    #[serde(rename = "keyId")]
    id: KeyId<'static>,
    /// The plugin that the key was issued for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    plugin: Option<String>,
    /// The installation that the store keeps the key for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    installation: Option<String>,
    /// The name of the key in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Name>"))]
    label: Option<String>,
    /// When plugin-vault issued the key; absent for a key that it did not issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Timestamp>,
    /// When the key expires; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// What the key may do, if that is less than what its owner may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// Whether it is the owner key of its namespace.
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

/// The answer of `setAPIKey`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct KeySet {
    /// Names the key on this connection from now on.
    pub(super) handle: Handle<'static>,
    /// Absent if the store key is not available.
    #[serde(flatten)]
    pub(super) known: Option<KnownKey>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct KnownKey {
    /// Whether anything was stored with the key, or the key was issued in this store.
    pub(super) known: bool,
    #[serde(flatten)]
    pub(super) key: Key,
}

/// A key in the answer of `listAPIKeys`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ListedKey {
    #[serde(flatten)]
    pub(super) key: Key,
    /// Whether it is the caller's own key.
    pub(super) current: bool,
}

/// A key and its description, for the caller that asked for it.
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

/// A key that this call issued, or that the store keeps.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct IssuedKey<'a> {
    /// Whether this call issued the key.
    pub(super) created: bool,
    #[serde(flatten)]
    pub(super) key: NewKey<'a>,
}

/// A key that was revoked.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RevokedKey {
    pub(super) revoked: True,
    /// Whether it was an owner key, so that its namespace was destroyed with all records and shared keys.
    pub(super) destroyed: bool,
}

/// The result of a write.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Written {
    /// The record's revision now.
    pub(super) revision: Revision,
}

/// The result of a removal.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Deleted {
    /// Whether there was a record.
    pub(super) deleted: bool,
    /// The revision of the removal; 0 if there was no record.
    pub(super) revision: Revision,
}

/// The result of a move.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Moved {
    /// How many records were moved.
    pub(super) moved: u64,
    /// The last of their revisions; 0 if no record was moved.
    pub(super) revision: Revision,
}

/// A record with its revision and its dates.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PersistentRecord"))]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// The stored object, byte for byte.
    pub(super) data: Object<'static>,
    /// The revision of the last change.
    pub(super) revision: Revision,
    /// When the record was first written.
    pub(super) created_at: Timestamp,
    /// When the record was last written.
    pub(super) updated_at: Timestamp,
    /// When the record expires; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
    /// Present if the record came back from a backup, by a repair or by `plugin-vault restore`, and has not been
    /// written since. It may not be what was stored last. A token in it may be spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) restored: Option<True>,
    /// Where the record was found; present with `inherit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) found_in: Option<FoundIn>,
}

/// Where an inherited record was found.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundIn {
    /// The record's context.
    pub(super) context: Context,
    /// The record's folder; absent for the context `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workspace_folder: Option<WorkspaceFolder>,
}

/// A record in the answer of `listPersistentData`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedRecord {
    /// The record's context.
    pub(super) context: Context,
    /// The record's folder; absent for the context `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workspace_folder: Option<WorkspaceFolder>,
    /// The record's name; absent for the unnamed record of its context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Name>,
    /// The revision of the last change.
    pub(super) revision: Revision,
    /// When the record was first written.
    pub(super) created_at: Timestamp,
    /// When the record was last written.
    pub(super) updated_at: Timestamp,
    /// When the record expires; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
    /// The length of the record's text, in bytes.
    pub(super) bytes: u64,
}

/// The state of a watch.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Watch {
    /// Whether the client gets change notices from now on.
    pub(super) watching: bool,
    /// The revision up to which the client has its notices.
    pub(super) revision: Revision,
}

/// A lease that was acquired.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Leased {
    /// The fencing token: a number that only increases.
    pub(super) lease: Revision,
    /// When the lease expires if it is not renewed.
    pub(super) expires_at: Timestamp,
}

/// A lease that was renewed.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Renewed {
    /// When the lease expires if it is not renewed again.
    pub(super) expires_at: Timestamp,
}

/// A lease that was released.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Released {
    pub(super) released: True,
}
