//! `initialize`: the client names its process and the open folders. From then on it is not a script.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::{self, Kind, Whole};
use crate::rpc::error::{Error, NotARequest, Rule, WrongParameter};
use crate::rpc::params::method;
use crate::rpc::values::Argument;
use crate::rpc::values::{True, schema, string};
use crate::session::{OpenFolder, Phase};
use crate::vault::folder::WorkspaceFolder;

use super::{Call, Outcome};

/// The version of the wire protocol. The disk format has a version of its own.
pub const PROTOCOL_VERSION: u32 = 1;

method! {
    /// Begins an editor's session, as in LSP 3.17. The open folders come from `workspaceFolders`, or else from
    /// `rootUri`, or else from `rootPath`. Every folder that the client names counts as open, even one without an
    /// absolute URI. Beside such a folder no other folder is the only open one, so `context: "workspace"` without
    /// `workspaceFolder` fails with 2003. All other members that LSP clients send are ignored. A second `initialize`
    /// fails with −32600.
    ///
    /// A client that never sends `initialize` is a script. Every method works at once, and the open folders are those
    /// of `--workspace-folder`, or else the current directory.
    "initialize" => Initialized,
    lenient true,
    positional {}
    named {
        /// The client's process. The sidecar ends when this process has ended. Ignored through a relay.
        "processId" => process: Option<ProcessId>,
        /// The open folder, from clients that support only one.
        "rootUri" => root_uri: Option<RootUri>,
        /// The open folder as a path, from older clients.
        "rootPath" => root_path: Option<RootPath>,
        /// The open folders. `[]` means that no folder is open; `null` means the same as no member.
        "workspaceFolders" => folders: Option<OpenFolders>,
    }
    errors []
    examples [
        example(
            "An editor with one folder open",
            json!({
                "processId": null, "capabilities": {},
                "workspaceFolders": [{"uri": "file:///home/me/project", "name": "project"}],
            }),
            json!({
                "capabilities": {
                    "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
                    "experimental": {"pluginVault": {"protocolVersion": PROTOCOL_VERSION, "maxDataBytes": 8_388_608}},
                },
                "serverInfo": {"name": "plugin-vault", "version": env!("CARGO_PKG_VERSION")},
            }),
        ),
        refusal("A second initialize", json!({"processId": null, "capabilities": {}}), "invalidRequest", json!({"reason": "phase"}))
            .after("initialize", json!({"processId": null, "capabilities": {}})),
    ]
}

/// The capabilities and the version of the sidecar.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Initialized {
    capabilities: Capabilities,
    server_info: ServerInfo,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Capabilities {
    workspace: WorkspaceCapabilities,
    experimental: Experimental,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct WorkspaceCapabilities {
    workspace_folders: FolderCapabilities,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct FolderCapabilities {
    supported: True,
    change_notifications: True,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Experimental {
    plugin_vault: VaultCapabilities,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct VaultCapabilities {
    /// The version of this contract. A client that needs a later version reports that and does not go on.
    protocol_version: u32,
    /// The length of the longest object that can be stored, in bytes of JSON text.
    max_data_bytes: usize,
    /// Present if the connection comes through `plugin-vault relay`, which has bound it to one key.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<Relayed>,
}

/// The key that a relay has bound the connection to.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Relayed {
    /// The handle of that key. A call may leave it out.
    handle: String,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ServerInfo {
    name: &'static str,
    /// The version of plugin-vault.
    version: &'static str,
}

pub(super) async fn call(call: Call) -> Outcome {
    let params = Params::read(call.params.as_deref())?;
    // The members of older clients count only if the newer ones are absent.
    let folders = match (params.folders, params.root_uri, params.root_path) {
        (Some(folders), _, _) => folders.0,
        (None, Some(folder), _) => vec![folder.0],
        (None, None, folder) => folder.map(|folder| folder.0).into_iter().collect(),
    };
    call.session.enter(Phase::Initialized).map_err(|_| Error::InvalidRequest(NotARequest::Phase))?;
    call.session.set_folders(folders);
    let relay = call.session.bound().map(|handle| Relayed { handle: handle.to_owned() });
    // Through a relay, the client's id is that of a process of another machine or container.
    if let Some(process) = params.process.and_then(|process| process.0).filter(|_| relay.is_none()) {
        call.session.client().watch(process);
    }
    let folders = FolderCapabilities { supported: True::TRUE, change_notifications: True::TRUE };
    let vault = VaultCapabilities {
        protocol_version: PROTOCOL_VERSION,
        max_data_bytes: call.session.limits().data,
        relay,
    };
    answer(&Initialized {
        capabilities: Capabilities {
            workspace: WorkspaceCapabilities { workspace_folders: folders },
            experimental: Experimental { plugin_vault: vault },
        },
        server_info: ServerInfo { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
    })
}

/// A number that no operating system uses as a process id names no process. It is ignored like the id of a process
/// that does not exist.
struct ProcessId(Option<u32>);

impl<'a> Argument<'a> for ProcessId {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        match json::whole(value) {
            Whole::Fits(process) => Ok(Self(u32::try_from(process).ok())),
            Whole::No if json::kind(value) != Kind::Number => Err(WrongParameter::named(name, Rule::Number)),
            Whole::OutOfRange | Whole::No => Ok(Self(None)),
        }
    }
}

schema!(ProcessId, "ProcessId", "The id of a process on this machine. A number that no operating system uses as one is ignored.", {"type": "number"});

struct RootUri(OpenFolder);

impl<'a> Argument<'a> for RootUri {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        Ok(Self(OpenFolder::of_uri(&string(name, value)?)))
    }
}

schema!(RootUri, "RootUri", "An absolute URI. Any other text counts as an open folder in which nothing can be stored.",
    {"type": "string"});

struct RootPath(OpenFolder);

impl<'a> Argument<'a> for RootPath {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let path = string(name, value)?;
        let folder = WorkspaceFolder::from_path(path.as_ref().as_ref());
        Ok(Self(folder.map_or_else(|| OpenFolder::unnamed(&path), OpenFolder::Named)))
    }
}

schema!(RootPath, "RootPath", "An absolute path. Any other text counts as an open folder in which nothing can be stored.",
    {"type": "string"});

/// LSP's `WorkspaceFolder`s.
struct OpenFolders(Vec<OpenFolder>);

impl<'a> Argument<'a> for OpenFolders {
    fn read(name: &'static str, value: &'a RawValue) -> Result<Self, WrongParameter> {
        let elements = json::elements(value).ok_or(WrongParameter::named(name, Rule::Array))?;
        Ok(Self(elements.into_iter().map(folder).collect()))
    }
}

schema!(OpenFolders, "OpenFolders",
    "LSP's `WorkspaceFolder`s. Several spellings of one folder count as one. Each element is an open folder. If its `uri` \
is not an absolute URI, nothing can be stored in that folder.",
    {"type": "array", "items": {"type": "object", "properties": {
        "uri": {"type": "string"}, "name": {"type": "string"}}, "required": ["uri"], "additionalProperties": true}});

/// An LSP `WorkspaceFolder`.
pub(super) fn folder(value: &RawValue) -> OpenFolder {
    let uri = json::members(value).and_then(|members| {
        let uri = members.iter().find(|member| member.is("uri"))?;
        json::string(uri.value)
    });
    uri.map_or_else(|| OpenFolder::unnamed(value.get()), |uri| OpenFolder::of_uri(&uri))
}
