//! The subcommands about an installation as a whole.

use std::path::Path;

use super::check::{self, CheckCommand};
use super::doctor::{self, DoctorCommand};
use super::operator::{Answer, Failed, Operator};
use super::path::{self, PathCommand};
use super::quarantine::{self, QuarantineCommand};
use super::status;
use super::task::not_through_a_relay;

#[derive(clap::Subcommand)]
pub(super) enum InstallationCommand {
    /// Show where the store is, what protects it, and what uses it
    Status,
    /// Look for what is wrong with the installation, and show the commands that put it right
    Doctor(DoctorCommand),
    /// Check every row of the store; a damaged store is repaired first
    Check(CheckCommand),
    /// What repairs, restores and resets have replaced: list, purge
    Quarantine {
        #[command(subcommand)]
        command: QuarantineCommand,
    },
    /// Print the path of a folder
    Path(PathCommand),
}

impl InstallationCommand {
    /// Whether the answer itself says what is wrong, so that log lines would only say it twice.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self, Self::Status | Self::Doctor(_))
    }
}

/// Runs the subcommand.
pub(super) fn run(
    operator: &Operator,
    command: &InstallationCommand,
    as_json: bool,
) -> Result<Answer, Failed> {
    match command {
        InstallationCommand::Status => status::run(operator, as_json),
        InstallationCommand::Doctor(command) => Ok(doctor::run(operator, command, as_json)),
        InstallationCommand::Check(command) => check::run(operator, command, as_json),
        InstallationCommand::Quarantine { command } => quarantine::run(operator, command, as_json),
        InstallationCommand::Path(command) => Ok(path::run(operator, *command, as_json)),
    }
}

/// Runs the subcommand at the other end of a relay. `None` if it is about this machine.
pub(super) fn through(
    socket: &Path,
    command: &InstallationCommand,
    as_json: bool,
) -> Result<Option<Answer>, Failed> {
    match command {
        InstallationCommand::Status => status::through(socket, as_json).map(Some),
        InstallationCommand::Doctor(_) | InstallationCommand::Path(_) => Ok(None),
        InstallationCommand::Check(_) | InstallationCommand::Quarantine { .. } => Err(not_through_a_relay()),
    }
}
