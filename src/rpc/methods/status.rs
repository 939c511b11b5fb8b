//! `vault/status`: the state of the store and of its protection. Never a name or a value; never creates a store.

use serde::Serialize;
use serde_json::json;

use crate::rpc::error::STORE_ERRORS;
use crate::rpc::params::method;
use crate::rpc::values::{Path, Protector, StoreId};
use crate::session::{Pending, Phase, Session};
use crate::vault::{self, FORMAT, Opened, Timestamp};

use super::{Call, Outcome};

/// The notification with the same members.
pub(in crate::rpc) const DID_CHANGE: &str = "vault/didChangeStatus";

/// The state of the store and of its protection.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(in crate::rpc) struct Status {
    /// The id of the store; absent if there is no store yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_id: Option<StoreId>,
    /// The version of the disk format.
    format_version: u32,
    /// The folder where the store is, or would be.
    data_dir: Path,
    /// The protector that opened the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    protector: Option<Protector>,
    /// All protectors that can open the store.
    protectors: Vec<Protector>,
    /// Whether methods that need data work now.
    key_available: bool,
    /// Whether the store was locked, with `vault/lock` or `plugin-vault lock`. Then only `vault/unlock` gets its key.
    locked: bool,
    /// What all protectors together guard against, as they are set up now. A member is also `false` if this can't be
    /// known.
    protects: Protects,
    /// The number of records, of all plugins. 0 through a relay.
    records: u64,
    /// The size of the store on the disk, in bytes. 0 through a relay.
    bytes: u64,
    /// What the last repair of a damaged store did; absent if there was none, and through a relay.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<Repaired>,
    /// The state of a store that several machines share; absent for a store of one machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<Remote>,
    /// Present and `true` through a relay: the store is then on the machine of the relay, and `dataDir` is a folder there.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<bool>,
}

/// What a repair of a damaged store did.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Repaired {
    /// When the repair took place.
    at: Timestamp,
    /// When the backup was taken that the repair restored; absent if it restored none.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_from: Option<Timestamp>,
    /// How many records were intact.
    kept: u64,
    /// How many records were not intact; absent if this can't be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    /// The folder with the damaged file.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<Path>,
}

/// How a store that several machines share is connected to its server.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Remote {
    /// How this machine and the server are to each other.
    state: RemoteState,
    /// When the server last confirmed what this machine holds, by the server's clock; absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
}

/// How this machine and the server of a shared store are to each other.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "camelCase")]
enum RemoteState {
    /// The server was reached at the last attempt. Everything works.
    Current,
    /// The server can't be reached, or was not asked yet. Reads work, and writes are refused.
    Offline,
    /// The server does not let this machine in. Reads work, and writes are refused.
    Refused,
    /// The server has lost commits that it had confirmed. Reads work, and writes are refused until the user has chosen a
    /// state.
    WentBack,
}

impl From<vault::RemoteStatus> for Remote {
    fn from(status: vault::RemoteStatus) -> Self {
        let state = match status.state {
            vault::RemoteState::Current => RemoteState::Current,
            vault::RemoteState::Offline => RemoteState::Offline,
            vault::RemoteState::Refused => RemoteState::Refused,
            vault::RemoteState::WentBack => RemoteState::WentBack,
        };
        Self { state, as_of: status.as_of }
    }
}

/// What the protectors guard against.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Protects {
    /// An attacker who has a copy of the data folder and nothing else.
    copies_of_the_data_folder: bool,
    /// Other users of the machine; `false` if others may read the key file.
    other_users: bool,
    /// An attacker who has the disk.
    stolen_disk: bool,
}

method! {
    /// Returns the state of the store and of its protection. The result never contains a name or a value. The method
    /// never prompts the user, and never creates a store.
    "vault/status" => Status,
    positional {}
    named {}
    errors [STORE_ERRORS]
    examples [
        example(
            "There is no store yet",
            json!({}),
            json!({
                "formatVersion": FORMAT, "dataDir": "/home/me/.local/share/plugin-vault", "protectors": [],
                "keyAvailable": false, "locked": false, "records": 0, "bytes": 0,
                "protects": {"copiesOfTheDataFolder": false, "otherUsers": false, "stolenDisk": false},
            }),
        ),
        wrong(
            "The method has no parameters",
            json!({"verbose": true}),
            WrongParameter::unknown(0),
        ),
    ]
}

pub(super) async fn call(call: Call) -> Outcome {
    Params::read(call.params.as_deref())?;
    let opened = call.session.existing(&call.pending).await?;
    answer(&status(&call.session, opened.as_deref())?)
}

/// `vault/didChangeStatus`: the same members, sent as a notification.
pub(in crate::rpc) async fn tell(session: &Session) {
    // A store key that another process unlocked may be available to this one too.
    let Ok(opened) = session.existing(&Pending::default()).await else { return };
    let Ok(params) = status(session, opened.as_deref()) else { return };
    // After `shutdown` the client wants no more notices.
    if session.phase() < Phase::ShutDown {
        let message = json!({"jsonrpc": "2.0", "method": DID_CHANGE, "params": params});
        session.client().send(message.to_string().into_bytes());
    }
}

fn status(session: &Session, opened: Option<&Opened>) -> Result<Status, vault::Error> {
    let status = session.vault().status(opened)?;
    // One plugin's connection must not learn how much the others have.
    let is_relayed = session.bound().is_some();
    let unless_relayed = |count| if is_relayed { 0 } else { count };
    let path = |path: std::path::PathBuf| Path(path.to_string_lossy().into_owned().into());
    Ok(Status {
        store_id: status.store_id.map(|id| StoreId(id.into())),
        format_version: FORMAT,
        data_dir: path(status.data_folder),
        protector: status.protector.map(|kind| Protector(kind.into())),
        protectors: status.protectors.into_iter().map(|kind| Protector(kind.into())).collect(),
        key_available: status.key_available,
        locked: status.locked,
        protects: Protects {
            copies_of_the_data_folder: status.protects.copies_of_the_data_folder,
            other_users: status.protects.other_users,
            stolen_disk: status.protects.stolen_disk,
        },
        records: unless_relayed(status.records),
        bytes: unless_relayed(status.bytes),
        remote: status.remote.map(Remote::from),
        relay: is_relayed.then_some(true),
        repaired: status.repaired.filter(|_| !is_relayed).map(|repaired| Repaired {
            at: repaired.at,
            restored_from: repaired.restored_from,
            kept: repaired.kept,
            lost: repaired.lost,
            quarantine: repaired.quarantine.map(path),
        }),
    })
}
