//! `plugin-vault check`: opens the store, which repairs it if it is damaged, and checks every row of it.

use serde::Serialize;

use crate::vault::{
    Caller, Entry, Error, GetRecord, Key, KeyState, ListRecords, Name, OneByOne, Opened, Place, Target,
    Timestamp, random_origin,
};

use super::failed::Exit;
use super::look::{counted, folder};
use super::operator::{Answer, Failed, Operator};
use super::progress::Progress;

#[derive(clap::Args)]
pub(super) struct CheckCommand {
    /// Also read every record whose key the store keeps, as a plugin does
    #[arg(long)]
    read_data: bool,
}

/// The result of a check.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckReport {
    /// Whether nothing is damaged now.
    sound: bool,
    /// The rows of all tables.
    rows: u64,
    /// The rows whose checksum does not match.
    damaged_rows: u64,
    /// What the repair did that opening the store has made; absent if it made none.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<Repaired>,
    /// What reading the records gave; absent unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<ReadData>,
}

/// What a repair did.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Repaired {
    /// How many records were intact.
    kept: u64,
    /// How many records were not intact; absent if this is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    /// The folder with the damaged file. The home folder is `~`.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
}

/// What reading the records gave.
#[derive(Serialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct ReadData {
    /// The records that could be read.
    read: u64,
    /// The records that are damaged.
    damaged: u64,
    /// The records whose key the store does not keep. Only their plugins can read them.
    without_key: u64,
}

/// Checks the store.
pub(super) fn run(operator: &Operator, command: &CheckCommand, as_json: bool) -> Result<Answer, Failed> {
    let _progress = Progress::begin("checking the store");
    let begun = Timestamp::now();
    let opened = operator.locked()?.ok_or_else(Failed::no_store)?;
    let status = operator.vault().status(Some(&opened))?;
    let repaired = status.repaired.filter(|repaired| repaired.at >= begun).map(|repaired| Repaired {
        kept: repaired.kept,
        lost: repaired.lost,
        quarantine: repaired.quarantine.as_deref().map(folder),
    });
    let tables = operator.vault().check_tables()?.ok_or(Error::Internal)?;
    let data = if command.read_data {
        let opened = operator.existing()?.ok_or(Error::Internal)?;
        Some(read_all(&opened)?)
    } else {
        None
    };
    let sound = tables.damaged_rows == 0 && data.as_ref().is_none_or(|data| data.damaged == 0);
    let report = CheckReport { sound, rows: tables.rows, damaged_rows: tables.damaged_rows, repaired, data };
    let failed = (!sound).then(|| {
        let why = "parts of the store are damaged and are kept as they are; restore a backup with plugin-vault restore";
        Failed::with(Exit::Refused, why.into())
    });
    let shown = if as_json { serde_json::to_string(&report).unwrap_or_default() } else { report.text() };
    Ok(Answer { shown: Some(shown), failed })
}

/// Reads every record of the installations whose key the store keeps.
fn read_all(opened: &Opened) -> Result<ReadData, Failed> {
    let mut found = ReadData::default();
    for key in opened.all_keys()? {
        if !key.info.owner || key.state == KeyState::Damaged {
            continue;
        }
        match kept_caller(opened, key.info.plugin.as_deref(), key.info.installation.as_deref())? {
            Some(caller) if key.state == KeyState::Live => read_namespace(opened, &caller, &mut found)?,
            _ => found.without_key += key.records,
        }
    }
    Ok(found)
}

fn kept_caller(
    opened: &Opened,
    plugin: Option<&str>,
    installation: Option<&str>,
) -> Result<Option<Caller>, Failed> {
    let (Some(plugin), Some(installation)) =
        (plugin.and_then(Name::parse), installation.and_then(Name::parse))
    else {
        return Ok(None);
    };
    let key = opened.kept(&plugin, &installation)?.and_then(|kept| Key::parse(&kept.api_key).ok());
    Ok(key.map(|key| Caller { key: key.into(), must_exist: true, origin: random_origin() }))
}

fn read_namespace(opened: &Opened, caller: &Caller, found: &mut ReadData) -> Result<(), Failed> {
    let all = ListRecords {
        caller: caller.clone(),
        context: None,
        place: None,
        after: None,
        limit: None,
        most: usize::MAX,
    };
    for entry in opened.read(&all, &OneByOne)? {
        match opened.read(&GetRecord(target(caller, entry)), &OneByOne) {
            Ok(_) => found.read += 1,
            Err(Error::RecordDamaged(_)) => found.damaged += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn target(caller: &Caller, entry: Entry) -> Target {
    let place = entry.address.folder.map_or(Place::User, Place::Workspace);
    Target { caller: caller.clone(), place, name: entry.address.name }
}

impl CheckReport {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(Repaired { kept, lost, quarantine }) = &self.repaired {
            let lost =
                lost.map_or("it is not known how many were lost".into(), |lost| format!("{lost} were lost"));
            let kept = counted(*kept, "record");
            let place = quarantine.as_ref().map(|place| format!("; the damaged file is in {place}"));
            lines.push(format!(
                "the store was damaged and is repaired: {kept} were intact, {lost}{}",
                place.unwrap_or_default()
            ));
        }
        let rows = counted(self.rows, "row");
        lines.push(match self.damaged_rows {
            0 => format!("the tables are sound: {rows}"),
            damaged => format!("{damaged} of {rows} are damaged"),
        });
        if let Some(ReadData { read, damaged, without_key }) = &self.data {
            lines.push(format!("{} could be read, {damaged} are damaged", counted(*read, "record")));
            if *without_key > 0 {
                lines.push(format!("{without_key} were not read, since only their plugins have the key"));
            }
        }
        lines.join("\n")
    }
}
