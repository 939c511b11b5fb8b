//! `plugin-vault reset`: moves a store aside that no protector opens any more, so that a new one can begin.

use serde_json::json;

use crate::vault::{Error, UnlockMode};

use super::consent::{Agreed, Consent, would_do};
use super::failed::Exit;
use super::operator::{Answer, Failed, Operator};

#[derive(clap::Args)]
pub(super) struct ResetCommand {
    #[command(flatten)]
    consent: Consent,
}

/// Moves the store to quarantine.
pub(super) fn run(operator: &Operator, command: &ResetCommand, as_json: bool) -> Result<Answer, Failed> {
    let nothing = || Failed::with(Exit::NoStore, "there is no store; nothing was changed".into());
    let about = describe(operator)?.ok_or_else(nothing)?;
    let folder = operator.config().data.display();
    let what = format!(
        "the store in '{folder}' {about}. It moves to quarantine unchanged: nothing is deleted, but no plugin sees \
         its data until it is moved back"
    );
    if command.consent.get(&what, "Move it to quarantine?")? == Agreed::DryRun {
        return Ok(would_do(&what, as_json).into());
    }
    let aside = operator.vault().reset()?.ok_or_else(nothing)?;
    let shown = if as_json {
        json!({"quarantine": aside.display().to_string()}).to_string()
    } else {
        format!("the store was moved to {}; the next request creates a new one", aside.display())
    };
    Ok(shown.into())
}

/// Describes the store for the question; `None` if there is none.
fn describe(operator: &Operator) -> Result<Option<String>, Failed> {
    let opened = match operator.try_locked() {
        Ok(Some(opened)) => opened,
        Ok(None) => return Ok(None),
        Err(Error::StoreDamaged(_)) => return Ok(Some("is damaged and could not be repaired".into())),
        Err(error) => return Err(error.into()),
    };
    let records = operator.vault().status(Some(&opened))?.records;
    Ok(Some(match opened.unlock(operator.config(), &UnlockMode::Quiet) {
        Ok(_) => format!("has {records} records and CAN BE OPENED"),
        Err(Error::KeyUnavailable(why)) => {
            let (protector, reason) = (why.protector.name(), why.reason.name());
            format!("has {records} records and does not open without the user ({protector}: {reason})")
        }
        Err(error) => return Err(error.into()),
    }))
}
