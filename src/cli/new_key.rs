//! `plugin-vault key issue`, `share` and `rotate`: the subcommands that show a new key. A key that could not be written
//! to stdout must not stay valid.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::vault::{
    Caller, EndKey, Error, Failed as StoreFailed, Issue, Issued, KnowKey, OneByOne, Rotate, Share, random_key,
};

use super::operator::{Answer, Failed, Operator};
use crate::process::stdout_is_null;

use super::output::{Lost, write};
use super::presented::{KeySource, key, not_a_key};
use super::secret::secret_line;
use super::visible::escaped;

/// Issues a key. If the store keeps it, the caller can request it again; any other key has to reach the caller now.
pub(super) fn issue(operator: &Operator, issue: Issue, as_json: bool) -> Result<Answer, Failed> {
    let is_kept = issue.installation.is_some();
    if !is_kept {
        refuse_discarded_output()?;
    }
    operator.opened()?;
    let issued = operator.try_write(issue).map_err(over_key_limit)?;
    let mut members = key(&issued.info);
    members.insert("created".into(), issued.created.into());
    let text = key_text(&issued.api_key, members, as_json);
    if is_kept { Ok(text.into()) } else { hand_over(operator, &issued, &text) }
}

/// Issues a shared key for a namespace.
pub(super) fn share(operator: &Operator, share: Share, as_json: bool) -> Result<Answer, Failed> {
    refuse_discarded_output()?;
    operator.opened()?;
    let shared = operator.try_write(share).map_err(over_key_limit)?;
    let text = key_text(&shared.api_key, key(&shared.info), as_json);
    hand_over(operator, &shared, &text)
}

/// Replaces a key by a new one.
pub(super) fn rotate(
    operator: &Operator,
    source: &KeySource,
    new_key_fd: Option<u32>,
    as_json: bool,
) -> Result<Answer, Failed> {
    if new_key_fd.is_none() {
        refuse_discarded_output()?;
    }
    let caller = source.caller()?;
    let Some(descriptor) = new_key_fd else { return rotate_to_any(operator, caller, as_json) };
    let line = secret_line(descriptor, "New API key: ")?;
    let rotate = Rotate::to(caller, line.trim()).map_err(|_| not_a_key())?;
    operator.required()?;
    let rotated = operator.write(rotate)?;
    Ok(key_text(&rotated.api_key.to_text(), key(&rotated.info), as_json).into())
}

/// The new key is written to stdout before it becomes valid. If it became valid first, lost output would lose the only
/// key to the data.
fn rotate_to_any(operator: &Operator, caller: Caller, as_json: bool) -> Result<Answer, Failed> {
    let opened = operator.required()?;
    // An old key that is refused must be refused before a new one is shown.
    let known = opened.read(&KnowKey::new(&Caller { must_exist: true, ..caller.clone() }), &OneByOne);
    known.map_err(|error| match error {
        Error::ApiKeyRequired(_) => Error::ApiKeyUnknown,
        error => error,
    })?;
    let new = random_key();
    let shown = if as_json { format!("{{\"apiKey\":\"{}\"", *new) } else { format!("{}\n", *new) };
    write(&Zeroizing::new(shown)).map_err(|lost| {
        Failed::new(format!(
            "the new key could not be written to stdout, so nothing was changed{}",
            why(&lost)
        ))
    })?;
    let rotate = Rotate::to(caller, &new).map_err(|_| not_a_key())?;
    let rotated = operator.try_write(rotate).map_err(|error| {
        let outcome_unknown = error == Error::StoreFailed(StoreFailed::Commit);
        Failed::from(error).explained(|reason| {
            if outcome_unknown {
                format!(
                    "either the key that was shown is valid now, or the old one still is; try both: {reason}"
                )
            } else {
                format!("the key that was shown is not valid; the old one still is: {reason}")
            }
        })
    })?;
    if !as_json {
        return Ok(Answer::shown_already());
    }
    let members = Value::Object(key(&rotated.info)).to_string();
    let rest = members.strip_prefix('{').unwrap_or_default();
    Ok(format!(",{rest}").into())
}

fn over_key_limit(error: Error) -> Failed {
    match error {
        Error::DataTooLarge { limit, .. } => Failed::new(format!(
            "there are {limit} live keys already, which is the limit; revoke keys that are not used, see \
             plugin-vault key list and --max-keys"
        )),
        error => error.into(),
    }
}

fn refuse_discarded_output() -> Result<(), Failed> {
    if stdout_is_null() {
        let why = "stdout is closed or /dev/null, and the new key is shown nowhere else; nothing was changed: \
            send stdout to a program or a file";
        return Err(Failed::new(why.into()));
    }
    Ok(())
}

/// Writes a key that can't be requested again to stdout, or revokes it.
fn hand_over(operator: &Operator, issued: &Issued, text: &str) -> Result<Answer, Failed> {
    let text = Zeroizing::new(format!("{text}\n"));
    let Err(lost) = write(&text) else { return Ok(Answer::shown_already()) };
    let (id, why) = (&issued.info.key_id, why(&lost));
    Err(Failed::new(match operator.try_write(EndKey { key_id: id.clone() }) {
        Ok(_) => format!("the new key could not be written to stdout, so it was revoked again{why}"),
        Err(_) => format!(
            "the new key could not be written to stdout; revoke it with plugin-vault key revoke {id}{why}"
        ),
    }))
}

fn why(lost: &Lost) -> String {
    match lost {
        Lost::ReaderGone => String::new(),
        Lost::Failed(error) => format!(": {error}"),
    }
}

fn key_text(api_key: &str, mut members: Map<String, Value>, as_json: bool) -> String {
    if !as_json {
        return api_key.into();
    }
    members.insert("apiKey".into(), api_key.into());
    escaped(&Value::Object(members).to_string())
}
