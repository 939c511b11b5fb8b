//! `plugin-vault relay`: gives the data of one API key to programs in containers, on other hosts and in sandboxes, over a
//! Unix socket.
//!
//! This process only listens. Each connection has a sidecar of its own, whose stdin and stdout are the connection, and
//! which is bound to the key. So the connections share nothing: a client that floods its sidecar slows no other one, and
//! the leases of a connection are free once its sidecar has ended. The key goes to a sidecar through a pipe. This process
//! ends when its parent or its terminal does; it then ends its sidecars, and the key that it has made.

mod serving;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use crate::process::{LocalListener, NoSocket};
use crate::vault::{
    Caller, Config, EndKey, Error, Key, KnowKey, Name, OneByOne, Opened, Place, RelayEntry, Scope, Share,
    folder::WorkspaceFolder,
};

use super::connect::about_socket;
use super::operator::{Answer, Failed, Operator};
use super::output::{Lost, write};
use super::record;
use super::reference::Reference;
use super::secret::secret_line;
use serving::{Events, Serving};

/// The label of the key that a relay makes.
const LABEL: &str = "relay";

#[derive(Args)]
pub(super) struct RelayCommand {
    /// The plugin whose data the socket gives: PLUGIN[/INSTALLATION]
    #[arg(value_name = "REF", required_unless_present = "key_fd", conflicts_with = "key_fd")]
    reference: Option<String>,
    /// The socket to listen at, in a folder that only you can enter
    #[arg(long, value_name = "SOCKET")]
    listen: PathBuf,
    /// The file descriptor to read the API key from, instead of the key that the store keeps for REF
    #[arg(long, value_name = "N")]
    key_fd: Option<u32>,
    /// Let the socket's clients only read
    #[arg(long)]
    read_only: bool,
    /// Give only the records of this workspace folder; may be repeated
    #[arg(long, value_name = "URI")]
    folder: Vec<String>,
    /// Serve one connection, and end
    #[arg(long)]
    once: bool,
}

/// The key that a relay's connections are bound to.
struct Bound {
    text: Zeroizing<String>,
    key_id: String,
    /// Whether the relay has made it, and ends it.
    is_own: bool,
}

/// Serves until the parent, the terminal or a signal ends the relay.
pub(super) fn run(operator: Operator, command: &RelayCommand, as_json: bool) -> Result<Answer, Failed> {
    let parent = serving::parent();
    let folders = command.folders()?;
    let again = without_a_person(operator.config());
    // Before a key is made: a socket that is refused must leave nothing behind.
    let listener = LocalListener::bind(&command.listen).map_err(|why| not_listening(&why))?;
    let opened = operator.opened()?;
    end_stale_keys(&operator);
    let bound = command.bind(&operator, &opened)?;
    let entry = RelayEntry {
        socket: listener.path().to_owned(),
        process: std::process::id(),
        key_id: bound.is_own.then(|| bound.key_id.clone()),
    };
    let served = (|| {
        let mark = operator.vault().begin_relay(&entry)?;
        let shown = command.shown(&entry, &bound, as_json);
        // The relay keeps no store open: a restore or a repair would have to wait for it.
        drop(opened);
        let config = without_a_person(&again);
        drop(operator);
        let cannot_serve = |error| {
            Failed::new(format!("the relay can't go on: {error}; raise the limit of processes or files"))
        };
        let events = Events::begin(parent).map_err(cannot_serve)?;
        match write(&shown) {
            Ok(()) | Err(Lost::ReaderGone) => {}
            Err(Lost::Failed(error)) => {
                return Err(Failed::new(format!("the answer could not be written to stdout: {error}")));
            }
        }
        let serving = Serving { config, key: bound.text.clone(), folders, once: command.once };
        Ok((mark, serving.run(listener, events).map_err(cannot_serve)))
    })();
    let ended = if bound.is_own { end_key(again, &bound.key_id) } else { Ok(()) };
    let (mark, served) = served?;
    if ended.is_err() {
        mark.keep();
    }
    served.and(ended).map(|()| Answer::shown_already())
}

impl RelayCommand {
    fn folders(&self) -> Result<Vec<WorkspaceFolder>, Failed> {
        let wrong = |_| Failed::wrong("--folder takes an absolute URI, like file:///workspaces/project");
        self.folder.iter().map(|uri| WorkspaceFolder::parse(uri).map_err(wrong)).collect()
    }

    fn scope(&self) -> Option<Scope> {
        let folders = (!self.folder.is_empty()).then(|| self.folder.clone());
        (self.read_only || folders.is_some()).then(|| Scope {
            contexts: None,
            read_only: self.read_only.then_some(true),
            workspace_folders: folders,
            machine: None,
        })
    }

    /// The key for the connections: a narrower one than that of REF, or the one that was given.
    fn bind(&self, operator: &Operator, opened: &Opened) -> Result<Bound, Failed> {
        let scope = self.scope();
        let caller = match self.key_fd {
            Some(descriptor) => {
                let text = secret_line(descriptor, "API key: ")?;
                let text = Zeroizing::new(text.trim().to_owned());
                let key = Key::parse(&text).map_err(|_| super::presented::not_a_key())?;
                let caller =
                    Caller { key: key.into(), must_exist: false, origin: crate::vault::random_origin() };
                if scope.is_none() {
                    let known = opened.read(&KnowKey::new(&caller), &OneByOne)?;
                    return Ok(Bound { text, key_id: known.info.key_id, is_own: false });
                }
                caller
            }
            None => self.of_reference(operator, opened)?,
        };
        let label = Name::parse(LABEL);
        let shared = operator.write(Share { caller, label, expires_at: None, scope })?;
        Ok(Bound { text: shared.api_key, key_id: shared.info.key_id, is_own: true })
    }

    fn of_reference(&self, operator: &Operator, opened: &Opened) -> Result<Caller, Failed> {
        let reference = Reference::parse(self.reference.as_deref().unwrap_or_default())?;
        if reference.name.is_some() || reference.member.is_some() {
            return Err(Failed::wrong(
                "a relay gives all records of a plugin, so REF is PLUGIN[/INSTALLATION]",
            ));
        }
        let selected = if self.read_only {
            record::find(opened, reference, Place::User)?
        } else {
            record::make(operator, opened, reference, Place::User)?
        };
        Ok(selected.target.caller)
    }

    fn shown(&self, entry: &RelayEntry, bound: &Bound, as_json: bool) -> String {
        if as_json {
            let shown = json!({
                "socket": entry.socket.display().to_string(),
                "process": entry.process,
                "keyId": bound.key_id,
                "readOnly": self.read_only,
            });
            return format!("{shown}\n");
        }
        let what = if self.read_only { "read" } else { "read and write" };
        let socket = super::visible::visible(&entry.socket.display().to_string());
        format!("listening at {socket}; clients may {what} with the key {}\n", bound.key_id)
    }
}

/// The same store, for steps that must not ask a person.
fn without_a_person(config: &Config) -> Config {
    Config { askpass: None, ..config.clone() }
}

/// Ends the keys of relays that were killed. No process has these keys any more, so a failure costs nothing but a row.
fn end_stale_keys(operator: &Operator) {
    let Ok((_, stale)) = operator.vault().relays() else { return };
    for relay in stale {
        let ended = match relay.entry.key_id.clone() {
            Some(key_id) => operator.try_write(EndKey { key_id }).map(drop),
            None => Ok(()),
        };
        if matches!(ended, Ok(()) | Err(Error::ApiKeyUnknown)) {
            relay.remove();
        }
    }
}

/// Ends the key that a relay has made.
fn end_key(config: Config, key_id: &str) -> Result<(), Failed> {
    let operator = Operator::new(config, None, true);
    let ended = operator
        .required()
        .and_then(|_| Ok(operator.try_write(EndKey { key_id: key_id.to_owned() }).map(drop)?));
    ended.map_err(|failed| {
        failed.explained(|why| {
            format!(
                "the relay's key is not revoked: {why}; run plugin-vault key revoke {key_id}, or start a relay again"
            )
        })
    })
}

fn not_listening(why: &NoSocket) -> Failed {
    match why {
        NoSocket::Taken => Failed::new(
            "something else has the path of --listen: a relay that runs, or a file; choose another path"
                .into(),
        ),
        NoSocket::Io(error) if error.kind() == std::io::ErrorKind::NotFound => Failed::new(
            "the folder of --listen is not there; make it with mkdir -m 700, and start the relay again"
                .into(),
        ),
        why => Failed::new(about_socket(why)),
    }
}
