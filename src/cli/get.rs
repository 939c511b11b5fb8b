//! `plugin-vault get`: shows the object of a record, or a member of it.

use std::io::{self, IsTerminal as _};

use serde_json::json;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::json::string;
use crate::vault::{Address, GetInherited, OneByOne, Record};

use super::operator::{Answer, Failed, Operator};
use super::output::{Lost, write};
use super::record::{RecordArguments, nothing, value_in};
use super::through::Through;
use super::visible::{escaped, visible};

#[derive(clap::Args)]
pub(super) struct GetCommand {
    #[command(flatten)]
    record: RecordArguments,
    /// Print a string without its quotes, and without a line end unless stdout is a terminal
    #[arg(long, conflicts_with = "json")]
    raw: bool,
    /// Fail if the server of a shared store can't be reached, instead of printing what this machine has
    #[arg(long)]
    fresh: bool,
    /// Where the workspace folder has no such record, print that of the nearest folder above it, or else the user's
    #[arg(long, requires = "workspace")]
    inherit: bool,
}

pub(super) fn run(operator: &Operator, command: &GetCommand, as_json: bool) -> Result<Answer, Failed> {
    let (opened, selected) = command.record.find(operator)?;
    if command.fresh {
        operator.refresh()?;
    }
    let (record, found_in) = if command.inherit {
        let found = opened.read(&GetInherited(selected.target.clone()), &OneByOne)?.ok_or_else(nothing)?;
        (found.record, Some(found.address))
    } else {
        (selected.read(&opened)?.ok_or_else(nothing)?, None)
    };
    let value = Zeroizing::new(selected.value_in(&record)?.to_owned());
    show(&record, found_in.as_ref().map(place_of).as_deref(), value, command.raw, as_json)
}

/// The same at the other end of a relay.
pub(super) fn through(relay: &mut Through, command: &GetCommand, as_json: bool) -> Result<Answer, Failed> {
    let (reference, place) = command.record.through(relay)?;
    let found = relay
        .read(&place, reference.name.as_deref(), &[("inherit", command.inherit), ("fresh", command.fresh)])?
        .ok_or_else(nothing)?;
    let value = Zeroizing::new(value_in(reference.member.as_ref(), &found.record)?.to_owned());
    show(&found.record, found.found_in.as_deref(), value, command.raw, as_json)
}

fn show(
    record: &Record,
    found_in: Option<&str>,
    value: Zeroizing<String>,
    raw: bool,
    as_json: bool,
) -> Result<Answer, Failed> {
    if as_json {
        return Ok(described(record, found_in, &value).into());
    }
    let is_terminal = io::stdout().is_terminal();
    let mut shown = if raw { text_of(&value)? } else { value };
    if is_terminal {
        // A stored text must not move the cursor.
        shown = Zeroizing::new(if raw { visible(&shown) } else { escaped(&shown) });
    }
    if is_terminal || !raw {
        shown.push('\n');
    }
    match write(&shown) {
        Ok(()) => Ok(Answer::shown_already()),
        Err(Lost::ReaderGone) => Err(Failed::quiet(1)),
        Err(Lost::Failed(error)) => {
            Err(Failed::new(format!("the answer could not be written to stdout: {error}")))
        }
    }
}

/// The text that a value stands for outside of JSON: that of a string, or else its JSON text.
pub(super) fn text_of(value: &str) -> Result<Zeroizing<String>, Failed> {
    if !value.starts_with('"') {
        return Ok(Zeroizing::new(value.to_owned()));
    }
    let text = serde_json::from_str::<&RawValue>(value).ok().and_then(string);
    let text =
        text.ok_or_else(|| Failed::new("the string is not Unicode text; read it without --raw".into()))?;
    Ok(Zeroizing::new(text.into_owned()))
}

fn place_of(address: &Address) -> String {
    let mut place = json!({"context": address.context().name()});
    if let Some(folder) = &address.folder {
        place["workspaceFolder"] = folder.as_str().into();
    }
    place.to_string()
}

/// The members of `getPersistentRecord`.
fn described(record: &Record, found_in: Option<&str>, value: &str) -> String {
    let found_in = found_in.map_or(String::new(), |place| format!(",\"foundIn\":{place}"));
    let expires = record.expires_at.map_or(String::new(), |at| format!(",\"expiresAt\":\"{at}\""));
    let restored = if record.restored { ",\"restored\":true" } else { "" };
    format!(
        "{{\"data\":{value},\"revision\":{},\"createdAt\":\"{}\",\"updatedAt\":\"{}\"{expires}{restored}{found_in}}}",
        record.revision, record.created_at, record.updated_at
    )
}
