//! `plugin-vault completions` and `plugin-vault man`: made from the definition of the command line. Neither opens a
//! store.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;

use crate::files;

use super::help::definition;
use super::operator::{Answer, Failed};

/// The date of the man pages: that of the last change of the command line.
const CHANGED: &str = "2026-11-27";

#[derive(Args)]
pub(super) struct CompletionsCommand {
    /// The shell that reads the completions
    #[arg(value_name = "SHELL", value_parser = ["bash", "zsh", "fish", "powershell"])]
    shell: String,
}

#[derive(Args)]
pub(super) struct ManCommand {
    /// The folder for the pages, which must exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// The completions for a shell, which complete commands and options and never read a store.
pub(super) fn completions(command: &CompletionsCommand) -> Answer {
    let shell = match command.shell.as_str() {
        "bash" => Shell::Bash,
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => Shell::PowerShell,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut definition(false), "plugin-vault", &mut text);
    // The generator writes the name of a program with a hyphen in two ways, so that bash would find no command below it.
    let text = String::from_utf8_lossy(&text).replace("plugin__subcmd__vault", "plugin__vault");
    text.trim_end().to_owned().into()
}

/// Writes a page for each command.
pub(super) fn man(command: &ManCommand) -> Result<Answer, Failed> {
    let folder = &command.folder;
    // The pages are the same for all systems, and so name no target.
    let paged = |server| definition(server).long_version(env!("CARGO_PKG_VERSION"));
    let (mut usual, mut of_server) = (paged(false), paged(true));
    usual.build();
    of_server.build();
    let mut written = write_pages(folder, &usual);
    // The pages of the program and of the server have the options of the server.
    for command in [Some(&of_server), of_server.find_subcommand("serve")].into_iter().flatten() {
        written = written.and_then(|()| write_page(folder, command));
    }
    written.map_err(|error| {
        let folder = folder.display();
        Failed::new(format!(
            "the pages could not be written to '{folder}': {error}; name a folder that exists"
        ))
    })?;
    Ok(Answer::shown_already())
}

fn write_pages(folder: &Path, command: &Command) -> io::Result<()> {
    write_page(folder, command)?;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        write_pages(folder, inner)?;
    }
    Ok(())
}

fn write_page(folder: &Path, command: &Command) -> io::Result<()> {
    let title = command.get_display_name().unwrap_or_else(|| command.get_name()).to_uppercase();
    let page = clap_mangen::Man::new(command.clone()).title(title).date(CHANGED);
    let page = page.source("plugin-vault").manual("plugin-vault");
    let mut text = Vec::new();
    page.render(&mut text)?;
    // Line ends around an empty line, which `mandoc` finds superfluous.
    let text = String::from_utf8_lossy(&text).replace("\n.br\n\n.br\n", "\n.sp\n");
    write_public(&folder.join(page.get_filename()), text.as_bytes())
}

/// Writes a file that every user may read, whatever the umask.
fn write_public(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.write_all(text)?;
    files::let_all_read(&file)
}
