//! `plugin-vault key …`: API keys, for plugins that have one and for the user of the store.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::vault::{
    EndKey, Error, ExtendKey, ForgetPlugin, Issue, KeySummary, KnowKey, Name, OneByOne, Revoke, Scope, Share,
    Timestamp, folder::WorkspaceFolder,
};

use super::consent::{Agreed, Consent, would_do};
use super::look::{by_prefix, counted, relative_or_none, short_length, shortened, size};
use super::operator::{Answer, Failed, Operator};
use super::presented::{KeySource, key};
use super::table::Table;
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
            let key_id = find(operator.required()?.all_keys()?, id)?.info.key_id;
            let info = operator.write(ExtendKey { key_id, until })?;
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
    let caller = if id.is_some() { None } else { Some(source.caller()?) };
    let opened = operator.required()?;
    let key = match (&caller, id) {
        (Some(caller), _) => {
            let known = opened.read(&KnowKey::new(caller), &OneByOne)?;
            opened.all_keys()?.into_iter().find(|key| key.info.key_id == known.info.key_id)
        }
        (None, id) => Some(find(opened.all_keys()?, id.unwrap_or_default())?),
    };
    // A key that is not in the list is refused below, as it was before.
    if let Some(key) = &key {
        let what = loss(key);
        if consent.get(&what, "Revoke it?")? == Agreed::DryRun {
            return Ok(would_do(&what, as_json));
        }
    }
    let destroyed = match (caller, key) {
        (None, Some(key)) => operator.write(EndKey { key_id: key.info.key_id })?,
        (Some(caller), _) => operator.write(Revoke { caller, key_id: None })?.destroyed,
        (None, None) => return Err(no_key()),
    };
    let text = if destroyed { "revoked, and its data destroyed" } else { "revoked" };
    Ok(json_or(as_json, &json!({"revoked": true, "destroyed": destroyed}), text.into()))
}

/// What a user loses with a key.
fn loss(key: &KeySummary) -> String {
    let info = &key.info;
    let names = [&info.plugin, &info.installation, &info.label];
    let names: Vec<_> = names.iter().filter_map(|name| name.as_deref()).collect();
    let of = if names.is_empty() { String::new() } else { format!(" of {}", names.join(", ")) };
    let data = if info.owner {
        format!(
            "; its {}, {} on the disk, are destroyed for good",
            counted(key.records, "record"),
            size(key.bytes)
        )
    } else {
        "; its owner key keeps the data".to_owned()
    };
    format!("the key {}{of} opens nothing any more{data}", info.key_id)
}

/// The key whose id is, or begins with, this text.
fn find(keys: Vec<KeySummary>, id: &str) -> Result<KeySummary, Failed> {
    by_prefix(keys, |key| key.info.key_id.clone(), id).map_err(|is_ambiguous| {
        if is_ambiguous {
            Failed::wrong("several keys have ids that begin like that; write more of the id")
        } else {
            no_key()
        }
    })
}

fn no_key() -> Failed {
    Error::ApiKeyUnknown.into()
}

fn forget(operator: &Operator, plugin: &str, consent: &Consent, as_json: bool) -> Result<String, Failed> {
    let keys = operator.existing()?.map(|opened| opened.all_keys()).transpose()?.unwrap_or_default();
    let is_its = |key: &&KeySummary| key.info.owner && key.info.plugin.as_deref() == Some(plugin);
    let own: Vec<_> = keys.iter().filter(is_its).collect();
    if own.is_empty() {
        return Err(Failed::nothing_stored("there is no such plugin; see plugin-vault key list"));
    }
    let (records, bytes) =
        own.iter().fold((0, 0), |(records, bytes), key| (records + key.records, bytes + key.bytes));
    let count = counted(own.len() as u64, "installation");
    let what = format!(
        "all data of {plugin} is destroyed for good: {} in {count}, {} on the disk",
        counted(records, "record"),
        size(bytes)
    );
    if consent.get(&what, "Destroy it?")? == Agreed::DryRun {
        return Ok(would_do(&what, as_json));
    }
    let destroyed = operator.write(ForgetPlugin { plugin: plugin.to_owned() })?;
    let text = format!("destroyed the data of {}", counted(destroyed, "installation"));
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
    let length = short_length(keys.iter().map(|key| key.info.key_id.as_str()));
    let mut table = Table::new(&[
        "ID",
        "PLUGIN",
        "INSTALLATION",
        "LABEL",
        "ISSUED",
        "EXPIRES",
        "SCOPE",
        "RECORDS",
        "ON DISK",
        "LAST WRITE",
        "STATE",
    ]);
    for summary in keys {
        let info = &summary.info;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let scope = match (&info.scope, info.owner) {
            (Some(scope), _) => json!(scope).to_string(),
            (None, true) => "owner".into(),
            (None, false) => "all".into(),
        };
        table.row(vec![
            shortened(&info.key_id, length),
            text(&info.plugin),
            text(&info.installation),
            text(&info.label),
            relative_or_none(info.issued_at),
            relative_or_none(info.expires_at),
            scope,
            summary.records.to_string(),
            size(summary.bytes),
            relative_or_none(summary.last_write),
            summary.state.name().into(),
        ]);
    }
    table.to_string()
}
