//! `plugin-vault status`: where the store is, what protects it, and what uses it. Never asks the user. Never shows a value, a
//! key or a name.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::vault::{Error, FORMAT, Opened, RelayEntry, Status, Timestamp, UnlockMode, Vault};

use super::failed::Exit;
use super::look::{counted, folder, relative, size, time_of};
use super::operator::{Answer, Failed, Operator};
use super::through::Through;

/// The state of the store.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusReport {
    /// The version of the program.
    version: &'static str,
    /// Whether there is a store, and whether its data can be used.
    state: State,
    /// Why the data can't be used; absent if it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The data folder. The home folder is `~`.
    data_dir: String,
    /// The folder of key files. The home folder is `~`.
    key_dir: String,
    /// The version of the disk format.
    format_version: u32,
    /// The id of the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_id: Option<String>,
    /// The protector that gave the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    protector: Option<&'static str>,
    /// All protectors that can open the store.
    protectors: Vec<&'static str>,
    /// What all protectors together guard against.
    protects: Protects,
    /// The number of records, of all plugins.
    records: u64,
    /// The size of the store on the disk, in bytes.
    bytes: u64,
    /// When the store last took a backup of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_backup_at: Option<String>,
    /// When the store was last repaired.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired_at: Option<String>,
    /// How many records that repair lost; absent if this is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    /// The sidecars and other processes that have the store open.
    processes: Vec<Process>,
    /// The relays that give data of this store to containers and other machines.
    relays: Vec<Relay>,
    /// How a store that several machines share is connected to its server: `current`, `offline`, `refused` or `wentBack`;
    /// `none` for a store of this machine alone.
    remote: &'static str,
    /// When the server last confirmed what this machine has, by the server's clock; absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_as_of: Option<String>,
}

/// Whether the data of the store can be used.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
enum State {
    /// There is no store yet.
    None,
    /// The data can be used.
    Open,
    /// The key of the store can't be had without the user, or not at all.
    Locked,
    /// The store is damaged or refused.
    Unusable,
}

/// What the protectors guard against.
#[derive(Serialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Protects {
    /// An attacker who has a copy of the data folder and nothing else.
    copies_of_the_data_folder: bool,
    /// Other users of the machine.
    other_users: bool,
    /// An attacker who has the disk.
    stolen_disk: bool,
}

/// A process that has the store open.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Process {
    /// Its process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<u32>,
    /// Its version of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// A relay of the store.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Relay {
    /// The path of its socket.
    socket: String,
    /// Its process id.
    process: u32,
    /// The id of the key that it has made for its own life; absent if it was given a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
}

/// Shows where the data is that a relay gives, and what the relay's key may do.
pub(super) fn through(socket: &Path, as_json: bool) -> Result<Answer, Failed> {
    let (status, key) = Through::connect(socket)?.status()?;
    if as_json {
        let shown = json!({"relay": socket.to_string_lossy(), "store": status, "key": key});
        return Ok(shown.to_string().into());
    }
    let text = |value: &Value| super::visible::visible(value.as_str().unwrap_or("unknown"));
    let state = if status["keyAvailable"] == true { "open" } else { "locked, or not made yet" };
    let may = if key["scope"]["readOnly"] == true { "read" } else { "read and write" };
    let lines = [
        format!("store  {}, on the machine of the relay", text(&status["dataDir"])),
        format!("relay  {}", super::visible::visible(&socket.to_string_lossy())),
        format!("key    {} of {}; may {may}", text(&key["keyId"]), text(&key["plugin"])),
        format!("state  {state}"),
    ];
    Ok(lines.join("\n").into())
}

/// Shows the state of the store. The exit code says it too.
pub(super) fn run(operator: &Operator, as_json: bool) -> Result<Answer, Failed> {
    let report = StatusReport::of(operator)?;
    let why = report.reason.clone().unwrap_or_default();
    let failed = match report.state {
        State::Open => None,
        State::None => Some(Failed::no_store()),
        State::Locked => Some(Failed::with(Exit::Locked, why)),
        State::Unusable => Some(Failed::with(Exit::Refused, why)),
    };
    let shown = if as_json { serde_json::to_string(&report).unwrap_or_default() } else { report.text() };
    Ok(Answer { shown: Some(shown), failed })
}

impl StatusReport {
    fn of(operator: &Operator) -> Result<Self, Failed> {
        let vault = operator.vault();
        let (opened, why) = match operator.try_locked() {
            Ok(opened) => (opened, None),
            Err(error) => (None, Some(error)),
        };
        let locked =
            opened.as_ref().and_then(|opened| opened.unlock(operator.config(), &UnlockMode::Quiet).err());
        let state = match (&opened, why, locked) {
            (None, None, _) => State::None,
            (Some(_), _, None) => State::Open,
            (Some(_), _, Some(Error::KeyUnavailable(_))) => State::Locked,
            _ => State::Unusable,
        };
        let reason = why.or(locked).map(|error| Failed::from(error).why);
        let status = vault.status(opened.as_deref())?;
        Ok(Self::new(vault, opened.as_deref(), status, state, reason))
    }

    fn new(
        vault: &Vault,
        opened: Option<&Opened>,
        status: Status,
        state: State,
        reason: Option<String>,
    ) -> Self {
        let backups = vault.own_backups().unwrap_or_default();
        let processes = vault.processes().unwrap_or_default().into_iter().filter(|process| process.is_alive);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            state,
            reason: reason.map(|reason| super::look::at_home(&reason)),
            data_dir: folder(&status.data_folder),
            key_dir: folder(&vault.config().keys),
            format_version: FORMAT,
            store_id: status.store_id,
            protector: status.protector,
            protectors: status.protectors,
            protects: opened.map_or_else(Protects::default, |_| Protects {
                copies_of_the_data_folder: status.protects.copies_of_the_data_folder,
                other_users: status.protects.other_users,
                stolen_disk: status.protects.stolen_disk,
            }),
            records: status.records,
            bytes: status.bytes,
            last_backup_at: backups.iter().map(|backup| time_of(backup.taken)).max().map(|at| at.to_string()),
            repaired_at: status.repaired.as_ref().map(|repaired| repaired.at.to_string()),
            lost: status.repaired.and_then(|repaired| repaired.lost),
            processes: processes
                .map(|process| Process { process: process.pid, version: process.version })
                .collect(),
            relays: vault
                .relays()
                .map(|(running, _)| running)
                .unwrap_or_default()
                .into_iter()
                .map(Relay::from)
                .collect(),
            remote: status.remote.map_or("none", |remote| remote.state.name()),
            remote_as_of: status.remote.and_then(|remote| remote.as_of).map(|at| at.to_string()),
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![
            ("store", self.data_dir.clone()),
            ("keys", self.key_dir.clone()),
            ("state", self.state_text()),
        ];
        if matches!(self.state, State::Open | State::Locked) {
            lines.push(("protectors", self.protectors.join(", ")));
            lines.push(("protects", self.protects.text()));
            lines.push((
                "records",
                format!("{}, {} on the disk", counted(self.records, "record"), size(self.bytes)),
            ));
        }
        if self.state != State::None {
            lines.push(("backup", self.last_backup_at.as_deref().map_or("none yet".into(), ago)));
        }
        if let Some(at) = &self.repaired_at {
            let lost =
                self.lost.map(|lost| format!(", {} lost", counted(lost, "record"))).unwrap_or_default();
            lines.push(("repaired", ago(at) + &lost));
        }
        lines.push(("sidecars", self.processes_text()));
        for relay in &self.relays {
            let key = relay.key_id.as_ref().map_or(String::new(), |id| format!(", with the key {id}"));
            lines.push(("relay", format!("{} at {}{key}", relay.process, relay.socket)));
        }
        let confirmed = self.remote_as_of.as_ref().map(|at| format!(", as the server had it {}", ago(at)));
        lines.push(("remote", self.remote.to_owned() + &confirmed.unwrap_or_default()));
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        lines.into_iter().map(|(name, text)| format!("{name:width$}  {text}")).collect::<Vec<_>>().join("\n")
    }

    fn state_text(&self) -> String {
        match (self.state, self.protector) {
            (State::None, _) => "there is no store yet; the first plugin that writes creates one".into(),
            (State::Open, Some(protector)) => format!("open, by the protector {protector}"),
            (State::Open, None) => "open".into(),
            (State::Locked, _) => "locked".into(),
            (State::Unusable, _) => "can't be used; see plugin-vault doctor".into(),
        }
    }

    fn processes_text(&self) -> String {
        let one = |process: &Process| {
            let id = process.process.map_or("unknown".into(), |id| id.to_string());
            format!("{id} ({})", process.version.as_deref().unwrap_or("unknown version"))
        };
        let list: Vec<_> = self.processes.iter().map(one).collect();
        if list.is_empty() { "none".into() } else { list.join(", ") }
    }
}

impl From<RelayEntry> for Relay {
    fn from(entry: RelayEntry) -> Self {
        Self { socket: folder(&entry.socket), process: entry.process, key_id: entry.key_id }
    }
}

impl Protects {
    fn text(&self) -> String {
        let all = [
            (self.copies_of_the_data_folder, "copies of the data folder"),
            (self.other_users, "other users"),
            (self.stolen_disk, "a stolen disk"),
        ];
        let named = |wanted: bool| {
            let names: Vec<_> =
                all.iter().filter(|(guards, _)| *guards == wanted).map(|(_, name)| *name).collect();
            names.join(", ")
        };
        match (named(true), named(false)) {
            (against, but) if but.is_empty() => format!("against {against}"),
            (against, but) if against.is_empty() => format!("not against {but}"),
            (against, but) => format!("against {against}; not against {but}"),
        }
    }
}

fn ago(time: &str) -> String {
    Timestamp::parse(time).map_or(time.to_owned(), |time| relative(time, Timestamp::now()))
}
