//! The command line: reads flags and environment variables, and decides what to run.

mod backup;
mod check;
pub mod connect;
mod consent;
mod delete;
mod doctor;
mod examples;
mod export;
mod failed;
mod folders;
mod get;
mod help;
mod helper;
mod import;
mod input;
mod installation;
mod key;
mod list;
mod lock;
mod look;
mod new_key;
mod operator;
pub mod output;
mod pages;
mod path;
mod pointer;
mod presented;
mod progress;
mod protector;
mod quarantine;
mod question;
mod record;
mod records;
mod reference;
mod relay;
mod remote;
mod reset;
mod run;
#[cfg(feature = "schema")]
pub mod schemas;
mod secret;
mod set;
mod status;
mod table;
mod task;
mod through;
mod version;
mod visible;
mod wrong;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use tempfile::TempDir;

use crate::limits::Limits;
use crate::logging::{self, Filter};
use crate::protector::has_terminal;
use crate::rpc;
use crate::server::Options;
use crate::vault::folder::WorkspaceFolder;
use crate::vault::{Askpass, Config, Key};

use backup::{BackupCommand, RestoreCommand};
use installation::InstallationCommand;
use key::KeyCommand;
use operator::{Answer, Failed, Operator};
use protector::ProtectorCommand;
use relay::RelayCommand;
use remote::RemoteCommand;
use reset::ResetCommand;
use secret::passphrase;
use task::TaskCommand;

/// What a person sees who types the name of the program alone.
const ABOUT: &str = "\
plugin-vault keeps the secrets of editor extensions in a private, encrypted store.
Editors start it themselves and talk to it through pipes; `plugin-vault serve` does the same here.
`plugin-vault --help` shows the commands for people and scripts, such as `plugin-vault list`.
";

/// A private, encrypted store for editor extensions, with JSON-RPC on stdin and stdout.
#[allow(clippy::doc_markdown, reason = "--help shows these comments")]
#[derive(Parser)]
#[command(name = "plugin-vault", version, long_version = version::LONG, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Accepted for editors that pass it; stdin and stdout are used anyway
    #[arg(long, global = true)]
    stdio: bool,

    /// Folder of the store [env: `PLUGIN_VAULT_DATA_DIR`]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,

    /// Folder of key files [env: `PLUGIN_VAULT_KEY_DIR`]
    #[arg(long, value_name = "DIR", global = true)]
    key_dir: Option<PathBuf>,

    /// Store on this server, which `remote join` has joined; an empty data folder takes it again [env: `PLUGIN_VAULT_STORE`]
    #[arg(id = "shared_store", long = "store", value_name = "URL", global = true, conflicts_with_all = ["temporary", "connect"])]
    store: Option<String>,

    /// Use a temporary store, which is deleted at the end, for tests
    #[arg(long, global = true, conflicts_with_all = ["data_dir", "key_dir"])]
    temporary: bool,

    /// Workspace folder of a client that never sends initialize [default: the current directory]
    #[arg(long, value_name = "URI", global = true)]
    workspace_folder: Vec<String>,

    /// End when the process with this id ends
    #[arg(long = "clientProcessId", value_name = "PID", global = true)]
    client_process_id: Option<u32>,

    /// Use the store at the other end of this socket, where `plugin-vault relay` listens [env: `PLUGIN_VAULT_CONNECT`]
    #[arg(long, value_name = "SOCKET", global = true, conflicts_with_all = ["data_dir", "key_dir", "temporary"])]
    connect: Option<PathBuf>,

    /// Serve only the key that this descriptor gives; for the sidecars of a relay
    #[arg(long, value_name = "N", hide = true)]
    bound_key_fd: Option<u32>,

    /// Log level, or levels by target [env: `RUST_LOG`] [default: warn]
    #[arg(long, value_name = "LEVEL", global = true)]
    log: Option<String>,

    /// Log to this file instead of stderr
    #[arg(long, value_name = "PATH", global = true)]
    log_file: Option<PathBuf>,

    /// Allow a store on a network or user-space file system, where it can be damaged
    #[arg(long, global = true)]
    allow_network_file_system: bool,

    #[command(flatten)]
    operate: Common,

    #[command(flatten)]
    limits: Limits,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the client on stdin and stdout (the default)
    Serve,
    #[command(flatten)]
    Installation(InstallationCommand),
    #[command(flatten)]
    Task(TaskCommand),
    /// API keys: issue, share, list, records, rotate, revoke, extend, forget
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Write the whole store, still encrypted, into one file
    Backup(BackupCommand),
    /// Replace the store by a file that backup wrote; the old store is kept in quarantine
    Restore(RestoreCommand),
    /// Move the whole store to quarantine, so that a new one begins; nothing is deleted
    Reset(ResetCommand),
    /// Lock the store for every window, until unlock: no protector is asked, and no data is given
    Lock,
    /// Unlock the store, and ask if necessary
    Unlock,
    /// Give the data of one API key to containers, other hosts and sandboxes, over a Unix socket
    Relay(RelayCommand),
    /// Share the store with other machines, on a PostgreSQL server: setup, push, join, approve, leave
    Remote {
        #[command(subcommand)]
        command: RemoteCommand,
    },
    /// Print the protocol as data: an OpenRPC document
    Schema,
    /// Protectors of the store's key: list, add, remove, test
    Protector {
        #[command(subcommand)]
        command: ProtectorCommand,
    },
}

/// The flags that all subcommands except `serve` have.
#[derive(clap::Args)]
struct Common {
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,

    /// The file descriptor to read the store's passphrase from, if it is needed
    #[arg(long, value_name = "N", global = true)]
    passphrase_fd: Option<u32>,
}

/// A command line that was read and checked.
pub struct Run {
    /// Which lines are logged.
    pub filter: Filter,
    /// The log file; without one the log goes to stderr.
    pub log_file: Option<PathBuf>,
    /// What to do.
    pub task: Task,
    /// The folder of a temporary store, which is deleted when this is dropped.
    pub temporary: Option<TempDir>,
}

/// What to do.
pub enum Task {
    /// Serve a client. With a descriptor, only with the key that [`bound_key`] reads from it.
    Serve(Box<Options>, Option<u32>),
    /// Carry a client's connection to the relay that listens at this socket.
    Connect(PathBuf),
    /// Run another subcommand and end.
    Operate(Box<Operation>),
}

/// A subcommand other than `serve`.
pub struct Operation {
    command: Operate,
    common: Common,
    config: Config,
    /// The relay to use instead of the store.
    socket: Option<PathBuf>,
}

enum Operate {
    Installation(InstallationCommand),
    Task(TaskCommand),
    Key(KeyCommand),
    Protector(ProtectorCommand),
    Backup(BackupCommand),
    Restore(RestoreCommand),
    Reset(ResetCommand),
    Lock,
    Unlock,
    Relay(RelayCommand),
    Remote(RemoteCommand),
}

impl Operation {
    /// Runs the subcommand.
    pub fn run(self) -> Outcome {
        let as_json = self.common.json;
        let Answer { shown, failed } =
            self.answer().unwrap_or_else(|failed| Answer { shown: None, failed: Some(failed) });
        // Tables have escaped their cells already.
        let shown = shown.map(|shown| if as_json { visible::escaped(&shown) } else { shown });
        Outcome { shown, failed: failed.map(|failed| (failed.line(as_json), failed.exit)) }
    }

    fn answer(mut self) -> Result<Answer, Failed> {
        let passphrase = self.common.passphrase_fd.map(passphrase).transpose()?;
        let json = self.common.json;
        if let Some(socket) = &self.socket
            && let Some(answer) = self.command.through(socket, json)?
        {
            return Ok(answer);
        }
        let is_one_task = matches!(self.command, Operate::Task(_) | Operate::Relay(_));
        // These commands make the store that others take again, and may find another one here.
        let renewed =
            if matches!(self.command, Operate::Remote(_)) { self.config.store.take() } else { None };
        let operator = Operator::new(self.config, passphrase, is_one_task);
        match &self.command {
            Operate::Installation(command) => installation::run(&operator, command, json),
            Operate::Task(command) => task::run(operator, command, json),
            Operate::Key(command) => key::run(&operator, command, json),
            Operate::Protector(command) => protector::run(&operator, command, json),
            Operate::Backup(command) => backup::run(&operator, command, json),
            Operate::Restore(command) => backup::restore(&operator, command, json),
            Operate::Reset(command) => reset::run(&operator, command, json),
            Operate::Lock => lock::lock(&operator, json),
            Operate::Unlock => lock::unlock(&operator, json),
            Operate::Relay(command) => relay::run(operator, command, json),
            Operate::Remote(command) => remote::run(&operator, command, renewed.as_deref(), json),
        }
    }
}

impl Operate {
    /// Runs the subcommand at the other end of a relay; `None` if it needs no store.
    fn through(&self, socket: &Path, as_json: bool) -> Result<Option<Answer>, Failed> {
        match self {
            Self::Task(command) => task::through(socket, command, as_json),
            Self::Installation(command) => installation::through(socket, command, as_json),
            _ => Err(task::not_through_a_relay()),
        }
    }
}

/// The result of a subcommand.
pub struct Outcome {
    /// The text for stdout, unless the subcommand has written it itself.
    pub shown: Option<String>,
    /// Why it failed, as a line for stderr, which may be empty; and the exit code.
    pub failed: Option<(String, u8)>,
}

/// Why a command line is refused, in one line.
pub struct Wrong(pub String);

/// A valid command line.
pub enum Parsed {
    /// A task to run.
    Run(Box<Run>),
    /// A text to show on stdout: help, the version, or the schema.
    Show(String),
}

/// The definition of all commands, as their pages show it.
#[cfg(feature = "schema")]
pub fn definition() -> clap::Command {
    let mut all = help::definition(false);
    all.build();
    all
}

/// Reads a command line and the environment.
///
/// # Errors
/// The line for stderr, if an argument or a variable is not valid.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    let arguments = called_by_docker(arguments.into_iter().collect());
    if arguments.len() == 1 && io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(Parsed::Show(ABOUT.to_owned()));
    }
    let own = arguments.iter().take_while(|argument| *argument != "--");
    let as_json = own.into_iter().any(|argument| argument == "--json");
    read(&arguments).map_err(|Wrong(reason)| Failed::wrong(reason).line(as_json))
}

/// The program under the name of a credential helper of docker is that helper.
fn called_by_docker(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let name = arguments.first().and_then(|program| Path::new(program).file_stem());
    if name.is_some_and(|name| name == "docker-credential-plugin-vault") {
        arguments.splice(1..1, ["helper", "docker"].map(OsString::from));
    }
    arguments
}

fn read(arguments: &[OsString]) -> Result<Parsed, Wrong> {
    use clap::error::ErrorKind;
    match Arguments::try_parse_from(arguments) {
        Ok(Arguments { command: Some(Command::Schema), .. }) => Ok(Parsed::Show(rpc::CONTRACT.to_owned())),
        Ok(arguments) => Ok(Parsed::Run(Box::new(arguments.resolve()?))),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let help = (error.kind() == ErrorKind::DisplayHelp).then(|| help::text(arguments)).flatten();
            Ok(Parsed::Show(help.unwrap_or_else(|| error.render().to_string())))
        }
        Err(error) => {
            let about = visible::visible(&wrong::about(&error, arguments));
            Err(Wrong(format!("{about}; see plugin-vault --help")))
        }
    }
}

impl Arguments {
    fn resolve(mut self) -> Result<Run, Wrong> {
        let filter = self.filter()?;
        let folders = self.folders()?;
        let socket = self.socket()?;
        let log_file = self.log_file.as_deref().map(|path| folders::named(path, "--log-file")).transpose()?;
        let temporary = if self.temporary {
            let folder = tempfile::Builder::new().prefix("plugin-vault-").tempdir_in(folders::temporary());
            Some(
                folder
                    .map_err(|error| Wrong(format!("the temporary folder could not be created: {error}")))?,
            )
        } else {
            None
        };
        let (data, keys) = match &temporary {
            Some(folder) => (folder.path().join("data"), folder.path().join("keys")),
            // A sandbox may have no home folder, and a client of a relay needs none.
            None if socket.is_some() => {
                (folders::data(None).unwrap_or_default(), folders::keys(None).unwrap_or_default())
            }
            None => (folders::data(self.data_dir.as_deref())?, folders::keys(self.key_dir.as_deref())?),
        };
        let config = Config {
            data,
            keys,
            askpass: askpass(),
            allow_network: self.allow_network_file_system,
            store: if temporary.is_some() { None } else { remote::store(self.store.take())? },
            limits: self.limits,
        };
        let operate = |command, common| {
            let config = Config { askpass: askpass_of_operator(), ..config.clone() };
            Task::Operate(Box::new(Operation { command, common, config, socket: socket.clone() }))
        };
        let task = match self.command.take() {
            Some(Command::Installation(command)) => operate(Operate::Installation(command), self.operate),
            Some(Command::Task(command)) => operate(Operate::Task(command), self.operate),
            Some(Command::Key { command }) => operate(Operate::Key(command), self.operate),
            Some(Command::Protector { command }) => operate(Operate::Protector(command), self.operate),
            Some(Command::Backup(command)) => operate(Operate::Backup(command), self.operate),
            Some(Command::Restore(command)) => operate(Operate::Restore(command), self.operate),
            Some(Command::Reset(command)) => operate(Operate::Reset(command), self.operate),
            Some(Command::Lock) => operate(Operate::Lock, self.operate),
            Some(Command::Unlock) => operate(Operate::Unlock, self.operate),
            Some(Command::Relay(command)) => operate(Operate::Relay(command), self.operate),
            Some(Command::Remote { command }) => operate(Operate::Remote(command), self.operate),
            None | Some(Command::Serve) if self.operate.json || self.operate.passphrase_fd.is_some() => {
                return Err(Wrong("--json and --passphrase-fd need a subcommand other than serve".into()));
            }
            None | Some(Command::Serve | Command::Schema) => {
                if let Some(socket) = socket {
                    Task::Connect(socket)
                } else {
                    let client_process = self.client_process_id;
                    let options = Options { config, folders, client_process, bound: None };
                    Task::Serve(Box::new(options), self.bound_key_fd)
                }
            }
        };
        Ok(Run { filter, log_file, task, temporary })
    }

    /// The relay's socket. A store that the command line names is meant rather than the relay of the environment.
    fn socket(&self) -> Result<Option<PathBuf>, Wrong> {
        match &self.connect {
            Some(path) => connect::of_flag(path).map(Some),
            None if self.data_dir.is_some() || self.temporary => Ok(None),
            None => connect::of_environment(),
        }
    }

    fn filter(&self) -> Result<Filter, Wrong> {
        let wrong = |_| Wrong("--log takes a level, like debug; see plugin-vault --help".into());
        match &self.log {
            Some(given) => given.parse().map_err(wrong),
            None if matches!(&self.command, Some(Command::Installation(command)) if command.is_quiet()) => {
                Ok(logging::filter_of_environment("off"))
            }
            None => Ok(logging::filter_of_environment(&std::env::var("RUST_LOG").unwrap_or_default())),
        }
    }

    fn folders(&self) -> Result<Vec<WorkspaceFolder>, Wrong> {
        if self.workspace_folder.is_empty() {
            if self.bound_key_fd.is_some() {
                // The current folder is the relay's, and not the client's.
                return Ok(Vec::new());
            }
            let current = std::env::current_dir().ok();
            return Ok(current.as_deref().and_then(WorkspaceFolder::from_path).into_iter().collect());
        }
        let wrong =
            |_| Wrong("--workspace-folder takes an absolute URI, like file:///home/me/project".into());
        self.workspace_folder.iter().map(|uri| WorkspaceFolder::parse(uri).map_err(wrong)).collect()
    }
}

/// The key that a relay gives to one of its sidecars.
///
/// # Errors
/// The line for stderr, if the descriptor gives no key.
pub fn bound_key(descriptor: u32) -> Result<Key, String> {
    let line = secret::secret_line(descriptor, "").map_err(|failed| failed.line(false))?;
    Key::parse(line.trim()).map_err(|_| presented::not_a_key().line(false))
}

/// The program that asks the user for the passphrase, from the environment.
fn askpass() -> Option<Askpass> {
    let program = std::env::var("PLUGIN_VAULT_ASKPASS").ok().filter(|program| !program.is_empty());
    program.map(Askpass::Program)
}

/// How a subcommand asks the user: through a program, or at its terminal.
fn askpass_of_operator() -> Option<Askpass> {
    askpass().or_else(|| has_terminal().then_some(Askpass::Terminal))
}
