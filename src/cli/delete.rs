//! `plugin-vault delete`: removes a record, or a member of one.

use serde_json::json;

use crate::vault::{Delete, Error, Opened};

use super::consent::{Agreed, Consent, would_do};
use super::operator::{Answer, Failed, Operator};
use super::record::{RecordArguments, Selected, nothing};
use super::set::change_member;

#[derive(clap::Args)]
pub(super) struct DeleteCommand {
    #[command(flatten)]
    record: RecordArguments,
    #[command(flatten)]
    consent: Consent,
}

pub(super) fn run(operator: &Operator, command: &DeleteCommand, as_json: bool) -> Result<Answer, Failed> {
    let (opened, selected) = command.record.find(operator)?;
    let (what, revision) = describe(&opened, &selected)?;
    let what = format!("{} is deleted: {what}", selected.reference);
    if command.consent.get(&what, "Delete it?")? == Agreed::DryRun {
        return Ok(would_do(&what, as_json).into());
    }
    let revision = match &selected.member {
        None => {
            let target = selected.target;
            // What is deleted is what was shown.
            let deleted = operator.write(Delete { target, if_revision: revision, lease: None })?;
            if !deleted.deleted {
                return Err(nothing());
            }
            deleted.revision
        }
        Some(member) => {
            let change = |text: &str| member.remove(text).ok_or_else(nothing);
            change_member(operator, &opened, &selected, change, revision, None)?.revision
        }
    };
    let shown = if as_json { json!({"revision": revision}).to_string() } else { "deleted".to_owned() };
    Ok(shown.into())
}

/// What is lost, without its content; and the revision of the record, unless it is damaged.
fn describe(opened: &Opened, selected: &Selected) -> Result<(String, Option<u64>), Failed> {
    let read = opened.read(&crate::vault::GetRecord(selected.target.clone()), &crate::vault::OneByOne);
    match read {
        Err(Error::RecordDamaged(_)) if selected.member.is_none() => Ok(("a damaged record".into(), None)),
        Err(error) => Err(error.into()),
        Ok(_) => {
            let (record, value) = selected.value(opened)?;
            let what = if selected.member.is_some() { "a member" } else { "a record" };
            let about = format!("{what} of {} bytes, written {}", value.len(), record.updated_at);
            Ok((about, Some(record.revision)))
        }
    }
}
