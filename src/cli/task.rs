//! The subcommands for people, scripts and other programs: one command for each task.

use std::path::Path;

use clap::Subcommand;

use super::delete::{self, DeleteCommand};
use super::export::{self, ExportCommand};
use super::get::{self, GetCommand};
use super::helper::{self, HelperCommand};
use super::import::{self, ImportCommand};
use super::list::{self, ListCommand};
use super::operator::{Answer, Failed, Operator};
use super::pages::{self, CompletionsCommand, ManCommand};
use super::run::{self, RunCommand};
use super::set::{self, PatchCommand, SetCommand};
use super::through::Through;

#[derive(Subcommand)]
pub(super) enum TaskCommand {
    /// Print the object of a record, or a member of it
    Get(GetCommand),
    /// Store the object of a record, or a member of it. Reads the value from stdin
    Set(SetCommand),
    /// Change members of an object by a JSON merge patch (RFC 7396). Reads the patch from stdin
    Patch(PatchCommand),
    /// Delete a record, or a member of it
    Delete(DeleteCommand),
    /// List records: plugins, installations, names, folders, sizes, times; never their content
    List(ListCommand),
    /// Run a program with values in its environment or in descriptors
    Run(RunCommand),
    /// Credential helpers of git, docker and HTTP clients
    Helper {
        #[command(subcommand)]
        command: HelperCommand,
    },
    /// Write records with their values as JSON, to a program or into a file that only you may read
    Export(ExportCommand),
    /// Store what export wrote, or the secrets of another file
    Import(ImportCommand),
    /// Print completions for a shell
    Completions(CompletionsCommand),
    /// Write the man pages into a folder
    Man(ManCommand),
}

/// Runs the subcommand; returns what to show.
pub(super) fn run(operator: Operator, command: &TaskCommand, as_json: bool) -> Result<Answer, Failed> {
    match command {
        TaskCommand::Get(command) => get::run(&operator, command, as_json),
        TaskCommand::Set(command) => set::set(&operator, command, as_json),
        TaskCommand::Patch(command) => set::patch(&operator, command, as_json),
        TaskCommand::Delete(command) => delete::run(&operator, command, as_json),
        TaskCommand::List(command) => list::run(&operator, command, as_json),
        TaskCommand::Run(command) => run::run(operator, command),
        TaskCommand::Helper { command } => helper::run(&operator, command),
        TaskCommand::Export(command) => export::run(&operator, command, as_json),
        TaskCommand::Import(command) => import::run(&operator, command, as_json),
        TaskCommand::Completions(command) => Ok(pages::completions(command)),
        TaskCommand::Man(command) => pages::man(command),
    }
}

/// Runs the subcommand at the other end of a relay. `None` if it needs no store; the caller then runs it here.
pub(super) fn through(socket: &Path, command: &TaskCommand, as_json: bool) -> Result<Option<Answer>, Failed> {
    let relay = || Through::connect(socket);
    match command {
        TaskCommand::Get(command) => get::through(&mut relay()?, command, as_json),
        TaskCommand::Set(command) => set::set_through(&mut relay()?, command, as_json),
        TaskCommand::Run(command) => run::through(relay()?, command),
        TaskCommand::Helper { command } => helper::through(relay()?, command),
        TaskCommand::Completions(_) | TaskCommand::Man(_) => return Ok(None),
        TaskCommand::Patch(_)
        | TaskCommand::Delete(_)
        | TaskCommand::List(_)
        | TaskCommand::Export(_)
        | TaskCommand::Import(_) => return Err(not_through_a_relay()),
    }
    .map(Some)
}

/// Why a subcommand does not run with a relay.
pub(super) fn not_through_a_relay() -> Failed {
    Failed::wrong(
        "a relay serves only get, set, run, helper, status and serve; run this on the machine that has the store, or \
         leave out --connect and PLUGIN_VAULT_CONNECT to use a store here",
    )
}
