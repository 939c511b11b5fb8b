//! The definition of the command line as `--help`, the man pages, the completions and `docs/commands.md` show it: with
//! examples, and without the options that only the server uses where there is no server.

use std::ffi::OsString;

use clap::{Command, CommandFactory as _};

use super::Arguments;
use super::examples::EXAMPLES;

/// The options that only the server uses.
const OF_THE_SERVER: [&str; 3] = ["stdio", "workspace_folder", "client_process_id"];
/// The heading of the options that every subcommand has.
const COMMON: &str = "Common options";

/// The help text that a command line asks for. The command line was found to be valid.
pub(super) fn text(arguments: &[OsString]) -> Option<String> {
    let words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    let usual = Arguments::command();
    let subcommand = words.into_iter().find(|word| usual.find_subcommand(word).is_some());
    let is_server = matches!(subcommand, None | Some("serve"));
    let asked = definition(is_server).try_get_matches_from(arguments);
    asked.err().map(|help| help.render().to_string())
}

/// The definition of all commands; with the options of the server, if it is shown for the server.
pub(super) fn definition(is_server: bool) -> Command {
    let mut root = Arguments::command();
    // All subcommands inherit these options.
    root = root.mut_args(|argument| {
        let is_hidden = !is_server && OF_THE_SERVER.contains(&argument.get_id().as_str());
        let argument = if is_hidden { argument.hide(true) } else { argument };
        if argument.is_global_set() && !is_server { argument.help_heading(COMMON) } else { argument }
    });
    EXAMPLES.iter().fold(root, |root, (path, examples)| {
        let [first, second] = examples;
        with_examples(root, path.split(' '), &format!("Examples:\n  {first}\n  {second}"))
    })
}

fn with_examples<'p>(command: Command, mut path: impl Iterator<Item = &'p str>, text: &str) -> Command {
    match path.next() {
        None => command.after_help(text.to_owned()),
        Some(name) if command.find_subcommand(name).is_some() => {
            command.mut_subcommand(name, |inner| with_examples(inner, path, text))
        }
        Some(_) => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
        let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
        let is_own = !path.is_empty() && !command.is_subcommand_required_set();
        if inner.is_empty() || is_own {
            found.push(path.trim_start().to_owned());
        }
        for command in inner {
            leaves(command, &format!("{path} {}", command.get_name()), found);
        }
    }

    #[test]
    fn each_command_has_two_examples_and_no_example_is_of_another() {
        let mut found = Vec::new();
        leaves(&Arguments::command(), "", &mut found);
        found.sort();
        let mut known: Vec<_> = EXAMPLES.iter().map(|(path, _)| (*path).to_owned()).collect();
        known.sort();
        assert_eq!(found, known);
    }

    #[test]
    fn the_program_takes_each_example() {
        for (path, examples) in EXAMPLES {
            for example in *examples {
                let own = example
                    .split(" | ")
                    .find(|part| part.starts_with("plugin-vault"))
                    .unwrap_or_else(|| panic!("{example}"));
                let words = own.split(" < ").next().unwrap().split(" > ").next().unwrap();
                let words: Vec<_> = words.split(' ').map(|word| word.trim_matches('\'')).collect();
                assert!(words[1..].join(" ").starts_with(path), "{example}");
                let parsed = cli::parse(words.iter().map(OsString::from));
                assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
            }
        }
    }

    #[test]
    fn options_of_the_server_appear_only_where_a_server_starts() {
        let shown = |arguments: &[&str]| {
            let all: Vec<_> =
                ["plugin-vault"].iter().chain(arguments).chain(&["--help"]).map(OsString::from).collect();
            text(&all).unwrap()
        };
        for arguments in [&[][..], &["serve"]] {
            let text = shown(arguments);
            assert!(text.contains("--stdio") && text.contains("--workspace-folder"), "{text}");
        }
        assert!(shown(&[]).contains("--max-data-bytes"));
        for arguments in [&["get"][..], &["key", "issue"], &["protector"]] {
            let text = shown(arguments);
            assert!(!text.contains("--stdio") && !text.contains("--max-"), "{text}");
            assert!(text.contains("--data-dir") && text.contains("--json"), "{text}");
        }
        assert_eq!(shown(&["get"]).matches("\n  plugin-vault get ").count(), 2);
    }
}
