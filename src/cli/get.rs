//! `plugin-vault get`: shows the object of a record, or a member of it.

use std::io::{self, IsTerminal as _};

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::json;
use crate::vault::Record;

use super::operator::{Answer, Failed, Operator};
use super::output::{Lost, write};
use super::record::RecordArguments;
use super::visible::{escaped, visible};

#[derive(clap::Args)]
pub(super) struct GetCommand {
    #[command(flatten)]
    record: RecordArguments,
    /// Print a string without its quotes, and without a line end unless stdout is a terminal
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

pub(super) fn run(operator: &Operator, command: &GetCommand, as_json: bool) -> Result<Answer, Failed> {
    let (opened, selected) = command.record.find(operator)?;
    let (record, value) = selected.value(&opened)?;
    let value = Zeroizing::new(value);
    if as_json {
        return Ok(described(&record, &value).into());
    }
    let is_terminal = io::stdout().is_terminal();
    let mut shown = if command.raw { text_of(&value)? } else { value };
    if is_terminal {
        // A stored text must not move the cursor.
        shown = Zeroizing::new(if command.raw { visible(&shown) } else { escaped(&shown) });
    }
    if is_terminal || !command.raw {
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
    let text = serde_json::from_str::<&RawValue>(value).ok().and_then(json::string);
    let text =
        text.ok_or_else(|| Failed::new("the string is not Unicode text; read it without --raw".into()))?;
    Ok(Zeroizing::new(text.into_owned()))
}

/// The members of `getPersistentRecord`.
fn described(record: &Record, value: &str) -> String {
    let expires = record.expires_at.map_or(String::new(), |at| format!(",\"expiresAt\":\"{at}\""));
    let restored = if record.restored { ",\"restored\":true" } else { "" };
    format!(
        "{{\"data\":{value},\"revision\":{},\"createdAt\":\"{}\",\"updatedAt\":\"{}\"{expires}{restored}}}",
        record.revision, record.created_at, record.updated_at
    )
}
