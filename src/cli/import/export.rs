//! Reads what `plugin-vault export` wrote.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::planned::{Planned, Values};
use crate::cli::export::{FORMAT, VERSION};
use crate::cli::operator::Failed;
use crate::cli::pointer::Pointer;
use crate::cli::reference::Reference;
use crate::json;
use crate::vault::{Place, Timestamp, folder::WorkspaceFolder};

#[derive(Deserialize)]
struct Document<'t> {
    format: String,
    version: u64,
    #[serde(borrow, default)]
    records: Vec<Line<'t>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'t> {
    plugin: String,
    installation: String,
    context: String,
    workspace_folder: Option<String>,
    name: Option<String>,
    expires_at: Option<String>,
    #[serde(borrow)]
    data: &'t RawValue,
}

/// The records of an export.
///
/// # Errors
/// If the text is not a whole export of a version that this program knows.
pub(super) fn records(text: &str) -> Result<Vec<Planned>, Failed> {
    let unknown = || {
        Failed::wrong("plugin-vault export did not write this; say what it is with --from env, json or netrc")
    };
    let document: Document<'_> = serde_json::from_str(text).map_err(|_| unknown())?;
    if document.format != FORMAT {
        return Err(unknown());
    }
    if document.version > VERSION {
        return Err(Failed::new(
            "a later version of plugin-vault wrote this export; update plugin-vault".into(),
        ));
    }
    document.records.into_iter().enumerate().map(|(number, line)| planned(number, line)).collect()
}

fn planned(number: usize, line: Line<'_>) -> Result<Planned, Failed> {
    let wrong = || {
        Failed::wrong(format!("the record {} of the export is not valid; nothing was imported", number + 1))
    };
    let place = match (line.context.as_str(), line.workspace_folder) {
        ("user", None) => Place::User,
        ("workspace", Some(folder)) => {
            Place::Workspace(WorkspaceFolder::parse(&folder).map_err(|_| wrong())?)
        }
        _ => return Err(wrong()),
    };
    if json::kind(line.data) != json::Kind::Object || line.plugin.is_empty() || line.installation.is_empty() {
        return Err(wrong());
    }
    let expires_at = line.expires_at.map(|text| Timestamp::parse(&text).ok_or_else(wrong)).transpose()?;
    let (plugin, installation) = (line.plugin, Some(line.installation));
    Ok(Planned {
        reference: Reference { plugin, installation, name: line.name, member: None },
        place,
        text: line.data.to_owned(),
        expires_at,
        values: Values::Element(Pointer::parse(&format!("/records/{number}"))?),
    })
}
