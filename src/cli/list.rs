//! `plugin-vault list`: where records are, and never what they hold.

use serde_json::{Map, Value, json};

use crate::vault::{Entry, KeptKeys, KeyInfo, ListRecords, Name, OneByOne, Opened};

use super::look::{relative_or_none, size};
use super::operator::{Answer, Failed, Operator};
use super::record::{caller_of, nothing};
use super::records::members;
use super::reference::Reference;
use super::table::Table;

#[derive(clap::Args)]
pub(super) struct ListCommand {
    /// Only the records of this plugin, or of this installation of it: PLUGIN[/INSTALLATION]
    #[arg(value_name = "PLUGIN[/INSTALLATION]")]
    plugin: Option<String>,
    /// Fail if the server of a shared store can't be reached, instead of printing what this machine has
    #[arg(long)]
    fresh: bool,
}

/// The records of one installation.
pub(super) struct Records {
    pub(super) plugin: String,
    /// Its name.
    pub(super) installation: String,
    pub(super) entries: Vec<Entry>,
}

pub(super) fn run(operator: &Operator, command: &ListCommand, as_json: bool) -> Result<Answer, Failed> {
    let only = command.plugin.as_deref().map(Reference::parse).transpose()?;
    if only.as_ref().is_some_and(|only| only.name.is_some() || only.member.is_some()) {
        return Err(Failed::wrong("list takes PLUGIN or PLUGIN/INSTALLATION; get shows one record"));
    }
    let opened = operator.required()?;
    if command.fresh {
        operator.refresh()?;
    }
    let plugin = only.as_ref().map(|only| only.plugin.as_str());
    let (mut found, unlisted) = all(&opened, plugin)?;
    if let Some(installation) = only.as_ref().and_then(|only| only.installation.as_ref()) {
        found.retain(|one| one.installation == *installation);
    }
    if only.is_some() && found.is_empty() && unlisted.is_empty() {
        return Err(nothing());
    }
    Ok(if as_json { in_json(&found, &unlisted) } else { in_table(&found, &unlisted) }.into())
}

/// The records of all installations whose keys the store keeps, in the order of their names, and the other keys.
pub(super) fn all(opened: &Opened, plugin: Option<&str>) -> Result<(Vec<Records>, Vec<KeyInfo>), Failed> {
    let wrong = || Failed::wrong("a plugin's name has 1 to 256 bytes");
    let plugin = plugin.map(|plugin| Name::parse(plugin).ok_or_else(wrong)).transpose()?;
    let KeptKeys { kept, mut others } = opened.kept_keys(plugin.as_ref())?;
    let mut found = Vec::new();
    for kept in kept {
        let caller = caller_of(&kept)?;
        let list =
            ListRecords { caller, context: None, place: None, after: None, limit: None, most: usize::MAX };
        let mut entries = match opened.read(&list, &OneByOne) {
            Ok(entries) => entries,
            // The records of a key that has expired stay where they are.
            Err(crate::vault::Error::ApiKeyExpired) => {
                others.push(kept.info);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        entries.sort_by_cached_key(|entry| {
            let folder = entry.address.folder.as_ref().map(|folder| folder.as_str().to_owned());
            (folder, entry.address.name.as_ref().map(|name| name.as_str().to_owned()))
        });
        let (plugin, installation) = (kept.info.plugin, kept.info.installation);
        found.push(Records {
            plugin: plugin.unwrap_or_default(),
            installation: installation.unwrap_or_default(),
            entries,
        });
    }
    found.sort_by(|one, other| (&one.plugin, &one.installation).cmp(&(&other.plugin, &other.installation)));
    others.sort_by(|one, other| (&one.plugin, &one.key_id).cmp(&(&other.plugin, &other.key_id)));
    Ok((found, others))
}

/// The reference of a record.
pub(super) fn reference(of: &Records, entry: &Entry) -> Reference {
    Reference {
        plugin: of.plugin.clone(),
        installation: Some(of.installation.clone()),
        name: entry.address.name.as_ref().map(|name| name.as_str().to_owned()),
        member: None,
    }
}

fn in_json(found: &[Records], unlisted: &[KeyInfo]) -> String {
    let of_one = |one: &Records| {
        let each = |entry: &Entry| {
            let mut record = Map::new();
            record.insert("ref".into(), reference(one, entry).to_string().into());
            record.insert("plugin".into(), one.plugin.clone().into());
            record.insert("installation".into(), one.installation.clone().into());
            if let Value::Object(members) = members(entry) {
                record.extend(members);
            }
            Value::Object(record)
        };
        one.entries.iter().map(each).collect::<Vec<_>>()
    };
    let records: Vec<_> = found.iter().flat_map(of_one).collect();
    json!({"records": records, "unlisted": unlisted.iter().map(unlisted_json).collect::<Vec<_>>()})
        .to_string()
}

/// A key whose records can't be listed without it.
pub(super) fn unlisted_json(key: &KeyInfo) -> Value {
    let mut members = json!({"keyId": key.key_id});
    if let Some(plugin) = &key.plugin {
        members["plugin"] = plugin.clone().into();
    }
    members
}

fn in_table(found: &[Records], unlisted: &[KeyInfo]) -> String {
    let mut table = Table::new(&["RECORD", "FOLDER", "SIZE", "LAST WRITE", "EXPIRES"]);
    for one in found {
        for entry in &one.entries {
            let folder =
                entry.address.folder.as_ref().map_or(String::new(), |folder| folder.as_str().to_owned());
            table.row(vec![
                reference(one, entry).to_string(),
                folder,
                size(entry.bytes),
                relative_or_none(Some(entry.updated_at)),
                relative_or_none(entry.expires_at),
            ]);
        }
    }
    let shown = table.to_string();
    match unlisted.len() {
        0 => shown,
        1 => format!("{shown}\n1 key is not kept by the store, so its records are not listed"),
        count => format!("{shown}\n{count} keys are not kept by the store, so their records are not listed"),
    }
}
