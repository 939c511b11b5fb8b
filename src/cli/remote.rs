//! `plugin-vault remote …`: a store that several machines share, on a PostgreSQL server.

mod joining;
mod machines;
mod moving;
mod status;
mod why;

use std::path::Path;

use clap::Subcommand;

use crate::vault::sharing::{BadUrl, Joining, OFFLINE_DAYS, Server};

use super::Wrong;
use super::consent::Consent;
use super::operator::{Answer, Failed, Operator};
use super::secret::secret_line;

#[cfg(feature = "schema")]
pub(super) use self::{
    joining::{ApproveReport, JoinReport},
    machines::MachineEntry,
    moving::{KeepReport, LeaveReport, PushReport},
    status::RemoteStatusReport,
};

/// A store that several machines share, on a `PostgreSQL` server
#[derive(Subcommand)]
pub(super) enum RemoteCommand {
    /// Install or upgrade the schema in the database; the user of the URL becomes its owner
    Setup {
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Move this machine's store to the server, so that other machines can join
    Push {
        #[command(flatten)]
        server: ServerArguments,
        #[command(flatten)]
        offline: Offline,
    },
    /// Show a code, wait until a machine of the store approves it, and take the store
    Join {
        #[command(flatten)]
        server: ServerArguments,
        /// The name of this machine [default: a random one]
        #[arg(long, value_name = "NAME")]
        machine: Option<String>,
        #[command(flatten)]
        offline: Offline,
        #[command(flatten)]
        consent: Consent,
    },
    /// Let the machine that shows this code join the store
    Approve {
        /// The code that remote join shows on the new machine
        #[arg(value_name = "CODE")]
        code: String,
        /// Also let the passphrase of this store open it there; the new machine then makes no key file
        #[arg(long)]
        with_passphrase: bool,
        #[command(flatten)]
        consent: Consent,
    },
    /// List the machines of the store
    Machines,
    /// End the access of a machine to the server
    Remove {
        /// Its name, its id or the beginning of its id, as machines shows them
        #[arg(value_name = "MACHINE")]
        machine: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// Show where the store is shared, what this machine has of it, and whether the server can be reached
    Status,
    /// Take the store back, so that it is this machine's alone
    Leave {
        /// Also remove the store from the server, for all its machines
        #[arg(long)]
        destroy: bool,
        #[command(flatten)]
        consent: Consent,
    },
    /// After the server has lost commits: take what it has; this machine's copy moves to quarantine
    KeepServer {
        #[command(flatten)]
        consent: Consent,
    },
    /// After the server has lost commits: replace what it has by this machine's copy
    KeepMine {
        #[command(flatten)]
        consent: Consent,
    },
}

/// How to reach a server.
#[derive(clap::Args)]
pub(super) struct ServerArguments {
    /// The server and its database, like `postgres://me@db.example/vault`; without a password
    #[arg(value_name = "URL")]
    url: String,
    /// The file descriptor to read the password of the login from [default: `PGPASSWORD`, then ~/.pgpass]
    #[arg(long, value_name = "N")]
    password_fd: Option<u32>,
}

/// How long this machine's copy may be used without the server.
#[derive(clap::Args)]
pub(super) struct Offline {
    /// Days without an answer of the server after which this machine's copy is refused
    #[arg(long, value_name = "DAYS", default_value_t = OFFLINE_DAYS, value_parser = clap::value_parser!(u32).range(1..=3650))]
    offline_days: u32,
}

impl ServerArguments {
    fn server(&self) -> Result<Server, Failed> {
        let server = Server::parse(&self.url).map_err(bad_url)?;
        let Some(descriptor) = self.password_fd else { return Ok(server) };
        let password = secret_line(descriptor, "Password of the database: ")?;
        Ok(server.with_password(password.as_bytes().to_vec()))
    }
}

/// The environment variable that names the server of the store.
const STORE: &str = "PLUGIN_VAULT_STORE";

/// The URL of the server whose store an empty data folder takes: from the flag, otherwise from the environment.
pub(super) fn store(given: Option<String>) -> Result<Option<String>, Wrong> {
    let from_environment = || std::env::var(STORE).ok().filter(|url| !url.is_empty());
    let Some(url) = given.or_else(from_environment) else { return Ok(None) };
    match Server::parse(&url) {
        Ok(_) => Ok(Some(url)),
        Err(error) => Err(Wrong(format!("--store or {STORE} is not valid: {}", url_rule(error)))),
    }
}

fn bad_url(error: BadUrl) -> Failed {
    Failed::wrong(url_rule(error))
}

const fn url_rule(error: BadUrl) -> &'static str {
    match error {
        BadUrl::Form => {
            "the URL of the server has the form postgres://USER@HOST/DATABASE, like postgres://me@db.example/vault"
        }
        BadUrl::Password => {
            "the URL has a password, and other users of this machine can read the command line; put the password into \
             PGPASSWORD or ~/.pgpass, or give it with --password-fd"
        }
        BadUrl::Option => "the URL takes only the options sslrootcert=PATH and sslmode=verify-full",
    }
}

/// Runs the subcommand; returns what to show. `renewed` is the URL of the store that an empty data folder takes again.
pub(super) fn run(
    operator: &Operator,
    command: &RemoteCommand,
    renewed: Option<&str>,
    as_json: bool,
) -> Result<Answer, Failed> {
    match command {
        RemoteCommand::Setup { server } => moving::set_up(&server.server()?, as_json),
        RemoteCommand::Push { server, offline } => {
            moving::push(operator, &server.server()?, offline.offline_days, as_json)
        }
        RemoteCommand::Join { server, machine, offline, consent } => {
            let begin = |keys: &Path| {
                let is_renewed = renewed == Some(&server.url);
                let joining =
                    Joining::begin(keys, server.server()?, machine.as_deref(), offline.offline_days)?;
                Ok(if is_renewed { joining.renewed() } else { joining })
            };
            joining::join(operator, begin, consent, as_json)
        }
        RemoteCommand::Approve { code, with_passphrase, consent } => {
            joining::approve(operator, code, *with_passphrase, consent, as_json)
        }
        RemoteCommand::Machines => machines::list(operator, as_json),
        RemoteCommand::Remove { machine, consent } => machines::remove(operator, machine, consent, as_json),
        RemoteCommand::Status => status::run(operator, as_json),
        RemoteCommand::Leave { destroy, consent } => moving::leave(operator, *destroy, consent, as_json),
        RemoteCommand::KeepServer { consent } => moving::keep_server(operator, consent, as_json),
        RemoteCommand::KeepMine { consent } => moving::keep_mine(operator, consent, as_json),
    }
}

fn json<T: serde::Serialize>(report: &T) -> String {
    serde_json::to_string(report).unwrap_or_default()
}
