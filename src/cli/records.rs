//! `plugin-vault key records`: lists where a plugin's records are, for a user who wants to know what was left behind.
//! Never shows their content.

use serde_json::{Map, Value};

use crate::vault::{Caller, DamagedPart, Entry, Error, Key, ListRecords, Name, OneByOne, random_origin};

use super::look::{relative_or_none, size};
use super::operator::{Failed, Operator};
use super::table::Table;

/// Lists the records of an installation whose key the store keeps. Issues no key if the store keeps none.
pub(super) fn list(
    operator: &Operator,
    plugin: &Name,
    installation: &Name,
    as_json: bool,
) -> Result<String, Failed> {
    let opened = operator.required()?;
    let kept = opened.kept(plugin, installation)?.ok_or(Error::ApiKeyUnknown)?;
    let key = Key::parse(&kept.api_key).map_err(|_| Error::RecordDamaged(DamagedPart::Key))?;
    let caller = Caller { key: key.into(), must_exist: true, origin: random_origin() };
    let all = ListRecords { caller, context: None, place: None, after: None, limit: None, most: usize::MAX };
    let mut entries = opened.read(&all, &OneByOne)?;
    entries.sort_by_cached_key(|entry| {
        let [context, folder, name] = words(entry);
        (context, folder, name)
    });
    if as_json {
        return Ok(Value::Array(entries.iter().map(members).collect()).to_string());
    }
    let mut table = Table::new(&["CONTEXT", "FOLDER", "NAME", "SIZE", "LAST WRITE", "EXPIRES"]);
    for entry in &entries {
        let [context, folder, name] = words(entry);
        let (written, expires) =
            (relative_or_none(Some(entry.updated_at)), relative_or_none(entry.expires_at));
        table.row(vec![context, folder, name, size(entry.bytes), written, expires]);
    }
    Ok(table.to_string())
}

/// Context, folder and name; empty if there is none.
fn words(entry: &Entry) -> [String; 3] {
    let address = &entry.address;
    let folder = address.folder.as_ref().map_or("", |folder| folder.as_str());
    let name = address.name.as_ref().map_or("", |name| name.as_str());
    [address.context().name(), folder, name].map(ToOwned::to_owned)
}

/// The same members as in `listPersistentData`.
pub(super) fn members(entry: &Entry) -> Value {
    let [context, folder, name] = words(entry);
    let given = |text: String| (!text.is_empty()).then_some(Value::from(text));
    let members = [
        ("context", Some(context.into())),
        ("workspaceFolder", given(folder)),
        ("name", given(name)),
        ("revision", Some(entry.revision.into())),
        ("createdAt", Some(entry.created_at.to_string().into())),
        ("updatedAt", Some(entry.updated_at.to_string().into())),
        ("expiresAt", entry.expires_at.map(|at| at.to_string().into())),
        ("bytes", Some(entry.bytes.into())),
    ];
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}
