//! `plugin-vault helper …`: the protocols by which other programs ask for credentials. Their exit codes and messages are
//! those of the protocols.

mod docker;
mod git;
mod headers;

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
        HelperCommand::Git { operation } => git::run(operator, operation),
        HelperCommand::Docker { operation } => docker::run(operator, operation.as_deref()),
        HelperCommand::Headers { record } => headers::run(operator, record),
    }
}

/// The records of a helper: one for each URL, in an installation of its own.
struct Credentials<'o> {
    operator: &'o Operator,
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

    /// The names of all records with their entries. Empty if there is no store, or no key yet.
    fn list(&self) -> Result<(Option<Arc<Opened>>, Vec<Entry>), Failed> {
        let Some(opened) = self.operator.existing()? else { return Ok((None, Vec::new())) };
        let (installations, _) = list::all(&opened, Some(self.plugin))?;
        let ours = installations.into_iter().find(|one| one.installation == USUAL_INSTALLATION);
        Ok((Some(opened), ours.map(|one| one.entries).unwrap_or_default()))
    }

    /// The object of a record; `None` if there is none.
    fn read(&self, opened: &Opened, name: &str) -> Result<Option<Map<String, Value>>, Failed> {
        let record = self.select(opened, name)?.read(opened)?;
        Ok(record.and_then(|record| serde_json::from_str(&record.text).ok()))
    }

    fn select(&self, opened: &Opened, name: &str) -> Result<Selected, Failed> {
        record::find(opened, self.reference(name), Place::User)
    }

    fn store(&self, name: &str, object: &Map<String, Value>) -> Result<(), Failed> {
        let opened = self.operator.opened()?;
        let selected = record::make(self.operator, &opened, self.reference(name), Place::User)?;
        let text = serde_json::value::to_raw_value(object).map_err(|_| crate::vault::Error::Internal)?;
        let text: &RawValue = &text;
        store(self.operator, &selected, text, None, None).map(drop)
    }

    fn erase(&self, opened: &Opened, name: &str) -> Result<bool, Failed> {
        let target = self.select(opened, name)?.target;
        Ok(self.operator.write(Delete { target, if_revision: None, lease: None })?.deleted)
    }
}

/// The name of a record.
fn name_of(entry: &Entry) -> &str {
    entry.address.name.as_ref().map_or("", |name| name.as_str())
}
