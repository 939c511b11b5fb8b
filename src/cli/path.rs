//! `plugin-vault path`: the folders, for scripts. It opens nothing.

use super::operator::{Answer, Operator};

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum PathOf {
    /// The data folder
    Data,
    /// The folder of key files
    Keys,
    /// The folder of the backups that the store takes of itself
    Backups,
}

#[derive(Clone, Copy, clap::Args)]
pub(super) struct PathCommand {
    /// Which folder
    which: PathOf,
}

/// Shows the path of a folder, whether or not it exists.
pub(super) fn run(operator: &Operator, command: PathCommand, as_json: bool) -> Answer {
    let path = match command.which {
        PathOf::Data => operator.config().data.clone(),
        PathOf::Keys => operator.config().keys.clone(),
        PathOf::Backups => operator.vault().backups_folder(),
    };
    let path = path.display().to_string();
    if as_json { serde_json::json!({ "path": path }).to_string() } else { path }.into()
}
