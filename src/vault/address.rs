//! The address of a record: a context, for `workspace` a folder, and an optional name.

use std::sync::Arc;

use crate::limits;

use super::Error;
use super::folder::WorkspaceFolder;

/// The two contexts of the plugin API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    /// One set of records for the user.
    User,
    /// One set of records for each workspace folder.
    Workspace,
}

impl Context {
    /// The context of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "user" => Some(Self::User),
            "workspace" => Some(Self::Workspace),
            _ => None,
        }
    }

    /// Its name in the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Workspace => "workspace",
        }
    }
}

/// A name that a caller chose, for example of a record: 1 to 256 bytes. It is a caller's data, so it has no `Debug` and
/// no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Box<str>);

impl Name {
    /// `None` for an empty name, or one that is too long.
    pub fn parse(text: &str) -> Option<Self> {
        (1..=limits::NAME).contains(&text.len()).then(|| Self(text.into()))
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The context and folder that a caller names. An error in them is reported only if the caller's key is accepted.
#[derive(Clone)]
pub enum Place {
    /// The context `user`.
    User,
    /// The context `workspace` with this folder.
    Workspace(WorkspaceFolder),
    /// The context `workspace` without a folder, and not exactly one folder is open.
    FolderRequired,
    /// The context `workspace` with a text that is not an absolute URI.
    FolderInvalid,
}

impl Place {
    /// The folder; `None` for the context `user`.
    ///
    /// # Errors
    /// [`Error::WorkspaceFolderRequired`] or [`Error::WorkspaceFolderInvalid`] if the caller named no valid folder.
    pub fn folder(&self) -> Result<Option<&WorkspaceFolder>, Error> {
        match self {
            Self::User => Ok(None),
            Self::Workspace(folder) => Ok(Some(folder)),
            Self::FolderRequired => Err(Error::WorkspaceFolderRequired),
            Self::FolderInvalid => Err(Error::WorkspaceFolderInvalid),
        }
    }
}

/// The machine of an address, and of a scope, that names none.
pub(super) const NO_MACHINE: &str = "";

/// The place of a record in its namespace.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// `None` for the context `user`.
    pub folder: Option<WorkspaceFolder>,
    /// `None` for the context's object without a name.
    pub name: Option<Name>,
    /// The machine that has the folder, where several machines share a store: their folders may have the same URI. Empty
    /// for the machine without a name, and for what is the same on every machine.
    machine: Arc<str>,
}

impl Address {
    /// The address of a record of the machine with this name.
    pub(super) fn new(machine: &Arc<str>, folder: Option<WorkspaceFolder>, name: Option<Name>) -> Self {
        let has_machine = folder.as_ref().is_some_and(WorkspaceFolder::is_of_one_machine);
        let machine = if has_machine { machine.clone() } else { NO_MACHINE.into() };
        Self { folder, name, machine }
    }

    /// Whether the machine with this name has the record.
    pub(super) fn is_on(&self, machine: &str) -> bool {
        let has_machine = self.folder.as_ref().is_some_and(WorkspaceFolder::is_of_one_machine);
        !has_machine || *self.machine == *machine
    }

    /// The context of the address.
    pub fn context(&self) -> Context {
        if self.folder.is_some() { Context::Workspace } else { Context::User }
    }

    /// `context ‖ length ‖ machine ‖ length ‖ folder ‖ length ‖ name`: the input of the record id, which is also sealed
    /// beside the record.
    pub(super) fn encode(&self) -> Vec<u8> {
        let folder = self.folder.as_ref().map_or("", WorkspaceFolder::as_str);
        let name = self.name.as_ref().map_or("", Name::as_str);
        let mut bytes = Vec::with_capacity(1 + 2 + self.machine.len() + 2 + folder.len() + 2 + name.len());
        bytes.push(match self.context() {
            Context::User => 1,
            Context::Workspace => 2,
        });
        for part in [&*self.machine, folder, name] {
            let length = u16::try_from(part.len()).expect("limits keep both far below 64 KiB");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (context, rest) = bytes.split_first()?;
        let (machine, rest) = part(rest)?;
        let (folder, rest) = part(rest)?;
        let (name, rest) = part(rest)?;
        let folder = match context {
            1 if folder.is_empty() && machine.is_empty() => None,
            2 => Some(WorkspaceFolder::parse(folder).ok()?),
            _ => return None,
        };
        let name = if name.is_empty() { None } else { Some(Name::parse(name)?) };
        rest.is_empty().then(|| Self { folder, name, machine: machine.into() })
    }
}

fn part(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (part, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(part).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_decoded_as_it_was_encoded() {
        let check = |folder: Option<&str>, name: Option<&str>| {
            let folder = folder.map(|folder| WorkspaceFolder::parse(folder).ok().unwrap());
            let address = Address::new(&"desk".into(), folder, name.map(|name| Name::parse(name).unwrap()));
            let bytes = address.encode();
            assert!(Address::decode(&bytes).is_some_and(|read| read == address));
            for length in 0..bytes.len() {
                assert!(Address::decode(&bytes[..length]).is_none(), "{length} bytes");
            }
        };
        check(None, None);
        check(None, Some("name"));
        check(Some("file:///a/b"), None);
        check(Some("file:///a/b"), Some("naïve"));
        check(Some("isfs://srv:USER/a b/"), Some("name"));
        check(Some("vscode-remote://ssh-remote+[::1]:2222/100%"), None);
    }

    #[test]
    fn the_context_user_has_no_machine() {
        assert!(Address::decode(b"\x01\0\0\0\0\0\x01n").is_some());
        assert!(Address::decode(b"\x01\0\x01m\0\0\0\x01n").is_none());
        assert!(Address::decode(b"\x01\0\0\0\x01n").is_none(), "an address without the field");
    }

    #[test]
    fn a_folder_of_this_machine_and_the_same_folder_of_another_are_two() {
        let on = |machine: &str, folder: &str| {
            Address::new(&machine.into(), Some(WorkspaceFolder::parse(folder).ok().unwrap()), None)
        };
        for folder in ["file:///workspace", "untitled:one"] {
            assert!(on("", folder).encode() != on("desk", folder).encode(), "{folder}");
            assert!(on("desk", folder).is_on("desk") && !on("desk", folder).is_on(""), "{folder}");
        }
        for folder in ["file://nas/share", "vscode-remote://ssh-remote+host/workspace"] {
            assert!(on("", folder).encode() == on("desk", folder).encode(), "{folder}");
            assert!(on("desk", folder).is_on("other"), "{folder}");
        }
    }

    #[test]
    fn folder_and_name_are_encoded_unambiguously() {
        let folder = |text| Some(WorkspaceFolder::parse(text).ok().unwrap());
        let one = Address::new(&"".into(), folder("file:///ab"), Name::parse("c"));
        let other = Address::new(&"".into(), folder("file:///a"), Name::parse("bc"));
        assert!(one.encode() != other.encode());
    }
}
