//! `plugin-vault protector …`: the protectors of the store's key.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::protector::is_relative_program;
use crate::vault::{
    Error, Failed as StoreFailed, KeyReason, Kind, New, Opened, Protector, Refusal, RemoveProtector,
    Timestamp, Unavailable, UnlockMode,
};

use super::consent::{Agreed, Consent, would_do};
use super::look::{by_prefix, relative, short_length, shortened};
use super::operator::{Answer, Failed, Operator};
use super::question::Question;
use super::secret::new_passphrase;
use super::table::Table;

/// The longest label, in bytes.
const LONGEST_LABEL: usize = 256;

/// Protectors
#[derive(Subcommand)]
pub(super) enum ProtectorCommand {
    /// List the protectors of the store
    List,
    /// Add a protector, as another way to open the store
    Add {
        #[command(subcommand)]
        new: NewProtector,
        /// A label that list shows
        #[arg(long, value_name = "TEXT", global = true)]
        label: Option<String>,
    },
    /// Remove a protector, unless it is the last one that works
    Remove {
        /// Its id or the beginning of it, or its kind if there is only one of that kind
        which: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// Change a protector: the passphrase
    Change {
        #[command(subcommand)]
        what: ChangedProtector,
    },
    /// Test whether each protector gives the key, or only those of one kind
    Test {
        /// key-file, keyring, passphrase, or command
        kind: Option<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum ChangedProtector {
    /// Replace a passphrase by a new one, read as one line
    Passphrase {
        /// The id of the protector or the beginning of it, if there are several passphrases
        which: Option<String>,
        /// The file descriptor to read the new passphrase from
        #[arg(long, value_name = "N", default_value_t = 0)]
        new_passphrase_fd: u32,
    },
}

#[derive(Subcommand)]
pub(super) enum NewProtector {
    /// A key file in the key folder
    KeyFile,
    /// An item in the operating system's keyring
    Keyring,
    /// A passphrase, read as one line
    Passphrase {
        /// The file descriptor to read the new passphrase from
        #[arg(long, value_name = "N", default_value_t = 0)]
        new_passphrase_fd: u32,
    },
    /// A program whose first line of output is the passphrase; started without a shell
    Command {
        /// The program and its arguments, after --
        #[arg(required = true, last = true, value_name = "PROGRAM")]
        program: Vec<String>,
    },
}

/// Runs the subcommand; returns what to show.
pub(super) fn run(operator: &Operator, command: &ProtectorCommand, as_json: bool) -> Result<Answer, Failed> {
    match command {
        ProtectorCommand::List => {
            let Some(opened) = operator.locked()? else {
                return Ok(list(&[], &BTreeMap::new(), as_json).into());
            };
            Ok(list(&opened.protectors()?, &opened.protector_labels()?, as_json).into())
        }
        ProtectorCommand::Add { new, label } => add(operator, new, label.as_deref(), as_json),
        ProtectorCommand::Remove { which, consent } => remove(operator, which, consent, as_json),
        ProtectorCommand::Change { what: ChangedProtector::Passphrase { which, new_passphrase_fd } } => {
            change_passphrase(operator, which.as_deref(), *new_passphrase_fd, as_json)
        }
        ProtectorCommand::Test { kind } => test(operator, kind.as_deref(), as_json),
    }
}

fn add(
    operator: &Operator,
    new: &NewProtector,
    label: Option<&str>,
    as_json: bool,
) -> Result<Answer, Failed> {
    let label = label.map(check_label).transpose()?.unwrap_or_default();
    // This opens the store before any input is read: a user who has to give two passphrases should be asked for the old
    // one first.
    let opened = operator.opened()?;
    let new = match new {
        NewProtector::KeyFile => New::KeyFile,
        NewProtector::Keyring => New::Keyring,
        NewProtector::Passphrase { new_passphrase_fd } => {
            New::Passphrase(new_passphrase(*new_passphrase_fd)?)
        }
        NewProtector::Command { program } => New::Command(independent_of_folder(program)?),
    };
    if matches!(new, New::KeyFile) && opened.protectors()?.iter().any(|one| one.kind == Kind::KeyFile) {
        return Err(Failed::new("the store has a key file already".into()));
    }
    let protector = put(operator, &opened, &new, label)?;
    let text = "added; the other protectors still open the store: remove those that should not";
    Ok(shown(as_json, &protector, text))
}

/// A label as it is stored.
fn check_label(label: &str) -> Result<&str, Failed> {
    let is_valid = !label.is_empty() && label.len() <= LONGEST_LABEL;
    is_valid.then_some(label).ok_or_else(|| Failed::wrong(format!("a label has 1 to {LONGEST_LABEL} bytes")))
}

/// Makes a protector and adds it to the store.
fn put(operator: &Operator, opened: &Opened, new: &New, label: &str) -> Result<Protector, Failed> {
    let made = opened.make_protector(operator.config(), new, label).map_err(|error| match (error, new) {
        (Error::KeyUnavailable(why), New::Command(program)) => no_passphrase(program, why),
        (Error::KeyUnavailable(why), _) => {
            let protector = why.protector.name();
            let failed = Failed::from(Error::KeyUnavailable(why));
            failed.explained(|reason| format!("the protector {protector} was not added: {reason}"))
        }
        (error, _) => error.into(),
    })?;
    let protector = made.protector();
    let added = operator.try_write(made);
    // If the outcome of the write is unknown, its row may be in the store, so its files must stay.
    if let Err(error) = &added
        && *error != Error::StoreFailed(StoreFailed::Commit)
    {
        opened.forget_protector(operator.config(), protector);
    }
    added?;
    operator.vault().announce();
    Ok(protector)
}

/// A program with a name that does not depend on the current folder: a path becomes absolute, a bare name stays.
fn independent_of_folder(program: &[String]) -> Result<Vec<String>, Failed> {
    let mut program = program.to_vec();
    if let Some(name) = program.first_mut().filter(|name| is_relative_program(name)) {
        let whole = std::path::absolute(&name).ok().and_then(|path| path.into_os_string().into_string().ok());
        *name = whole
            .ok_or_else(|| Failed::new(format!("the program {name:?} has no absolute path in UTF-8")))?;
    }
    Ok(program)
}

/// Why a program that the user has just named is not added. The message may have its name, since the user gave it.
fn no_passphrase(program: &[String], why: Unavailable) -> Failed {
    let name = program.first().map_or("", String::as_str);
    let why = match why.reason {
        KeyReason::ProgramMissing if Path::new(name).is_absolute() => {
            "was not found, or the program that interprets it"
        }
        KeyReason::ProgramMissing => "was not found in an absolute folder of PATH",
        KeyReason::Failed => {
            "failed: it did not end with the exit status 0 (it runs in the home folder, so give it absolute paths)"
        }
        KeyReason::InvalidPassphrase => {
            "printed no passphrase in its first line: it must have 1 to 65,536 bytes of UTF-8, and no control characters"
        }
        KeyReason::Deadline => "did not end in time",
        KeyReason::Denied => "could not be started; see whether it is an executable file",
        _ => "gave no passphrase; run it yourself to see why",
    };
    Failed::new(format!("the program {name:?} {why}; the protector was not added"))
}

fn shown(as_json: bool, protector: &Protector, text: &str) -> Answer {
    if as_json {
        json!({"id": id(protector), "kind": protector.kind.name()}).to_string()
    } else {
        text.into()
    }
    .into()
}

fn remove(operator: &Operator, which: &str, consent: &Consent, as_json: bool) -> Result<Answer, Failed> {
    let opened = operator.existing()?.ok_or_else(Failed::no_store)?;
    let protector = find(&opened, which)?;
    let last = || Failed::new("it is the last that works; add another one first".into());
    if opened.protectors()?.len() == 1 {
        return Err(last());
    }
    let is_other = |other: &Protector| other.id != protector.id;
    let other =
        opened.try_protectors(operator.config(), is_other, &operator.mode(Question::begin().deadline()));
    let stays = other.map_err(|error| {
        let failed = Failed::from(error);
        failed.explained(|why| format!("no other is known to work, so it was not removed: {why}"))
    })?;
    let label = opened
        .protector_labels()?
        .remove(&protector.id)
        .map(|label| format!(" '{label}'"))
        .unwrap_or_default();
    let (kind, made) = (protector.kind.name(), Timestamp::from_millis(protector.made_at));
    let what = format!(
        "the protector {kind}{label} {}, made {made}, will not open the store any more",
        id(&protector)
    );
    if consent.get(&what, "Remove it?")? == Agreed::DryRun {
        return Ok(would_do(&what, as_json).into());
    }
    if !operator.write(RemoveProtector { protector, stays })? {
        return Err(last());
    }
    opened.forget_protector(operator.config(), protector);
    operator.vault().announce();
    let text = "removed; copies of the data folder that were made before still open with it";
    Ok(shown(as_json, &protector, text))
}

/// Replaces a passphrase. The new one is added first, so that the store never has neither.
fn change_passphrase(
    operator: &Operator,
    which: Option<&str>,
    descriptor: u32,
    as_json: bool,
) -> Result<Answer, Failed> {
    let opened = operator.required()?;
    let old = find(&opened, which.unwrap_or(Kind::Passphrase.name()))?;
    if old.kind != Kind::Passphrase {
        return Err(Failed::wrong("that protector is no passphrase; see plugin-vault protector list"));
    }
    let label = opened.protector_labels()?.remove(&old.id).unwrap_or_default();
    let new = put(operator, &opened, &New::Passphrase(new_passphrase(descriptor)?), &label)?;
    let stays = new.id;
    if operator.write(RemoveProtector { protector: old, stays })? {
        opened.forget_protector(operator.config(), old);
        operator.vault().announce();
        let text =
            "changed; copies of the data folder that were made before still open with the former passphrase";
        return Ok(shown(as_json, &new, text));
    }
    Err(Failed::new(
        "another process has removed the new passphrase; the former one still opens the store".into(),
    ))
}

fn find(opened: &Opened, which: &str) -> Result<Protector, Failed> {
    let protectors = opened.protectors()?;
    let several = |what: &str| Failed::wrong(format!("there are several {what}; name one by its id"));
    if let Some(kind) = Kind::parse(which) {
        let mut found = protectors.iter().filter(|one| one.kind == kind);
        if let Some(one) = found.next() {
            return if found.next().is_some() { Err(several("of that kind")) } else { Ok(*one) };
        }
    }
    by_prefix(protectors, id, which).map_err(|is_ambiguous| {
        if is_ambiguous {
            several("whose ids begin like that")
        } else {
            Failed::nothing_stored("there is no such protector; see plugin-vault protector list")
        }
    })
}

fn test(operator: &Operator, kind: Option<&str>, as_json: bool) -> Result<Answer, Failed> {
    let kind = kind
        .map(|name| {
            Kind::parse(name).ok_or_else(|| {
                Failed::wrong("there is no such kind of protector; see plugin-vault protector test --help")
            })
        })
        .transpose()?;
    let opened = operator.locked()?.ok_or_else(Failed::no_store)?;
    let mut results = Vec::new();
    for protector in opened.protectors()? {
        if kind.is_none_or(|kind| kind == protector.kind) {
            let question = Question::begin();
            let mode = operator.mode(question.deadline());
            results.push((protector, why_not(operator, &opened, protector, &mode)?));
        }
    }
    if results.is_empty() {
        return Err(Failed::nothing_stored("there is no such protector; see plugin-vault protector list"));
    }
    let all_work = results.iter().all(|(_, why)| why.is_none());
    let failed =
        (!all_work).then(|| Failed::new("not all protectors give the key; the output says why".into()));
    let shown = if as_json { results_json(&results) } else { results_table(&results) };
    Ok(Answer { shown: Some(shown), failed })
}

/// Tests each protector without asking the user.
pub(super) fn test_quietly(operator: &Operator, opened: &Opened) -> Result<Vec<Tested>, Failed> {
    let each = |protector| Ok((protector, why_not(operator, opened, protector, &UnlockMode::Quiet)?));
    opened.protectors()?.into_iter().map(each).collect()
}

fn why_not(
    operator: &Operator,
    opened: &Opened,
    protector: Protector,
    mode: &UnlockMode<'_>,
) -> Result<Option<&'static str>, Failed> {
    let only = |other: &Protector| other.id == protector.id;
    match opened.try_protectors(operator.config(), only, mode) {
        Ok(_) => Ok(None),
        Err(Error::KeyUnavailable(why)) => Ok(Some(why.reason.name())),
        Err(Error::StoreRefused(Refusal::Permissions)) => Ok(Some("permissions")),
        Err(error) => Err(error.into()),
    }
}

/// A protector, and the reason if it does not give the key.
pub(super) type Tested = (Protector, Option<&'static str>);

pub(super) fn results_json(results: &[Tested]) -> String {
    let results = results.iter().map(|(one, why)| {
        let mut result = json!({"id": id(one), "kind": one.kind.name(), "works": why.is_none()});
        if let Some(why) = why {
            result["reason"] = (*why).into();
        }
        result
    });
    Value::Array(results.collect()).to_string()
}

fn results_table(results: &[Tested]) -> String {
    let length = id_length(results.iter().map(|(one, _)| one));
    let mut table = Table::new(&["ID", "KIND", "WORKS"]);
    for (one, why) in results {
        let works = why.map_or("yes".into(), |why| format!("no: {why}"));
        table.row(vec![shortened(&id(one), length), one.kind.name().into(), works]);
    }
    table.to_string()
}

fn id_length<'p>(protectors: impl Iterator<Item = &'p Protector>) -> usize {
    let ids: Vec<_> = protectors.map(id).collect();
    short_length(ids.iter().map(String::as_str))
}

fn list(protectors: &[Protector], labels: &BTreeMap<[u8; 16], String>, as_json: bool) -> String {
    let made = |one: &Protector| Timestamp::from_millis(one.made_at);
    if as_json {
        let list = protectors.iter().map(|one| {
            let mut members =
                json!({"id": id(one), "kind": one.kind.name(), "madeAt": made(one).to_string()});
            if let Some(label) = labels.get(&one.id) {
                members["label"] = label.as_str().into();
            }
            members
        });
        return Value::Array(list.collect()).to_string();
    }
    let length = id_length(protectors.iter());
    let mut table = Table::new(&["ID", "KIND", "LABEL", "MADE"]);
    for one in protectors {
        let label = labels.get(&one.id).cloned().unwrap_or_default();
        let made = relative(made(one), Timestamp::now());
        table.row(vec![shortened(&id(one), length), one.kind.name().into(), label, made]);
    }
    table.to_string()
}

pub(super) fn id(protector: &Protector) -> String {
    base16ct::lower::encode_string(&protector.id)
}
