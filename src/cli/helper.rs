//! `plugin-vault helper …`: the protocols by which other programs ask for credentials. Their exit codes and messages are
//! those of the protocols.

mod docker;
mod git;
mod headers;

use std::cell::RefCell;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::vault::{Delete, Entry, Opened, Place};

use super::list;
use super::operator::{Answer, Failed, Operator};
use super::record::{self, RecordArguments, Selected, USUAL_INSTALLATION};
use super::reference::Reference;
use super::set::store;
use super::through::{Listed, NotStored, Storing, Through};

/// Credential helpers
#[derive(Subcommand)]
pub(super) enum HelperCommand {
    /// A credential helper of git: get, store and erase, with the credential on stdin
    Git {
        /// get, store or erase; git adds it
        #[arg(value_name = "OPERATION")]
        operation: String,
    },
    /// A credential helper of docker: get, store, erase and list. The name docker-credential-plugin-vault means the same
    Docker {
        /// get, store, erase, list or version; docker adds it
        #[arg(value_name = "OPERATION")]
        operation: Option<String>,
    },
    /// Print an HTTP header with a token, for programs that run a helper for their headers
    Headers {
        #[command(flatten)]
        record: RecordArguments,
    },
}

pub(super) fn run(operator: &Operator, command: &HelperCommand) -> Result<Answer, Failed> {
    match command {
        HelperCommand::Git { operation } => git::run(Source::Store(operator), operation),
        HelperCommand::Docker { operation } => docker::run(Source::Store(operator), operation.as_deref()),
        HelperCommand::Headers { record } => headers::run(operator, record),
    }
}

/// The same at the other end of a relay.
pub(super) fn through(mut relay: Through, command: &HelperCommand) -> Result<Answer, Failed> {
    match command {
        HelperCommand::Git { operation } => git::run(Source::Relay(relay.into()), operation),
        HelperCommand::Docker { operation } => docker::run(Source::Relay(relay.into()), operation.as_deref()),
        HelperCommand::Headers { record } => headers::through(&mut relay, record),
    }
}

/// Where a helper's records are.
enum Source<'o> {
    Store(&'o Operator),
    Relay(RefCell<Through>),
}

/// A store that was opened, or a relay whose key is the helper's.
enum Reached<'s> {
    Store(Arc<Opened>),
    Relay(&'s RefCell<Through>),
}

/// The records of a helper: one for each URL, in an installation of its own.
struct Credentials<'o> {
    source: Source<'o>,
    plugin: &'static str,
}

impl Credentials<'_> {
    fn reference(&self, name: &str) -> Reference {
        Reference {
            plugin: self.plugin.into(),
            installation: Some(USUAL_INSTALLATION.into()),
            name: Some(name.into()),
            member: None,
        }
    }

    /// All records that have a name. Empty if there is no store, or no key yet.
    fn list(&self) -> Result<(Option<Reached<'_>>, Vec<Listed>), Failed> {
        match &self.source {
            Source::Store(operator) => {
                let Some(opened) = operator.existing()? else { return Ok((None, Vec::new())) };
                let (installations, _) = list::all(&opened, Some(self.plugin))?;
                let ours = installations.into_iter().find(|one| one.installation == USUAL_INSTALLATION);
                let listed = |entry: Entry| Listed { name: name_of(&entry), revision: entry.revision };
                let entries = ours.map(|one| one.entries).unwrap_or_default();
                Ok((Some(Reached::Store(opened)), entries.into_iter().map(listed).collect()))
            }
            Source::Relay(relay) => {
                relay.borrow_mut().check(&self.reference(""))?;
                let listed = relay.borrow_mut().list()?;
                Ok((Some(Reached::Relay(relay)), listed))
            }
        }
    }

    /// The object of a record; `None` if there is none.
    fn read(&self, reached: &Reached<'_>, name: &str) -> Result<Option<Map<String, Value>>, Failed> {
        let text = match reached {
            Reached::Store(opened) => self.select(opened, name)?.read(opened)?.map(|record| record.text),
            Reached::Relay(relay) => {
                relay.borrow_mut().read(&Place::User, Some(name), &[])?.map(|found| found.record.text)
            }
        };
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    fn select(&self, opened: &Opened, name: &str) -> Result<Selected, Failed> {
        record::find(opened, self.reference(name), Place::User)
    }

    fn store(&self, name: &str, object: &Map<String, Value>) -> Result<(), Failed> {
        let text = serde_json::value::to_raw_value(object).map_err(|_| crate::vault::Error::Internal)?;
        let text: &RawValue = &text;
        match &self.source {
            Source::Store(operator) => {
                let opened = operator.opened()?;
                let selected = record::make(operator, &opened, self.reference(name), Place::User)?;
                store(operator, &selected, text, None, None).map(drop)
            }
            Source::Relay(relay) => {
                let mut relay = relay.borrow_mut();
                relay.check(&self.reference(name))?;
                match relay.store(&Place::User, Some(name), text.get(), Storing::default()) {
                    Ok(_) => Ok(()),
                    Err(NotStored::Failed(failed)) => Err(failed),
                    Err(NotStored::Conflict(current)) => {
                        Err(crate::vault::Error::RevisionConflict { current }.into())
                    }
                }
            }
        }
    }

    fn erase(&self, reached: &Reached<'_>, name: &str) -> Result<bool, Failed> {
        match (reached, &self.source) {
            (Reached::Store(opened), Source::Store(operator)) => {
                let target = self.select(opened, name)?.target;
                Ok(operator.write(Delete { target, if_revision: None, lease: None })?.deleted)
            }
            (Reached::Relay(relay), _) => relay.borrow_mut().delete(name),
            (Reached::Store(_), Source::Relay(_)) => Err(crate::vault::Error::Internal.into()),
        }
    }
}

/// The name of a record.
fn name_of(entry: &Entry) -> String {
    entry.address.name.as_ref().map_or(String::new(), |name| name.as_str().to_owned())
}
