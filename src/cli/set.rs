//! `plugin-vault set` and `patch`: store the object of a record, or change it.

use serde_json::json;
use serde_json::value::RawValue;

use crate::vault::{Error, MergePatch, Opened, Patch, Set, Text, Timestamp, Written};

use super::input::{self, Expiry};
use super::operator::{Answer, Failed, Operator};
use super::pointer::{Pointer, quoted};
use super::record::{RecordArguments, Selected};
use super::through::{NotStored, Storing, Through};

/// How often a change of a member is repeated if another process changes the record meanwhile.
const ATTEMPTS: usize = 64;
/// The most bytes of input: more than any object may have, so that the store says which limit it exceeds.
const LONGEST: usize = 256 * 1024 * 1024;

#[derive(clap::Args)]
pub(super) struct SetCommand {
    #[command(flatten)]
    record: RecordArguments,
    /// Read a text, which becomes the string of the member, instead of JSON
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    expiry: Expiry,
    /// Store only if the record has this revision; 0 if there must be none
    #[arg(long, value_name = "N")]
    if_revision: Option<u64>,
}

#[derive(clap::Args)]
pub(super) struct PatchCommand {
    #[command(flatten)]
    record: RecordArguments,
}

/// Stores an object, or a member of one.
pub(super) fn set(operator: &Operator, command: &SetCommand, as_json: bool) -> Result<Answer, Failed> {
    let has_member = command.record.has_member()?;
    if command.raw && !has_member {
        return Err(Failed::wrong("--raw stores a text in a member, so name one with #/MEMBER"));
    }
    let expires_at = command.expiry.time()?;
    let (opened, selected) = command.record.make(operator)?;
    let question = format!("Value of {}: ", selected.reference);
    let read = input::text(&question, LONGEST)?;
    let written = match &selected.member {
        None => store(operator, &selected, input::object(&read)?, command.if_revision, expires_at)?,
        Some(member) => {
            let value =
                if command.raw { input::string(&read) } else { input::value(&read)?.get().to_owned().into() };
            let change = |text: &str| Ok(member.replace(text, &value)?);
            change_member(operator, &opened, &selected, change, command.if_revision, expires_at)?
        }
    };
    Ok(stored(written.revision, as_json))
}

/// The same at the other end of a relay.
pub(super) fn set_through(
    relay: &mut Through,
    command: &SetCommand,
    as_json: bool,
) -> Result<Answer, Failed> {
    let (reference, place) = command.record.through(relay)?;
    if command.raw && reference.member.is_none() {
        return Err(Failed::wrong("--raw stores a text in a member, so name one with #/MEMBER"));
    }
    let expires_at = command.expiry.time()?;
    let read = input::text(&format!("Value of {reference}: "), LONGEST)?;
    let name = reference.name.as_deref();
    let value = match &reference.member {
        None => input::object(&read)?.get().to_owned().into(),
        Some(_) if command.raw => input::string(&read),
        Some(_) => input::value(&read)?.get().to_owned().into(),
    };
    for attempt in 1.. {
        let (object, if_revision, end) = match &reference.member {
            None => (value.to_string(), command.if_revision, expires_at),
            Some(member) => {
                let record = relay.read(&place, name, &[])?.map(|found| found.record);
                let text = record.as_ref().map_or("{}", |record| &record.text);
                let end = expires_at.or(record.as_ref().and_then(|record| record.expires_at));
                let revision = record.as_ref().map_or(0, |record| record.revision);
                (member.replace(text, &value)?, Some(command.if_revision.unwrap_or(revision)), end)
            }
        };
        match relay.store(&place, name, &object, Storing { if_revision, expires_at: end }) {
            Ok(revision) => return Ok(stored(revision, as_json)),
            Err(NotStored::Conflict(_)) if command.if_revision.is_none() && attempt < ATTEMPTS => {}
            Err(NotStored::Conflict(current)) => return Err(Error::RevisionConflict { current }.into()),
            Err(NotStored::Failed(failed)) => return Err(failed),
        }
    }
    Err(Error::Internal.into())
}

/// Changes members of an object by a merge patch.
pub(super) fn patch(operator: &Operator, command: &PatchCommand, as_json: bool) -> Result<Answer, Failed> {
    let (_, selected) = command.record.make(operator)?;
    let read = input::text(&format!("Merge patch for {}: ", selected.reference), LONGEST)?;
    let text = match &selected.member {
        None => input::object(&read)?.to_owned(),
        Some(member) => within(member, input::value(&read)?.get())?,
    };
    let patch = MergePatch::parse(&text)?.text(&operator.config().limits);
    let written = operator.write(Patch { target: selected.target, patch, if_revision: None, lease: None })?;
    Ok(stored(written.revision, as_json))
}

fn stored(revision: u64, as_json: bool) -> Answer {
    if as_json { json!({"revision": revision}).to_string() } else { "stored".to_owned() }.into()
}

/// The patch of an object that patches this member.
fn within(member: &Pointer, patch: &str) -> Result<Box<RawValue>, Failed> {
    let steps = member.as_str()[1..].split('/').rev().map(|step| step.replace("~1", "/").replace("~0", "~"));
    let text = steps.fold(patch.to_owned(), |inner, name| format!("{{{}:{inner}}}", quoted(&name)));
    RawValue::from_string(text).map_err(|_| Error::Internal.into())
}

pub(super) fn store(
    operator: &Operator,
    selected: &Selected,
    object: &RawValue,
    if_revision: Option<u64>,
    expires_at: Option<Timestamp>,
) -> Result<Written, Failed> {
    Ok(try_store(operator, selected, object, if_revision, expires_at)?)
}

fn try_store(
    operator: &Operator,
    selected: &Selected,
    object: &RawValue,
    if_revision: Option<u64>,
    expires_at: Option<Timestamp>,
) -> Result<Written, Error> {
    let text = Text::of(object, &operator.config().limits);
    let target = selected.target.clone();
    operator.try_write(Set { target, text, if_revision, lease: None, expires_at })
}

/// Reads the record, changes its text, and stores it if no other process has changed it meanwhile; otherwise again.
/// Without a new end, the record keeps its own.
pub(super) fn change_member(
    operator: &Operator,
    opened: &Opened,
    selected: &Selected,
    change: impl Fn(&str) -> Result<String, Failed>,
    if_revision: Option<u64>,
    expires_at: Option<Timestamp>,
) -> Result<Written, Failed> {
    let mut attempt = 1;
    loop {
        let record = selected.read(opened)?;
        let revision = record.as_ref().map_or(0, |record| record.revision);
        if let Some(wanted) = if_revision
            && wanted != revision
        {
            return Err(Error::RevisionConflict { current: revision }.into());
        }
        let end = expires_at.or(record.as_ref().and_then(|record| record.expires_at));
        let text = change(record.as_ref().map_or("{}", |record| &record.text))?;
        let object = RawValue::from_string(text).map_err(|_| Error::Internal)?;
        match try_store(operator, selected, &object, Some(revision), end) {
            Err(Error::RevisionConflict { .. }) if if_revision.is_none() && attempt < ATTEMPTS => {
                attempt += 1;
            }
            outcome => return Ok(outcome?),
        }
    }
}
