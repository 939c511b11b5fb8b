//! `plugin-vault protector …`: what guards the store's key.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::vault::{Effort, Kind, New, Opened, Passphrase, Protector, RemoveProtector, Timestamp};

use super::operator::{Failed, Operator, patience, secret_line};
use super::table::Table;

/// Protectors
#[derive(Subcommand)]
pub(super) enum ProtectorCommand {
    /// List what guards the store's key
    List,
    /// Add one more way to the store's key
    Add {
        #[command(subcommand)]
        new: NewProtector,
    },
    /// Remove one, unless it is the last that works
    Remove {
        /// Its id, or its kind if there is only one of it
        which: String,
    },
    /// Ask each for the key, or only those of one kind
    Test {
        /// key-file, keyring, passphrase, or command
        kind: Option<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum NewProtector {
    /// A file of its own in the key folder
    KeyFile,
    /// An item in the operating system's keyring
    Keyring,
    /// A passphrase, read in one line
    Passphrase {
        /// The file descriptor that the new passphrase is read from
        #[arg(long, value_name = "N", default_value_t = 0)]
        new_passphrase_fd: u32,
    },
    /// A program whose first line of output is the passphrase; an argument vector, no shell
    Command {
        /// The program and its arguments, behind --
        #[arg(required = true, last = true, value_name = "PROGRAM")]
        program: Vec<String>,
    },
}

/// Carries the subcommand out; returns what to show.
pub(super) fn run(operator: &Operator, command: &ProtectorCommand, as_json: bool) -> Result<String, Failed> {
    match command {
        ProtectorCommand::List => {
            let protectors = operator.locked()?.map(|opened| opened.protectors()).transpose()?;
            Ok(list(&protectors.unwrap_or_default(), as_json))
        }
        ProtectorCommand::Add { new } => add(operator, new),
        ProtectorCommand::Remove { which } => remove(operator, which),
        ProtectorCommand::Test { kind } => test(operator, kind.as_deref(), as_json),
    }
}

fn add(operator: &Operator, new: &NewProtector) -> Result<String, Failed> {
    // Before anything is read: whoever is asked for two passphrases should be asked for the old one first.
    let opened = operator.opened()?;
    let new = match new {
        NewProtector::KeyFile => New::KeyFile,
        NewProtector::Keyring => New::Keyring,
        NewProtector::Passphrase { new_passphrase_fd } => {
            let said = Passphrase::new(secret_line(*new_passphrase_fd)?);
            New::Passphrase(said.ok_or_else(|| Failed("the passphrase is empty".into()))?)
        }
        NewProtector::Command { program } => New::Command(program.clone()),
    };
    if matches!(new, New::KeyFile) && opened.protectors()?.iter().any(|one| one.kind == Kind::KeyFile) {
        return Err(Failed("there is a key file already".into()));
    }
    let made = opened.make_protector(operator.config(), &new)?;
    operator.write(made)?;
    opened.back_up_protectors();
    operator.vault().announce();
    Ok("added; the other protectors still open the store: remove those that should not".into())
}

fn remove(operator: &Operator, which: &str) -> Result<String, Failed> {
    let opened = operator.opened()?;
    let protector = find(&opened, which)?;
    let is_other = |other: &Protector| other.id != protector.id;
    if opened.try_protectors(operator.config(), is_other, &operator.effort(&patience())).is_err() {
        return Err(Failed("it is the last that works; add another, and see that it does, before".into()));
    }
    if !operator.write(RemoveProtector(protector))? {
        return Err(Failed("it is the last; add another before".into()));
    }
    opened.forget_protector(operator.config(), protector);
    opened.back_up_protectors();
    operator.vault().announce();
    Ok("removed; copies of the data folder that were made before still open with it".into())
}

fn find(opened: &Opened, which: &str) -> Result<Protector, Failed> {
    let protectors = opened.protectors()?;
    let kind = Kind::parse(which);
    let mut found =
        protectors.iter().filter(|one| Some(one.kind) == kind || id(one).eq_ignore_ascii_case(which));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(*one),
        (Some(_), Some(_)) => Err(Failed("there are several of that kind; name one by its id".into())),
        (None, _) => Err(Failed("there is no such protector; see plugin-vault protector list".into())),
    }
}

fn test(operator: &Operator, kind: Option<&str>, as_json: bool) -> Result<String, Failed> {
    let kind = kind
        .map(|name| Kind::parse(name).ok_or_else(|| Failed("there is no such kind".into())))
        .transpose()?;
    let opened = operator.locked()?.ok_or_else(|| Failed("there is no store yet".into()))?;
    let mut results = Vec::new();
    for protector in opened.protectors()? {
        if kind.is_none_or(|kind| kind == protector.kind) {
            let patience = patience();
            let effort: Effort<'_> = operator.effort(&patience);
            let only = |other: &Protector| other.id == protector.id;
            results.push((protector, opened.try_protectors(operator.config(), only, &effort).is_ok()));
        }
    }
    if results.is_empty() {
        return Err(Failed("there is no such protector; see plugin-vault protector list".into()));
    }
    let all_work = results.iter().all(|(_, works)| *works);
    let shown = if as_json {
        let results = results
            .iter()
            .map(|(one, works)| json!({"id": id(one), "kind": one.kind.name(), "works": works}));
        Value::Array(results.collect()).to_string()
    } else {
        let mut table = Table::new(&["ID", "KIND", "WORKS"]);
        for (one, works) in &results {
            table.row(vec![id(one), one.kind.name().into(), if *works { "yes" } else { "no" }.into()]);
        }
        table.to_string()
    };
    if all_work { Ok(shown) } else { Err(Failed(format!("not all give the key\n{shown}"))) }
}

fn list(protectors: &[Protector], as_json: bool) -> String {
    let made = |one: &Protector| Timestamp::from_millis(one.made_at).to_string();
    if as_json {
        let list =
            protectors.iter().map(|one| json!({"id": id(one), "kind": one.kind.name(), "madeAt": made(one)}));
        return Value::Array(list.collect()).to_string();
    }
    let mut table = Table::new(&["ID", "KIND", "MADE"]);
    for one in protectors {
        table.row(vec![id(one), one.kind.name().into(), made(one)]);
    }
    table.to_string()
}

fn id(protector: &Protector) -> String {
    base16ct::lower::encode_string(&protector.id)
}
