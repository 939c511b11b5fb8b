//! The text of `docs/commands.md`, from the same definition as `--help` and the man pages.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::help::definition;

/// The text above the commands.
const HEAD: &str = include_str!("commands_page.md");

/// The whole page.
pub fn commands_page() -> String {
    let mut root = definition(false);
    root.build();
    let mut page = HEAD.to_owned();
    page.push_str("\n## Commands\n\n| command | |\n|---|---|\n");
    let mut sections = String::new();
    each(&root, "plugin-vault", &mut page, &mut sections);
    page.push_str("\n## Common options\n\nEvery command has these.\n\n");
    page.push_str(&options(&root, true));
    page.push('\n');
    page.push_str(sections.trim_end());
    page.push('\n');
    page
}

fn each(command: &Command, path: &str, table: &mut String, sections: &mut String) {
    let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
    if inner.is_empty() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let anchor = path.replace(' ', "-");
        let _ = writeln!(table, "| [`{path}`](#{anchor}) | {} |", escaped(&about));
        let _ = write!(sections, "\n## {path}\n\n{about}.\n\n```\n{}\n```\n\n", usage(command, path));
        let own = options(command, false);
        if !own.is_empty() {
            let _ = writeln!(sections, "{own}");
        }
        if let Some(examples) = command.get_after_help() {
            let examples = examples.to_string();
            let lines: Vec<_> = examples.lines().skip(1).map(str::trim).collect();
            let _ = writeln!(sections, "```sh\n{}\n```", lines.join("\n"));
        }
    }
    for command in inner {
        each(command, &format!("{path} {}", command.get_name()), table, sections);
    }
}

fn usage(command: &Command, path: &str) -> String {
    let positional = command.get_positionals().map(|argument| {
        let name = shown(argument);
        if argument.is_last_set() {
            format!("-- {name}")
        } else if argument.is_required_set() {
            name
        } else {
            format!("[{name}]")
        }
    });
    let words: Vec<_> = std::iter::once(format!("{path} [OPTIONS]")).chain(positional).collect();
    words.join(" ")
}

/// The values of an argument, as the user writes them.
fn shown(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<_> = names.iter().map(|name| (*name).to_string()).collect();
    let many = if argument.is_last_set() { "…" } else { "" };
    format!("{}{many}", names.join(" "))
}

/// The arguments and options of a command, or those that every command has.
fn options(command: &Command, common: bool) -> String {
    let is_wanted = |argument: &&Arg| {
        !argument.is_hide_set()
            && argument.get_id() != "help"
            && argument.get_id() != "version"
            && argument.is_global_set() == common
    };
    let mut rows = String::new();
    for argument in command.get_arguments().filter(is_wanted) {
        let name = match argument.get_long() {
            None => shown(argument),
            Some(long) => {
                let short = argument.get_short().map_or(String::new(), |short| format!("-{short}, "));
                let takes = argument.get_action().takes_values();
                let optional = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
                let value = match (takes, optional) {
                    (false, _) => String::new(),
                    (true, true) => format!("[={}]", shown(argument)),
                    (true, false) => format!(" {}", shown(argument)),
                };
                format!("{short}--{long}{value}")
            }
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(rows, "| `{}` | {}{} |", name.replace('|', "\\|"), escaped(&help), values(argument));
    }
    if rows.is_empty() { rows } else { format!("| argument | |\n|---|---|\n{rows}") }
}

/// The values that an argument may have, and the one that it has without the user.
fn values(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let possible = argument.get_possible_values();
    let names: Vec<_> = possible.iter().map(|value| format!("`{}`", value.get_name())).collect();
    let usual = argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
    let mut text = String::new();
    if !names.is_empty() {
        let _ = write!(text, ": {}", names.join(", "));
    }
    if let Some(usual) = usual {
        let _ = write!(text, " (default: `{usual}`)");
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}
