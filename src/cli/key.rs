//! `plugin-vault key …`: API keys, for plugins that have one and for the user of the store.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::vault::{
    EndKey, ExtendKey, ForgetPlugin, Issue, KeySummary, KnowKey, Name, OneByOne, Revoke, Scope, Share,
    Timestamp, folder::WorkspaceFolder,
};

use super::consent::Consent;
use super::operator::{Answer, Failed, Operator};
use super::presented::{KeySource, key};
use super::table::Table;
use super::visible::visible;
use super::{new_key, records};

/// API keys
#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Issue a key for a plugin; with --installation always the same one
    Issue {
        /// The plugin's name, like publisher.name
        plugin: String,
        /// The installation for which the store keeps the key
        #[arg(long)]
        installation: Option<String>,
        #[command(flatten)]
        description: Description,
    },
    /// Share a namespace by issuing another key for it, with a scope if you like. Reads the owner key
    Share {
        #[command(flatten)]
        description: Description,
        /// The new key may only read
        #[arg(long)]
        read_only: bool,
        /// A context that the new key may use: user, or workspace [default: both; with --folder: workspace]
        #[arg(long, value_name = "CONTEXT", value_parser = ["user", "workspace"])]
        context: Vec<String>,
        /// A folder that the new key may use, as a URI; without --context it can't use the context user [default: all]
        #[arg(long, value_name = "URI")]
        folder: Vec<String>,
        #[command(flatten)]
        source: KeySource,
    },
    /// List all keys of the store, or only those of one plugin. Never shows a key itself
    List {
        /// Only the keys of this plugin
        plugin: Option<String>,
    },
    /// List the records of an installation whose key the store keeps: contexts, folders and names, never their content
    Records {
        /// The plugin's name, as list shows it
        plugin: String,
        /// The installation, as list shows it
        installation: String,
    },
    /// Replace a key by a new one. Reads the old key
    Rotate {
        #[command(flatten)]
        source: KeySource,
        /// The file descriptor to read the new key from, which you have saved; without it a new key is made and shown
        #[arg(long, value_name = "N")]
        new_key_fd: Option<u32>,
    },
    /// Revoke a key, by its id or by the key itself. Revoking an owner key destroys its data
    Revoke {
        /// The key's id, as list shows it; without it the key itself is read
        id: Option<String>,
        #[command(flatten)]
        source: KeySource,
        #[command(flatten)]
        consent: Consent,
    },
    /// Change when a key expires; a shared key never expires later than its owner key
    Extend {
        /// The key's id, as list shows it
        id: String,
        /// Its new end, like 2027-01-31T00:00:00Z; without it the key does not expire, or expires with its owner key
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
    /// Destroy everything that a plugin has stored, in all its installations
    Forget {
        /// The plugin's name, as list shows it
        plugin: String,
        #[command(flatten)]
        consent: Consent,
    },
}

#[derive(Args)]
pub(super) struct Description {
    /// A label for the key
    #[arg(long)]
    label: Option<String>,
    /// When it ends, like 2027-01-31T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

fn name(what: &str, text: &str) -> Result<Name, Failed> {
    Name::parse(text).ok_or_else(|| Failed::wrong(format!("{what} has 1 to 256 bytes")))
}

fn time(text: Option<&String>) -> Result<Option<Timestamp>, Failed> {
    let wrong = || Failed::wrong("a time looks like 2027-01-31T00:00:00Z, and is not before 1970");
    text.map(|text| Timestamp::parse(text).ok_or_else(wrong)).transpose()
}

impl Description {
    fn label(&self) -> Result<Option<Name>, Failed> {
        self.label.as_ref().map(|label| name("a label", label)).transpose()
    }
}

/// Runs the subcommand; returns what to show.
pub(super) fn run(operator: &Operator, command: &KeyCommand, as_json: bool) -> Result<Answer, Failed> {
    match command {
        KeyCommand::Issue { plugin, installation, description } => {
            let installation = installation.as_ref().map(|text| name("an installation's name", text));
            let issue = Issue {
                plugin: name("a plugin's name", plugin)?,
                installation: installation.transpose()?,
                label: description.label()?,
                expires_at: time(description.expires_at.as_ref())?,
            };
            new_key::issue(operator, issue, as_json)
        }
        KeyCommand::Share { description, read_only, context, folder, source } => {
            let share = Share {
                caller: source.caller()?,
                label: description.label()?,
                expires_at: time(description.expires_at.as_ref())?,
                scope: scope(*read_only, context, folder)?,
            };
            new_key::share(operator, share, as_json)
        }
        KeyCommand::List { plugin } => {
            let keys = operator.existing()?.map(|opened| opened.all_keys()).transpose()?.unwrap_or_default();
            let wanted = |key: &KeySummary| plugin.is_none() || key.info.plugin == *plugin;
            Ok(list(&keys.into_iter().filter(wanted).collect::<Vec<_>>(), as_json).into())
        }
        KeyCommand::Records { plugin, installation } => {
            let plugin = name("a plugin's name", plugin)?;
            let installation = name("an installation's name", installation)?;
            records::list(operator, &plugin, &installation, as_json).map(Answer::from)
        }
        KeyCommand::Rotate { source, new_key_fd } => new_key::rotate(operator, source, *new_key_fd, as_json),
        KeyCommand::Revoke { id, source, consent } => {
            revoke(operator, id.as_deref(), source, consent, as_json).map(Answer::from)
        }
        KeyCommand::Extend { id, until } => {
            let until = time(until.as_ref())?;
            operator.required()?;
            let info = operator.write(ExtendKey { key_id: id.clone(), until })?;
            let end = info.expires_at.map_or("does not end by itself".into(), |end| format!("ends {end}"));
            Ok(json_or(as_json, &Value::Object(key(&info)), end).into())
        }
        KeyCommand::Forget { plugin, consent } => {
            forget(operator, plugin, consent, as_json).map(Answer::from)
        }
    }
}

fn revoke(
    operator: &Operator,
    id: Option<&str>,
    source: &KeySource,
    consent: &Consent,
    as_json: bool,
) -> Result<String, Failed> {
    let caller = if id.is_none() { Some(source.caller()?) } else { None };
    let opened = operator.required()?;
    let info = match &caller {
        Some(caller) => Some(opened.read(&KnowKey::new(caller), &OneByOne)?.info),
        None => None,
    };
    let id = info.as_ref().map_or(id.unwrap_or_default(), |info| &info.key_id);
    let is_it = |key: &KeySummary| key.info.key_id.eq_ignore_ascii_case(id);
    let found = opened.all_keys()?.into_iter().find(is_it);
    // Without a row, the request itself says whether the key was revoked before, or never had data.
    if let Some(key) = &found {
        consent.get(&lost_with(key), "Revoke it?")?;
    }
    let destroyed = match caller {
        Some(caller) => operator.write(Revoke { caller, key_id: None })?.destroyed,
        None => operator.write(EndKey { key_id: id.to_owned() })?,
    };
    let text = if destroyed { "revoked, and its data destroyed" } else { "revoked" };
    Ok(json_or(as_json, &json!({"revoked": true, "destroyed": destroyed}), text.into()))
}

/// What is lost with a key.
fn lost_with(key: &KeySummary) -> String {
    let info = &key.info;
    let names = [&info.plugin, &info.installation, &info.label].into_iter().flatten();
    let names: Vec<_> = names.map(|name| visible(name)).collect();
    let what = format!("the key {} ({}) is revoked", info.key_id, names.join(", "));
    if info.owner { format!("{what}, and its {} records are destroyed", key.records) } else { what }
}

fn forget(operator: &Operator, plugin: &str, consent: &Consent, as_json: bool) -> Result<String, Failed> {
    let nothing = || Failed::nothing_stored("there is no such plugin; see plugin-vault key list");
    let opened = operator.existing()?.ok_or_else(nothing)?;
    let is_its = |key: &KeySummary| key.info.owner && key.info.plugin.as_deref() == Some(plugin);
    let keys: Vec<_> = opened.all_keys()?.into_iter().filter(is_its).collect();
    if keys.is_empty() {
        return Err(nothing());
    }
    let records: u64 = keys.iter().map(|key| key.records).sum();
    let what = format!(
        "all that the plugin {} has stored is destroyed: {records} records of {} installations",
        visible(plugin),
        keys.len()
    );
    consent.get(&what, "Destroy it?")?;
    let destroyed = operator.write(ForgetPlugin { plugin: plugin.to_owned() })?;
    let text = match destroyed {
        0 => return Err(nothing()),
        1 => "destroyed the data of 1 installation".into(),
        count => format!("destroyed the data of {count} installations"),
    };
    Ok(json_or(as_json, &json!({"destroyed": destroyed}), text))
}

fn scope(read_only: bool, contexts: &[String], folders: &[String]) -> Result<Option<Scope>, Failed> {
    if !read_only && contexts.is_empty() && folders.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Failed::wrong("--folder takes an absolute URI, like file:///home/me/project");
    let folders = folders.iter().map(|uri| WorkspaceFolder::parse(uri).map_err(wrong));
    let folders =
        folders.map(|folder| Ok(folder?.as_str().to_owned())).collect::<Result<Vec<_>, Failed>>()?;
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    Ok(Some(Scope {
        contexts: some(contexts.to_vec()),
        read_only: read_only.then_some(true),
        workspace_folders: some(folders),
        machine: None,
    }))
}

fn json_or(as_json: bool, value: &Value, text: String) -> String {
    if as_json { value.to_string() } else { text }
}

fn list(keys: &[KeySummary], as_json: bool) -> String {
    if as_json {
        let keys = keys.iter().map(|summary| {
            let mut members = key(&summary.info);
            members.insert("state".into(), summary.state.name().into());
            members.insert("records".into(), summary.records.into());
            members.insert("bytes".into(), summary.bytes.into());
            if let Some(at) = summary.last_write {
                members.insert("lastWriteAt".into(), at.to_string().into());
            }
            Value::Object(members)
        });
        return Value::Array(keys.collect()).to_string();
    }
    let mut table = Table::new(&[
        "ID",
        "PLUGIN",
        "INSTALLATION",
        "LABEL",
        "ISSUED",
        "EXPIRES",
        "SCOPE",
        "RECORDS",
        "BYTES",
        "LAST WRITE",
        "STATE",
    ]);
    for summary in keys {
        let info = &summary.info;
        let time = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.to_string());
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let scope = match (&info.scope, info.owner) {
            (Some(scope), _) => json!(scope).to_string(),
            (None, true) => "owner".into(),
            (None, false) => "all".into(),
        };
        table.row(vec![
            info.key_id.clone(),
            text(&info.plugin),
            text(&info.installation),
            text(&info.label),
            time(info.issued_at),
            time(info.expires_at),
            scope,
            summary.records.to_string(),
            summary.bytes.to_string(),
            time(summary.last_write),
            summary.state.name().into(),
        ]);
    }
    table.to_string()
}
