//! A row of the table `keys`: what the store knows about an API key. It is sealed under the store key, so that the user
//! of the store can list and revoke keys without having them.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::{ApiKey, NamespaceId, SlotId, StoreKeys};

use super::Error;
use super::address::{Address, Context, NO_MACHINE};
use super::folder::WorkspaceFolder;
use super::reasons::Denied;
use super::timestamp::Timestamp;

const FORMAT: u8 = 1;

/// The content of a row. The members' names are part of the disk format.
#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyRow {
    namespace: String,
    /// The owner's slot, for a shared key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) plugin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) installation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// The key itself, if the store keeps it for its plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key: Option<Zeroizing<String>>,
    /// The slot of the key that replaced this one, for a rotated key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
    /// The revision of the row's last change.
    #[serde(default)]
    revision: u64,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum State {
    Live,
    Revoked,
}

/// What a shared key may do, if that is less than its owner.
#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// The contexts that it may use. If absent: all, or only `workspace` if the scope names folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contexts: Option<Vec<String>>,
    /// Whether it may only read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// The folders that it may use; all, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_folders: Option<Vec<String>>,
    /// The machine of the folders, where several machines share the store. Absent for the machine with the empty name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl Scope {
    /// The same scope with normalised folders, as in records, on the machine with this name.
    pub(super) fn normalised(mut self, machine: &str) -> Result<Self, Error> {
        if self.workspace_folders.is_some() && machine != NO_MACHINE {
            self.machine = Some(machine.to_owned());
        }
        for folder in self.workspace_folders.iter_mut().flatten() {
            let normal = WorkspaceFolder::parse(folder).map_err(|_| Error::WorkspaceFolderInvalid)?;
            normal.as_str().clone_into(folder);
        }
        Ok(self)
    }

    fn covers(&self, address: &Address) -> bool {
        let context = address.context().name();
        let contexts = self.contexts.as_ref();
        let folders = self.workspace_folders.as_ref();
        // A scope that names only folders does not include the context `user`.
        let in_context = match (contexts, folders) {
            (None, None) => true,
            (None, Some(_)) => address.context() == Context::Workspace,
            (Some(contexts), _) => contexts.iter().any(|allowed| allowed == context),
        };
        let in_folder = match (&address.folder, folders) {
            (Some(folder), Some(allowed)) => {
                address.is_on(self.machine.as_deref().unwrap_or(NO_MACHINE))
                    && allowed.iter().any(|allowed| allowed == folder.as_str())
            }
            _ => true,
        };
        in_context && in_folder
    }

    /// Whether it covers no address at all.
    fn is_empty(&self) -> bool {
        let has = |context: Context| {
            self.contexts.as_ref().is_none_or(|contexts| contexts.iter().any(|name| name == context.name()))
        };
        let user = has(Context::User) && (self.contexts.is_some() || self.workspace_folders.is_none());
        let some_folder = |folders: &Vec<String>| !folders.is_empty();
        let workspace = has(Context::Workspace) && self.workspace_folders.as_ref().is_none_or(some_folder);
        !user && !workspace
    }
}

/// The opened table of keys. A damaged row belongs to no key and does not affect other rows.
pub(super) struct KeyRows {
    pub(super) readable: Vec<(SlotId, KeyRow)>,
    pub(super) damaged: Vec<SlotId>,
}

impl KeyRows {
    pub(super) fn open(keys: &StoreKeys, rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let mut all = Self { readable: Vec::new(), damaged: Vec::new() };
        for (slot, row) in rows {
            // A row whose name is not a slot id belongs to no key.
            let Ok(slot) = slot.try_into().map(SlotId) else { continue };
            match KeyRow::open(keys, slot, &row) {
                Ok(row) => all.readable.push((slot, row)),
                Err(_) => all.damaged.push(slot),
            }
        }
        all
    }
}

/// How a caller wants to use a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Read,
    Write,
}

impl KeyRow {
    /// The row of a namespace's first key.
    pub(super) fn first(namespace: NamespaceId) -> Self {
        Self::blank(&base16ct::lower::encode_string(&namespace.0))
    }

    fn blank(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            owner: None,
            state: State::Live,
            plugin: None,
            installation: None,
            label: None,
            issued_at: None,
            expires_at: None,
            scope: None,
            api_key: None,
            replaced_by: None,
            revision: 0,
        }
    }

    /// The row of a shared key.
    pub(super) fn shared(namespace: NamespaceId, owner: SlotId) -> Self {
        Self { owner: Some(owner.to_text()), ..Self::first(namespace) }
    }

    /// The row of the key that replaces this one.
    pub(super) fn successor(&self, key: &ApiKey, now: Timestamp) -> Self {
        let mut row = Self {
            owner: self.owner.clone(),
            plugin: self.plugin.clone(),
            installation: self.installation.clone(),
            label: self.label.clone(),
            issued_at: Some(now.millis()),
            expires_at: self.expires_at,
            scope: self.scope.clone(),
            ..Self::blank(&self.namespace)
        };
        if self.api_key.is_some() {
            row.keep(key);
        }
        row
    }

    /// The row of a revoked key, without the plugin's name and the key itself.
    pub(super) fn revoked(&self) -> Self {
        Self { owner: self.owner.clone(), state: State::Revoked, ..Self::blank(&self.namespace) }
    }

    /// The row of a replaced key, which names its successor.
    pub(super) fn replaced(&self, by: SlotId) -> Self {
        Self { replaced_by: Some(by.to_text()), ..self.revoked() }
    }

    /// The revision of the row's last change; 0 for a row that is not written yet.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn set_revision(&mut self, revision: u64) {
        self.revision = revision;
    }

    /// Changes when the key expires.
    pub(super) fn set_end(&mut self, end: Option<Timestamp>) {
        self.expires_at = end.map(Timestamp::millis);
    }

    /// Records that this program issued the key.
    pub(super) fn issue(&mut self, at: Timestamp, expires_at: Option<Timestamp>) {
        self.issued_at = Some(at.millis());
        self.expires_at = expires_at.map(Timestamp::millis);
    }

    /// Stores the key itself in the row.
    pub(super) fn keep(&mut self, key: &ApiKey) {
        self.api_key = Some(key.to_text());
    }

    pub(super) fn seal(&self, keys: &StoreKeys, slot: SlotId) -> Vec<u8> {
        let text = Zeroizing::new(serde_json::to_vec(self).expect("a row is made of texts and numbers"));
        let mut value = vec![FORMAT];
        value.extend_from_slice(&keys.seal_key_row(slot, &[FORMAT], &text));
        value
    }

    pub(super) fn open(keys: &StoreKeys, slot: SlotId, value: &[u8]) -> Result<Self, Error> {
        let sealed = value.strip_prefix(&[FORMAT]).ok_or(Error::KEY_DAMAGED)?;
        let text = keys.open_key_row(slot, &[FORMAT], sealed).map_err(|_| Error::KEY_DAMAGED)?;
        serde_json::from_slice(&Zeroizing::new(text)).map_err(|_| Error::KEY_DAMAGED)
    }

    pub(super) fn namespace(&self) -> Option<NamespaceId> {
        let mut id = [0; 16];
        (base16ct::lower::decode(&self.namespace, &mut id).ok()?.len() == 16).then_some(NamespaceId(id))
    }

    /// The owner's slot, for a shared key.
    pub(super) fn owner(&self) -> Option<SlotId> {
        slot(self.owner.as_deref()?)
    }

    /// The slot of the key that replaced this one.
    pub(super) fn replaced_by(&self) -> Option<SlotId> {
        slot(self.replaced_by.as_deref()?)
    }

    pub(super) fn set_owner(&mut self, owner: SlotId) {
        self.owner = Some(owner.to_text());
    }

    /// Sets the key's scope.
    pub(super) fn restrict(&mut self, scope: Option<Scope>) {
        self.scope = scope;
    }

    pub(super) fn is_owner(&self) -> bool {
        self.owner.is_none()
    }

    pub(super) fn is_live(&self) -> bool {
        self.state == State::Live
    }

    pub(super) fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at.map(Timestamp::from_millis)
    }

    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.map(Timestamp::from_millis)
    }

    pub(super) fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    pub(super) fn kept_key(&self) -> Option<ApiKey> {
        ApiKey::parse(self.api_key.as_ref()?).ok()
    }

    /// Checks that the key is valid now.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), Error> {
        if !self.is_live() {
            Err(Error::ApiKeyRevoked)
        } else if self.expires_at().is_some_and(|end| end <= now) {
            Err(Error::ApiKeyExpired)
        } else {
            Ok(())
        }
    }

    /// Checks that the key may write at all.
    pub(super) fn permit_writing(&self) -> Result<(), Error> {
        let read_only = self.scope.as_ref().is_some_and(|scope| scope.read_only == Some(true));
        if read_only { Err(Error::NotPermitted(Denied::ReadOnly)) } else { Ok(()) }
    }

    /// Checks that the key may acquire and renew leases. A key that may write nothing has no reason to exclude other
    /// keys.
    pub(super) fn permit_leases(&self) -> Result<(), Error> {
        let is_empty = self.scope.as_ref().is_some_and(Scope::is_empty);
        if is_empty { Err(Error::NotPermitted(Denied::Scope)) } else { self.permit_writing() }
    }

    /// Checks that the key's scope permits this use.
    pub(super) fn permit(&self, address: &Address, wanted: Use) -> Result<(), Error> {
        let covers = self.scope.as_ref().is_none_or(|scope| scope.covers(address));
        if !covers {
            return Err(Error::NotPermitted(Denied::Scope));
        }
        if wanted == Use::Read { Ok(()) } else { self.permit_writing() }
    }
}

/// Parses a slot's id, in upper or lower case.
pub(super) fn slot(text: &str) -> Option<SlotId> {
    let mut slot = [0; 16];
    (base16ct::lower::decode(text, &mut slot).ok()?.len() == 16).then_some(SlotId(slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_permits_what_it_names() {
        let folder = |text| Some(WorkspaceFolder::parse(text).ok().unwrap());
        let user = Address::new(&"".into(), None, None);
        let here = Address::new(&"".into(), folder("file:///here"), None);
        let there = Address::new(&"".into(), folder("file:///there"), None);
        let check = |scope: &str, address: &Address, wanted: Use, expected: bool| {
            let mut row = KeyRow::first(NamespaceId([0; 16]));
            row.scope = Some(serde_json::from_str(scope).unwrap());
            assert_eq!(row.permit(address, wanted).is_ok(), expected, "{scope}");
        };
        check("{}", &user, Use::Write, true);
        check("{}", &here, Use::Write, true);
        check(r#"{"readOnly":true}"#, &user, Use::Read, true);
        check(r#"{"readOnly":true}"#, &user, Use::Write, false);
        check(r#"{"contexts":["user"]}"#, &user, Use::Write, true);
        check(r#"{"contexts":["user"]}"#, &here, Use::Read, false);
        check(r#"{"contexts":[]}"#, &user, Use::Read, false);
        check(r#"{"workspaceFolders":["file:///here"]}"#, &here, Use::Write, true);
        check(r#"{"workspaceFolders":["file:///here"]}"#, &there, Use::Read, false);
        check(r#"{"workspaceFolders":["file:///here"]}"#, &user, Use::Read, false);
        check(r#"{"workspaceFolders":[]}"#, &user, Use::Read, false);
        check(r#"{"workspaceFolders":[]}"#, &here, Use::Read, false);
        check(r#"{"contexts":["user","workspace"],"workspaceFolders":[]}"#, &user, Use::Write, true);
        check(r#"{"contexts":["user","workspace"],"workspaceFolders":[]}"#, &here, Use::Read, false);
        check(r#"{"contexts":["user"],"workspaceFolders":["file:///here"]}"#, &here, Use::Read, false);
        check(r#"{"workspaceFolders":["file:///here"],"machine":""}"#, &here, Use::Write, true);
        check(r#"{"workspaceFolders":["file:///here"],"machine":"desk"}"#, &here, Use::Read, false);
        check(r#"{"contexts":["user"],"machine":"desk"}"#, &user, Use::Read, true);
        let on_desk = Address::new(&"desk".into(), folder("file:///here"), None);
        check(r#"{"workspaceFolders":["file:///here"],"machine":"desk"}"#, &on_desk, Use::Read, true);
        check(r#"{"workspaceFolders":["file:///here"]}"#, &on_desk, Use::Read, false);
    }

    #[test]
    fn only_keys_that_may_write_get_leases() {
        let check = |scope: &str, expected: bool| {
            let mut row = KeyRow::first(NamespaceId([0; 16]));
            row.scope = Some(serde_json::from_str(scope).unwrap());
            assert_eq!(row.permit_leases().is_ok(), expected, "{scope}");
        };
        check("{}", true);
        check(r#"{"readOnly":false}"#, true);
        check(r#"{"readOnly":true}"#, false);
        check(r#"{"contexts":[]}"#, false);
        check(r#"{"contexts":[],"workspaceFolders":["file:///here"]}"#, false);
        check(r#"{"contexts":["user"]}"#, true);
        check(r#"{"contexts":["workspace"]}"#, true);
        check(r#"{"contexts":["user"],"workspaceFolders":[]}"#, true);
        check(r#"{"contexts":["workspace"],"workspaceFolders":[]}"#, false);
        check(r#"{"workspaceFolders":[]}"#, false);
        check(r#"{"workspaceFolders":["file:///here"]}"#, true);
        check(r#"{"workspaceFolders":["file:///here"],"machine":"desk"}"#, true);
    }

    #[test]
    fn a_key_is_valid_until_it_is_revoked_or_expires() {
        let now = Timestamp::from_millis(1_000);
        let row = |state, end: Option<u64>| {
            let mut row = KeyRow::first(NamespaceId([0; 16]));
            row.state = state;
            row.expires_at = end;
            row.check(now)
        };
        assert_eq!(row(State::Live, None), Ok(()));
        assert_eq!(row(State::Live, Some(1_001)), Ok(()));
        assert_eq!(row(State::Live, Some(1_000)), Err(Error::ApiKeyExpired));
        assert_eq!(row(State::Revoked, None), Err(Error::ApiKeyRevoked));
        assert_eq!(row(State::Revoked, Some(1)), Err(Error::ApiKeyRevoked));
    }
}
