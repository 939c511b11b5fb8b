//! `plugin-vault helper headers REF`: one HTTP header as JSON, for clients of MCP servers and for coding agents.

use serde_json::json;

use crate::cli::get::text_of;
use crate::cli::operator::{Answer, Failed, Operator};
use crate::cli::record::{RecordArguments, nothing, value_in};
use crate::cli::through::Through;

pub(super) fn run(operator: &Operator, record: &RecordArguments) -> Result<Answer, Failed> {
    let (opened, selected) = record.find(operator)?;
    let (_, value) = selected.value(&opened)?;
    header(&value)
}

/// The same at the other end of a relay.
pub(super) fn through(relay: &mut Through, record: &RecordArguments) -> Result<Answer, Failed> {
    let (reference, place) = record.through(relay)?;
    let found = relay.read(&place, reference.name.as_deref(), &[])?.ok_or_else(nothing)?;
    header(value_in(reference.member.as_ref(), &found.record)?)
}

fn header(value: &str) -> Result<Answer, Failed> {
    if !value.starts_with('"') {
        return Err(Failed::wrong(
            "the value is not a string; name the member that has the token with #/MEMBER",
        ));
    }
    let token = text_of(value)?;
    if token.chars().any(char::is_control) {
        return Err(Failed::new(
            "the value contains a line end or another control character, so it is no token".into(),
        ));
    }
    Ok(json!({"Authorization": format!("Bearer {}", *token)}).to_string().into())
}
