//! The record that a subcommand is about: from the arguments to the key that opens it.

use std::sync::Arc;

use clap::Args;

use crate::vault::{
    Caller, Issue, Issued, Key, Name, OneByOne, Opened, Place, Record, Target, folder::WorkspaceFolder,
    random_origin,
};
use crate::vault::{DamagedPart, Error, GetRecord, KeptKeys};

use super::failed::Exit;
use super::operator::{Failed, Operator};
use super::pointer::Pointer;
use super::presented::KeySource;
use super::reference::Reference;
use super::through::Through;

/// The installation of a plugin that has none yet.
pub(super) const USUAL_INSTALLATION: &str = "default";

/// A record, or a member of it
#[derive(Args)]
pub(super) struct RecordArguments {
    /// The record, or a member of it: PLUGIN[/INSTALLATION][:NAME][#/MEMBER]
    #[arg(value_name = "REF", required_unless_present = "plugin")]
    reference: Option<String>,
    /// The plugin, instead of REF
    #[arg(long, value_name = "NAME", conflicts_with = "reference")]
    plugin: Option<String>,
    /// The installation of the plugin, with --plugin [default: its only one]
    #[arg(long, value_name = "NAME", requires = "plugin")]
    installation: Option<String>,
    /// The name of the record, with --plugin [default: the record without a name]
    #[arg(long, value_name = "NAME", requires = "plugin")]
    name: Option<String>,
    /// The member of the object, with --plugin: a JSON pointer, with or without its first /
    #[arg(long, value_name = "POINTER", requires = "plugin")]
    member: Option<String>,
    /// The file descriptor to read the API key from, instead of the key that the store keeps
    #[arg(long, value_name = "N")]
    key_fd: Option<u32>,
    /// The record of a workspace folder [default: the current directory]
    #[arg(long, value_name = "URI", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    workspace: Option<String>,
}

/// A record whose key is known.
pub(super) struct Selected {
    pub(super) target: Target,
    pub(super) member: Option<Pointer>,
    /// The whole reference, with its installation.
    pub(super) reference: Reference,
}

impl RecordArguments {
    /// The reference that the arguments make.
    pub(super) fn reference(&self) -> Result<Reference, Failed> {
        let Some(plugin) = &self.plugin else {
            return Reference::parse(self.reference.as_deref().unwrap_or_default());
        };
        let pointer = |text: &String| {
            if text.starts_with('/') { Pointer::parse(text) } else { Pointer::parse(&format!("/{text}")) }
        };
        Ok(Reference {
            plugin: plugin.clone(),
            installation: self.installation.clone(),
            name: self.name.clone(),
            member: self.member.as_ref().map(pointer).transpose()?,
        })
    }

    /// The context, and the folder.
    pub(super) fn place(&self) -> Result<Place, Failed> {
        let folder = match self.workspace.as_deref() {
            None => return Ok(Place::User),
            Some("") => std::env::current_dir().ok().as_deref().and_then(WorkspaceFolder::from_path),
            Some(uri) => WorkspaceFolder::parse(uri).ok(),
        };
        Ok(Place::Workspace(folder.ok_or(Error::WorkspaceFolderInvalid)?))
    }

    /// Whether the arguments name a member.
    pub(super) fn has_member(&self) -> Result<bool, Failed> {
        Ok(self.reference()?.member.is_some())
    }

    /// The record at the other end of a relay, which has a key of its own.
    pub(super) fn through(&self, relay: &mut Through) -> Result<(Reference, Place), Failed> {
        if self.key_fd.is_some() {
            return Err(Failed::wrong("a relay has one key of its own; leave out --key-fd"));
        }
        let (reference, place) = (self.reference()?, self.place()?);
        relay.check(&reference)?;
        Ok((reference, place))
    }

    fn given_key(&self) -> Result<Option<Caller>, Failed> {
        self.key_fd.map(|key_fd| KeySource::of(key_fd).caller()).transpose()
    }

    /// Finds the record in a store that exists, for a key that exists. Makes nothing.
    pub(super) fn find(&self, operator: &Operator) -> Result<(Arc<Opened>, Selected), Failed> {
        let (reference, place, key) = (self.reference()?, self.place()?, self.given_key()?);
        let opened = operator.required()?;
        let selected = match key {
            Some(caller) => select(reference, place, caller)?,
            None => find(&opened, reference, place)?,
        };
        Ok((opened, selected))
    }

    /// Finds the record for a write. Makes the store if there is none, and a key if the plugin has none.
    pub(super) fn make(&self, operator: &Operator) -> Result<(Arc<Opened>, Selected), Failed> {
        let (reference, place, key) = (self.reference()?, self.place()?, self.given_key()?);
        let opened = operator.opened()?;
        let selected = match key {
            Some(caller) => select(reference, place, caller)?,
            None => make(operator, &opened, reference, place)?,
        };
        Ok((opened, selected))
    }
}

/// Finds the record of a reference with the key that the store keeps. Makes nothing.
pub(super) fn find(opened: &Opened, reference: Reference, place: Place) -> Result<Selected, Failed> {
    let plugin = name("a plugin's name", &reference.plugin)?;
    let kept = match &reference.installation {
        Some(installation) => opened.kept(&plugin, &name("an installation's name", installation)?)?,
        None => only(opened.kept_keys(Some(&plugin))?)?,
    };
    let Some(kept) = kept else { return Err(no_key(opened, &plugin)?) };
    of_kept(reference, place, &kept)
}

/// As [`find`]; makes a key if the plugin has none.
pub(super) fn make(
    operator: &Operator,
    opened: &Opened,
    mut reference: Reference,
    place: Place,
) -> Result<Selected, Failed> {
    let plugin = name("a plugin's name", &reference.plugin)?;
    if reference.installation.is_none() {
        let kept = only(opened.kept_keys(Some(&plugin))?)?;
        reference.installation = kept.and_then(|kept| kept.info.installation);
    }
    let installation = reference.installation.get_or_insert_with(|| USUAL_INSTALLATION.into());
    let installation = Some(name("an installation's name", installation)?);
    let kept = operator.write(Issue { plugin, installation, label: None, expires_at: None })?;
    of_kept(reference, place, &kept)
}

/// The only installation of a plugin; `None` if the store keeps no key for it.
fn only(KeptKeys { mut kept, .. }: KeptKeys) -> Result<Option<Issued>, Failed> {
    if kept.len() <= 1 {
        return Ok(kept.pop());
    }
    let mut installations: Vec<_> = kept.into_iter().filter_map(|kept| kept.info.installation).collect();
    installations.sort();
    Err(Failed::wrong(format!(
        "the plugin has several installations, so name one of them as PLUGIN/INSTALLATION: {}",
        installations.join(", ")
    )))
}

/// Why there is no key of a plugin: it has none, or the store does not keep it.
fn no_key(opened: &Opened, plugin: &Name) -> Result<Failed, Failed> {
    let KeptKeys { kept, others } = opened.kept_keys(Some(plugin))?;
    Ok(if kept.is_empty() && !others.is_empty() {
        Failed::with(
            Exit::Locked,
            "the store does not keep this plugin's key; give the key itself with --key-fd".into(),
        )
    } else {
        Failed::nothing_stored("nothing is stored there; see plugin-vault list")
    })
}

fn of_kept(mut reference: Reference, place: Place, kept: &Issued) -> Result<Selected, Failed> {
    reference.installation.clone_from(&kept.info.installation);
    let caller = caller_of(kept)?;
    select(reference, place, caller)
}

/// The caller that a kept key makes.
pub(super) fn caller_of(kept: &Issued) -> Result<Caller, Failed> {
    let key = Key::parse(&kept.api_key).map_err(|_| Error::RecordDamaged(DamagedPart::Key))?;
    Ok(Caller { key: key.into(), must_exist: false, origin: random_origin() })
}

fn select(reference: Reference, place: Place, caller: Caller) -> Result<Selected, Failed> {
    let name = reference.name.as_ref().map(|text| name("a record's name", text)).transpose()?;
    let member = reference.member.clone();
    Ok(Selected { target: Target { caller, place, name }, member, reference })
}

fn name(what: &str, text: &str) -> Result<Name, Failed> {
    Name::parse(text).ok_or_else(|| Failed::wrong(format!("{what} has 1 to 256 bytes")))
}

impl Selected {
    /// The record, if there is one.
    pub(super) fn read(&self, opened: &Opened) -> Result<Option<Record>, Failed> {
        Ok(opened.read(&GetRecord(self.target.clone()), &OneByOne)?)
    }

    /// The record, and the text of the value that was asked for: the object, or a member of it.
    ///
    /// # Errors
    /// If there is no such record, or no such member in it.
    pub(super) fn value(&self, opened: &Opened) -> Result<(Record, String), Failed> {
        let record = self.read(opened)?.ok_or_else(nothing)?;
        let value = self.value_in(&record)?.to_owned();
        Ok((record, value))
    }

    /// The text of the value in a record that was read.
    ///
    /// # Errors
    /// If it has no such member.
    pub(super) fn value_in<'r>(&self, record: &'r Record) -> Result<&'r str, Failed> {
        value_in(self.member.as_ref(), record)
    }
}

/// The text of a record, or of a member of it.
///
/// # Errors
/// If it has no such member.
pub(super) fn value_in<'r>(member: Option<&Pointer>, record: &'r Record) -> Result<&'r str, Failed> {
    let Some(member) = member else { return Ok(&record.text) };
    member.read(&record.text).ok_or_else(|| {
        Failed::nothing_stored("the record has no such member; plugin-vault get without #/MEMBER shows all")
    })
}

pub(super) fn nothing() -> Failed {
    Failed::nothing_stored("nothing is stored there; see plugin-vault list")
}
